//! One short exchange for each flag: A talks to B.

use whyreset_segments::{Endpoint, FastOpen, Segment, TcpFlags};

use super::*;
use crate::test_segments::{A, B, data, frame_at, segment};

const MS: i64 = 1_000_000;

/// Runs segments through one stream; returns the marks of each.
#[derive(Default)]
struct Stream {
    analysis: SequenceAnalysis,
    frame: u64,
}

impl Stream {
    /// A stream that was opened at 1000 (A) and 5000 (B), with a round trip of 10 ms.
    fn open() -> Self {
        let mut stream = Self::default();
        let mut syn = segment(A, B, TcpFlags::SYN, 1000, 0, b"");
        let mut syn_ack = segment(B, A, TcpFlags::SYN | TcpFlags::ACK, 5000, 1001, b"");
        syn.options.window_scale = Some(2);
        syn_ack.options.window_scale = Some(3);
        assert_eq!(stream.at(0, syn), Marks::NONE);
        assert_eq!(stream.at(9, syn_ack), Marks::NONE);
        assert_eq!(stream.at(10, data(A, B, 1001, 5001, b"")), Marks::NONE);
        stream
    }

    fn at(&mut self, millis: i64, segment: Segment<'_>) -> Marks {
        self.frame += 1;
        let segment = frame_at(segment, self.frame, millis * MS);
        let from = if segment.source == A {
            End::Low
        } else {
            End::High
        };
        self.analysis.arrival(from, segment.seq.0, segment.flags);
        self.analysis.segment(&segment, from)
    }
}

fn window(mut segment: Segment<'_>, window: u32) -> Segment<'_> {
    segment.window = window;
    segment
}

fn fin(from: Endpoint, to: Endpoint, seq: u32, ack: u32) -> Segment<'static> {
    segment(from, to, TcpFlags::FIN | TcpFlags::ACK, seq, ack, b"")
}

#[test]
fn data_in_order_has_no_flag() {
    let mut stream = Stream::open();
    assert_eq!(stream.at(20, data(A, B, 1001, 5001, b"abc")), Marks::NONE);
    assert_eq!(stream.at(30, data(B, A, 5001, 1004, b"")), Marks::NONE);
    assert_eq!(stream.at(40, fin(A, B, 1004, 5001)), Marks::NONE);
    assert_eq!(stream.at(50, data(B, A, 5001, 1005, b"")), Marks::NONE);
}

#[test]
fn retransmission() {
    let mut stream = Stream::open();
    stream.at(20, data(A, B, 1001, 5001, b"abc"));
    let again = stream.at(300, data(A, B, 1001, 5001, b"abc"));
    assert_eq!(again, Marks::RETRANSMISSION);
    stream.at(310, fin(A, B, 1004, 5001));
    assert_eq!(stream.at(900, fin(A, B, 1004, 5001)), Marks::RETRANSMISSION);
}

#[test]
fn out_of_order_within_the_round_trip() {
    let mut stream = Stream::open();
    stream.at(20, data(A, B, 1001, 5001, b"abc"));
    let ahead = stream.at(21, data(A, B, 1007, 5001, b"ghi"));
    assert_eq!(ahead, Marks::LOST_SEGMENT);
    let late = stream.at(22, data(A, B, 1004, 5001, b"def"));
    assert_eq!(late, Marks::OUT_OF_ORDER);
    stream.at(23, data(A, B, 1013, 5001, b"mno"));
    let too_late = stream.at(40, data(A, B, 1010, 5001, b"jkl"));
    assert_eq!(too_late, Marks::RETRANSMISSION);
}

#[test]
fn spurious_retransmission() {
    let mut stream = Stream::open();
    stream.at(20, data(A, B, 1001, 5001, b"abc"));
    stream.at(30, data(B, A, 5001, 1004, b""));
    let again = stream.at(300, data(A, B, 1001, 5001, b"abc"));
    assert_eq!(
        again,
        Marks::SPURIOUS_RETRANSMISSION | Marks::RETRANSMISSION
    );
}

#[test]
fn duplicate_acks_and_the_fast_retransmission_they_ask_for() {
    let mut stream = Stream::open();
    stream.at(20, data(A, B, 1001, 5001, b"abc"));
    stream.at(20, data(A, B, 1004, 5001, b"def"));
    stream.at(30, data(B, A, 5001, 1001, b""));
    for n in 0..2 {
        assert_eq!(
            stream.at(31 + n, data(B, A, 5001, 1001, b"")),
            Marks::DUPLICATE_ACK
        );
    }
    let again = stream.at(40, data(A, B, 1001, 5001, b"abc"));
    assert_eq!(again, Marks::FAST_RETRANSMISSION | Marks::RETRANSMISSION);
}

#[test]
fn a_fast_retransmission_comes_within_20_ms() {
    let mut stream = Stream::open();
    stream.at(20, data(A, B, 1001, 5001, b"abc"));
    for n in 0..3 {
        stream.at(30 + n, data(B, A, 5001, 1001, b""));
    }
    let again = stream.at(60, data(A, B, 1001, 5001, b"abc"));
    assert_eq!(again, Marks::RETRANSMISSION);
}

#[test]
fn acknowledged_but_never_seen() {
    let mut stream = Stream::open();
    stream.at(20, data(A, B, 1001, 5001, b"abc"));
    assert_eq!(
        stream.at(30, data(B, A, 5001, 1010, b"")),
        Marks::ACK_LOST_SEGMENT
    );
    // Told once, until the other direction moves.
    assert_eq!(stream.at(31, data(B, A, 5001, 1020, b"")), Marks::NONE);
}

