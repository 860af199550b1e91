//! Silences, with everything acknowledged, before the first packet that failed: what a device, or a host, may have forgotten in.

use whyreset_capture::{Span, Timestamp};
use whyreset_connections::{Moment, Packet, Side, Silence};
use whyreset_exchanges::Protocol;
use whyreset_segments::Known;

use super::ids;
use crate::case::{Case, Missing, OpenExchange, is_full};
use crate::observations::loss;
use crate::timers;
use crate::{Observations, wording};

/// Shorter silences than this say nothing about a device's memory: the shortest idle times in use are 15 to 30 s, but
/// devices under pressure, and people who test, shorten them to seconds.
const SHORTEST_IDLE: Span = Span::from_millis(1_500);
/// And it must be a rest for this connection: so many round trips.
const ROUND_TRIPS_OF_REST: i64 = 5;
/// Few devices forget sooner than this; programs wait no longer, mostly.
const SELDOM_FORGOTTEN: Span = Span::from_secs(60);
/// No device in use is known to forget sooner (the shortest idle times are 15 to 30 s).
const SHORTEST_MEMORY: Span = Span::from_secs(12);

/// Records a silence, with nothing waiting for an acknowledgement, before the first packet that failed.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    if let Some(probe) = unanswered_probe(case).filter(|_| loss::tail(case).is_none()) {
        return rest_before_probes(case, probe, found);
    }
    let Some((from, to)) = failure(case) else {
        return;
    };
    let c = case.connection;
    if from < c.start {
        // The clock went back: how long anybody rested does not show.
        return;
    }
    let silence = c
        .silences
        .iter()
        .chain(c.silence_before_end.iter())
        .filter(|silence| silence.unacknowledged_of.is_none() || acknowledged_unseen(case, silence))
        .find(|silence| silence.until.time >= from && silence.until.frame <= to);
    let rest = case.path_round_trip().map_or(Span::ZERO, |trip| {
        Span::from_nanos(trip.nanos().saturating_mul(ROUND_TRIPS_OF_REST))
    });
    // A clock of whole seconds shows a pause as up to one of them longer.
    let least = SHORTEST_IDLE.max(rest) + case.coarseness();
    let Some(silence) = silence.filter(|silence| silence.length >= least) else {
        return;
    };
    if in_the_middle(case, silence.after) {
        return;
    }
    let frames = [silence.after.frame, silence.until.frame];
    found.tell(
        ids::IDLE_BEFORE_FAILURE,
        frames,
        format_args!(
            "Before that the connection had been idle for {} (frame {} to frame {}), with everything acknowledged.",
            wording::span(silence.length),
            silence.after.frame,
            silence.until.frame
        ),
    );
    if silence.length < SELDOM_FORGOTTEN {
        goodbye_unheard(case, found);
    }
    if silence.length < SHORTEST_MEMORY {
        refused_words(case, silence, found);
    }
    if let Some(timer) = timers::forgetting_within(silence.length) {
        found.add(
            ids::IDLE_TIMER_FITS,
            frames,
            format_args!(
                "{} is just past {} ({}).",
                wording::span(silence.length),
                timer.name,
                timer.source
            ),
        );
    }
}

/// A RST that acknowledges what was said behind so short a silence was made by somebody who had read it: a device that only knows that it
/// does not know the connection answers as RFC 9293 §3.10.7.1 says, without ACK.
fn refused_words(case: &Case<'_>, silence: &Silence, found: &mut Observations) {
    let Some(reset) = case
        .fatal
        .filter(|reset| reset.at.frame > silence.until.frame)
    else {
        return;
    };
    let mut said = case.connection.packets.iter();
    let first =
        said.find(|p| p.frame >= silence.until.frame && p.side != reset.by && p.payload_len > 0);
    let read = |p: &&Packet| p.known.has(Known::SEQ) && reset.ack.is_some_and(|ack| ack > p.seq);
    if let Some(words) = first.filter(read) {
        found.tell(
            ids::WORDS_REFUSED_AFTER_REST,
            [silence.after.frame, words.frame, reset.at.frame],
            format_args!(
                "The silence lasted {} only, and the RST (frame {}) acknowledges what was said behind it (frame {}): devices keep idle connections for longer, and those that dislike what is said strike at once.",
                wording::span(silence.length),
                reset.at.frame,
                words.frame
            ),
        );
    }
}

/// Nothing of use was tried behind the silence: who closed had said goodbye, and that is what nobody heard. The silence is the wait that
/// ended then, and the path may have failed at any moment of it.
fn goodbye_unheard(case: &Case<'_>, found: &mut Observations) {
    let Some((side, tail)) = loss::tail(case) else {
        return;
    };
    let left = case.wait.filter(|_| case.closer() == Some(side));
    if let Some(wait) = left.filter(|wait| tail.first.frame >= wait.until.frame) {
        found.add(
            ids::GOODBYE_UNHEARD,
            [wait.until.frame, tail.last.frame],
            format_args!(
                "What got no answer is the goodbye of {} (frame {}): the path may have failed at any moment of the silence before it.",
                wording::side(side),
                wait.until.frame
            ),
        );
    }
}

