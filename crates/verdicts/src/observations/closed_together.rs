//! Connections that a host closed at the same instant: after different waits no limit explains that.

use std::fmt::Display;

use whyreset_capture::Span;
use whyreset_connections::{Side, Together};

use super::ids;
use crate::case::{Case, Close};
use crate::{Observations, wording};

/// One other may be chance.
const ENOUGH: u32 = 3;
/// So many times as many as come together by chance.
const ABOVE_USUAL: f64 = 4.0;
/// Programs that look for connections which have waited too long from time to time close several at once: most do so each second or more
/// often.
const LEAST_DIFFERENCE: Span = Span::from_millis(1_500);
/// Node.js does so every 30 s, with a limit of 60 s: these waits differ by less than half.
const LONG_LIMIT: Span = Span::from_secs(60);

/// Records that a side closed others at the same instant, though it had not waited as long for them.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    let Some((close, together)) = together(case) else {
        return;
    };
    let (id, who, whose) = match close.side {
        Side::Server => (ids::STOPPED_TOGETHER, "The server", "of this server"),
        Side::Client => (ids::LEFT_TOGETHER, "The client", "to this server"),
    };
    let own = close.at.frame;
    let (first, last) = (together.shortest, together.longest);
    let mut frames: Vec<u64> = [first.at.frame, last.at.frame, own].into();
    frames.sort_unstable();
    frames.dedup();
    found.add(
        id,
        frames,
        format_args!(
            "{who} closed this connection (frame {own}) together with {} {whose} at the same instant, after silences from {} (frame {}) to {} (frame {}): a limit strikes each in its own time; a program that ends leaves all at once.",
            count(together),
            wording::span(first.waited),
            first.at.frame,
            wording::span(last.waited),
            last.at.frame
        ),
    );
}

/// How many others were closed with this one, in words, where that tells that a program ended.
pub(crate) fn with_others(case: &Case<'_>) -> Option<String> {
    let (_, together) = together(case)?;
    Some(format!(
        "together with {} at the same instant",
        count(together)
    ))
}

fn count(together: Together) -> impl Display {
    let others = together.count.saturating_sub(1);
    wording::count(others.into(), "other connection", "other connections")
}

/// The close, and those of the same host that fall together with it: more than by chance, and after different waits.
fn together(case: &Case<'_>) -> Option<(Close, Together)> {
    let close = case.close?;
    let ends = &case.connection.ends;
    let host = ends.of(close.side).host;
    let listeners = case.neighbours.host(ends.server.host);
    // A server has several ports, mostly: one for TLS, one for those in the clear.
    let closings = listeners.map(|listener| match close.side {
        Side::Server => &listener.closings,
        Side::Client => &listener.leavings,
    });
    let (mut all, mut usual) = (None::<Together>, 0.0);
    for closings in closings {
        let met = closings.together(host, close.at.time);
        usual += closings.usual(met.map_or(0, |met| met.count));
        all = all.into_iter().chain(met).reduce(Together::joined);
    }
    let together = all?;
    let enough = together.count >= ENOUGH && f64::from(together.count) > usual * ABOVE_USUAL;
    (enough && differ(together)).then_some((close, together))
}

fn differ(together: Together) -> bool {
    let (short, long) = (together.shortest.waited, together.longest.waited);
    long - short >= LEAST_DIFFERENCE && (short < LONG_LIMIT || long >= short + short)
}
