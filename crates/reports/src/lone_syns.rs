//! Lone SYNs in the reports: what is found of one is found of all that are like it, so they are judged once.
//!
//! Nothing is judged here in another way. The first of them is judged and written like any connection; what was found
//! is kept, with holes where its frame number stood, and the others of the same [`Grounds`] fill in theirs.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use whyreset_connections::{LoneSyn, Neighbours};
use whyreset_verdicts::{Grounds, Likeness, Verdict};

use crate::Judged;
use crate::json::Template;

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

/// What is found of a lone SYN.
#[derive(Clone, Debug)]
pub struct Findings {
    /// The verdict, but for frame numbers: they stand for none.
    pub verdict: Verdict,
    pub(crate) template: Template,
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
        let template = Template::of(&nowhere, LoneSyn::NO_FRAME);
        let fits = template.fits(&judge(syn), syn.at().frame);
        fits.then_some(Self {
            verdict: nowhere.verdict,
            template,
        })
    }
}
