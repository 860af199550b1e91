//! Lone SYNs in the document: what is found of one is found of all that are like it, so it is written once and copied.
//!
//! Nothing is judged here in another way. The first of them is judged and written like any connection; what was written
//! is kept, with holes where its frame number stood, and the others of the same [`Grounds`] fill in theirs.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use whyreset_connections::{LoneSyn, Neighbours};
use whyreset_verdicts::{Cause, Grounds, Likeness};

use super::connection::write_findings;
use super::writer::ToJson;
use crate::Judged;

/// Different grounds that are remembered, with a kilobyte each; when there are more, all are forgotten.
const MOST_GROUNDS: usize = 4_096;

/// What was found of lone SYNs so far.
#[derive(Debug, Default)]
pub struct LoneSyns {
    likeness: Likeness,
    met: HashMap<Grounds, Met, RandomState>,
    findings: Vec<Findings>,
    last: Option<(Grounds, usize)>,
}

/// What is known of some grounds.
#[derive(Clone, Copy, Debug)]
enum Met {
    /// One SYN had them. Scans hold many of which no other is like it: nothing is kept for those.
    Once,
    /// What is found then is kept here.
    Kept(usize),
    /// What is found then has no simple holes.
    Unlike,
}

/// What is found of a lone SYN, as the document has it, with a hole wherever the number of its frame stands.
#[derive(Clone, Debug)]
pub struct Findings {
    /// Why nothing came of it.
    pub cause: Cause,
    /// Whether that counts as a failure.
    pub failed: bool,
    text: Vec<u8>,
    /// Where in `text` the number is missing.
    holes: Vec<usize>,
}

impl LoneSyns {
    /// What is found of this SYN; `None` where it must be judged by itself. `judge` is how that is done.
    pub fn findings(
        &mut self,
        syn: &LoneSyn,
        neighbours: &Neighbours,
        judge: impl Fn(&LoneSyn) -> Judged,
    ) -> Option<&Findings> {
        // Frames are counted from 1; what a list calls 0 is not told.
        if syn.at().frame == 0 {
            return None;
        }
        let grounds = self.likeness.grounds(syn, neighbours);
        let index = match self.last {
            Some((last, index)) if last == grounds => index,
            _ => self.look_up(grounds, syn, judge)?,
        };
        self.last = Some((grounds, index));
        self.findings.get(index)
    }

    fn look_up(
        &mut self,
        grounds: Grounds,
        syn: &LoneSyn,
        judge: impl Fn(&LoneSyn) -> Judged,
    ) -> Option<usize> {
        let met = match self.met.get(&grounds) {
            Some(Met::Kept(index)) => return Some(*index),
            Some(Met::Unlike) => return None,
            Some(Met::Once) => self.keep(syn, judge),
            None => Met::Once,
        };
        if self.met.len() >= MOST_GROUNDS && matches!(met, Met::Once) {
            self.met.clear();
            self.findings.clear();
            self.last = None;
        }
        self.met.insert(grounds, met);
        match met {
            Met::Kept(index) => Some(index),
            Met::Once | Met::Unlike => None,
        }
    }

    fn keep(&mut self, syn: &LoneSyn, judge: impl Fn(&LoneSyn) -> Judged) -> Met {
        let Some(findings) = Findings::of(syn, judge) else {
            return Met::Unlike;
        };
        self.findings.push(findings);
        Met::Kept(self.findings.len() - 1)
    }
}

impl Findings {
    /// What is found of a SYN; `None` where its frame number stands in it in some other way than written out.
    fn of(syn: &LoneSyn, judge: impl Fn(&LoneSyn) -> Judged) -> Option<Self> {
        let nowhere = judge(&syn.in_frame(LoneSyn::NO_FRAME));
        let mut written = Vec::new();
        write_findings(&mut written, &nowhere);
        let (text, holes) = cut(&written, LoneSyn::NO_FRAME);
        let findings = Self {
            cause: nowhere.verdict.cause,
            failed: nowhere.verdict.failed,
            text,
            holes,
        };
        let (mut as_always, mut filled) = (Vec::new(), Vec::new());
        write_findings(&mut as_always, &judge(syn));
        findings.write(&mut filled, syn.at().frame);
        (as_always == filled).then_some(findings)
    }

    /// Appends them for a SYN in this frame.
    pub(super) fn write(&self, out: &mut Vec<u8>, frame: u64) {
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(frame).as_bytes();
        let mut rest = self.text.as_slice();
        let mut behind = 0;
        for hole in &self.holes {
            let (piece, after) = rest.split_at_checked(hole - behind).unwrap_or((rest, &[]));
            out.extend_from_slice(piece);
            out.extend_from_slice(digits);
            (rest, behind) = (after, *hole);
        }
        out.extend_from_slice(rest);
    }
}

/// The text without this number, and where it stood.
fn cut(text: &[u8], number: u64) -> (Vec<u8>, Vec<usize>) {
    let mut digits = Vec::new();
    number.write(&mut digits);
    let (mut kept, mut holes) = (Vec::with_capacity(text.len()), Vec::new());
    let mut rest = text;
    while let Some(byte) = rest.first() {
        match rest.strip_prefix(digits.as_slice()) {
            Some(behind) => {
                holes.push(kept.len());
                rest = behind;
            }
            None => {
                kept.push(*byte);
                rest = rest.get(1..).unwrap_or_default();
            }
        }
    }
    (kept, holes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_cut_out_and_another_put_in() {
        let (text, holes) = cut(b"[77,177],frame 77", 77);
        assert_eq!(holes, [1, 3, 11]);
        let findings = Findings {
            cause: Cause::NoAnswer,
            failed: true,
            text,
            holes,
        };
        let mut out = Vec::new();
        findings.write(&mut out, 1_234);
        assert_eq!(out, b"[1234,11234],frame 1234");
    }
}
