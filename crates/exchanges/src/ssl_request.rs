//! MySQL's SSLRequest: a client's packet number 1 of 32 bytes whose capabilities hold CLIENT_SSL. The ClientHello follows without an
//! answer in between. Some clients write a packet's header and its body apart.

/// Of the request, with its header.
const LEN: u8 = 36;

/// Their second byte, the last of which anything is asked.
const CAPABILITIES: u8 = 5;

/// How far the client has come in it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SslRequest {
    passed: u8,
    /// It was something else.
    other: bool,
}

/// What the client's next bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// No part of a request.
    Other,
    /// All of them belong to one that goes on.
    Within,
    /// One ends with so many of them.
    Ends(usize),
}

impl SslRequest {
    /// Goes on through what the client says behind the server's greeting.
    pub(crate) fn step(&mut self, bytes: &[u8]) -> Step {
        for (index, byte) in bytes.iter().enumerate() {
            self.other |= self.passed >= LEN || !fits(self.passed, *byte);
            if self.other {
                return Step::Other;
            }
            self.passed = self.passed.saturating_add(1);
            if self.passed == LEN {
                return Step::Ends(index.saturating_add(1));
            }
        }
        Step::Within
    }

    /// So many bytes are not in the capture: where a request has begun behind them, what may stand there is of no account.
    pub(crate) fn skip(&mut self, len: u64) -> Step {
        let end = u64::from(self.passed).saturating_add(len);
        self.other |= self.passed <= CAPABILITIES || end > u64::from(LEN);
        if self.other {
            return Step::Other;
        }
        self.passed = u8::try_from(end).unwrap_or(LEN);
        match self.passed {
            LEN => Step::Ends(0),
            _ => Step::Within,
        }
    }
}

/// Whether this byte may stand there.
const fn fits(place: u8, byte: u8) -> bool {
    match place {
        0 => byte == 32,
        1 | 2 => byte == 0,
        3 => byte == 1,
        // CLIENT_SSL is bit 11 of the capabilities.
        CAPABILITIES => byte & 8 != 0,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_in_pieces() {
        let mut request = vec![32, 0, 0, 1, 5, 0xae];
        request.resize(36, 0);
        for cut in 1..36 {
            let mut walk = SslRequest::default();
            assert_eq!(walk.step(&request[..cut]), Step::Within);
            assert_eq!(walk.step(&request[cut..]), Step::Ends(36 - cut));
            assert_eq!(walk.step(b"\x16\x03\x01"), Step::Other);
        }
        assert_eq!(SslRequest::default().step(&[84, 0, 0, 1]), Step::Other);
        let mut cut = SslRequest::default();
        assert_eq!(cut.step(&request[..30]), Step::Within);
        assert_eq!(cut.skip(6), Step::Ends(0));
        for (begun, lost) in [(5, 31), (30, 7)] {
            let mut other = SslRequest::default();
            assert_eq!(other.step(&request[..begun]), Step::Within);
            assert_eq!(other.skip(lost), Step::Other);
        }
        request[5] = 0xa6;
        assert_eq!(SslRequest::default().step(&request), Step::Other);
    }
}
