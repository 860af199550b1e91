//! One direction's place in its stream of messages.

use whyreset_connections::Moment;

use super::chunked::Chunked;
use super::lost::Lost;
use crate::exchange_log::ExchangeId;

/// A head may be this long.
pub(crate) const MAX_HEAD: usize = 65_536;

/// Where one direction is.
#[derive(Debug)]
pub(crate) enum State {
    /// Between messages.
    Start,
    /// In a head.
    Head,
    /// In a body of known length: bytes left.
    Length(u64),
    /// At the start of a body that may have been withheld: its length.
    Withheld(u64),
    /// In a chunked body.
    Chunked(Chunked),
    /// In a body that ends with the connection.
    UntilClose,
    /// Out of step.
    Lost(Box<Lost>),
    /// HTTP is over: an upgrade or CONNECT.
    Tunnel,
}

/// One direction.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) state: State,
    /// The head so far.
    pub(crate) head: Vec<u8>,
    /// First packet of the head.
    pub(crate) head_at: Option<Moment>,
    /// The last packet that brought anything of the message.
    pub(crate) last_at: Option<Moment>,
    /// The message's exchange, while its body is read.
    pub(crate) id: Option<ExchangeId>,
    /// Body bytes that were counted before the way was lost.
    pub(crate) body_before: u64,
    /// The current message was found behind bytes that are missing.
    pub(crate) resumed: bool,
    /// It was looked whether the message's body was withheld.
    pub(crate) probed: bool,
}

impl Reader {
    pub(crate) const fn new() -> Self {
        Self {
            state: State::Start,
            head: Vec::new(),
            head_at: None,
            last_at: None,
            id: None,
            body_before: 0,
            resumed: false,
            probed: false,
        }
    }

    /// Adds to the head; gives how many of `bytes` belong to it, and whether it is whole.
    pub(crate) fn add_to_head(&mut self, bytes: &[u8]) -> HeadStep {
        let before = self.head.len();
        let room = MAX_HEAD.saturating_sub(before);
        let taken = bytes.get(..room).unwrap_or(bytes);
        self.head.extend_from_slice(taken);
        if let Some(end) = head_end(&self.head, before.saturating_sub(3)) {
            self.head.truncate(end);
            return HeadStep::Whole(end.saturating_sub(before));
        }
        if self.head.len() >= MAX_HEAD {
            return HeadStep::TooLong(taken.len());
        }
        HeadStep::More(taken.len())
    }
}

/// What came of more bytes of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadStep {
    /// So many bytes used, more to come.
    More(usize),
    /// The head ends after so many bytes.
    Whole(usize),
    /// The bound is reached after so many bytes.
    TooLong(usize),
}

/// The position behind the empty line.
pub(super) fn head_end(head: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(found) =
        memchr::memchr(b'\n', head.get(at..)?).map(|found| found.saturating_add(at))
    {
        let next = found.saturating_add(1);
        match (head.get(next), head.get(next.saturating_add(1))) {
            (Some(b'\n'), _) => return Some(next.saturating_add(1)),
            (Some(b'\r'), Some(b'\n')) => return Some(next.saturating_add(2)),
            _ => at = next,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_end_of_a_head_in_any_pieces() {
        let whole = b"GET / HTTP/1.1\r\nA: b\r\n\r\nbody";
        for size in 1..whole.len() {
            let mut reader = Reader::new();
            let mut ended = None;
            let mut used = 0;
            for piece in whole.chunks(size) {
                match reader.add_to_head(piece) {
                    HeadStep::More(n) => used += n,
                    HeadStep::Whole(n) => {
                        ended = Some(used + n);
                        break;
                    }
                    HeadStep::TooLong(_) => unreachable!(),
                }
            }
            assert_eq!(ended, Some(24), "pieces of {size}");
            assert_eq!(reader.head, &whole[..24]);
        }
    }
}