/// Where the first packet that failed must lie: the first transmission of what was never acknowledged, or what a RST
/// answered at most two round trips and a scheduler's pause before it. From a time to a frame.
fn failure(case: &Case<'_>) -> Option<(Timestamp, u64)> {
    if let Some((_, tail)) = loss::tail(case) {
        return Some((tail.first.time, tail.first.frame));
    }
    // Behind a FIN that is repeated somebody had waited, not idled.
    let close = case.close.map_or(0, |close| close.at.frame);
    if let Some(outage) = case.outage.filter(|outage| outage.first.frame != close) {
        return Some((outage.first.time, outage.first.frame));
    }
    let reset = case.fatal.filter(|reset| {
        case.close
            .is_some_and(|close| close.at.frame == reset.at.frame)
    })?;
    let trips = case.two_round_trips();
    // A RST that breaks the silence itself is a host's own decision, unless a device sent it.
    let last = if reset.origin.host < 0.5 {
        reset.at.frame
    } else {
        reset.at.frame.saturating_sub(1)
    };
    Some((reset.at.time - trips - Span::from_millis(200), last))
}

/// Records a rest that ended with keep-alive probes, none of which was ever answered. How long it was says when the prober's timer ran out, not
/// when a device forgot.
fn rest_before_probes(case: &Case<'_>, probe: Moment, found: &mut Observations) {
    let silences = case.connection.silences.iter();
    let mut ended = silences.filter(|it| it.until.frame == probe.frame);
    let rest = ended.find(|it| it.unacknowledged_of.is_none() && it.length >= SHORTEST_MEMORY);
    let Some(rest) = rest.filter(|rest| !in_the_middle(case, rest.after)) else {
        return;
    };
    found.tell(
        ids::REST_BEFORE_PROBES,
        [rest.after.frame, probe.frame],
        format_args!(
            "Before the first probe (frame {}) the connection had rested for {}: a device may have forgotten it meanwhile, or the other host have vanished.",
            probe.frame,
            wording::span(rest.length)
        ),
    );
}

/// The first of keep-alive probes none of which was ever answered: nothing was sent behind the rest but these.
fn unanswered_probe(case: &Case<'_>) -> Option<Moment> {
    [Side::Client, Side::Server].into_iter().find_map(|side| {
        let probes = &case.connection.flows.of(side).keep_alives;
        let mute = probes.unanswered >= 2 && probes.unanswered == probes.count;
        probes.first.filter(|_| mute)
    })
}

/// What waited for an acknowledgement was not sent again in all that time, and the packet that broke the silence acknowledges it, with
/// words of its own: it had been acknowledged long before, and the capture has lost that (or a filter left it out).
fn acknowledged_unseen(case: &Case<'_>, silence: &Silence) -> bool {
    let (Some(after), Some(until)) = (
        case.packet(silence.after.frame),
        case.packet(silence.until.frame),
    ) else {
        return false;
    };
    let last_word = silence.unacknowledged_of == Some(after.side) && until.side != after.side;
    let numbered = after.known.has(Known::SEQ.with(Known::LEN)) && until.known.has(Known::ACK);
    last_word && numbered && until.payload_len > 0 && until.ack >= after.seq_end()
}

/// A body was under way when the silence began: something had failed before it.
fn in_the_middle(case: &Case<'_>, silence_began: Moment) -> bool {
    let Some(open) = &case.accounts.open else {
        let hidden = case.connection.app.list.last().is_none_or(|e| {
            !matches!(
                e.protocol,
                Protocol::Http10 | Protocol::Http11 | Protocol::Http2
            )
        });
        return hidden && in_full_flow(case, silence_began);
    };
    let since = match open.missing {
        Missing::ResponseUnfinished => open.response_started,
        Missing::RequestUnfinished | Missing::AnsweredEarly | Missing::TlsHandshake => open.started,
        Missing::Unanswered => None,
    };
    // A promise that was read counts, even if the body behind it is only known by its size.
    let promised = open.exchange.is_some_and(|exchange| match open.missing {
        Missing::ResponseUnfinished => exchange.body_expected.is_some(),
        _ => exchange.request_body_expected.is_some(),
    });
    if open.estimated && (in_full_flow(case, silence_began) || under_way(case, open, silence_began))
    {
        return true;
    }
    (promised || !open.estimated) && since.is_some_and(|since| since.frame <= silence_began.frame)
}

/// A response of an encrypted session was under way by its records, and the silence began right behind it.
fn under_way(case: &Case<'_>, open: &OpenExchange<'_>, silence_began: Moment) -> bool {
    let last = case.connection.flows.server.last_new_data;
    let far = case.path_round_trip().unwrap_or(Span::ZERO) + Span::from_millis(100);
    open.missing == Missing::ResponseUnfinished
        && last.is_some_and(|last| {
            last.frame <= silence_began.frame && silence_began.time - last.time < far
        })
}

/// The last data before the silence filled its segment: more of it was to come.
fn in_full_flow(case: &Case<'_>, silence_began: Moment) -> bool {
    let c = case.connection;
    let last = c
        .packets
        .iter()
        .rfind(|p| p.payload_len > 0 && p.frame <= silence_began.frame);
    last.is_some_and(|p| is_full(c, p))
}