#[test]
fn zero_window_probe_and_its_answer() {
    let mut stream = Stream::open();
    stream.at(20, data(A, B, 1001, 5001, b"abc"));
    let closed = stream.at(30, window(data(B, A, 5001, 1004, b""), 0));
    assert_eq!(closed, Marks::ZERO_WINDOW);
    assert_eq!(
        stream.at(300, data(A, B, 1004, 5001, b"d")),
        Marks::ZERO_WINDOW_PROBE
    );
    let answer = stream.at(310, window(data(B, A, 5001, 1004, b""), 0));
    assert_eq!(answer, Marks::ZERO_WINDOW_PROBE_ACK | Marks::ZERO_WINDOW);
    let opened = stream.at(400, window(data(B, A, 5001, 1004, b""), 800));
    assert_eq!(opened, Marks::WINDOW_UPDATE);
    // The byte of the probe is taken up again with more behind it.
    assert_eq!(stream.at(410, data(A, B, 1004, 5001, b"def")), Marks::NONE);
}

/// The window that 7 bytes fill, where no option of SYN and SYN/ACK was captured, or there was none.
fn filled_window(of_syn: Known) -> Marks {
    let mut stream = Stream::default();
    for mut opens in [
        segment(A, B, TcpFlags::SYN, 1000, 0, b""),
        segment(B, A, TcpFlags::SYN | TcpFlags::ACK, 5000, 1001, b""),
    ] {
        opens.known = opens.known.without(of_syn);
        stream.at(0, opens);
    }
    stream.at(10, data(A, B, 1001, 5001, b""));
    stream.at(15, window(data(B, A, 5001, 1001, b""), 7));
    stream.at(20, data(A, B, 1001, 5001, b"1234567"))
}

#[test]
fn a_scale_that_the_snapshot_cut_is_not_known() {
    assert_eq!(filled_window(Known(0)), Marks::WINDOW_FULL);
    assert_eq!(filled_window(Known::OPTIONS), Marks::NONE);
}

#[test]
fn window_full_counts_the_scale() {
    let mut stream = Stream::open();
    stream.at(15, window(data(B, A, 5001, 1001, b""), 1));
    assert_eq!(
        stream.at(20, data(A, B, 1001, 5001, b"1234567")),
        Marks::NONE
    );
    assert_eq!(
        stream.at(21, data(A, B, 1008, 5001, b"8")),
        Marks::WINDOW_FULL
    );
}

#[test]
fn keep_alive_and_its_answer() {
    let mut stream = Stream::open();
    stream.at(20, data(A, B, 1001, 5001, b"abc"));
    stream.at(30, data(B, A, 5001, 1004, b""));
    assert_eq!(
        stream.at(7000, data(A, B, 1003, 5001, b"")),
        Marks::KEEP_ALIVE
    );
    assert_eq!(
        stream.at(7010, data(B, A, 5001, 1004, b"")),
        Marks::KEEP_ALIVE_ACK
    );
    // With one byte it is no retransmission either.
    assert_eq!(
        stream.at(9000, data(A, B, 1003, 5001, b"c")),
        Marks::KEEP_ALIVE
    );
}

#[test]
fn fast_open() {
    let syn = |payload| {
        let mut syn = segment(A, B, TcpFlags::SYN, 1000, 0, payload);
        syn.options.fast_open = Some(FastOpen::Cookie(8));
        syn
    };
    let syn_ack = |ack| segment(B, A, TcpFlags::SYN | TcpFlags::ACK, 5000, ack, b"");
    let mut taken = Stream::default();
    assert_eq!(taken.at(0, syn(b"abc")), Marks::TFO_SYN);
    assert_eq!(taken.at(9, syn_ack(1004)), Marks::TFO_ACK);
    let mut ignored = Stream::default();
    assert_eq!(ignored.at(0, syn(b"abc")), Marks::TFO_SYN);
    assert_eq!(ignored.at(9, syn_ack(1001)), Marks::TFO_IGNORED);
    let mut empty = Stream::default();
    assert_eq!(empty.at(0, syn(b"")), Marks::TFO_SYN);
    assert_eq!(empty.at(9, syn_ack(1001)), Marks::NONE);
}

#[test]
fn a_scale_that_only_one_side_offers_is_none() {
    let mut stream = Stream::default();
    let mut syn = segment(A, B, TcpFlags::SYN, 1000, 0, b"");
    syn.options.window_scale = Some(7);
    stream.at(0, syn);
    assert_eq!(stream.analysis.flows.low.scale, Scale::Shift(7));
    stream.at(
        9,
        segment(B, A, TcpFlags::SYN | TcpFlags::ACK, 5000, 1001, b""),
    );
    assert_eq!(stream.analysis.flows.low.scale, Scale::None);
    assert_eq!(stream.analysis.flows.high.scale, Scale::None);
}

#[test]
fn the_wrap_changes_nothing() {
    let mut stream = Stream::default();
    let start = u32::MAX - 4;
    stream.at(0, data(A, B, start, 77, b"12345678"));
    assert_eq!(stream.at(1, data(A, B, 3, 77, b"9")), Marks::NONE);
    assert_eq!(
        stream.at(500, data(A, B, start, 77, b"12345678")),
        Marks::RETRANSMISSION
    );
    assert_eq!(
        stream.at(510, data(A, B, 10, 77, b"x")),
        Marks::LOST_SEGMENT
    );
}

#[test]
fn a_list_without_windows_says_nothing_of_them() {
    let mut stream = Stream::open();
    let mut ack = data(B, A, 5001, 1001, b"");
    ack.known = ack.known.without(Known::WINDOW);
    ack.window = 0;
    assert_eq!(stream.at(20, ack), Marks::NONE);
    assert_eq!(stream.at(21, ack), Marks::NONE);
}
