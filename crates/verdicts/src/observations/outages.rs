//! Outages that were over in the end, when somebody had given up already.

use whyreset_connections::{Dialect, Side};

use super::ids;
use crate::case::{Case, Outage};
use crate::{Observations, wording};

/// Records that nothing got through when the connection was closed, or shortly before.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    // What is repeated on when the other side was heard is a tail: others may have passed for their size.
    let told = case.accounts.missing().is_none() || found.has(ids::UNANSWERED_TAIL);
    let Some(outage) = case.outage.filter(|_| !told) else {
        return;
    };
    if outage.copies == 0 {
        return restarted(outage, found);
    }
    found.tell(
        ids::OUTAGE,
        [outage.first.frame, outage.last.frame, outage.ended.frame],
        format_args!(
            "{} sent the same segment {} times (frame {} to frame {}, over {}) and heard nothing of {} meanwhile; only frame {} came through again.",
            wording::the_side(outage.side),
            outage.copies,
            outage.first.frame,
            outage.last.frame,
            wording::span(outage.last.time - outage.first.time),
            wording::side(outage.side.peer()),
            outage.ended.frame
        ),
    );
    refused(case, outage, found);
}

/// The same from the other end.
fn restarted(outage: Outage, found: &mut Observations) {
    found.tell(
        ids::OUTAGE,
        [outage.first.frame, outage.last.frame],
        format_args!(
            "Nothing came of {} for {} (frame {} to frame {}), and then one segment alone, the next a round trip later: so does a host go on whose packets had been lost.",
            wording::side(outage.side),
            wording::span(outage.last.time - outage.first.time),
            outage.first.frame,
            outage.last.frame
        ),
    );
}

/// What comes through at last meets no socket any more.
fn refused(case: &Case<'_>, outage: Outage, found: &mut Observations) {
    let passive = |by: Side| {
        let fatal = case.fatal.filter(|reset| reset.dialect == Dialect::Passive);
        fatal.filter(|reset| reset.by == by && reset.at.frame > outage.last.frame)
    };
    if let Some(reset) = passive(outage.side) {
        found.add(
            ids::REFUSES_AFTER_OUTAGE,
            [outage.last.frame, reset.at.frame],
            format_args!(
                "Who refuses (frame {}) had tried until then (frame {}): its host had the connection, its program closed meanwhile.",
                reset.at.frame, outage.last.frame
            ),
        );
    } else if let Some(reset) = passive(Side::Client) {
        found.add(
            ids::CLIENT_LEFT_IN_OUTAGE,
            [outage.first.frame, reset.at.frame],
            format_args!(
                "The client refuses what comes (frame {}): programs give up in an outage, and their FIN is lost in it as well.",
                reset.at.frame
            ),
        );
    }
}
