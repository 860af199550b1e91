//! The TCP engine: from segments to connections.
//!
//! Pure state machines: segments in, connections out; no I/O, no clock but the packets', bounded memory per connection.

mod cone;
mod connection;
mod engine;
mod flow;
mod marks;
mod neighbours;
mod observers;
mod packet;
mod place;
mod reset;
mod round_trip;
mod send_history;
mod side;
mod stream_sink;
mod vantage;

pub use connection::{Connection, FrameSpan, Handshake, IcmpNotice, Opener, Silence};
pub use engine::{Engine, EngineConfig, Placed};
pub use flow::{
    Fin, Flow, IpIdModel, NetworkFields, Probes, Retransmissions, Sizes, TimestampClock,
    Unanswered, Window,
};
pub use marks::Marks;
pub use neighbours::{Listener, Neighbours};
pub use observers::Observers;
pub use packet::Packet;
pub use reset::{Acceptance, Dialect, Knowledge, Origin, OriginReason, Reset, Trigger};
pub use send_history::{SendHistory, Sent};
pub use side::{BySide, Moment, Side};
pub use stream_sink::StreamSink;
pub use vantage::{Place, RoundTrip, Vantage, VantageReason};
