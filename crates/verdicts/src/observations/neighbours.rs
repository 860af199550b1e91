//! Witnesses: what the same listener and the same host did in other connections of the capture.

use whyreset_capture::{Span, Timestamp};
use whyreset_connections::{Dialect, Life, Listener, Moment, Neighbours, Place, Reset, Side};
use whyreset_segments::Endpoint;

use super::ids;
use crate::case::Case;
use crate::{Observations, wording};

/// "About then": long enough for a backlog to fill and empty, short enough for a host not to have gone.
const ABOUT_THEN: Span = Span::from_secs(30);

/// Connections that one event silences stop within a round trip and a retransmission of each other.
const AT_ONCE: Span = Span::from_secs(1);
/// One other may be chance.
const ENOUGH_OTHERS: usize = 2;

/// Hosts begin with 64 (Linux, macOS, BSD) or 128 (Windows).
const HIGHEST_HOST_TTL: u8 = 128;

/// Records what the neighbours tell.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let server = c.ends.server;
    let when = c.handshake.syn.map_or(c.start, |m| m.time);
    if let Some(listener) = case.neighbours.listener(server) {
        listener_of(case, listener, found);
    }
    refusal(case, found);
    if let Some((other, at)) = elsewhere(case.neighbours, server, when) {
        found.add(
            ids::HOST_ANSWERS_ELSEWHERE,
            [at.frame],
            format_args!(
                "The same host answered on port {} about then (frame {}): it was alive.",
                other.endpoint.port, at.frame
            ),
        );
    }
}

fn listener_of(case: &Case<'_>, listener: &Listener, found: &mut Observations) {
    let c = case.connection;
    let own = c.handshake.syn_ack;
    let when = c.handshake.syn.map_or(c.start, |m| m.time);
    if let Some(at) = answered_another(listener, own, when) {
        // That it was there, it had shown by answering this SYN too.
        let id = match found.has(ids::HANDSHAKE_REFUSED) {
            true => ids::LISTENER_SERVED_ON,
            false if only_later(case, listener) => ids::LISTENER_ANSWERED_LATER,
            false => ids::LISTENER_ANSWERED_OTHERS,
        };
        found.add(
            id,
            [at.frame],
            format_args!(
                "The same listener answered another client {} {} (frame {}): it was there, and reachable.",
                wording::span((when - at.time).max(at.time - when)),
                if at.time < when { "before" } else { "later" },
                at.frame
            ),
        );
    }
    uncaptured(case, listener, found);
    all_others(case, listener, found);
    let own_refusal = u64::from(own.is_none() && c.reset_count.server > 0);
    if listener.refused > own_refusal {
        found.add(
            ids::LISTENER_REFUSED_OTHERS,
            [c.frames.first],
            format_args!(
                "The same port refused {} as well.",
                wording::count(
                    listener.refused - own_refusal,
                    "other connection",
                    "other connections"
                )
            ),
        );
    }
    let unheard = c.flows.server.bytes == 0 && c.flows.client.bytes > 0;
    if let Some(at) = listener.last_data.filter(|_| unheard) {
        found.add(
            ids::LISTENER_TALKS,
            [at.frame],
            format_args!(
                "The same listener sends data to others (frame {}): this client got none.",
                at.frame
            ),
        );
    }
    same_idle_close(case, listener, found);
    older_lives_on(case, listener, found);
    fell_silent(case, listener, found);
    first_word_ignored(case, listener, found);
}

/// A host that has no room for a connection of which it kept nothing (SYN cookies) drops the ACK that opens it, and all behind that, and does
/// not repeat its SYN/ACK.
fn first_word_ignored(case: &Case<'_>, listener: &Listener, found: &mut Observations) {
    let c = case.connection;
    let client = &c.flows.client;
    let h = &c.handshake;
    let mute = c.flows.server.packets == u64::from(h.syn_ack_count) && h.syn_ack_count > 0;
    let first = client.unanswered.filter(|tail| tail.seq <= 1);
    // What was heard last of the listener may be this connection's own SYN/ACK, said again.
    let own = c.flows.server.last.map_or(0, |last| last.frame);
    let elsewhere = listener.last_heard.filter(|heard| heard.frame > own);
    let (Some(tail), Some(heard)) = (first, elsewhere) else {
        return;
    };
    let ignored = mute && h.ack.is_some() && found.has(ids::UNANSWERED_TAIL);
    // A path may fail for all at once: then nobody is heard any more.
    if !ignored || heard.time - tail.first.time <= AT_ONCE {
        return;
    }
    found.tell(
        ids::FIRST_WORD_IGNORED,
        [tail.first.frame, tail.last.frame, heard.frame],
        format_args!(
            "The server never acknowledged the client's first word (frame {}), though the same listener was heard in another connection behind it (frame {}).",
            tail.first.frame, heard.frame
        ),
    );
    if c.vantage.place == Place::Server {
        found.add(
            ids::FIRST_WORD_IGNORED_AT_HOST,
            [tail.first.frame],
            "The capture was taken at the server: what it did not acknowledge had come as far as its host.",
        );
    }
}

