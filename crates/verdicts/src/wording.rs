//! How numbers, times and frames are put into sentences. What most sentences hold is only written where its sentence is.

use std::fmt::{self, Display};

use whyreset_capture::{Span, Timestamp};
use whyreset_connections::{Connection, Side};
use whyreset_segments::Host;

/// Who reported something by ICMP, in the middle of a sentence: its address. Names of a list are known to the reports alone.
pub(crate) fn reporter(host: Host) -> String {
    match host {
        Host::Name(_) => "a host on the way".to_owned(),
        address => address.to_string(),
    }
}

/// The same at the beginning of a sentence.
pub(crate) fn on_the_way(host: Host) -> String {
    match host {
        Host::Name(_) => "A host on the way".to_owned(),
        address => format!("{address} on the way"),
    }
}

/// `14,600`: an integer with thousands separated.
pub(crate) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes as verdicts name them: `14,600 bytes`, `1 byte`.
pub fn bytes(value: u64) -> String {
    if value == 1 {
        "1 byte".to_owned()
    } else {
        format!("{} bytes", number(value))
    }
}

/// A signed count as bytes; what is negative counts as none.
pub(crate) fn signed_bytes(value: i64) -> String {
    bytes(u64::try_from(value).unwrap_or(0))
}

/// `1 segment`, `3 segments`.
pub(crate) fn count(value: u64, one: &str, many: &str) -> impl Display {
    fmt::from_fn(move |f| {
        match value {
            ..1_000 => value.fmt(f)?,
            _ => f.write_str(&number(value))?,
        }
        f.write_str(" ")?;
        f.write_str(if value == 1 { one } else { many })
    })
}

/// A span with three telling digits: `62 µs`, `197 ms`, `5.00 s`, `2 h 4 min`.
pub(crate) fn span(span: Span) -> impl Display {
    fmt::from_fn(move |f| {
        if span < Span::ZERO {
            f.write_str("-")?;
            return write_span(Span::ZERO - span, f);
        }
        write_span(span, f)
    })
}

fn write_span(span: Span, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let seconds = span.as_secs_f64();
    if seconds < 0.001 {
        match span.nanos() {
            // So are most, and whole numbers are more quickly written.
            nanos if nanos % 1_000 == 0 => {
                (nanos / 1_000).fmt(f)?;
                f.write_str(" µs")
            }
            _ => write!(f, "{:.0} µs", seconds * 1e6),
        }
    } else if seconds < 0.01 {
        write!(f, "{:.2} ms", seconds * 1e3)
    } else if seconds < 0.1 {
        write!(f, "{:.1} ms", seconds * 1e3)
    } else if seconds < 1.0 {
        write!(f, "{:.0} ms", seconds * 1e3)
    } else if seconds < 10.0 {
        write!(f, "{seconds:.2} s")
    } else if seconds < 600.0 {
        write!(f, "{seconds:.1} s")
    } else if seconds < 7200.0 {
        write!(f, "{:.0} min", seconds / 60.0)
    } else {
        write!(f, "{:.1} h", seconds / 3600.0)
    }
}

/// `2.46 s to 2.51 s`, or `2.50 s` where both read the same.
pub(crate) fn spans(shortest: Span, longest: Span) -> String {
    let (low, high) = (span(shortest).to_string(), span(longest).to_string());
    if low == high {
        low
    } else {
        format!("{low} to {high}")
    }
}

/// A point in time, counted from the connection's first frame: `0.5235 s`.
pub(crate) fn at<X>(connection: &Connection<X>, time: Timestamp) -> impl Display + use<X> {
    let since = time - connection.start;
    fmt::from_fn(move |f| write!(f, "{:.4} s", since.as_secs_f64()))
}

/// What is known, between these words; nothing where it is not.
pub(crate) fn if_known(before: &str, value: Option<impl Display>, behind: &str) -> impl Display {
    fmt::from_fn(move |f| match &value {
        Some(value) => {
            f.write_str(before)?;
            value.fmt(f)?;
            f.write_str(behind)
        }
        None => Ok(()),
    })
}

/// `port 80` of the server; where a list does not tell it, words.
pub(crate) fn server_port<X>(connection: &Connection<X>) -> String {
    match connection.ends.server.port {
        0 if !connection.ports_told => "the port (which the list does not tell)".to_owned(),
        port => format!("port {port}"),
    }
}

/// `frame 7`, `frames 7 and 9`, `frames 7, 9 and 12`; the first eight of many.
pub(crate) fn frames(list: &[u64]) -> String {
    let shown: Vec<String> = list.iter().take(8).map(u64::to_string).collect();
    match shown.as_slice() {
        [] => "no frame".to_owned(),
        [one] => format!("frame {one}"),
        [head @ .., last] => format!("frames {} and {last}", head.join(", ")),
    }
}

/// `The client`, at the start of a sentence.
pub(crate) const fn the_side(side: Side) -> &'static str {
    match side {
        Side::Client => "The client",
        Side::Server => "The server",
    }
}

/// `the client`, inside a sentence.
pub(crate) const fn side(side: Side) -> &'static str {
    match side {
        Side::Client => "the client",
        Side::Server => "the server",
    }
}

/// A title inside a sentence: its first letter is small, names like RST stay.
pub(crate) fn inside_a_sentence(title: &str) -> String {
    let mut letters = title.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

/// A text that came from the wire, cut to what a sentence bears, without control characters.
pub(crate) fn excerpt(text: &str, limit: usize) -> String {
    let mut shown: String = text
        .chars()
        .take(limit)
        .map(|c| if c.is_control() { '.' } else { c })
        .collect();
    if text.chars().nth(limit).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(14_600), "14,600");
        assert_eq!(number(1_000_000), "1,000,000");
    }

    #[test]
    fn spans_keep_three_digits() {
        let words = |nanos| span(Span::from_nanos(nanos)).to_string();
        assert_eq!(words(62_000), "62 µs");
        assert_eq!(words(61_501), "62 µs");
        assert_eq!(words(-62_000), "-62 µs");
        assert_eq!(words(197_000_000), "197 ms");
        assert_eq!(words(5_000_000_000), "5.00 s");
        assert_eq!(words(75_000_000_000), "75.0 s");
    }

    #[test]
    fn whole_microseconds_read_as_rounded_ones_do() {
        for micros in 0..1_000 {
            let whole = Span::from_micros(micros);
            let rounded = format!("{:.0} µs", whole.as_secs_f64() * 1e6);
            assert_eq!(span(whole).to_string(), rounded);
        }
    }

    #[test]
    fn excerpts_are_cut_and_clean() {
        assert_eq!(excerpt("GET /a\nb", 20), "GET /a.b");
        assert_eq!(excerpt("abcdef", 3), "abc…");
    }
}
