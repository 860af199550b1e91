//! How long the side that closed had waited in silence, by its own reckoning.

use whyreset_capture::Span;
use whyreset_connections::{Connection, Moment, Packet, Side};
use whyreset_exchanges::Exchanges;
use whyreset_segments::{Known, TcpFlags};

use super::accounts::{Accounts, Missing};
use super::uncaptured;
use super::unread::REQUEST_TIMEOUT;
use super::{Close, outage::Outages};

/// From a goodbye to the close behind it.
const GOODBYE_TIME: Span = Span::from_millis(100);
/// The longest goodbye: an error page.
const GOODBYE_BYTES: i64 = 2_048;
/// The longest of a client: an alert, or GOAWAY, under TLS and padded to blocks.
const LONGEST_GOODBYE: u32 = 80;

/// The silence before a close, as the side that closed felt it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Wait {
    /// From the last packet it sent or received to its close.
    pub length: Span,
    /// The last packet before it, and who sent that.
    pub after: Moment,
    /// Who sent it.
    pub after_by: Side,
    /// Where the close begins: the close itself, or a short goodbye before it.
    pub until: Moment,
    /// From the last *data* either way to the close: keep-alive and window probes left out.
    pub since_data: Span,
}

/// The wait before `close`, where nobody has read the accounts, nor looked for outages.
pub(crate) fn wait_before(connection: &Connection<Exchanges>, close: Close) -> Option<Wait> {
    let accounts = Accounts::new(connection, Some(close));
    before(connection, &accounts, &Outages::of(connection), close)
}

/// The wait before `close`. Where the last packet came from the other side, the time it travelled between the
/// capture point and the closing side and back is no waiting.
pub(super) fn before(
    connection: &Connection<Exchanges>,
    accounts: &Accounts<'_>,
    outages: &Outages,
    close: Close,
) -> Option<Wait> {
    let unseen = uncaptured::acknowledged(connection, close);
    let by_the_close = unseen.is_some_and(|(at, _)| at.frame == close.at.frame);
    if by_the_close || heard_what_was_left_out(connection, close) {
        return None;
    }
    let travel = connection
        .vantage
        .round_trip
        .of(close.side)
        .minimum
        .unwrap_or(Span::ZERO);
    let heard = unseen.map_or(0, |(at, _)| at.frame);
    let close = goodbye(connection, accounts, heard, close);
    if let Some(wait) = cut_off(outages, connection, close) {
        return Some(wait);
    }
    let last_data = last_data_before(connection, close)
        .into_iter()
        .chain(unseen)
        .max_by_key(|(moment, _)| moment.frame);
    let since_data = last_data.map(|(moment, by)| {
        let raw = close.at.time - moment.time;
        if by == close.side {
            raw
        } else {
            floor(raw - travel)
        }
    });
    let silence = connection
        .silence_before_end
        .into_iter()
        .chain(connection.silences.iter().copied())
        .find(|silence| silence.until.frame == close.at.frame);
    if let Some(silence) = silence {
        let raw = silence.length;
        let felt = match silence.on_breakers_clock {
            Some(own) if silence.broken_by == close.side && silence.after_by == close.side => own,
            _ if silence.after_by == close.side => raw,
            _ => floor(raw - travel),
        };
        return Some(Wait {
            length: felt,
            after: silence.after,
            after_by: silence.after_by,
            until: close.at,
            since_data: since_data.unwrap_or(felt),
        });
    }
    let (moment, by) = last_data?;
    let length = since_data?;
    Some(Wait {
        length,
        after: moment,
        after_by: by,
        until: close.at,
        since_data: length,
    })
}

/// Rows of the list were left out, and the close acknowledges data that stood in them: how long nothing came does not show.
fn heard_what_was_left_out(connection: &Connection<Exchanges>, close: Close) -> bool {
    if !connection.elided {
        return false;
    }
    let mut packets = connection.packets.iter();
    let closing = packets.find(|p| p.frame == close.at.frame);
    let heard = closing
        .filter(|p| p.flags.contains(TcpFlags::ACK) && p.known.has(Known::ACK))
        .map(|p| p.ack);
    heard.is_some_and(|heard| heard > shown_at_most(connection, close))
}

/// The furthest that the other side's data can have come by the rows before the close.
fn shown_at_most(connection: &Connection<Exchanges>, close: Close) -> i64 {
    let before = |side: Side| {
        let packets = connection.packets.iter();
        packets.filter(move |p| p.side == side && p.frame < close.at.frame && !p.flags.is_rst())
    };
    let own = before(close.side)
        .filter(|p| p.known.has(Known::ACK))
        .map(|p| p.ack);
    let numbered = |p: &&Packet| p.known.has(Known::SEQ);
    let sent = before(close.side.peer()).filter(numbered);
    let reached = own.chain(sent.map(|p| p.seq_end().saturating_add(1))).max();
    let unnumbered = before(close.side.peer()).filter(|p| !numbered(p));
    let more: i64 = unnumbered.map(|p| i64::from(p.payload_len)).sum();
    reached.unwrap_or(i64::MAX).saturating_add(more)
}

