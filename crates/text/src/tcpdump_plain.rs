//! Rows of tcpdump exactly as it prints them with `-n`, which most lines of a long log are: they are read at once, and no
//! other format is tried.
//!
//! `21:19:50.625109 IP 10.0.0.1.8000 > 10.0.0.2.48072: Flags [P.], seq 1:7, ack 6, win 512, options [nop,nop,TS val 1 ecr 2], length 6`,
//! perhaps with a date in front and the beginning of an HTTP message behind, and nothing else. What is read here is what all formats together would make of it.

use std::net::Ipv4Addr;

use whyreset_segments::Host;

use crate::format::Format;
use crate::hosts::{Port, Side, is_address};
use crate::raw_row::{Numbering, RawRow, Window};
use crate::tcpdump_new::{read_application, read_flags, read_option_list};
use crate::times::{WrittenTime, read_time};

/// Reads one row; `None` where anything is unusual.
pub(crate) fn read_row(line: &str) -> Option<RawRow> {
    if line.len() > MAX_LEN || !line.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let (time, rest) = read_clock(line)?;
    let (source, destination, rest) = match rest.strip_prefix("IP ") {
        Some(rest) => read_ends(rest, v4_side)?,
        None => read_ends(rest.strip_prefix("IP6 ")?, v6_side)?,
    };
    let (flags, rest) = rest.strip_prefix("Flags [")?.split_once(']')?;
    let mut row = RawRow {
        format: Format::Tcpdump,
        numbering: Numbering::Tcpdump,
        time: Some(time),
        source,
        destination,
        flags: Some(read_flags(flags)?),
        ..RawRow::default()
    };
    read_fields(rest, &mut row)?;
    Some(row)
}

/// Longer lines are not as tcpdump prints them.
const MAX_LEN: usize = 1_000;

fn read_clock(line: &str) -> Option<(WrittenTime, &str)> {
    let (first, rest) = line.split_once(' ')?;
    if let Some(nanos) = time_of_day(first.as_bytes()) {
        return Some((WrittenTime::OfDay(nanos), rest));
    }
    let (clock, rest) = rest.split_once(' ')?;
    time_of_day(clock.as_bytes())?;
    match read_time(&[first, clock])? {
        (time @ WrittenTime::Dated(_), 2) => Some((time, rest)),
        _ => None,
    }
}

/// `21:19:50.625109`: nanoseconds since midnight.
fn time_of_day(text: &[u8]) -> Option<i64> {
    let [a, b, b':', c, d, b':', e, f, b'.', fraction @ ..] = text else {
        return None;
    };
    let two = |tens: &u8, ones: &u8| {
        let digits = tens.is_ascii_digit() && ones.is_ascii_digit();
        digits.then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
    };
    let hours = two(a, b).filter(|hours| *hours < 24)?;
    let minutes = two(c, d).filter(|minutes| *minutes < 60)?;
    let seconds = two(e, f).filter(|seconds| *seconds < 60)?;
    if !matches!(fraction.len(), 6 | 9) {
        return None;
    }
    let mut nanos = i64::from(digits(fraction)?);
    if fraction.len() == 6 {
        nanos *= 1_000;
    }
    Some(((hours * 60 + minutes) * 60 + seconds) * 1_000_000_000 + nanos)
}

/// A whole number that fits, all digits.
fn digits(text: &[u8]) -> Option<u32> {
    if text.is_empty() || text.len() > 10 {
        return None;
    }
    let mut number = 0_u64;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u64::from(digit);
    }
    u32::try_from(number).ok()
}

/// `10.0.0.1.8000 > 10.0.0.2.48072: `: the two ends, and what follows.
fn read_ends(text: &str, side: fn(&str) -> Option<Side>) -> Option<(Side, Side, &str)> {
    let (source, rest) = text.split_once(' ')?;
    let (destination, rest) = rest.strip_prefix("> ")?.split_once(' ')?;
    let destination = destination.strip_suffix(':')?;
    Some((side(source)?, side(destination)?, rest))
}

fn v4_side(text: &str) -> Option<Side> {
    let mut numbers = [0_u16; 5];
    let mut parts = text.as_bytes().split(|byte| *byte == b'.');
    for (at, number) in numbers.iter_mut().enumerate() {
        let part = parts.next()?;
        // An address writes no zeros in front.
        let padded = at < 4 && part.len() > 1 && part.starts_with(b"0");
        *number = u16::try_from(digits(part)?).ok().filter(|_| !padded)?;
    }
    let [a, b, c, d, port] = numbers;
    let octet = |number: u16| u8::try_from(number).ok();
    let ip = Ipv4Addr::new(octet(a)?, octet(b)?, octet(c)?, octet(d)?);
    parts.next().is_none().then_some(Side {
        host: Some(Host::V4(ip)),
        port: Port::Number(port),
    })
}

