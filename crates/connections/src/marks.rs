//! What sequence analysis says about one segment, in Wireshark's words and in ours.

use std::ops::{BitOr, BitOrAssign};

/// A set of findings about one segment.
///
/// The lower bits are Wireshark's `tcp.analysis.*` flags, set by Wireshark's rules. The upper bits are ours, set by
/// what the protocol says; where the two differ, verdicts rest on ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Marks(pub u32);

macro_rules! marks {
    ($($(#[$doc:meta])* $name:ident = $bit:expr;)*) => {
        impl Marks {
            $($(#[$doc])* pub const $name: Self = Self(1 << $bit);)*
        }
    };
}

marks! {
    /// `tcp.analysis.retransmission`.
    RETRANSMISSION = 0;
    /// `tcp.analysis.fast_retransmission`.
    FAST_RETRANSMISSION = 1;
    /// `tcp.analysis.spurious_retransmission`.
    SPURIOUS_RETRANSMISSION = 2;
    /// `tcp.analysis.out_of_order`.
    OUT_OF_ORDER = 3;
    /// `tcp.analysis.lost_segment`: an earlier segment was not captured.
    LOST_SEGMENT = 4;
    /// `tcp.analysis.ack_lost_segment`: acknowledges data that was not captured.
    ACK_LOST_SEGMENT = 5;
    /// `tcp.analysis.duplicate_ack`.
    DUPLICATE_ACK = 6;
    /// `tcp.analysis.zero_window`.
    ZERO_WINDOW = 7;
    /// `tcp.analysis.zero_window_probe`.
    ZERO_WINDOW_PROBE = 8;
    /// `tcp.analysis.zero_window_probe_ack`.
    ZERO_WINDOW_PROBE_ACK = 9;
    /// `tcp.analysis.window_update`.
    WINDOW_UPDATE = 10;
    /// `tcp.analysis.window_full`.
    WINDOW_FULL = 11;
    /// `tcp.analysis.keep_alive`.
    KEEP_ALIVE = 12;
    /// `tcp.analysis.keep_alive_ack`.
    KEEP_ALIVE_ACK = 13;
    /// `tcp.analysis.reused_ports`.
    REUSED_PORTS = 14;
    /// `tcp.analysis.tfo_syn`.
    TFO_SYN = 15;
    /// `tcp.analysis.tfo_ack`.
    TFO_ACK = 16;
    /// `tcp.analysis.tfo_ignored`.
    TFO_IGNORED = 17;
    /// Ours: the same packet seen again within moments (mirror port, two interfaces): the same IP ID, sequence number and flags. It counts for nothing else.
    CAPTURED_TWICE = 20;
    /// Ours: a probe of a closed window, with or without data (Linux sends SND.UNA−1 with no data, which Wireshark calls keep-alive).
    PROBE_OF_CLOSED_WINDOW = 21;
    /// Ours: a plain ACK that answers an unacceptable SYN or RST (RFC 5961).
    CHALLENGE_ACK = 22;
    /// Ours: a tail loss probe (RFC 8985): the last segment once more, after about two round trips.
    TAIL_LOSS_PROBE = 23;
    /// Ours: the ACK carries a D-SACK block (RFC 2883): the receiver got something twice.
    DUPLICATE_SACK = 24;
    /// Ours: a retransmission after a timeout (RFC 6298).
    TIMEOUT_RETRANSMISSION = 25;
    /// Ours: the segment lies wholly outside of what the receiver accepts.
    OUTSIDE_WINDOW = 26;
    /// Ours: a plain ACK that repeats the last one after a rest, where the source does not tell its sequence number (tcpdump prints
    /// none): a keep-alive probe.
    UNNUMBERED_KEEP_ALIVE = 27;
}

impl Marks {
    /// Nothing to say.
    pub const NONE: Self = Self(0);
    /// The bits that Wireshark has as well.
    pub const WIRESHARK: Self = Self(0x3_ffff);

    /// Whether every mark of `other` is set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any mark of `other` is set.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// This set without `other`.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether nothing is set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Wireshark's names of the marks that are set, in a fixed order.
    pub fn wireshark_names(self) -> impl Iterator<Item = &'static str> {
        WIRESHARK_NAMES
            .into_iter()
            .filter(move |(mark, _)| self.has(*mark))
            .map(|(_, name)| name)
    }
}

impl BitOr for Marks {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Marks {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

const WIRESHARK_NAMES: [(Marks, &str); 18] = [
    (Marks::RETRANSMISSION, "retransmission"),
    (Marks::FAST_RETRANSMISSION, "fast_retransmission"),
    (Marks::SPURIOUS_RETRANSMISSION, "spurious_retransmission"),
    (Marks::OUT_OF_ORDER, "out_of_order"),
    (Marks::LOST_SEGMENT, "lost_segment"),
    (Marks::ACK_LOST_SEGMENT, "ack_lost_segment"),
    (Marks::DUPLICATE_ACK, "duplicate_ack"),
    (Marks::ZERO_WINDOW, "zero_window"),
    (Marks::ZERO_WINDOW_PROBE, "zero_window_probe"),
    (Marks::ZERO_WINDOW_PROBE_ACK, "zero_window_probe_ack"),
    (Marks::WINDOW_UPDATE, "window_update"),
    (Marks::WINDOW_FULL, "window_full"),
    (Marks::KEEP_ALIVE, "keep_alive"),
    (Marks::KEEP_ALIVE_ACK, "keep_alive_ack"),
    (Marks::REUSED_PORTS, "reused_ports"),
    (Marks::TFO_SYN, "tfo_syn"),
    (Marks::TFO_ACK, "tfo_ack"),
    (Marks::TFO_IGNORED, "tfo_ignored"),
];