/// The side that closed had not heard anything for long, though the other side kept sending: what that sent again and
/// again never reached it.
fn cut_off(outages: &Outages, connection: &Connection<Exchanges>, close: Close) -> Option<Wait> {
    let peer = close.side.peer();
    let tail = connection.flows.of(peer).unanswered;
    let tail = tail.filter(|tail| tail.transmissions >= 3);
    let outage = outages
        .before(connection, close)
        .filter(|outage| outage.side == peer);
    let began = tail
        .map(|tail| tail.first)
        .or(outage.map(|outage| outage.first))?;
    if began.time >= close.at.time {
        return None;
    }
    let own = connection
        .packets
        .iter()
        .rfind(|p| p.side == close.side && p.frame < close.at.frame && !p.flags.is_rst())?;
    let length = close.at.time - own.time;
    Some(Wait {
        length,
        after: own.moment(),
        after_by: close.side,
        until: close.at,
        since_data: length,
    })
}

/// A side that gives up often says so first: a 408 page, a TLS alert, a `221 closing`. Where such a short goodbye broke
/// the silence just before the close, the close begins with it.
/// `heard`: the frame up to which anything was said that the capture lost; 0 where nothing was.
fn goodbye(
    connection: &Connection<Exchanges>,
    accounts: &Accounts<'_>,
    heard: u64,
    close: Close,
) -> Close {
    let trip = connection
        .vantage
        .round_trip
        .of(close.side.peer())
        .minimum
        .unwrap_or(Span::ZERO);
    let moments = connection
        .silences
        .iter()
        .chain(connection.silence_before_end.iter());
    let broken = moments
        .filter(|s| s.broken_by == close.side && s.until.frame < close.at.frame)
        .filter(|s| close.at.time - s.until.time <= GOODBYE_TIME + trip + trip)
        .find(|s| {
            let said = said_between(connection, s.until, close);
            // A bare ACK says nothing.
            said > 0 && said <= GOODBYE_BYTES && s.length > GOODBYE_TIME
        })
        .filter(|s| {
            let words = s.until;
            !opens(connection, words)
                && !begins_something(connection, accounts, words, close)
                && !is_answered(connection, words, close)
                && heard <= s.after.frame
        });
    match broken {
        Some(silence) => Close {
            at: silence.until,
            ..close
        },
        None => close,
    }
}

/// The silence was that of a lost SYN or SYN/ACK.
fn opens(connection: &Connection<Exchanges>, broken: Moment) -> bool {
    let handshake = &connection.handshake;
    let opened = handshake.ack.or(handshake.syn_ack).or(handshake.syn);
    opened.is_some_and(|opened| broken.frame <= opened.frame)
}

/// What broke the silence is what the client asked, or what the server began to answer, and never got, or finished: who does that
/// takes no leave.
fn begins_something(
    connection: &Connection<Exchanges>,
    accounts: &Accounts<'_>,
    words: Moment,
    close: Close,
) -> bool {
    let mut said = connection.packets.iter().rev().filter(|p| {
        let before = p.frame < words.frame;
        before && p.payload_len > 0
    });
    if said.next().is_some_and(|last| last.side == close.side) {
        return false;
    }
    match (close.side, accounts.missing()) {
        (Side::Client, Some(Missing::Unanswered))
        | (Side::Server, Some(Missing::ResponseUnfinished)) => true,
        (Side::Server, _) => answers(connection, words),
        // An answer that came too late looks like the rest of one. A goodbye is short.
        (Side::Client, Some(Missing::ResponseUnfinished)) => {
            let mut packets = connection.packets.iter();
            let first = packets.find(|p| p.frame == words.frame);
            first.is_some_and(|p| p.payload_len > LONGEST_GOODBYE)
        }
        _ => false,
    }
}

/// These words begin the answer to a request that the server had in full: it had not waited for the client. A 408 says that it had.
fn answers(connection: &Connection<Exchanges>, words: Moment) -> bool {
    let mut list = connection.app.list.iter();
    list.any(|exchange| {
        let began = exchange.response_started.map(|at| at.frame);
        began == Some(words.frame)
            && exchange.request_complete
            && exchange.status != Some(REQUEST_TIMEOUT)
    })
}

