//! Filters in tcpdump's expression language (pcap-filter(7)), for what TCP connections need.
//!
//! `host`, `net`, `port`, `portrange`, each with `src` or `dst`, joined by `and`, `or`, `not` and parentheses. As in
//! pcap-filter, `and` and `or` bind equally tight and group from the left, `not` binds tightest, and an address or
//! port without a keyword takes the keywords of the one before it (`host a or b`).
//!
//! ```
//! use whyreset_filters::Filter;
//!
//! let filter = Filter::parse("net 192.0.2.0/24 and port 443", |_| None).unwrap();
//! assert_eq!(filter.to_string(), "(net 192.0.2.0/24 and port 443)");
//! ```

mod expression;
mod matching;
mod network;
mod parse;
mod tokens;

pub use expression::{Direction, Filter, Test};
pub use network::Network;
pub use parse::FilterError;
