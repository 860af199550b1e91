//! What the samples of a round trip come to.

use whyreset_capture::{Span, Timestamp};

/// The least that a full-sized segment carries (the default MSS, RFC 9293 §3.7.1).
const FULL_SIZED: u32 = 536;
/// What one segment carries at most on most paths; larger frames were joined by offload.
const ONE_SEGMENT: u32 = 1_460;
/// A SYN that is answered later than this may have been answered twice, the first time unseen (RFC 6298 §2.1: a second).
const INITIAL_TIMEOUT: Span = Span::from_millis(950);
/// From so many samples on, the running median moves by the smallest steps.
const MANY: u32 = 16;
/// Nothing was measured yet.
const NONE: Span = Span::from_nanos(i64::MAX);

/// The round trips to one side, as far as they were measured, but for what hardly ever changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trips {
    minimum: Span,
    prompt_minimum: Span,
    /// These two tell nothing before the first sample.
    typical: Span,
    maximum: Span,
    samples: u32,
    prompt_samples: u32,
    /// The largest payload that passed towards the side.
    largest: u32,
}

/// The last of the packets that an acknowledgement covers, of those that wait for one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Covered {
    pub(crate) time: Timestamp,
    pub(crate) is_syn: bool,
    /// The acknowledgement goes as far as this packet, and no further.
    pub(crate) is_exact: bool,
    /// Full-sized segments among them all.
    pub(crate) full_sized: u32,
    /// When the acknowledgement passed, and whether it carries no data.
    pub(crate) answered: Timestamp,
    pub(crate) is_bare: bool,
}

/// A sample.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) span: Span,
    /// No smaller one, and none of its length, came before.
    pub(crate) is_least: bool,
}

impl Default for Trips {
    fn default() -> Self {
        Self {
            minimum: NONE,
            prompt_minimum: NONE,
            typical: Span::ZERO,
            maximum: Span::ZERO,
            samples: 0,
            prompt_samples: 0,
            largest: 0,
        }
    }
}

impl Trips {
    /// So much payload passes towards the side in one packet.
    #[inline]
    pub(crate) fn passed(&mut self, payload_len: u32) {
        self.largest = self.largest.max(payload_len);
    }

    /// How many full-sized segments a packet stands for. Of these the second is acknowledged at once (RFC 5681 §4.2); small
    /// ones may wait together.
    #[inline]
    pub(crate) const fn full_sized_segments(&self, payload_len: u32) -> u32 {
        if payload_len < FULL_SIZED || payload_len < self.largest / 10 * 9 {
            return 0;
        }
        if payload_len <= ONE_SEGMENT {
            return 1;
        }
        payload_len.div_ceil(ONE_SEGMENT)
    }

    /// What waited was acknowledged.
    #[inline]
    pub(crate) fn sample(&mut self, covered: &Covered) -> Sample {
        let span = between(covered.time, covered.answered);
        let sample = Sample {
            span,
            is_least: span < self.minimum,
        };
        self.minimum = self.minimum.min(span);
        if covered.is_exact {
            self.sample_exactly(covered, span);
        }
        sample
    }

    #[inline]
    fn sample_exactly(&mut self, covered: &Covered, span: Span) {
        let at_once = covered.is_syn && span < INITIAL_TIMEOUT || covered.full_sized >= 2;
        if covered.is_bare && at_once {
            self.prompt_samples = self.prompt_samples.saturating_add(1);
            self.prompt_minimum = self.prompt_minimum.min(span);
        }
        if self.samples == 0 {
            self.typical = span;
        }
        self.samples = self.samples.saturating_add(1);
        self.maximum = self.maximum.max(span);
        self.typical = step_towards(self.typical, span, self.samples);
    }

    /// The smallest.
    pub(crate) fn minimum(&self) -> Option<Span> {
        measured(self.minimum)
    }

    /// The smallest of those that no receiver delays, and how many they are.
    pub(crate) fn prompt(&self) -> (Option<Span>, u32) {
        (measured(self.prompt_minimum), self.prompt_samples)
    }

    /// How many measurements.
    pub(crate) const fn samples(&self) -> u32 {
        self.samples
    }

    /// What is typical, and the largest.
    pub(crate) fn typical_and_maximum(&self) -> Option<(Span, Span)> {
        (self.samples > 0).then_some((self.typical, self.maximum))
    }
}

fn measured(span: Span) -> Option<Span> {
    (span != NONE).then_some(span)
}

/// From one time to a later one; nothing where it is not later.
#[inline]
fn between(earlier: Timestamp, later: Timestamp) -> Span {
    if later <= earlier {
        return Span::ZERO;
    }
    let nanos = later.nanos().checked_sub(earlier.nanos());
    Span::from_nanos(nanos.unwrap_or(i64::MAX))
}

/// A running median: one step towards the sample, large at first, then a sixteenth of the estimate.
#[inline]
fn step_towards(typical: Span, sample: Span, samples: u32) -> Span {
    // Neither is negative, and the result lies between both: nothing overflows.
    let distance = sample.nanos().wrapping_sub(typical.nanos());
    let largest = typical.nanos().max(1_000);
    let step = if samples >= MANY {
        largest / i64::from(MANY)
    } else {
        largest / i64::from(samples.max(2))
    };
    Span::from_nanos(
        typical
            .nanos()
            .wrapping_add(distance.clamp(step.wrapping_neg(), step)),
    )
}