/// The listener's answers to others are not in the capture either: an answer to this SYN need not be in it.
fn uncaptured(case: &Case<'_>, listener: &Listener, found: &mut Observations) {
    let c = case.connection;
    let lone = c.flows.server.packets == 0 && c.handshake.syn.is_some();
    if lone && is_uncaptured(case.neighbours, listener.endpoint) && !found.has(ids::ONE_SIDED) {
        found.add(
            ids::ONE_SIDED,
            [c.frames.first],
            "No packet of this host was captured, though clients acknowledge what they heard of it, or of others that the capture does not hold either: that direction is not in the capture.",
        );
    }
}

/// Clients heard a host of which nothing was captured; or they heard somebody, and nothing that anybody sent them was captured.
pub(crate) fn is_uncaptured(neighbours: &Neighbours, server: Endpoint) -> bool {
    let of_host = || neighbours.host(server.host);
    let host = of_host().any(|listener| listener.uncaptured > 0)
        && !of_host().any(|listener| listener.last_heard.is_some());
    host || neighbours.is_of_clients_alone()
}

/// So many in a row are no chance where a queue is full half of the time.
const ENOUGH_ANSWERED: u64 = 3;
/// SYNs in vain, over some seconds, that no burst explains.
const ENOUGH_TRIES: u32 = 4;

/// A full queue drops whoever comes: where all others were answered, some of them while this client went on asking, somebody has picked
/// this client out.
fn all_others(case: &Case<'_>, listener: &Listener, found: &mut Observations) {
    let h = &case.connection.handshake;
    let (Some(first), Some(last)) = (h.syn, h.last_syn) else {
        return;
    };
    let vain = h.syn_ack.is_none() && h.syn_count >= ENOUGH_TRIES;
    let unanswered = listener.syns.saturating_sub(listener.answered);
    let meanwhile = |at: &Moment| at.time > first.time && at.time < last.time;
    let answers: Vec<u64> = listener
        .answers
        .iter()
        .filter(|at| meanwhile(at))
        .map(|at| at.frame)
        .collect();
    let (Some(one), Some(other)) = (answers.first(), answers.last()) else {
        return;
    };
    if vain && unanswered <= 1 && listener.answered >= ENOUGH_ANSWERED && one != other {
        found.tell(
            ids::ALL_OTHERS_ANSWERED,
            [first.frame, *one, *other],
            format_args!(
                "All {} others that asked this listener were answered, some while this client sent its SYN {} times in vain (frames {one} and {other}).",
                listener.answered, h.syn_count
            ),
        );
    }
}

/// The client had asked several times in vain, and only behind its last SYN anybody was answered: what had kept the answers
/// back, a full queue or an outage, was over by then.
fn only_later(case: &Case<'_>, listener: &Listener) -> bool {
    let h = &case.connection.handshake;
    let Some(last) = h
        .last_syn
        .filter(|_| h.syn_ack.is_none() && h.syn_count > 1)
    else {
        return false;
    };
    let mut answers = listener.answers.iter().chain(&listener.last_answer);
    answers.all(|at| at.time > last.time)
}

/// The answer to somebody else, about `when`, that is the nearest to it. `own` is the answer to this connection.
pub(crate) fn answered_another(
    listener: &Listener,
    own: Option<Moment>,
    when: Timestamp,
) -> Option<Moment> {
    let others = listener.answered > u64::from(own.is_some());
    nearest(listener, when, own).filter(|_| others)
}

/// Another listener of the same host that answered somebody about `when`, and its answer.
pub(crate) fn elsewhere(
    neighbours: &Neighbours,
    server: Endpoint,
    when: Timestamp,
) -> Option<(&Listener, Moment)> {
    neighbours
        .host(server.host)
        .filter(|l| l.endpoint != server && l.answered > 0)
        .find_map(|l| Some((l, nearest(l, when, None)?)))
}

/// One client may lose patience; a link, or a host, that dies takes all connections with it at once.
fn fell_silent(case: &Case<'_>, listener: &Listener, found: &mut Observations) {
    let c = case.connection;
    let (Some(heard), Some(asked)) = (c.flows.server.last, c.flows.client.last) else {
        return;
    };
    let apart = |m: &Moment| (m.time - heard.time).max(heard.time - m.time);
    let later = listener
        .last_heard
        .is_some_and(|last| last.time - heard.time > AT_ONCE);
    // After idling it shows only late that a connection is dead: that tells nothing of the moment.
    let busy = case.accounts.open.as_ref().is_some_and(|open| {
        open.started
            .is_some_and(|asked| asked.time - heard.time <= AT_ONCE)
    });
    if later || !busy || asked.time - heard.time <= AT_ONCE {
        return;
    }
    let others: Vec<&Moment> = listener
        .fell_silent
        .iter()
        .filter(|m| m.frame != heard.frame && apart(m) <= AT_ONCE)
        .collect();
    if others.len() < ENOUGH_OTHERS {
        return;
    }
    let frames = others.iter().take(3).map(|m| m.frame).chain([heard.frame]);
    let mut frames: Vec<u64> = frames.collect();
    frames.sort_unstable();
    found.tell(
        ids::FELL_SILENT_FOR_ALL,
        frames,
        format_args!(
            "The server fell silent within the same second for {} of other clients that went on asking, and nobody heard of it again (its last packet is frame {}).",
            wording::count(others.len() as u64, "connection", "connections"),
            listener.last_heard.map_or(heard.frame, |last| last.frame)
        ),
    );
}

