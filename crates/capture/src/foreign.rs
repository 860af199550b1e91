//! Files that are recognised and not read, each with what to do about it.
//!
//! Magic numbers and heuristics are those of the formats' descriptions and of Wireshark's wiretap library.

mod heuristics;
mod magics;
mod text_kinds;

/// A kind of file that is not read.
#[derive(Debug, PartialEq, Eq)]
pub struct ForeignKind {
    /// What it is, with its article: `a PDF document`.
    pub name: &'static str,
    /// What to do about it, as the rest of a sentence; `IN` stands for the file, `OUT` for a name without
    /// its extension.
    pub advice: &'static str,
}

/// The kind of a file that begins so, where it is known.
pub(crate) fn recognise(head: &[u8]) -> Option<&'static ForeignKind> {
    magics::recognise(head)
        .or_else(|| heuristics::recognise(head))
        .or_else(|| text_kinds::recognise(head))
}