fn v6_side(text: &str) -> Option<Side> {
    let (host, port) = text.rsplit_once('.')?;
    let port = u16::try_from(digits(port.as_bytes())?).ok()?;
    let ip = host.parse().ok()?;
    (!is_address(text)).then_some(Side {
        host: Some(Host::V6(ip)),
        port: Port::Number(port),
    })
}

/// `, seq 1:7, ack 6, win 512, options [nop,nop,TS val 1 ecr 2], length 6` to the end of the line.
fn read_fields(text: &str, row: &mut RawRow) -> Option<()> {
    let mut rest = text;
    loop {
        let (name, value) = rest.strip_prefix(", ")?.split_once(' ')?;
        if name == "options" {
            let (list, behind) = value.strip_prefix('[')?.split_once(']')?;
            if !list.bytes().all(is_of_option) || !read_option_list(list, row) {
                return None;
            }
            rest = behind;
            continue;
        }
        let end = value.find([',', ':']).filter(|_| name != "seq");
        let end = end.or_else(|| value.find(',')).unwrap_or(value.len());
        let (value, behind) = value.split_at_checked(end)?;
        rest = behind;
        match name {
            "seq" => read_seq(value, row)?,
            "ack" => row.ack = Some(digits(value.as_bytes())?),
            "win" => row.window = Window::Unscaled(digits(value.as_bytes())?),
            "urg" => row.urgent = Some(u16::try_from(digits(value.as_bytes())?).ok()?),
            "length" => {
                row.len = Some(digits(value.as_bytes())?);
                row.all_options = row.window != Window::Unsaid;
                return read_http(rest, row);
            }
            _ => return None,
        }
    }
}

/// Nothing, `: HTTP`, or `: HTTP: GET / HTTP/1.1`.
fn read_http(text: &str, row: &mut RawRow) -> Option<()> {
    if text.is_empty() {
        return Some(());
    }
    let line = text.strip_prefix(": HTTP")?;
    if line.is_empty() {
        return Some(());
    }
    let blanks = line.strip_prefix(": ")?.matches(' ').count();
    let usual = blanks <= 3
        && line
            .bytes()
            .all(|byte| byte.is_ascii_graphic() || byte == b' ')
        && !line.contains(['"', '|', '<', '(', ','])
        && !OF_OTHERS.iter().any(|word| line.contains(word));
    read_application(text, row);
    usual.then_some(())
}

/// What a row of another format, or one that goes on, may hold.
const OF_OTHERS: [&str; 3] = ["Seq=", "TCP", "Flags="];

/// `1:7`, or `1`.
fn read_seq(value: &str, row: &mut RawRow) -> Option<()> {
    let (first, end) = match value.split_once(':') {
        Some((first, end)) => (first, Some(digits(end.as_bytes())?)),
        None => (value, None),
    };
    let seq = digits(first.as_bytes())?;
    row.seq = Some(seq);
    row.len = end.map(|end| end.wrapping_sub(seq)).or(row.len);
    Some(())
}

fn is_of_option(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b',' | b':' | b'{' | b'}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_tcpdump_prints() {
        let usual = "21:19:50.625109 IP 10.0.0.1.8000 > 10.0.0.2.48072: Flags [P.], seq 1:7, ack 6, win 512, options [nop,nop,TS val 1 ecr 2], length 6";
        assert!(read_row(usual).is_some());
        for (part, other) in [
            ("21:19", "1:19"),
            ("21:19", "24:19"),
            (".625109", ".6"),
            ("10.0.0.1.", "10.0.0.01."),
            ("10.0.0.1.", "10.0.0.256."),
            ("10.0.0.1.", "client."),
            ("8000", "http"),
            ("8000", "65536"),
            ("IP ", "eth0 In IP "),
            (" > ", " "),
            ("seq 1:7", "seq -1:7"),
            ("seq 1:7", "seq 4294967296"),
            ("win 512, ", "cksum 0x1 (correct), win 512, "),
            ("nop,nop", "nop,..."),
            ("length 6", "length 6: HTTP: GET /?Seq=1 HTTP/1.1"),
            ("length 6", "length 6: HTTP, length: 6"),
            ("length 6", "length 6: SMTP: HELO x"),
            ("win 512", "win 512:1"),
            ("length 6", "length"),
            (", length 6", ""),
        ] {
            let line = usual.replace(part, other);
            assert_ne!(line, usual);
            assert!(read_row(&line).is_none(), "{line}");
        }
    }
}