/// Whether the TTL of the RST that refuses the SYN fits the host's other packets.
fn refusal(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let reset = c
        .resets
        .iter()
        .find(|reset| reset.by == Side::Server && !case.took_up());
    let Some((reset, ttl)) = reset.and_then(|reset| Some((reset, reset.ttl?))) else {
        return;
    };
    misnumbered(reset, found);
    // Exactly 255 comes from the same link: then the host asked may itself be a router. And filters state no window, small devices do
    // (lwIP writes its own into every RST), and say nothing in words, as stacks of Mentat's make do ("No listener": HP-UX and old Mac OS,
    // which begin with 255; RFC 9293 §3.5.3).
    let stated = reset.window.is_some_and(|window| window > 0) || !reset.payload.is_empty();
    if ttl > HIGHEST_HOST_TTL && ttl < u8::MAX && !stated {
        found.tell(
            ids::REFUSAL_LIKE_A_ROUTERS,
            [reset.at.frame],
            format_args!("The RST arrives with TTL {ttl}, so it began with 255: routers and firewalls begin so, and some printers and other small devices; most hosts with 64 or 128."),
        );
    }
    let usual = case
        .neighbours
        .host(c.ends.server.host)
        .filter_map(|l| l.ttl)
        .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    let Some((low, high)) = usual else {
        return;
    };
    let frames = [reset.at.frame];
    if ttl < low || ttl > high {
        found.tell(
            ids::REFUSAL_NOT_THE_HOSTS,
            frames,
            format_args!("The RST arrives with TTL {ttl}; the host's other packets arrive with {}: somebody else answered in its name.", range(low, high)),
        );
    } else {
        found.add(
            ids::REFUSAL_IS_THE_HOSTS,
            frames,
            format_args!("The RST arrives with TTL {ttl}, as the host's other packets do."),
        );
    }
}

/// A host acknowledges the SYN that it refuses (RFC 9293 §3.10.7.1), and a client drops a RST that does not (§3.10.7.3).
fn misnumbered(reset: &Reset, found: &mut Observations) {
    if reset.numbered && reset.ack.is_some_and(|ack| ack <= 0) {
        found.tell(
            ids::REFUSAL_MISNUMBERED,
            [reset.at.frame],
            format_args!("The RST (frame {}) does not acknowledge the SYN: its number is too low, which no TCP writes, and which the client's host has to ignore.", reset.at.frame),
        );
    }
}

fn range(low: u8, high: u8) -> String {
    if low == high {
        low.to_string()
    } else {
        format!("{low} to {high}")
    }
}

/// A host that restarts, or whose address moves, has forgotten all connections; this one had not.
fn older_lives_on(case: &Case<'_>, listener: &Listener, found: &mut Observations) {
    let stranger = |reset: &&Reset| reset.by == Side::Server && reset.dialect == Dialect::Passive;
    let Some(refused) = case.fatal.filter(stranger).map(|reset| reset.at) else {
        return;
    };
    let around = |life: &&Life| {
        refused.time - life.opened.time > AT_ONCE && life.heard.time - refused.time > AT_ONCE
    };
    if let Some(older) = listener.lives.iter().find(around) {
        found.add(
            ids::OLDER_LIVES_ON,
            [older.opened.frame, refused.frame, older.heard.frame],
            format_args!(
                "The same listener went on with another connection (frame {}) that it had taken up (frame {}) before it refused this one: its host had not forgotten all.",
                older.heard.frame, older.opened.frame
            ),
        );
    }
}

fn same_idle_close(case: &Case<'_>, listener: &Listener, found: &mut Observations) {
    let Some((times, shortest, longest)) = listener.idle_closes else {
        return;
    };
    let Some(silence) = case.connection.silence_before_end else {
        return;
    };
    let slack = Span::from_millis(200);
    // A timer strikes after the same time; a wide range is none's.
    let alike = longest - shortest <= slack + slack;
    let fits = silence.length + slack >= shortest && silence.length <= longest + slack && alike;
    if fits && times > 1 {
        found.add(
            ids::SAME_IDLE_CLOSE,
            [silence.after.frame, silence.until.frame],
            format_args!(
                "The same listener closed {} after {} of idling.",
                wording::count(u64::from(times), "connection", "connections"),
                wording::span(shortest)
            ),
        );
    }
}

/// The answer of a listener about `when` that is the nearest to it, `except` left out.
fn nearest(listener: &Listener, when: Timestamp, except: Option<Moment>) -> Option<Moment> {
    let apart = |m: &Moment| (m.time - when).max(when - m.time);
    listener
        .answers
        .iter()
        .chain(listener.last_answer.iter())
        .filter(|m| except.is_none_or(|except| except.frame != m.frame))
        .filter(|m| apart(m) <= ABOUT_THEN)
        .min_by_key(|m| apart(m))
        .copied()
}
