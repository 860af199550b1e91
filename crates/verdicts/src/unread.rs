//! Downloads that ended in order, of which the capture does not hold how long they were to be: a short snapshot length cut the
//! heads off. Where whole servers are captured so, most connections are like that, so they are judged by little.

use std::sync::LazyLock;

use whyreset_capture::Span;
use whyreset_connections::{Connection, Ending, Side};
use whyreset_exchanges::{Exchange, Exchanges};

use crate::causes::{self, none};
use crate::judge::{alternatives, is_quiet};
use crate::observations::ending::closed_unread;
use crate::weigh::weigh;
use crate::{Cause, Observations, Outcome, Verdict, Weighed, case, steps};

/// A server that closes later than this may have waited for something.
const AT_ONCE: Span = Span::from_secs(1);

/// What is weighed is the same of all of them: what was observed, and not where.
static WEIGHED: LazyLock<Vec<Weighed>> = LazyLock::new(|| {
    let mut found = Observations::default();
    closed_unread(0, 0, &mut found);
    weigh(&found)
});

/// The exchange and the frame of the server's FIN, where the server closed right behind the last of it and nothing else is
/// to be remarked.
pub(crate) fn plainly_unread(c: &Connection<Exchanges>) -> Option<(&Exchange, u64)> {
    let exchange = c.app.list.last()?;
    if c.app.ending() != Ending::Unread || !is_quiet(c) || was_disturbed(c) || c.elided {
        return None;
    }
    let silence = c.silence_before_end?;
    let close = case::first_close(c, None).filter(|close| close.side == Side::Server)?;
    (silence.length < AT_ONCE).then_some((exchange, close.at.frame))
}

/// Something was lost, or waited for room: the frames have more to tell.
fn was_disturbed(c: &Connection<Exchanges>) -> bool {
    [&c.flows.client, &c.flows.server].into_iter().any(|flow| {
        flow.retransmissions.segments > 0
            || flow.lost_segments > 0
            || flow.duplicate_acks > 0
            || flow.missing_bytes > 0
            || flow.unsized_packets > 0
            || flow.window.zero_times > 0
    })
}

/// The verdict: the server closed in this frame, right behind the last of `exchange`.
pub fn unread(exchange: &Exchange, frame: u64) -> Verdict {
    let mut found = Observations::default();
    let delivered = exchange.body_acknowledged.or(exchange.body_delivered);
    closed_unread(frame, delivered.unwrap_or(0), &mut found);
    let weighed = WEIGHED.clone();
    Verdict {
        outcome: Outcome::Completed,
        cause: Cause::None,
        ended_by: causes::side(Side::Server),
        confidence: weighed.first().map_or(0.0, |likeliest| likeliest.posterior),
        failed: false,
        summary: none::as_far_as_captured(true, Side::Server),
        ruled_out: Vec::new(),
        alternatives: alternatives(&found, &weighed),
        next_steps: vec![steps::read_its_promise(exchange)],
        weighing: weighed,
        observed: found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_weighed_is_the_same_of_all() {
        for (frame, delivered) in [(0, 0), (7, 1), (u64::MAX, 260_640)] {
            let mut found = Observations::default();
            closed_unread(frame, delivered, &mut found);
            assert_eq!(weigh(&found), *WEIGHED);
        }
    }
}
