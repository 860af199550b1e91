//! Timers of TCP stacks: when each repeats what was not answered, and when it gives up.

use whyreset_capture::Span;

use super::StackFamily;
use super::dialects::Grade;

/// A timer of a family of stacks.
#[derive(Clone, Copy, Debug)]
pub struct Timer {
    /// The family.
    pub family: StackFamily,
    /// What it times.
    pub what: Timed,
    /// When it fires, in milliseconds from the first packet.
    pub fires_ms: &'static [i64],
    /// When it gives up, in milliseconds from the first packet; `None` where it does not, or it is not known.
    pub gives_up_ms: Option<i64>,
    /// How well it is known.
    pub grade: Grade,
    /// Where it is from.
    pub source: &'static str,
}

/// What a timer times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timed {
    /// The opening SYN.
    Syn,
    /// The SYN/ACK.
    SynAck,
    /// Data: times are for the smallest timeout, a longer round trip stretches them.
    Data,
    /// Probes of a closed window.
    WindowProbe,
    /// Keep-alive probes, from the last packet.
    KeepAlive,
    /// FIN-WAIT-2 after the program has closed.
    FinWait2,
}

/// The table.
pub const TIMERS: [Timer; 12] = [
    Timer {
        family: StackFamily::Linux,
        what: Timed::Syn,
        fires_ms: &[1_020, 2_050, 3_070, 4_090, 5_120, 7_140, 11_200],
        gives_up_ms: None,
        grade: Grade::Measured,
        source: "Linux 6.18: tcp_syn_linear_timeouts=4 (6.5 and later), tcp_syn_retries=6",
    },
    Timer {
        family: StackFamily::Linux,
        what: Timed::Syn,
        fires_ms: &[1_000, 3_000, 7_000, 15_000, 31_000, 63_000],
        gives_up_ms: Some(127_000),
        grade: Grade::Remembered,
        source: "Linux before 6.5: tcp_syn_retries=6, doubling",
    },
    Timer {
        family: StackFamily::Windows,
        what: Timed::Syn,
        fires_ms: &[3_000, 9_000],
        gives_up_ms: Some(21_000),
        grade: Grade::Remembered,
        source: "Windows up to 7: initial timeout 3 s, two retries",
    },
    Timer {
        family: StackFamily::Apple,
        what: Timed::Syn,
        fires_ms: &[
            1_000, 2_000, 3_000, 4_000, 5_000, 7_000, 11_000, 19_000, 35_000,
        ],
        gives_up_ms: Some(75_000),
        grade: Grade::Remembered,
        source: "XNU tcp_timer.c, tcp_backoff",
    },
    Timer {
        family: StackFamily::Linux,
        what: Timed::SynAck,
        fires_ms: &[1_030, 3_070, 7_200, 15_400, 31_500],
        gives_up_ms: Some(63_000),
        grade: Grade::Remembered,
        source: "Linux tcp_synack_retries=5, doubling; the first one measured on 6.18",
    },
    Timer {
        family: StackFamily::Linux,
        what: Timed::Data,
        fires_ms: &[
            200, 600, 1_400, 3_000, 6_200, 12_600, 25_400, 51_000, 102_200,
        ],
        gives_up_ms: Some(924_600),
        grade: Grade::Measured,
        source: "Linux 6.18: RTO_MIN 200 ms, doubling up to 120 s; tcp_retries2=15 (Documentation/networking/ip-sysctl.rst)",
    },
    Timer {
        family: StackFamily::Windows,
        what: Timed::Data,
        fires_ms: &[300, 900, 2_100, 4_500, 9_300],
        gives_up_ms: Some(18_900),
        grade: Grade::Remembered,
        source: "Windows: TcpMaxDataRetransmissions=5, doubling",
    },
    Timer {
        family: StackFamily::Linux,
        what: Timed::WindowProbe,
        fires_ms: &[200, 630, 1_490, 3_190],
        gives_up_ms: None,
        grade: Grade::Measured,
        source: "Linux 6.18: doubling up to 120 s, never gives up while answered",
    },
    Timer {
        family: StackFamily::Linux,
        what: Timed::KeepAlive,
        fires_ms: &[7_200_000, 7_275_000, 7_350_000],
        gives_up_ms: Some(7_875_000),
        grade: Grade::Measured,
        source: "Linux 6.18: tcp_keepalive_time=7200, _intvl=75, _probes=9; gives up with a RST",
    },
    Timer {
        family: StackFamily::Windows,
        what: Timed::KeepAlive,
        fires_ms: &[7_200_000, 7_201_000, 7_202_000],
        gives_up_ms: Some(7_210_000),
        grade: Grade::Remembered,
        source: "Windows: KeepAliveTime 2 h, KeepAliveInterval 1 s, ten probes",
    },
    Timer {
        family: StackFamily::Linux,
        what: Timed::FinWait2,
        fires_ms: &[],
        gives_up_ms: Some(60_000),
        grade: Grade::Measured,
        source: "Linux 6.18: tcp_fin_timeout=60",
    },
    Timer {
        family: StackFamily::Unknown,
        what: Timed::Data,
        fires_ms: &[1_000, 3_000, 7_000, 15_000, 31_000, 63_000],
        gives_up_ms: Some(100_000),
        grade: Grade::Read,
        source: "RFC 6298 §2.4 (a second at least), RFC 1122 §4.2.3.5 (R2 at least 100 s)",
    },
];

/// The timers of a family for one purpose.
pub fn timers(family: StackFamily, what: Timed) -> impl Iterator<Item = &'static Timer> {
    TIMERS
        .iter()
        .filter(move |timer| timer.family == family && timer.what == what)
}

impl Timer {
    /// The next time it fires, or gives up, after `elapsed`; `None` beyond the schedule.
    pub fn next_after(&self, elapsed: Span) -> Option<Span> {
        let elapsed = elapsed.nanos() / 1_000_000;
        self.fires_ms
            .iter()
            .copied()
            .chain(self.gives_up_ms)
            .find(|fires| *fires > elapsed)
            .map(Span::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_rise_and_name_their_source() {
        for timer in &TIMERS {
            assert!(timer.fires_ms.is_sorted(), "{timer:?}");
            let last = timer.fires_ms.last().copied().unwrap_or(0);
            assert!(timer.gives_up_ms.is_none_or(|end| end > last), "{timer:?}");
            assert!(!timer.source.is_empty());
        }
    }

    #[test]
    fn tells_when_a_syn_is_due_again() {
        let syn = timers(StackFamily::Linux, Timed::Syn).next().unwrap();
        assert_eq!(
            syn.next_after(Span::from_millis(2_500)),
            Some(Span::from_millis(3_070))
        );
        assert_eq!(syn.next_after(Span::from_secs(60)), None);
    }
}
