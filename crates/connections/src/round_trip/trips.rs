//! What the samples of a round trip come to.

use whyreset_capture::Span;

use super::Answer;
use crate::packing::Coder;
use crate::{Moment, RoundTrip};

/// The least that a full-sized segment carries (the default MSS, RFC 9293 §3.7.1).
const FULL_SIZED: u32 = 536;
/// What one segment carries at most on most paths; larger frames were joined by offload.
const ONE_SEGMENT: u32 = 1_460;
/// A SYN that is answered later than this may have been answered twice, the first time unseen (RFC 6298 §2.1: a second).
const INITIAL_TIMEOUT: Span = Span::from_millis(950);
/// From so many samples on, the running median moves by the smallest steps.
const MANY: u32 = 16;

/// The round trips to one side, as far as they were measured.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trips {
    result: RoundTrip,
    /// The largest payload that passed towards the side.
    largest: u32,
}

/// The last of the packets that an acknowledgement covers, of those that wait for one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Covered {
    pub(crate) at: Moment,
    pub(crate) is_syn: bool,
    /// The acknowledgement goes as far as this packet, and no further.
    pub(crate) is_exact: bool,
    /// Full-sized segments among them all.
    pub(crate) full_sized: u32,
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
        payload_len.div_ceil(ONE_SEGMENT)
    }

    /// An answer to what waited.
    #[inline]
    pub(crate) fn sample(&mut self, covered: &Covered, answer: &Answer) {
        let span = (answer.at.time - covered.at.time).max(Span::ZERO);
        let result = &mut self.result;
        if result.minimum.is_none_or(|minimum| span < minimum) {
            result.minimum = Some(span);
            result.minimum_frames = Some((covered.at.frame, answer.at.frame));
        }
        if !covered.is_exact {
            return;
        }
        if covered.is_syn {
            result.handshake.get_or_insert(span);
        }
        let at_once = covered.is_syn && span < INITIAL_TIMEOUT || covered.full_sized >= 2;
        if answer.is_bare && at_once {
            result.prompt_samples = result.prompt_samples.saturating_add(1);
            if result.prompt_minimum.is_none_or(|least| span < least) {
                result.prompt_minimum = Some(span);
            }
        }
        result.samples = result.samples.saturating_add(1);
        result.maximum = result.maximum.max(Some(span));
        result.typical = Some(match result.typical {
            None => span,
            Some(typical) => step_towards(typical, span, result.samples),
        });
    }

    /// What was measured.
    pub(crate) const fn result(&self) -> RoundTrip {
        self.result
    }

    /// Passes all that it holds.
    pub(crate) fn pass(&mut self, coder: &mut impl Coder) {
        let result = &mut self.result;
        let spans = [
            &mut result.handshake,
            &mut result.minimum,
            &mut result.prompt_minimum,
            &mut result.typical,
            &mut result.maximum,
        ];
        let [a, b, c, d, e] = spans.each_ref().map(|span| span.is_some());
        let has_frames = result.minimum_frames.is_some();
        let [has_frames, a, b, c, d, e] = coder.truths([has_frames, a, b, c, d, e]);
        for (span, is_there) in spans.into_iter().zip([a, b, c, d, e]) {
            coder.maybe(is_there, span, Span::ZERO, Coder::span);
        }
        coder.word(&mut self.largest);
        coder.maybe(
            has_frames,
            &mut result.minimum_frames,
            (0, 0),
            |coder, it| {
                coder.number(&mut it.0);
                coder.number(&mut it.1);
            },
        );
        coder.word(&mut result.samples);
        coder.word(&mut result.prompt_samples);
    }
}

/// A running median: one step towards the sample, large at first, then a sixteenth of the estimate.
fn step_towards(typical: Span, sample: Span, samples: u32) -> Span {
    let distance = sample.nanos().saturating_sub(typical.nanos());
    let largest = typical.nanos().max(1_000);
    let step = if samples >= MANY {
        largest / i64::from(MANY)
    } else {
        largest / i64::from(samples.max(2))
    };
    Span::from_nanos(
        typical
            .nanos()
            .saturating_add(distance.clamp(step.saturating_neg(), step)),
    )
}
