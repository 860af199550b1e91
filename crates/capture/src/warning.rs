//! What can be wrong with a capture file: warnings that keep what was read, and refusals.

use std::fmt;

/// Why reading stopped before a sound end; everything before it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The file ends inside a record: the machine was stopped while it wrote, or the copy is not complete.
    CutRecord {
        /// Bytes of the record that are there.
        have: u64,
        /// Bytes that the record should have, as far as it says so.
        need: u64,
        /// Where the record begins, in bytes from the start of the (uncompressed) file.
        offset: u64,
    },
    /// The file ends inside its own header.
    CutHeader {
        /// Bytes that are there.
        have: u64,
        /// Bytes that the header has.
        need: u64,
    },
    /// A record claims more bytes than a frame can have.
    RecordTooLong {
        /// The length that it claims.
        len: u32,
        /// The largest length of its link type, as in Wireshark.
        limit: u32,
        /// Where the record begins, in bytes from the start of the (uncompressed) file.
        offset: u64,
    },
    /// The file contradicts itself.
    Damaged {
        /// What is wrong.
        what: Damage,
        /// Where the record or block begins, in bytes from the start of the (uncompressed) file.
        offset: u64,
    },
}

/// A contradiction inside a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Damage {
    /// A block or record is shorter than its kind can be.
    TooShort {
        /// The length that it claims.
        len: u32,
        /// The least length of its kind.
        least: u32,
    },
    /// A block is longer than anything that was ever written.
    TooLong {
        /// The length that it claims.
        len: u32,
    },
    /// A frame is longer than its link type can be.
    FrameTooLong {
        /// The length that it claims.
        len: u32,
        /// The largest length of its link type, as in Wireshark.
        limit: u32,
    },
    /// The lengths at the start and at the end of a block differ.
    LengthsDiffer {
        /// At the start.
        first: u32,
        /// At the end.
        last: u32,
    },
    /// A packet names an interface that the section has not described.
    UnknownInterface {
        /// The interface.
        interface: u32,
        /// How many interfaces were described before.
        described: u32,
    },
    /// More interfaces than are kept.
    TooManyInterfaces,
    /// A section does not begin with a known byte order mark.
    ByteOrderMark(u32),
    /// A section of a version that nobody knows.
    SectionVersion(u16, u16),
    /// An option is longer than what is left of its block.
    OptionTooLong {
        /// The length that it claims.
        len: u16,
    },
    /// A name of a name resolution block has no end.
    NameWithoutEnd,
    /// An option of fixed length has another one.
    OptionLength {
        /// The option's code.
        code: u16,
        /// The length that it has.
        len: u16,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CutRecord { have, need, offset } => write!(
                f,
                "the last record is cut short: {have} of {need} bytes are there (at byte {offset}); everything before it was read, \
                 stop the capture before copying the file to get the rest"
            ),
            Self::CutHeader { have, need } => {
                write!(
                    f,
                    "the file header is cut short: {have} of {need} bytes are there; copy the file again"
                )
            }
            Self::RecordTooLong { len, limit, offset } => write!(
                f,
                "a record claims {len} bytes, more than the {limit} a frame can have (at byte {offset}): the file is damaged there, \
                 everything before it was read"
            ),
            Self::Damaged { what, offset } => {
                write!(
                    f,
                    "the file is damaged at byte {offset} ({what}); everything before it was read"
                )
            }
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { len, least } => {
                write!(f, "a block of {len} bytes, its kind has at least {least}")
            }
            Self::FrameTooLong { len, limit } => write!(
                f,
                "a frame of {len} bytes, more than the {limit} it can have"
            ),
            Self::TooLong { len } => write!(f, "a block of {len} bytes"),
            Self::LengthsDiffer { first, last } => {
                write!(
                    f,
                    "a block says {first} bytes at its start and {last} at its end"
                )
            }
            Self::UnknownInterface {
                interface,
                described,
            } => {
                write!(
                    f,
                    "a packet of interface {interface}, only {described} are described"
                )
            }
            Self::TooManyInterfaces => write!(f, "too many interfaces"),
            Self::ByteOrderMark(mark) => {
                write!(f, "a section with the unknown byte order mark {mark:#010x}")
            }
            Self::SectionVersion(major, minor) => {
                write!(f, "a section of the unknown version {major}.{minor}")
            }
            Self::OptionTooLong { len } => {
                write!(f, "an option of {len} bytes, longer than its block")
            }
            Self::NameWithoutEnd => write!(f, "a name without its end"),
            Self::OptionLength { code, len } => {
                write!(f, "option {code} has the wrong length {len}")
            }
        }
    }
}

/// Why a file is not read at all.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// No bytes.
    Empty,
    /// Something else than a capture, recognised.
    Foreign(&'static crate::ForeignKind),
    /// Compressed: unpack it first.
    Compressed(crate::Compression),
    /// Text: a pasted packet list perhaps, not a capture file.
    Text,
    /// Nothing that is known.
    Unknown,
    /// The file header is cut short or damaged.
    Header(Warning),
    /// A version of pcap that nobody reads.
    PcapVersion(u16, u16),
    /// Reserved bits of the link type are set, as Wireshark refuses it.
    ReservedLinkBits(u32),
    /// A version of snoop that nobody reads.
    SnoopVersion(u32),
    /// A data link of a snoop file that has no link type.
    SnoopLink(u32),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "is empty: there is nothing to read"),
            Self::Foreign(kind) => write!(f, "is {}, {}", kind.name, kind.advice),
            Self::Compressed(kind) => write!(f, "is compressed ({}): unpack it first", kind.name()),
            Self::Text => write!(f, "is text, not a capture file"),
            Self::Unknown => write!(
                f,
                "is not a capture that this program knows: if Wireshark opens it, convert it with `editcap -F pcapng IN OUT.pcapng`"
            ),
            Self::Header(Warning::Damaged { what, .. }) => {
                write!(f, "cannot be read: its header is damaged ({what})")
            }
            Self::Header(warning) => write!(f, "cannot be read: {warning}"),
            Self::PcapVersion(major, minor) => write!(
                f,
                "is a pcap file of version {major}.{minor}, which nothing reads: the header is damaged"
            ),
            Self::ReservedLinkBits(bits) => write!(
                f,
                "has reserved bits set in its link type ({bits:#010x}): the header is damaged"
            ),
            Self::SnoopVersion(version) => {
                write!(
                    f,
                    "is a snoop file of version {version}; versions 2 to 5 are read"
                )
            }
            Self::SnoopLink(link) => write!(
                f,
                "is a snoop file of data link {link}, which is not known: convert it with `editcap -F pcapng IN OUT.pcapng`"
            ),
        }
    }
}

impl std::error::Error for Refusal {}
