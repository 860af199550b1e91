//! Telling the start of an HTTP/1 message by its first line.

/// Methods that occur (IANA registry, WebDAV, UPnP and a few that are common): what a stream that was lost is searched for.
const METHODS: [&[u8]; 32] = [
    b"GET",
    b"HEAD",
    b"POST",
    b"PUT",
    b"DELETE",
    b"CONNECT",
    b"OPTIONS",
    b"TRACE",
    b"PATCH",
    b"PROPFIND",
    b"PROPPATCH",
    b"MKCOL",
    b"COPY",
    b"MOVE",
    b"LOCK",
    b"UNLOCK",
    b"REPORT",
    b"SEARCH",
    b"MKCALENDAR",
    b"BIND",
    b"MERGE",
    b"CHECKOUT",
    b"NOTIFY",
    b"SUBSCRIBE",
    b"UNSUBSCRIBE",
    b"M-SEARCH",
    b"PURGE",
    b"QUERY",
    b"LINK",
    b"UNLINK",
    b"ACL",
    b"RPC_IN_DATA",
];

/// How much the first bytes look like what is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Likeness {
    Yes,
    No,
    /// More bytes will tell.
    Open,
}

/// Whether a stream begins as most requests do: whatever follows, it is one, and nothing else begins so.
pub(crate) fn is_plainly_request(bytes: &[u8]) -> bool {
    bytes.starts_with(b"GET /") || bytes.starts_with(b"POST /")
}

/// Whether a stream begins with a request.
pub(crate) fn request_likeness(bytes: &[u8]) -> Likeness {
    if is_plainly_request(bytes) {
        return Likeness::Yes;
    }
    let Some(blank) = bytes.iter().position(|byte| *byte == b' ') else {
        let open = bytes.len() <= 24 && bytes.iter().all(|byte| is_method_byte(*byte));
        return if open { Likeness::Open } else { Likeness::No };
    };
    let method = bytes.get(..blank).unwrap_or(&[]);
    if is_known_method(method) {
        return not_of_a_sister(bytes.get(blank.saturating_add(1)..).unwrap_or(&[]));
    }
    if method.is_empty() || method.len() > 24 || !method.iter().all(|byte| is_method_byte(*byte)) {
        return Likeness::No;
    }
    // An unknown word needs the version behind its target.
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let line = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or(bytes);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match end {
        _ if line.len() >= 511 || !is_printable(line) => Likeness::No,
        Some(_) if names_version(line) => Likeness::Yes,
        Some(_) => Likeness::No,
        None => Likeness::Open,
    }
}

/// SIP and RTSP have some of HTTP's methods, with targets of their own schemes.
fn not_of_a_sister(target: &[u8]) -> Likeness {
    let schemes: [&[u8]; 3] = [b"sip:", b"sips:", b"rtsp:"];
    for scheme in schemes {
        let here = target.len().min(scheme.len());
        let same = target.get(..here) == scheme.get(..here);
        match (same, here == scheme.len()) {
            (true, true) => return Likeness::No,
            (true, false) => return Likeness::Open,
            _ => {}
        }
    }
    Likeness::Yes
}

fn is_printable(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| (b' '..=b'~').contains(byte))
}

/// Whether a stream begins with a response.
pub(crate) fn response_likeness(bytes: &[u8]) -> Likeness {
    let start = b"HTTP/1.";
    match bytes.get(..start.len()) {
        Some(head) if head == start => Likeness::Yes,
        Some(_) => Likeness::No,
        None if start.starts_with(bytes) => Likeness::Open,
        None => Likeness::No,
    }
}

/// Whether a complete first line can start a request.
pub(crate) fn is_request_line(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    if super::head::usual_target(line).is_some() {
        return true;
    }
    let Some(blank) = line.iter().position(|byte| *byte == b' ' || *byte == b'\t') else {
        return false;
    };
    let method = line.get(..blank).unwrap_or(&[]);
    super::head::is_token(method) && (names_version(line) || is_known_method(method))
}

/// Whether the beginning of a first line may still become a request with an unusual method.
pub(crate) fn may_be_request(line: &[u8]) -> bool {
    let method = line
        .split(|byte| *byte == b' ' || *byte == b'\t')
        .next()
        .unwrap_or(line);
    super::head::is_token(method)
}

/// Whether a complete first line can start a response.
pub(crate) fn is_response_line(line: &[u8]) -> bool {
    super::head::status_line(line.trim_ascii_end()).is_some()
}

fn names_version(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    line.iter()
        .rposition(|byte| *byte == b' ')
        .and_then(|blank| line.get(blank.saturating_add(1)..))
        .and_then(|word| word.get(..5))
        .is_some_and(|word| word.eq_ignore_ascii_case(b"HTTP/"))
}

fn is_known_method(word: &[u8]) -> bool {
    METHODS.contains(&word)
}

const fn is_method_byte(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_')
}

/// Looks for the next start line in a stream that lost its way, byte by byte, so that it does not matter how the
/// stream is cut into pieces.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    for_request: bool,
    line: Vec<u8>,
    /// The line began behind bytes that were not captured, as a segment does.
    behind_gap: bool,
}

/// A line of a search is forgotten beyond this.
const MAX_LINE: usize = 8_192;

impl Search {
    pub(crate) const fn for_requests(behind_gap: bool) -> Self {
        Self {
            for_request: true,
            line: Vec::new(),
            behind_gap,
        }
    }

    pub(crate) const fn for_responses() -> Self {
        Self {
            for_request: false,
            line: Vec::new(),
            behind_gap: false,
        }
    }

