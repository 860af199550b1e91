//! Which lone SYNs are judged alike: those of a flood or a scan differ in little that a judgement looks at.

use whyreset_capture::Span;
use whyreset_connections::{LoneSyn, Moment, Neighbours};

use crate::observations::{PATIENCE, SECOND_ANSWER, answered_another, elsewhere, is_uncaptured};
use crate::wording;

/// All that the judgement of a lone SYN, and every sentence about it, rests on, but for the number of its own frame.
///
/// Not in it, because nothing that is said of a lone SYN rests on them: the client's address and port, the server's
/// address, the time itself, sequence number, window and options, IP identification, MAC address and VLAN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Grounds {
    /// The server's port, which the sentences name.
    port: u16,
    /// Whether the capture was taken at the client is told by these.
    ttl: u8,
    outgoing: Option<bool>,
    /// How long the capture runs on, and whether an answer may still have come.
    ran_on: Alike,
    just_sent: bool,
    not_repeated: bool,
    /// The capture holds no answer to any SYN.
    unpicked: bool,
    /// The listener's direction is not in the capture.
    uncaptured: bool,
    /// Other connections that the same port refused.
    refused: u64,
    /// The same listener answered somebody else about then.
    answered: Option<Answer>,
    /// The same host answered on another port about then, in this frame.
    elsewhere: Option<(u16, u64)>,
}

/// An answer to somebody else, and how far from the SYN it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Answer {
    frame: u64,
    before: bool,
    apart: Alike,
}

/// Finds the grounds of lone SYNs. It only remembers what it found last, as the next is mostly like it.
#[derive(Clone, Debug, Default)]
pub struct Likeness {
    ran_on: Alike,
    apart: Alike,
}

impl Likeness {
    /// The grounds on which [`crate::judge`] judges the SYN.
    pub fn grounds(&mut self, syn: &LoneSyn, neighbours: &Neighbours) -> Grounds {
        let server = syn.ends().server;
        let when = syn.at().time;
        let listener = neighbours.listener(server);
        let answer = listener.and_then(|listener| answered_another(listener, None, when));
        let ran_on = syn.ran_on();
        Grounds {
            port: server.port,
            ttl: syn.ttl(),
            outgoing: syn.outgoing(),
            ran_on: self.ran_on.follow(ran_on),
            just_sent: ran_on < PATIENCE,
            not_repeated: ran_on >= SECOND_ANSWER,
            unpicked: !neighbours.has_answers(),
            uncaptured: listener.is_some() && is_uncaptured(neighbours, server),
            refused: listener.map_or(0, |listener| listener.refused),
            answered: answer.map(|at| self.answer(at, syn.at())),
            elsewhere: elsewhere(neighbours, server, when)
                .map(|(other, at)| (other.endpoint.port, at.frame)),
        }
    }

    fn answer(&mut self, at: Moment, syn: Moment) -> Answer {
        let before = at.time < syn.time;
        let apart = if before {
            syn.time - at.time
        } else {
            at.time - syn.time
        };
        Answer {
            frame: at.frame,
            before,
            apart: self.apart.follow(apart),
        }
    }
}

/// Spans of time that read alike in a sentence, from the shortest to the longest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Alike {
    shortest: Span,
    longest: Span,
}

/// What lies closer than this to where the words change is looked at by itself.
const MARGIN: i64 = 2;

impl Alike {
    /// The spans that read like this one: all of them, or at the margins this one alone.
    fn to(span: Span) -> Self {
        let step = step(span);
        let half = step / 2;
        let middle = span.nanos().saturating_add(half) / step * step;
        let shortest = Span::from_nanos(middle.saturating_sub(half - MARGIN));
        let longest = Span::from_nanos(middle.saturating_add(half - MARGIN));
        let words = wording::span(span).to_string();
        // Words change from one span to the next in one direction only: what reads alike at both ends does so between.
        let alike = (shortest..=longest).contains(&span)
            && wording::span(shortest).to_string() == words
            && wording::span(longest).to_string() == words;
        match alike {
            true => Self { shortest, longest },
            false => Self {
                shortest: span,
                longest: span,
            },
        }
    }

    /// The same, where the answer is mostly the last one.
    fn follow(&mut self, span: Span) -> Self {
        if !(self.shortest..=self.longest).contains(&span) {
            *self = Self::to(span);
        }
        *self
    }
}

/// How far spans around this one must be apart to read differently, in nanoseconds ([`wording::span`]).
const fn step(span: Span) -> i64 {
    match span.nanos() {
        ..1_000_000 => 1_000,
        1_000_000..10_000_000 => 10_000,
        10_000_000..100_000_000 => 100_000,
        100_000_000..1_000_000_000 => 1_000_000,
        1_000_000_000..10_000_000_000 => 10_000_000,
        10_000_000_000..600_000_000_000 => 100_000_000,
        600_000_000_000..7_200_000_000_000 => 60_000_000_000,
        _ => 360_000_000_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spans of all sizes, many of them at and around where the words change.
    fn spans() -> impl Iterator<Item = Span> {
        let sizes = (0..63).map(|bits| 1_i64 << bits);
        let ours = [1_000, 1_000_000, 1_000_000_000, 60_000_000_000].into_iter();
        sizes.chain(ours).flat_map(|size| {
            let around = (1..40).flat_map(move |k: i64| {
                let near = size.saturating_mul(k) / 2;
                (-3..=3).map(move |off| near.saturating_add(off))
            });
            around.filter(|nanos| *nanos >= 0).map(Span::from_nanos)
        })
    }

    #[test]
    fn spans_that_are_alike_read_alike() {
        for span in spans() {
            let alike = Alike::to(span);
            let words = wording::span(span).to_string();
            assert!((alike.shortest..=alike.longest).contains(&span));
            for end in [alike.shortest, alike.longest] {
                assert_eq!(wording::span(end).to_string(), words, "{span:?}");
                assert_eq!(Alike::to(end), alike, "{span:?}");
            }
        }
    }

    #[test]
    fn a_second_of_a_flood_reads_in_a_few_ways() {
        let second = (0..1_000_000).map(|micros| Span::from_secs(30) + Span::from_micros(micros));
        let mut last = Alike::default();
        let mut ways: Vec<Alike> = second.map(|span| last.follow(span)).collect();
        ways.dedup();
        assert!(ways.len() < 32, "{}", ways.len());
    }
}
