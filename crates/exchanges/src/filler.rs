//! What stands in the place of payload that was wiped from a capture before it was given away.

/// A byte that was written over all payload. Tools that make captures anonymous do so (`tcprewrite --fixlen=pad`, editors of
/// captures, the makers of public data sets), and lengths and checksums of such a capture need not show it: the bytes were sent,
/// but what they said is not known, as behind a short snapshot.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Filler(u8);

/// No protocol opens with so many bytes that are all the same.
const SHORTEST: usize = 8;

impl Filler {
    /// The filler of a conversation of which only filler was seen so far (or nothing), behind its next bytes; `None` once these say
    /// something.
    pub(crate) fn go_on(before: Option<Self>, bytes: &[u8]) -> Option<Self> {
        let (&first, rest) = bytes.split_first()?;
        let goes_on = before.map_or(bytes.len() >= SHORTEST, |Self(filler)| filler == first);
        (goes_on && rest.iter().all(|byte| *byte == first)).then_some(Self(first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_again_and_again_says_nothing() {
        let zeros = Filler::go_on(None, &[0; 300]);
        assert_eq!(zeros, Some(Filler(0)));
        assert_eq!(Filler::go_on(zeros, &[0; 3]), zeros);
        assert_eq!(Filler::go_on(None, b"XXXXXXXXXXXX"), Some(Filler(b'X')));
    }

    #[test]
    fn words_and_short_ones_do() {
        assert_eq!(Filler::go_on(None, b"GET / HTTP/1.1\r\n"), None);
        assert_eq!(Filler::go_on(None, &[0; 4]), None);
        assert_eq!(Filler::go_on(Some(Filler(0)), b"220 ready"), None);
        assert_eq!(Filler::go_on(Some(Filler(0)), b"XXXXXXXXXXXX"), None);
    }
}
