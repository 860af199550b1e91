//! Narrow packets are read again, each by the ones before it.

use whyreset_capture::Timestamp;
use whyreset_segments::Timestamps;

use super::super::short::{At, Short};
use super::{
    Clock, Clocks, ECHOES, FRAMES, IP_IDS, LENGTH, NEWS, Numbers, Slot, TOLD, VALUES, WINDOW_BELOW,
    WINDOWS, bits, frames, is_wide, news, pause, read_wide, sender,
};
use crate::pairs::{ByEnd, End};

/// The packets before, which the next one is told by.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct Before {
    time: Timestamp,
    frame: u32,
    ends: ByEnd<Numbers>,
}

/// A packet that is read again.
#[derive(Clone, Copy)]
pub(in super::super) struct Taken {
    pub(in super::super) short: Short,
    /// How long before it the last one came, in nanoseconds.
    pub(in super::super) pause: i64,
    /// The clock of its sender's packet before.
    pub(in super::super) clock_before: u32,
}

/// As much of a packet that is read again as is looked at in the end.
#[derive(Clone, Copy)]
pub(in super::super) struct Glimpse {
    pub(in super::super) time: Timestamp,
    /// Counted from the connection's first.
    pub(in super::super) frame: u32,
    pub(in super::super) ack: u32,
    /// As a [`Short`] has them.
    pub(in super::super) bits: u32,
}

/// The packets before, as far as the next [`Glimpse`] is told by them.
#[derive(Clone, Copy)]
pub(in super::super) struct Glancing {
    time: Timestamp,
    frame: u32,
    acks: ByEnd<u32>,
}

impl Glimpse {
    pub(in super::super) const fn of(short: &Short) -> Self {
        Self {
            time: short.time,
            frame: short.frame,
            ack: short.ack,
            bits: short.bits,
        }
    }

    /// Frame, counted from the connection's first, and time.
    pub(in super::super) const fn at(&self) -> At {
        At::new(self.frame, self.time)
    }
}

impl Glancing {
    /// The last packets were these.
    pub(in super::super) const fn behind(before: &Before) -> Self {
        Self {
            time: before.time,
            frame: before.frame,
            acks: ByEnd {
                low: before.ends.low.ack,
                high: before.ends.high.ack,
            },
        }
    }

    /// The next packet, of which this is the first slot; where it is wide, `second` is the second. It is the last one from now on.
    #[inline(always)]
    pub(in super::super) fn next(&mut self, first: Slot, second: impl FnOnce() -> Slot) -> Glimpse {
        if is_wide(first) {
            let glimpse = Glimpse::of(&read_wide(first, second()));
            (self.time, self.frame) = (glimpse.time, glimpse.frame);
            *self.acks.of_mut(Short::sender(glimpse.bits)) = glimpse.ack;
            return glimpse;
        }
        let nanos = self.time.nanos().wrapping_add(pause(first).cast_signed());
        self.time = Timestamp::from_nanos(nanos);
        self.frame = self.frame.wrapping_add(frames(first));
        let ack = self.acks.of_mut(sender(first));
        *ack = ack.wrapping_add(news(first));
        Glimpse {
            time: self.time,
            frame: self.frame,
            ack: *ack,
            bits: bits(first),
        }
    }
}

impl Before {
    /// The last packet was this one, in a connection whose first frame is `first`; `ends`: the numbers of each end's last packet.
    pub(in super::super) const fn new(clock: &Clock, first: u64, ends: ByEnd<Numbers>) -> Self {
        Self {
            time: clock.time,
            frame: clock.frame.wrapping_sub(first) as u32,
            ends,
        }
    }

    /// The last packet is this one.
    #[inline]
    const fn pass(&mut self, short: &Short) {
        (self.time, self.frame) = (short.time, short.frame);
        *self.ends.of_mut(short.from()) = Numbers::of(short);
    }

    /// The next packet, of which this is the first slot; where it is wide, `second` is the second. It is the last one from now on.
    pub(in super::super) fn next(&mut self, first: Slot, second: impl FnOnce() -> Slot) -> Taken {
        if is_wide(first) {
            self.next_wide(first, second())
        } else {
            self.next_narrow(first)
        }
    }

    /// The same of one that takes one slot.
    #[inline(always)]
    pub(in super::super) fn next_narrow(&mut self, [first, told]: Slot) -> Taken {
        let bits = Short::bits_of(LENGTH.get(first) as u32, TOLD.get(told) as u32);
        let pause = pause([first, told]).cast_signed();
        self.time = Timestamp::from_nanos(self.time.nanos().wrapping_add(pause));
        self.frame = self.frame.wrapping_add(FRAMES.get(first) as u32);
        let last = self.ends.of_mut(Short::sender(bits));
        let clock_before = last.timestamps.value;
        let window = last.window.wrapping_sub(WINDOW_BELOW);
        last.window = window.wrapping_add(WINDOWS.get(told) as u16);
        last.ack = last.ack.wrapping_add(NEWS.get(told) as u32);
        let timestamps = &mut last.timestamps;
        timestamps.value = timestamps.value.wrapping_add(VALUES.get(told) as u32);
        timestamps.echo = timestamps.echo.wrapping_add(ECHOES.get(told) as u32);
        last.ip_id = last.ip_id.wrapping_add(IP_IDS.get(told) as u16);
        let short = Short {
            time: self.time,
            ack: last.ack,
            timestamps: last.timestamps,
            frame: self.frame,
            window: last.window,
            ip_id: last.ip_id,
            bits,
        };
        Taken {
            short,
            pause,
            clock_before,
        }
    }

    fn next_wide(&mut self, first: Slot, second: Slot) -> Taken {
        let short = read_wide(first, second);
        let taken = Taken {
            short,
            pause: short.time.nanos().wrapping_sub(self.time.nanos()),
            clock_before: self.ends.of(short.from()).timestamps.value,
        };
        self.pass(&short);
        taken
    }

    /// The next packet, a narrow one, behind which only moments are up to date. `nanos`: its pause.
    #[inline(always)]
    pub(in super::super) fn go_on(&mut self, slot: Slot, nanos: i64) -> At {
        self.time = Timestamp::from_nanos(self.time.nanos().wrapping_add(nanos));
        self.frame = self.frame.wrapping_add(frames(slot));
        At::new(self.frame, self.time)
    }

    /// Brings the numbers of an end up to date, behind packets that [went on](Before::go_on).
    pub(in super::super) const fn catch_up(
        &mut self,
        end: End,
        ack: u32,
        clocks: &Clocks,
        ip_ids: u16,
    ) {
        let last = self.ends.of_mut(end);
        last.ack = ack;
        last.timestamps = clocks.behind(last.timestamps);
        last.ip_id = last.ip_id.wrapping_add(ip_ids);
    }

    /// A narrow packet that [goes on](Before::go_on), but for its numbers. `clocks`: how far its sender's went on before it.
    pub(in super::super) fn taken(&self, slot: Slot, clocks: &Clocks) -> Taken {
        let mut before = *self;
        let last = before.ends.of_mut(sender(slot));
        last.timestamps = clocks.behind(last.timestamps);
        before.next_narrow(slot)
    }

    /// The identification of an end's last packet.
    pub(in super::super) const fn ip_id_of(&self, end: End) -> u16 {
        self.ends.of(end).ip_id
    }

    /// The clocks, and the identification, of an end's last packet.
    pub(in super::super) const fn last_of(&self, end: End) -> (Timestamps, u16) {
        let last = self.ends.of(end);
        (last.timestamps, last.ip_id)
    }
}
