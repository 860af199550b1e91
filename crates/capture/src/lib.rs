//! Capture files: from bytes to records.
//!
//! Nothing here reads files or clocks: [`CaptureReader`] takes bytes from a buffer that its caller fills, and
//! [`CaptureWriter`] returns bytes. One format, one file: `pcap`, `pcapng`, `snoop`; `detect` tells by a file's bytes
//! what it is, and `foreign` names what others write.

mod detect;
mod endian;
mod foreign;
mod limits;
mod pcap;
mod pcapng;
mod reader;
mod record;
mod snoop;
mod text;
mod time;
mod warning;
mod write;

pub use detect::{Compression, DETECT_LEN, Detected, Kind, detect};
pub use foreign::ForeignKind;
pub use limits::{MAX_BLOCK_LEN, MAX_BUFFER_LEN, MAX_FRAME_LEN, MAX_LARGE_FRAME_LEN};
pub use reader::{CaptureReader, HearRecords, RecordAt, Step, Together};
pub use record::{LinkType, Notes, Record};
pub use time::{Span, Timestamp};
pub use warning::{Damage, Refusal, Warning};
pub use write::CaptureWriter;
