//! Numbers, times, frames and hosts as people read them.

use whyreset_capture::Span;
use whyreset_segments::{Endpoint, Host, HostNames};

use super::untrusted::printable;

/// `14,600`.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `62 µs`, `197 ms`, `5.02 s`, `3 min 20 s`.
pub(super) fn span(span: Span) -> String {
    let seconds = span.as_secs_f64();
    match seconds.abs() {
        s if s < 1e-3 => format!("{:.0} µs", seconds * 1e6),
        s if s < 0.1 => format!("{:.1} ms", seconds * 1e3),
        s if s < 1.0 => format!("{:.0} ms", seconds * 1e3),
        s if s < 120.0 => format!("{seconds:.2} s"),
        s => format!("{:.0} min {:02.0} s", (s / 60.0).floor(), s % 60.0),
    }
}

/// `frame 17`, `frames 17, 25 and 31`.
pub(super) fn frames(frames: &[u64]) -> String {
    match frames {
        [] => String::new(),
        [one] => format!("frame {one}"),
        [first @ .., last] => {
            let first: Vec<_> = first.iter().map(u64::to_string).collect();
            format!("frames {} and {last}", first.join(", "))
        }
    }
}

/// `192.0.2.1:80`, `[2001:db8::1]:80`, `ip-proxy:80`.
pub(super) fn endpoint(end: Endpoint, names: &HostNames) -> String {
    match end.host {
        Host::V6(ip) => format!("[{ip}]:{}", end.port),
        // Rows written by hand name hosts without ports.
        host @ Host::Name(_) if end.port == 0 => printable(&names.display(host)),
        host => format!("{}:{}", printable(&names.display(host)), end.port),
    }
}

/// `90 %`; `<1 %` for what is small but not nothing.
pub(super) fn percent(probability: f64) -> String {
    let percent = (probability * 100.0).round();
    if percent < 1.0 && probability > 0.0 {
        "<1 %".to_owned()
    } else {
        format!("{percent:.0} %")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_digits() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(14_600), "14,600");
        assert_eq!(count(1_048_576), "1,048,576");
    }

    #[test]
    fn spans_in_their_own_unit() {
        assert_eq!(span(Span::from_micros(62)), "62 µs");
        assert_eq!(span(Span::from_millis(197)), "197 ms");
        assert_eq!(span(Span::from_secs(200)), "3 min 20 s");
    }

    #[test]
    fn lists_frames() {
        assert_eq!(frames(&[24, 30, 31]), "frames 24, 30 and 31");
    }
}