/// The other side answered these words, before the close: a goodbye has no answer.
fn is_answered(connection: &Connection<Exchanges>, words: Moment, close: Close) -> bool {
    let own = connection.packets.iter().find(|p| p.frame == words.frame);
    let heard = own.filter(|p| p.known.has(Known::SEQ)).map(|p| p.seq);
    let mut later = connection.packets.iter().filter(|p| {
        p.side == close.side.peer() && p.frame > words.frame && p.frame < close.at.frame
    });
    later.any(|p| {
        let knew = heard.is_none_or(|heard| !p.known.has(Known::ACK) || p.ack > heard);
        p.payload_len > 0 && knew
    })
}

/// Bytes that the side which closed said from this moment on. Not all packets are kept: the numbers of the first and of the close tell
/// how much came between them.
fn said_between(connection: &Connection<Exchanges>, from: Moment, close: Close) -> i64 {
    let own = || {
        let packets = connection.packets.iter();
        packets.filter(|p| p.side == close.side && p.frame >= from.frame)
    };
    let kept: i64 = own()
        .filter(|p| p.frame < close.at.frame)
        .map(|p| i64::from(p.payload_len))
        .sum();
    let numbered = |p: &&Packet| p.known.has(Known::SEQ);
    let began = own().find(|p| p.frame == from.frame).filter(numbered);
    let ended = own().find(|p| p.frame == close.at.frame).filter(numbered);
    match began.zip(ended) {
        Some((began, ended)) => kept.max(ended.seq - began.seq),
        // The last packets are kept: so much came behind it that it is not among them any more.
        None if connection.packets_dropped > 0 => i64::MAX,
        None => kept,
    }
}

/// The last packet with payload before the close, as far as the flows and the kept packets tell.
fn last_data_before(connection: &Connection<Exchanges>, close: Close) -> Option<(Moment, Side)> {
    let kept = connection
        .packets
        .iter()
        .filter(|p| p.payload_len > 0 && !p.flags.is_rst() && p.frame < close.at.frame)
        .map(|p| {
            let moment = Moment {
                frame: p.frame,
                time: p.time,
            };
            (moment, p.side)
        });
    let told = [Side::Client, Side::Server].into_iter().filter_map(|side| {
        let moment = connection.flows.of(side).last_new_data?;
        (moment.frame < close.at.frame).then_some((moment, side))
    });
    kept.chain(told)
        .chain(acknowledged_unkept(connection, close))
        .max_by_key(|(moment, _)| moment.frame)
}

/// Long connections keep few packets. Where the side that closed acknowledged, before its close, more than the last kept data
/// of the other side, more data had reached it by then.
fn acknowledged_unkept(connection: &Connection<Exchanges>, close: Close) -> Option<(Moment, Side)> {
    let before = || {
        connection
            .packets
            .iter()
            .filter(|p| p.frame < close.at.frame && !p.flags.is_rst())
    };
    if connection.packets_dropped == 0 {
        return None;
    }
    let kept_of = |side: Side| {
        let data = before().filter(move |p| p.side == side && p.payload_len > 0);
        data.map(|p| p.seq_end()).max()
    };
    let kept = kept_of(close.side.peer()).unwrap_or(1);
    let knows_more = |p: &&Packet| {
        p.side == close.side && p.flags.contains(TcpFlags::ACK) && p.ack > kept.saturating_add(1)
    };
    let own = before().rfind(knows_more);
    let own = own.map(|own| (own.moment(), close.side));
    // Or the close itself does: then the last packet before it is as near as one comes.
    let closing = connection
        .packets
        .iter()
        .find(|p| p.frame == close.at.frame);
    let silence = connection
        .silence_before_end
        .filter(|silence| silence.until.frame == close.at.frame);
    let number = closing
        .map(|p| p.seq)
        .or(connection.flows.of(close.side).fin.map(|fin| fin.seq));
    let said = kept_of(close.side).unwrap_or(1).saturating_add(1);
    let said_more = number.is_some_and(|number| number > said);
    let told =
        closing.as_ref().is_some_and(knows_more) || said_more || poured_on(connection, close);
    let silence = silence.filter(|_| told);
    let by_close = silence.map(|silence| (silence.after, silence.after_by));
    // What was acknowledged early says nothing of what was said since.
    own.into_iter()
        .chain(by_close)
        .max_by_key(|(moment, _)| moment.frame)
}

/// The other side's data came on right behind the close, sooner than it can have heard of it: it had not been silent, whatever of
/// it was not kept. The host's RSTs show that.
fn poured_on(connection: &Connection<Exchanges>, close: Close) -> bool {
    let peer = close.side.peer();
    let Some(trip) = connection.vantage.round_trip.of(peer).minimum else {
        return false;
    };
    let refused = connection.resets.iter().filter(|reset| {
        reset.by == close.side
            && reset.trigger.is_some_and(|t| {
                t.payload_len > 0 && t.at.frame > close.at.frame && t.at.time - close.at.time < trip
            })
    });
    refused.count() > 1
}

fn floor(span: Span) -> Span {
    span.max(Span::ZERO)
}
