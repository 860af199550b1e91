//! What the receiving program did, from the window arithmetic: bytes delivered, acknowledged, read, and unread in the
//! buffer.
//!
//! A receiver with a fixed buffer advertises what is free of it, so the missing part of its window is what the program has not read
//! (RFC 9293 §3.8.6.2.2). Where the buffer grows by itself, or the window is held down for other reasons (Linux), the
//! same arithmetic gives bounds only.

use whyreset_segments::{Known, TcpFlags};

use crate::calm_run::CalmRun;
use crate::orderly::Passed;
use crate::{Moment, Packet};

/// What one side's program read of what the other side sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// The receive buffer as far as the window shows it, in bytes: the largest window. `None` where the scale is not known.
    pub buffer: Option<u32>,
    /// The window behaves as that of a fixed buffer: the bounds below meet.
    pub exact: bool,
    /// Telling moments in the order of the capture, at most 8; the last is this side's last word.
    pub moments: Vec<ReadMoment>,
}

/// How far the program had read when it sent a packet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReadMoment {
    /// The packet that tells it.
    pub at: Moment,
    /// Bytes acknowledged by it.
    pub acknowledged: u64,
    /// The window it states, in bytes.
    pub window: u32,
    /// Bytes that the program had read: at least and at most.
    pub read: (u64, u64),
    /// Bytes that lay unread in the buffer: at least and at most.
    pub unread: (u64, u64),
}

impl Reading {
    /// The last telling moment.
    pub fn at_end(&self) -> Option<&ReadMoment> {
        self.moments.last()
    }

    /// The telling moment of a frame.
    pub fn at_frame(&self, frame: u64) -> Option<&ReadMoment> {
        self.moments.iter().find(|moment| moment.at.frame == frame)
    }
}

/// Two or more.
const SEVERAL: u8 = 2;
/// The last points that are kept.
const RECENT: usize = 3;

/// Watches one side's acknowledgements and windows.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReadingTracker {
    max: u32,
    /// Distinct acknowledgements at which the window was at its maximum: 0, 1 or [`SEVERAL`].
    full_acks: u8,
    last_full_ack: Option<i64>,
    edge_held: bool,
    raised_late: bool,
    lowest: Option<Point>,
    first_zero: Option<Point>,
    last_zero: Option<Point>,
    last_update: Option<Point>,
    recent: [Option<Point>; RECENT],
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Point {
    at: Moment,
    ack: i64,
    window: u32,
    /// The largest window up to then.
    max: u32,
}

impl ReadingTracker {
    /// A packet that the side sent; `scaled` says that its window counts bytes.
    pub(crate) fn packet(&mut self, packet: &Packet) {
        let known = Known::ACK.with(Known::WINDOW);
        let flags = packet.flags;
        if !packet.known.has(known)
            || !flags.contains(TcpFlags::ACK)
            || flags.intersects(TcpFlags::SYN | TcpFlags::RST)
        {
            return;
        }
        self.advertised(packet.moment(), packet.ack, packet.window);
    }

    /// The same of a run.
    pub(crate) fn calm_run(&mut self, run: &CalmRun<'_>) {
        let left_out = if self.is_settled(run) {
            run.packets.len().saturating_sub(RECENT)
        } else {
            0
        };
        for packet in run.packets.iter().skip(left_out) {
            self.advertised(packet.moment(), packet.ack, run.scaled(packet.window));
        }
    }

    /// Whether a run tells nothing but its last packets: its windows are all the same as the last one before.
    fn is_settled(&self, run: &CalmRun<'_>) -> bool {
        let window = run.scaled(run.widest);
        let [.., last] = &self.recent;
        run.narrowest == run.widest
            && last.is_some_and(|last| last.window == window)
            && self.lowest.is_some_and(|lowest| lowest.window <= window)
            && (window < self.max || window == self.max && self.tells_no_other_full_ack(run))
    }

    /// Whether it acknowledges nothing at which a full window would be news.
    fn tells_no_other_full_ack(&self, run: &CalmRun<'_>) -> bool {
        self.full_acks == SEVERAL || run.is_still && self.last_full_ack == Some(run.acked_to)
    }

    /// The same of the numbers: a packet that is no SYN or RST acknowledges so much and advertises so much.
    fn advertised(&mut self, at: Moment, ack: i64, window: u32) {
        self.note_max(ack, window);
        let point = Point {
            at,
            ack,
            window,
            max: self.max,
        };
        self.note_telling(point);
        let [_, second, third] = self.recent;
        self.recent = [second, third, Some(point)];
    }

    #[inline]
    fn note_max(&mut self, ack: i64, window: u32) {
        if window > self.max {
            self.raised_late |= self.max > 0 && ack > 1;
            self.max = window;
            self.full_acks = 0;
            self.last_full_ack = None;
        }
        if window == self.max && self.full_acks < SEVERAL && self.last_full_ack != Some(ack) {
            self.full_acks += 1;
            self.last_full_ack = Some(ack);
        }
    }

    #[inline]
    fn note_telling(&mut self, point: Point) {
        let before = self.recent.last().copied().flatten();
        if let Some(before) = before {
            let edge = |p: Point| p.ack.saturating_add(i64::from(p.window));
            self.edge_held |= point.ack > before.ack && edge(point) == edge(before);
            if point.ack == before.ack && point.window > before.window {
                self.last_update = Some(point);
            }
        }
        if self
            .lowest
            .is_none_or(|lowest| point.window < lowest.window)
        {
            self.lowest = Some(point);
        }
        if point.window == 0 {
            self.first_zero = self.first_zero.or(Some(point));
            let is_fresh = before.is_none_or(|before| before.window != 0);
            if is_fresh {
                self.last_zero = Some(point);
            }
        }
    }