    /// The last bytes may be the beginning of a start line.
    pub(crate) const fn is_within_line(&self) -> bool {
        !self.line.is_empty()
    }

    /// Bytes are missing here.
    pub(crate) fn gap(&mut self) {
        self.line.clear();
        self.behind_gap = true;
    }

    /// Takes the next byte; gives the bytes from the start line's beginning to here once there is one.
    pub(crate) fn push(&mut self, byte: u8) -> Option<Vec<u8>> {
        if self.for_request {
            self.push_request(byte)
        } else {
            self.push_response(byte)
        }
    }

    /// How many of the next bytes change nothing: no response can begin there.
    pub(crate) fn idle_len(&self, bytes: &[u8]) -> usize {
        if self.for_request || !self.line.is_empty() {
            return 0;
        }
        memchr::memchr(b'H', bytes).unwrap_or(bytes.len())
    }

    /// `line` holds what matches so far. An `H` stands nowhere but at the beginning, so a byte that does not fit can
    /// only begin anew.
    fn push_response(&mut self, byte: u8) -> Option<Vec<u8>> {
        if !fits_status_line(self.line.len(), byte) {
            self.line.clear();
        }
        if fits_status_line(self.line.len(), byte) {
            self.line.push(byte);
        }
        let found = match self.line.len() {
            STATUS_LINE_HEAD => byte != b'\r',
            len => len > STATUS_LINE_HEAD,
        };
        found.then(|| std::mem::take(&mut self.line))
    }

    fn push_request(&mut self, byte: u8) -> Option<Vec<u8>> {
        if self.line.len() < MAX_LINE {
            self.line.push(byte);
        }
        if byte == b'\n' {
            let line = std::mem::take(&mut self.line);
            self.behind_gap = false;
            let known = line
                .split(|byte| *byte == b' ')
                .next()
                .is_some_and(is_known_method);
            return (known && names_version(&line)).then_some(line);
        }
        let target_begins = self.behind_gap && matches!(byte, b'/' | b'h') && self.line.len() < 20;
        if target_begins && self.is_method_and_blank() {
            return Some(std::mem::take(&mut self.line));
        }
        None
    }

    fn is_method_and_blank(&self) -> bool {
        let Some((_, before)) = self.line.split_last() else {
            return false;
        };
        before.strip_suffix(b" ").is_some_and(is_known_method)
    }
}

/// Bytes of `HTTP/1.1 200 `; without a reason a line end may follow instead of the blank.
const STATUS_LINE_HEAD: usize = 13;

/// Whether `byte` can stand at place `at` of a status line's beginning.
const fn fits_status_line(at: usize, byte: u8) -> bool {
    match at {
        0 => byte == b'H',
        1 | 2 => byte == b'T',
        3 => byte == b'P',
        4 => byte == b'/',
        5 => byte == b'1',
        6 => byte == b'.',
        7 => matches!(byte, b'0' | b'1'),
        8 => byte == b' ',
        9 => matches!(byte, b'1'..=b'5'),
        10 | 11 => byte.is_ascii_digit(),
        12 => matches!(byte, b' ' | b'\r' | b'\n'),
        13 => byte == b'\n',
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(search: &mut Search, bytes: &[u8]) -> Option<Vec<u8>> {
        bytes.iter().find_map(|byte| search.push(*byte))
    }

    #[test]
    fn first_bytes() {
        assert_eq!(request_likeness(b"GE"), Likeness::Open);
        assert_eq!(request_likeness(b"GET "), Likeness::Open);
        assert_eq!(request_likeness(b"GET /"), Likeness::Yes);
        assert_eq!(request_likeness(b"EHLO example"), Likeness::Open);
        assert_eq!(request_likeness(b"EHLO example\r\n"), Likeness::No);
        assert_eq!(request_likeness(b"ODD / HTTP/1.1\r\n"), Likeness::Yes);
        assert_eq!(request_likeness(&[0x16, 3, 1]), Likeness::No);
        assert_eq!(
            request_likeness(b"OPTIONS sip:a@b SIP/2.0\r\n"),
            Likeness::No
        );
        assert_eq!(request_likeness(b"OPTIONS s"), Likeness::Open);
        assert_eq!(request_likeness(b"ODD / HTTP/1.1\r\xa3\n"), Likeness::No);
        assert_eq!(request_likeness(b"OPTIONS * HTTP/1.1"), Likeness::Yes);
        assert_eq!(response_likeness(b"HTT"), Likeness::Open);
        assert_eq!(response_likeness(b"SSH-2.0"), Likeness::No);
    }

    #[test]
    fn finds_the_next_response_in_a_body() {
        let mut search = Search::for_responses();
        let found = find(&mut search, b"...}HTTP/1.1 x HTTP/1.1 304 Not").unwrap();
        assert_eq!(found, b"HTTP/1.1 304 ");
        let found = find(&mut search, b"HTTP/1.1 200\rno HTTP/1.1 204\r\n").unwrap();
        assert_eq!(found, b"HTTP/1.1 204\r\n");
    }

    #[test]
    fn finds_the_next_request() {
        let mut search = Search::for_requests(false);
        let found = find(
            &mut search,
            b"tail of a body GET / x\r\nGET /b HTTP/1.1\r\nHost",
        )
        .unwrap();
        assert_eq!(found, b"GET /b HTTP/1.1\r\n");
        let mut search = Search::for_requests(true);
        assert_eq!(find(&mut search, b"GET /long").unwrap(), b"GET /");
    }
}
