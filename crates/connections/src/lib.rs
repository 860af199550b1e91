//! The TCP engine: from segments to connections.
//!
//! Pure state machines: segments in, connections out; no I/O, no clock but the packets', bounded memory per connection.

mod brief;
mod calm;
mod calm_queue;
mod calm_run;
mod captured_elsewhere;
mod captured_twice;
mod closed_together;
mod closing;
mod cone;
mod connection;
mod direction;
mod engine;
mod explain;
mod facts;
mod flight;
mod flow;
mod half_open;
#[cfg(test)]
mod hostile;
mod ip_id;
mod kept_packets;
mod links;
mod live;
mod lone_syn;
mod marks;
mod neighbours;
mod numbering;
mod observers;
mod orderly;
mod orientation;
mod outstanding;
mod own_marks;
mod packet;
mod packing;
mod pairs;
mod place;
mod reading;
mod reassembly;
mod reset;
mod round_trip;
mod send_history;
mod sending;
mod sequence_analysis;
mod shown;
mod side;
mod silence;
mod so_far;
mod socks;
pub mod stack;
mod stream_sink;
#[cfg(test)]
mod test_connection;
#[cfg(test)]
mod test_segments;
mod unique_bytes;
mod vantage;

pub use brief::Brief;
pub use closed_together::{Closing, Closings, Together};
pub use closing::{PassedFin, first_of_crossing_fins};
pub use connection::{Connection, FrameSpan, Handshake, IcmpNotice, Opener, Silence};
pub use engine::{Engine, EngineConfig, FORESEEN, Foreseen, Placed};
pub use explain::{Explanation, Sentence, explain};
pub use flow::{
    Fin, Flow, IpIdModel, NetworkFields, Probes, Retransmissions, Sizes, TimestampClock,
    Unanswered, Window,
};
pub use lone_syn::LoneSyn;
pub use marks::Marks;
pub use neighbours::{Answers, Life, Listener, Neighbours};
pub(crate) use observers::Observers;
pub use packet::Packet;
pub use reading::{ReadMoment, Reading};
pub use reset::{
    Acceptance, Aftermath, Clause, Dialect, Knowledge, Origin, OriginReason, Reset, ResetReason,
    Trigger,
};
pub use send_history::{SendHistory, Sent};
pub use sending::{Sending, StoppedBy};
pub use shown::Shown;
pub use side::{BySide, Moment, Side};
pub use stack::{StackFamily, StackGuess};
pub use stream_sink::{Ending, Needs, PassedBytes, StreamSink};
pub use vantage::{Place, RoundTrip, Vantage, VantageReason};