    /// Packets of the side were passed over; `shift` is its window scale.
    pub(crate) fn pass_over(&mut self, passed: &Passed, shift: u8) {
        let (Some(at), Some(narrowest)) = (passed.last, passed.window.narrowest) else {
            return;
        };
        let scaled = |window: u16| u32::from(window) << shift;
        let widest = scaled(passed.window.widest);
        if widest > self.max {
            self.raised_late |= self.max > 0;
            self.max = widest;
            self.full_acks = 1;
            self.last_full_ack = None;
        }
        let point = |at: Moment, ack: i64, window: u16| Point {
            at,
            ack,
            window: scaled(window),
            max: self.max,
        };
        let least = point(narrowest.at, narrowest.ack, narrowest.window);
        let last = point(at, passed.acked_to, passed.window.last);
        if self
            .lowest
            .is_none_or(|lowest| least.window < lowest.window)
        {
            self.lowest = Some(least);
        }
        let [_, second, third] = self.recent;
        self.recent = [second, third, Some(last)];
    }

    /// The reading as far as the windows tell. `scaled`: windows count bytes; `held_down`: this stack also lowers its
    /// window for other reasons than unread bytes.
    pub(crate) fn conclude(&self, scaled: bool, held_down: bool) -> Reading {
        if !scaled || self.max == 0 {
            return Reading::default();
        }
        let exact = self.full_acks == SEVERAL && self.edge_held && !self.raised_late && !held_down;
        let mut points = self.points();
        points.sort_by_key(|point| point.map(|point| point.at.frame));
        let mut moments = Vec::with_capacity(points.len());
        let mut before = None;
        for point in points.into_iter().flatten() {
            if before.replace(point) != Some(point) {
                moments.push(self.judge(&point, exact, held_down));
            }
        }
        Reading {
            buffer: Some(self.max),
            exact,
            moments,
        }
    }

    /// The telling ones and the last, in no order; many are the same.
    const fn points(&self) -> [Option<Point>; 7] {
        let [first, second, third] = self.recent;
        [
            self.lowest,
            self.first_zero,
            self.last_zero,
            self.last_update,
            first,
            second,
            third,
        ]
    }

    fn judge(&self, point: &Point, exact: bool, held_down: bool) -> ReadMoment {
        let acknowledged = u64::try_from(point.ack.saturating_sub(1)).unwrap_or(0);
        let missing = |max: u32| u64::from(max.saturating_sub(point.window)).min(acknowledged);
        let (least, most) = if exact {
            (missing(self.max), missing(self.max))
        } else if point.window == 0 {
            (missing(point.max) / 2, acknowledged)
        } else if held_down {
            (0, acknowledged)
        } else {
            // The buffer was at least as large as the largest window so far, and perhaps grew.
            (0, missing(self.max))
        };
        ReadMoment {
            at: point.at,
            acknowledged,
            window: point.window,
            read: (acknowledged - most, acknowledged - least),
            unread: (least, most),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Side;
    use crate::round_trip::tests::packet;

    fn reading(acks: &[(u64, i64, u32)], held_down: bool) -> Reading {
        let mut tracker = ReadingTracker::default();
        for (frame, ack, window) in acks {
            let mut p = packet(*frame, 0, Side::Client, TcpFlags::ACK, (559, *ack, 0));
            p.window = *window;
            tracker.packet(&p);
        }
        tracker.conclude(true, held_down)
    }

    const SEED: [(u64, i64, u32); 5] = [
        (3, 1, 65_700),
        (4, 1, 65_700),
        (16, 11_681, 64_240),
        (24, 14_601, 61_320),
        (30, 14_601, 65_700),
    ];

    #[test]
    fn a_fixed_buffer_tells_exactly_what_is_unread() {
        let reading = reading(&SEED, false);
        assert!(reading.exact);
        let unread = |frame| reading.at_frame(frame).unwrap().unread;
        assert_eq!(unread(16), (1_460, 1_460));
        assert_eq!(unread(24), (4_380, 4_380));
        assert_eq!(unread(30), (0, 0));
        assert_eq!(reading.at_end().unwrap().read, (14_600, 14_600));
    }

    #[test]
    fn a_growing_window_gives_bounds() {
        let reading = reading(
            &[(1, 1, 64_256), (2, 10_001, 84_000), (3, 20_001, 70_000)],
            false,
        );
        assert!(!reading.exact);
        assert_eq!(reading.at_end().unwrap().unread, (0, 14_000));
        let linux = super::tests::reading(&SEED, true);
        assert!(!linux.exact);
    }

    #[test]
    fn a_closed_window_means_a_full_buffer() {
        let reading = reading(
            &[(1, 1, 64_000), (2, 32_001, 32_000), (3, 64_001, 0)],
            false,
        );
        let (least, most) = reading.at_end().unwrap().unread;
        assert_eq!((least, most), (32_000, 64_000));
    }

    #[test]
    fn without_a_scale_nothing_is_said() {
        let tracker = ReadingTracker::default();
        assert_eq!(tracker.conclude(false, false), Reading::default());
    }
}
