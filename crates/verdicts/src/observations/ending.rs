//! Who closed first, how, and whether anything was missing then.

use whyreset_capture::Span;
use whyreset_connections::{Dialect, Moment, Opener, Side};
use whyreset_exchanges::{ClientsLast, Exchange};
use whyreset_segments::{Known, TcpFlags};

use super::{PATIENCE, greeting, ids, loss, windows};
use crate::Observations;
use crate::case::{
    Case, Close, Kind, Missing, in_flight, shows_acknowledgements, untold, was_sending,
};
use crate::wording;

/// A capture that ends this long after a request passed without an answer no longer shows a connection at rest.
/// Servers that mean to answer usually do so within seconds; long polls take up to a minute or so.
const LONG_WITHOUT_ANSWER: Span = Span::from_secs(20);

/// Greetings are shorter.
const LONGEST_GREETING: u64 = 4_096;
/// Data is acknowledged within half a second and sent again within a few, even of a first round trip that is a guess.
const UNSETTLED: Span = Span::from_secs(5);
/// A server that sends without being asked (a banner, a date, an FTP data connection) closes sooner behind it.
const SPEAKS_BY_ITSELF: Span = Span::from_millis(900);
/// Who asks so often has been answered in between.
const MANY_WORDS: u64 = 4;

/// A client that means to ask has asked by then.
const UNUSED: Span = Span::from_secs(3);

/// Records the ending.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    if !opened(case) {
        return;
    }
    match case.close {
        Some(close) => closed(case, close, found),
        None => not_closed(case, found),
    }
}

/// The connection came into being: there is more than an unanswered, refused or unfinished opening.
fn opened(case: &Case<'_>) -> bool {
    let c = case.connection;
    let h = &c.handshake;
    if h.syn.is_none() {
        return true;
    }
    let fin = c.flows.client.fin.is_some() || c.flows.server.fin.is_some();
    let talk = c.flows.client.bytes > 0 || c.flows.server.bytes > 0;
    let answered = case.took_up() || c.flows.server.bytes > 0 || c.flows.server.fin.is_some();
    let talk = talk || case.accounts.unseen;
    answered && (h.ack.is_some() || talk || fin || c.reset_count.client > 0)
}

fn closed(case: &Case<'_>, close: Close, found: &mut Observations) {
    let c = case.connection;
    let frame = close.at.frame;
    let who = wording::the_side(close.side);
    let when = wording::at(c, close.at.time);
    match close.kind {
        Kind::Fin => found.add(
            ids::CLOSED_WITH_FIN,
            [frame],
            format!("{who} closed first, in order, with FIN (frame {frame}, {when})."),
        ),
        Kind::Rst => found.add(
            ids::CLOSED_WITH_RST,
            [frame],
            format!(
                "A RST from {}'s address ended it (frame {frame}, {when}); no FIN came before.",
                wording::side(close.side)
            ),
        ),
    }
    let missing = case.accounts.missing();
    if case.accounts.silent && close.kind == Kind::Rst && case.both_finished() {
        return nothing_missing(case, close, found);
    }
    let fresh = (c.handshake.syn.is_some() || c.handshake.syn_ack.is_some())
        && c.flows.client.packets > 0
        && !case.accounts.unseen;
    // Seen before the refusal has come back, the client has asked for something meanwhile.
    let unheard = c.flows.server.bytes == 0 && c.flows.client.acked_to <= 1;
    if fresh && unheard && handshake_refused(case, close, found) {
        return;
    }
    // Who says more than a greeting hands something over, as FTP's data connections do.
    let transfer = c.flows.server.bytes + c.flows.server.missing_bytes > LONGEST_GREETING;
    let unused = fresh && c.flows.client.sent_nothing();
    let said_nothing = c.flows.server.bytes == 0
        || !transfer
            && case
                .wait
                .is_some_and(|wait| wait.since_data.max(wait.length) > SPEAKS_BY_ITSELF);
    if unused && said_nothing && close.side == Side::Server {
        found.tell(
            ids::CLOSED_UNUSED,
            [frame],
            format!("The server closed (frame {frame}) before the client had sent anything."),
        );
        greeting::withheld(case, close.at, found);
        return spoke_at_last(case, close, found);
    }
    let only_syns_and_resets =
        c.flows.client.packets <= u64::from(c.handshake.syn_count) + c.reset_count.client;
    let scan = c.handshake.ack.is_none()
        && only_syns_and_resets
        && c.handshake.syn_ack.is_some()
        && case
            .fatal
            .is_some_and(|reset| reset.by == Side::Client && !reset.flags.contains(TcpFlags::ACK));
    if scan && case.accounts.silent {
        syn_ack_refused(case, frame, found);
        return;
    }
    if case.accounts.silent && close.side == Side::Client {
        greeting::missing(case, close.at, found);
    }
    if case.accounts.silent && close.kind == Kind::Rst && c.opener != Opener::Guess {
        found.tell(
            ids::RST_WITHOUT_DATA,
            [frame],
            format!("{who} reset the connection (frame {frame}) before anybody had sent anything: as a health check or a scan does."),
        );
        return;
    }
    match missing {
        // Nothing but the RST was captured: what there was to miss does not show.
        None if super::rst::is_alone(case) || found.has(ids::TALK_UNSEEN) => {}
        None if case.accounts.untold && !(case.both_finished() && case.fatal.is_none()) => {}
        None => nothing_missing(case, close, found),
        Some(missing) => {
            let hidden = !case.accounts.understood && c.flows.server.sent_nothing();
            if hidden && (close.side, close.kind) == (Side::Server, Kind::Fin) {
                found.add(
                    ids::FIRST_WORD_UNANSWERED,
                    [frame],
                    "In a protocol that is not understood the server closed in order without having said anything.",
                );
                only_delivered(case, found);
            }
            left_early(close, missing, found);
            truncated(case, close, missing, found);
        }
    }
}

/// Services that say what they have to say and close (RFC 867) may take their time for it.
fn spoke_at_last(case: &Case<'_>, close: Close, found: &mut Observations) {
    let c = case.connection;
    let all = c.flows.server.first_data;
    let Some(first) = all.filter(|at| close.at.time - at.time < SPEAKS_BY_ITSELF) else {
        return;
    };
    if !case.accounts.understood && c.app.last_words.is_none() {
        found.add(
            ids::SPOKE_AT_LAST,
            [first.frame, close.at.frame],
            format!(
                "All that the server had said ({}) came right before it closed (frame {}): it may have been all that it had to say.",
                wording::bytes(c.flows.server.bytes),
                first.frame
            ),
        );
    }
}

/// Who speaks again and again without ever being answered, and not in full segments, waits for no answer: logs and measurements are
/// delivered so.
fn only_delivered(case: &Case<'_>, found: &mut Observations) {
    let client = &case.connection.flows.client;
    let (Some(first), Some(last)) = (client.first_data, client.last_new_data) else {
        return;
    };
    let trips = case.path_round_trip().unwrap_or(Span::ZERO);
    let patience = Span::from_nanos(trips.nanos().saturating_mul(4)) + SPEAKS_BY_ITSELF;
    let often = client.data_packets >= MANY_WORDS && last.time - first.time > patience;
    if often && !was_sending(case.connection) {
        found.add(
            ids::ONLY_DELIVERED,
            [first.frame, last.frame],
            format!(
                "The client spoke {} times in {} and never waited for an answer: it only delivered.",
                client.data_packets,
                wording::span(last.time - first.time)
            ),
        );
    }
}

/// The server's host answers the ACK that finishes the handshake as a stranger.
fn handshake_refused(case: &Case<'_>, close: Close, found: &mut Observations) -> bool {
    let Some(ack) = case.connection.handshake.ack else {
        return false;
    };
    let refused = case.fatal.is_some_and(|reset| {
        let answers = reset.trigger.is_some_and(|t| t.at.frame == ack.frame);
        let bare = reset.by == Side::Server && reset.dialect == Dialect::Passive;
        bare && answers && reset.at.frame == close.at.frame
    });
    // A server that acknowledged since had taken the connection.
    let refused = refused && !spoke_between(case, ack.frame, close.at.frame);
    if refused {
        found.tell(
            ids::HANDSHAKE_REFUSED,
            [ack.frame, close.at.frame],
            format!("The server's host had answered the SYN, but refused the ACK that finishes the handshake (frame {}) with a bare RST (frame {}).", ack.frame, close.at.frame),
        );
    }
    if refused {
        foreign_echo(case, ack.frame, close.at.frame, found);
    }
    refused
}

/// Whether the server's host sent anything between the two frames.
fn spoke_between(case: &Case<'_>, after: u64, before: u64) -> bool {
    let mut packets = case.connection.packets.iter();
    packets.any(|p| {
        let opens_or_resets = p.flags.contains(TcpFlags::SYN) || p.flags.is_rst();
        p.side == Side::Server && p.frame > after && p.frame < before && !opens_or_resets
    })
}

/// The ACK that was refused echoes another timestamp than that of the only SYN/ACK (RFC 7323 §3.2): it answers somebody else's.
fn foreign_echo(case: &Case<'_>, ack: u64, refusal: u64, found: &mut Observations) {
    let c = case.connection;
    let stamps = |frame: u64| {
        let packet = c.packets.iter().find(|p| p.frame == frame);
        packet.and_then(|p| p.timestamps)
    };
    let syn_ack = c
        .handshake
        .syn_ack
        .filter(|_| c.handshake.syn_ack_count == 1);
    let (Some(sent), Some(ack_stamps)) = (syn_ack.and_then(|m| stamps(m.frame)), stamps(ack))
    else {
        return;
    };
    if ack_stamps.echo == sent.value {
        return;
    }
    found.add(
        ids::FOREIGN_ECHO,
        [syn_ack.map_or(0, |m| m.frame), ack, refusal],
        format!(
            "The ACK (frame {ack}) echoes the timestamp {}, but the server's SYN/ACK had carried {}: it acknowledges what somebody else had sent, a SYN proxy before the server most likely.",
            ack_stamps.echo, sent.value
        ),
    );
}

/// A bare RST to the SYN/ACK: a scanner's own host, or a program that gave up while the connection was being opened
/// (browsers open several and keep the fastest, RFC 8305).
fn syn_ack_refused(case: &Case<'_>, frame: u64, found: &mut Observations) {
    let c = case.connection;
    let frames = [c.handshake.syn_ack.map_or(0, |m| m.frame), frame];
    let ordinary = c.flows.client.syn_options.is_some_and(|options| {
        options.sack_permitted || options.timestamps.is_some() || options.window_scale.is_some()
    });
    let syn = c.handshake.syn;
    let late = syn
        .zip(case.close)
        .filter(|(syn, close)| close.at.time - syn.time > PATIENCE);
    if let Some((syn, close)) = late.filter(|_| ordinary && c.timed) {
        found.tell(
            ids::CONNECTED_TOO_LATE,
            [syn.frame, frame],
            format!(
                "Its first SYN (frame {}) had gone out {} before: programs that wait for a connection give up so.",
                syn.frame,
                wording::span(close.at.time - syn.time)
            ),
        );
    }
    let told = syn.is_none_or(|syn| {
        let packet = c.packets.iter().find(|p| p.frame == syn.frame);
        packet.is_none_or(|p| p.known.has(Known::SOME_OPTIONS))
    });
    if !ordinary && !told {
        found.tell(
            ids::SYN_ACK_REFUSED_UNTOLD,
            frames,
            format!("The client's host answered the SYN/ACK with a bare RST (frame {frame}): it knows of no such connection, or its program had given it up."),
        );
    } else if ordinary {
        found.tell(
            ids::CONNECT_CANCELLED,
            frames,
            format!("The client's host answered the SYN/ACK with a bare RST (frame {frame}), though its SYN is an ordinary one: its program had given the connection up meanwhile, as browsers do that open several at once."),
        );
    } else {
        found.tell(
            ids::SYN_ACK_REFUSED,
            frames,
            format!("The client's host answered the SYN/ACK with a bare RST (frame {frame}): its TCP knows of no such connection. The SYN came from a scanner, or in its name from somebody else."),
        );
    }
}

/// Whose host refuses what still comes had told by SACK (RFC 2018) that bytes were missing below what it had, and never got them.
fn lacked(case: &Case<'_>, found: &mut Observations) {
    let Some(reset) = case.fatal else {
        return;
    };
    let mut packets = case.connection.packets.iter();
    let last = packets
        .rfind(|p| p.side == reset.by && p.frame < reset.at.frame && p.known.has(Known::ACK));
    if let Some((last, to)) = last.and_then(|p| Some((p, p.sacked_to.filter(|to| *to > p.ack)?))) {
        found.tell(
            ids::LACKED_BEFORE_RST,
            [last.frame, reset.at.frame],
            format!(
                "{} had told (frame {}) that bytes were missing before what it had ({} behind what it acknowledged), and acknowledged no more before the RST (frame {}).",
                wording::the_side(reset.by),
                last.frame,
                wording::signed_bytes(to - last.ack),
                reset.at.frame
            ),
        );
    }
}

fn nothing_missing(case: &Case<'_>, close: Close, found: &mut Observations) {
    lacked(case, found);
    let frame = close.at.frame;
    let understood = if case.cut.is_some() {
        "apart from what was cut inside of it, everything that was asked for had been answered in full"
    } else if case.accounts.unread.is_some() {
        UNREAD
    } else if case.accounts.unpromised.is_some() {
        "the answer had no length, and ends where the connection does"
    } else if case.accounts.untold {
        "both sides closed in order, and the server had the last word"
    } else if case.accounts.encrypted && arrived(case) {
        "all that was sent had been acknowledged, and the sizes of the TLS records show nothing missing"
    } else if case.accounts.encrypted {
        "the sizes of the TLS records show nothing missing"
    } else if case.accounts.understood {
        "everything that was asked for had been answered in full"
    } else if arrived(case) {
        "all data that was sent had been acknowledged"
    } else {
        "nothing shows that an answer was outstanding"
    };
    if let Some(exchange) = case.accounts.unread {
        perhaps_short(case, close, exchange, found);
    } else if close.side == Side::Server && !case.accounts.understood {
        last_word(case, close, found);
    }
    if case.accounts.unread.is_none()
        && !case.accounts.understood
        && aborted_by_the_server(case, close)
    {
        let bytes = case.connection.flows.server.bytes;
        perhaps_too_early(ids::PERHAPS_ABORTED, [0, frame], bytes, found);
    }
    match (close.kind, case.fatal) {
        (Kind::Fin, None) => closed_in_order(close.side, frame, understood, found),
        (_, fatal) => {
            let rst = fatal.map_or(frame, |reset| reset.at.frame);
            found.tell(
                ids::RST_NOTHING_MISSING,
                [frame, rst],
                if case.accounts.unread.is_some()
                    || case.accounts.unpromised.is_some()
                    || case.accounts.encrypted
                    || !(case.accounts.understood || arrived(case))
                    || found.has(ids::PERHAPS_ABORTED)
                {
                    format!("When the RST came (frame {rst}), {understood}.")
                } else {
                    format!("When the RST came (frame {rst}), {understood}: nobody lost anything.")
                },
            );
        }
    }
    if let Some(exchange) = case.accounts.unpromised {
        perhaps_cut(case, close, exchange, found);
    }
}

/// In a protocol that is only recognised the client had the last word, before the server's FIN or behind it: what it said does not show.
fn last_word(case: &Case<'_>, close: Close, found: &mut Observations) {
    let c = case.connection;
    let mut list = c.app.list.iter().rev();
    let untold = list.find(|e| e.last_speaker == Some(Side::Client));
    let said = c.flows.client.last_new_data;
    let Some((exchange, said)) = untold.zip(said) else {
        return;
    };
    if exchange.clients_last != ClientsLast::Untold || exchange.from_list {
        return;
    }
    let behind = said.frame > close.at.frame;
    let silence = close.at.time - said.time;
    if behind && c.reset_count.server > 0 {
        found.add(
            ids::WORD_BEHIND_CLOSE,
            [close.at.frame, said.frame],
            format!(
                "The client said something more behind the server's close (frame {}), and the server's host refused it.",
                said.frame
            ),
        );
    } else if !behind && exchange.questions_answered > 0 && silence > SPEAKS_BY_ITSELF {
        found.add(
            ids::LAST_WORD_UNTOLD,
            [said.frame, close.at.frame],
            format!(
                "The client had the last word (frame {}), and the server closed {} later without another.",
                said.frame,
                wording::span(silence)
            ),
        );
    }
}

/// The first close is a RST of a host that knew the connection, soon behind the last data: the server's program closed, or died, with
/// something unread.
fn aborted_by_the_server(case: &Case<'_>, close: Close) -> bool {
    let active = case
        .fatal
        .is_some_and(|reset| reset.at.frame == close.at.frame && reset.dialect == Dialect::Active);
    let in_flow = case
        .wait
        .is_none_or(|wait| wait.since_data < SPEAKS_BY_ITSELF);
    let mut list = case.connection.app.list.iter();
    let left = list.any(|e| e.clients_last == ClientsLast::Farewell);
    active && in_flow && !left && (close.side, close.kind) == (Side::Server, Kind::Rst)
}

/// The answer ends with the connection: a program that dies half-way, and a proxy that gives its server up, close like one that has
/// said all; and a client that leaves first has not waited for the end.
fn perhaps_cut(case: &Case<'_>, close: Close, exchange: &Exchange, found: &mut Observations) {
    let last = case.connection.flows.server.last_new_data;
    let began = exchange.response_started;
    let under_way = began.is_some_and(|began| began.frame < close.at.frame);
    if close.kind != Kind::Fin || !under_way {
        return;
    }
    let frames = [last.map_or(0, |m| m.frame), close.at.frame];
    let delivered = wording::bytes(exchange.body_delivered.unwrap_or(0));
    if close.side == Side::Client && !said_goodbye_inside(case) {
        let text = format!(
            "If the answer was longer than the {delivered} that had come when the client closed: no length was promised"
        );
        found.add(ids::PERHAPS_LEFT_EARLY, frames, text);
        return left_before_end(case, close, found);
    }
    let text = format!(
        "If the answer was longer than the {delivered} that the server sent before it closed: no length was promised"
    );
    found.add(ids::PERHAPS_TRUNCATED, frames, text);
    let silence = case.wait.map(|wait| wait.since_data);
    if let Some(silence) = silence.filter(|silence| *silence > SPEAKS_BY_ITSELF) {
        found.tell(
            ids::SILENT_BEFORE_END,
            frames,
            format!(
                "The server ended its answer only {} behind the last of it.",
                wording::span(silence)
            ),
        );
    }
}

/// Such an answer ends when the server closes, and the server had not.
fn left_before_end(case: &Case<'_>, close: Close, found: &mut Observations) {
    let flows = &case.connection.flows;
    let left = flows.client.fin.map(|fin| fin.seq);
    let crossed = flows.server.fin.is_some_and(|fin| {
        let packet = case.packet(fin.at.frame);
        let ack = packet.filter(|p| p.known.has(Known::ACK)).map(|p| p.ack);
        ack.zip(left).is_none_or(|(ack, left)| ack <= left)
    });
    if !crossed {
        found.add(
            ids::LEFT_BEFORE_END,
            [close.at.frame],
            "Without a length an answer ends where the server closes; the client closed first.",
        );
    }
}

/// The server's close_notify ended the answer, before anybody closed the connection.
fn said_goodbye_inside(case: &Case<'_>) -> bool {
    let mut sessions = case
        .connection
        .app
        .list
        .iter()
        .filter_map(|e| e.tls.as_ref());
    sessions.any(|tls| tls.server_said_goodbye())
}

/// All that either side sent was acknowledged.
fn arrived(case: &Case<'_>) -> bool {
    let c = case.connection;
    let mut sides = [Side::Client, Side::Server].into_iter();
    sides.all(|side| shows_acknowledgements(c, side) && in_flight(c, side) <= 0)
}

const UNREAD: &str = "all that was sent had been acknowledged; how much was promised does not show";

/// The side closed first, in this frame, and nothing is missing as far as it is `understood`.
fn closed_in_order(closer: Side, frame: u64, understood: &str, found: &mut Observations) {
    found.tell(
        ids::ENDED_WELL,
        [frame],
        format!(
            "{} closed with FIN (frame {frame}); {understood}.",
            wording::the_side(closer)
        ),
    );
}

/// The server closed in this frame, behind a response of which so many bytes came and were acknowledged; what it promised was not
/// captured.
pub(crate) fn closed_unread(frame: u64, delivered: u64, found: &mut Observations) {
    closed_in_order(Side::Server, frame, UNREAD, found);
    promise_unread([0, frame], found);
    perhaps_too_early(ids::PERHAPS_TRUNCATED, [0, frame], delivered, found);
}

fn promise_unread(frames: [u64; 2], found: &mut Observations) {
    let text = "How much the response promised is not in the capture.";
    found.add(ids::PROMISE_UNREAD, frames, text);
}

/// What was promised does not show: who closed first may have done so too early.
fn perhaps_short(case: &Case<'_>, close: Close, exchange: &Exchange, found: &mut Observations) {
    let delivered = exchange
        .body_acknowledged
        .or(exchange.body_delivered)
        .unwrap_or(case.connection.flows.server.bytes);
    let last = case.connection.flows.server.last_new_data;
    let frames = [last.map_or(0, |m| m.frame), close.at.frame];
    let id = match (close.side, close.kind) {
        (Side::Server, Kind::Fin) => ids::PERHAPS_TRUNCATED,
        (Side::Server, Kind::Rst) if aborted_by_the_server(case, close) => ids::PERHAPS_ABORTED,
        (Side::Server, Kind::Rst) => return promise_unread(frames, found),
        (Side::Client, _) => ids::PERHAPS_LEFT_EARLY,
    };
    promise_unread(frames, found);
    perhaps_too_early(id, frames, delivered, found);
}

fn perhaps_too_early(id: &'static str, frames: [u64; 2], delivered: u64, found: &mut Observations) {
    found.add(
        id,
        frames,
        format!(
            "If more was promised than the {} that came",
            wording::bytes(delivered)
        ),
    );
}

fn left_early(close: Close, missing: Missing, found: &mut Observations) {
    let frame = close.at.frame;
    let what = match missing {
        Missing::RequestUnfinished => "the request was not whole",
        Missing::Unanswered => "a request was unanswered",
        Missing::ResponseUnfinished => "a response was under way",
        Missing::AnsweredEarly => "the request was not whole, though already answered",
        Missing::TlsHandshake => "the TLS handshake was not finished",
    };
    let (id, who) = match close.side {
        Side::Client => (ids::CLIENT_LEFT_EARLY, "client"),
        Side::Server => (ids::SERVER_LEFT_EARLY, "server"),
    };
    let how = match close.kind {
        Kind::Fin => "FIN",
        Kind::Rst => "RST",
    };
    found.tell(
        id,
        [frame],
        format!(
            "The first to close is the {who}'s side, with {how} (frame {frame}), while {what}."
        ),
    );
}

fn truncated(case: &Case<'_>, close: Close, missing: Missing, found: &mut Observations) {
    if missing == Missing::ResponseUnfinished
        && (close.side, close.kind) == (Side::Server, Kind::Fin)
    {
        let last = case.connection.flows.server.last_new_data;
        found.add(
            ids::TRUNCATED_BY_FIN,
            [last.map_or(0, |m| m.frame), close.at.frame],
            format!(
                "The server ended its stream in order (frame {}) before its response was whole.",
                close.at.frame
            ),
        );
    }
}

/// The client has promised a body, and clients send theirs at once. One that asked for leave to send it
/// that asked for leave to send it (`Expect: 100-continue`) and did not get that is waiting itself.
fn body_under_way(case: &Case<'_>) -> bool {
    let exchange = case.accounts.open.as_ref().and_then(|open| open.exchange);
    exchange.is_some_and(|e| {
        let allowed = !e.expects_continue || !e.interim.is_empty();
        allowed && e.request_body_expected.is_some_and(|promised| promised > 0)
    })
}

/// Data at the end that was neither acknowledged nor sent again, for longer than either takes (RFC 1122 §4.2.3.2, RFC 6298): both would
/// have passed here, so that not even a dead path, or a dead host, explains it.
fn unsettled(case: &Case<'_>) -> Option<Moment> {
    let c = case.connection;
    let (client, server) = (&c.flows.client, &c.flows.server);
    let trips = case.two_round_trips();
    if !c.timed || c.elided || case.ran_on() < UNSETTLED + trips + trips {
        return None;
    }
    let both = client.packets > 0 && server.packets > 0 && c.handshake.is_complete();
    let unsettled = [(client, server), (server, client)]
        .into_iter()
        .filter(|(sender, _)| {
            sender.acked_to > 0 && sender.acked_to < sender.sent_to && sender.unanswered.is_none()
        });
    unsettled
        .filter_map(|(sender, _)| sender.last_new_data)
        .max_by_key(|last| last.frame)
        .filter(|last| both && last.frame == c.frames.last)
}

/// By the order of its records an upload goes on that the server has answered already.
fn answered_while_sending(case: &Case<'_>) -> bool {
    let last = case.connection.app.list.last();
    let tls = last.and_then(|e| e.tls.as_ref());
    tls.is_some_and(|tls| tls.answered_early == Some(false) || tls.answered_within)
}

fn not_closed(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let last = c.frames.last;
    found.add(
        ids::NOT_CLOSED,
        [last],
        format!("Neither FIN nor RST was captured; the last packet is frame {last}."),
    );
    if loss::tail(case).is_some() || windows::shut(case).is_some() {
        return;
    }
    if untold::hides_flags(c) && !case.accounts.understood {
        return found.tell(
            ids::TURN_UNTOLD,
            [last],
            "The rows show no control bits: whether the connection ended, and how, does not show.",
        );
    }
    if let Some((since, to)) = untold::unheard_at_end(c) {
        return found.tell(
            ids::OPEN_AND_WAITING,
            [since.frame, to.frame],
            format!(
                "From frame {} on, over {}, one side sends and nothing of the other follows: the rows show no numbers, so whether anything of it arrived does not show.",
                since.frame,
                wording::span(to.time - since.time)
            ),
        );
    }
    if let Some((since, to, answer)) = untold::unacknowledged_at_end(c) {
        return found.tell(
            ids::OPEN_AND_WAITING,
            [since.frame, to.frame, answer.frame],
            format!(
                "From frame {} to frame {} one side sends what the other does not acknowledge: its last acknowledgement (frame {}) is the one that it had given before.",
                since.frame, to.frame, answer.frame
            ),
        );
    }
    if let Some((since, to)) = untold::probes_at_end(c) {
        return found.tell(
            ids::OPEN_AND_WAITING,
            [since.frame, to.frame],
            format!(
                "From frame {} on, over {}, the sides exchange packets without data at growing intervals, as probes of a shut window and their answers are: the rows show neither windows nor numbers.",
                since.frame,
                wording::span(to.time - since.time)
            ),
        );
    }
    let quiet = case.ran_on();
    let waiting = case.accounts.missing().is_some() || answered_while_sending(case);
    let far = case.path_round_trip().map_or(Span::ZERO, |trip| {
        Span::from_nanos(trip.nanos().saturating_mul(10))
    });
    let stuck = match case.accounts.missing() {
        Some(Missing::ResponseUnfinished) => quiet > Span::from_secs(3).max(far),
        Some(Missing::RequestUnfinished) if body_under_way(case) => {
            quiet > Span::from_secs(3).max(far)
        }
        Some(_) => quiet > LONG_WITHOUT_ANSWER.max(far),
        None => case.accounts.silent && quiet > LONG_WITHOUT_ANSWER && greeting::is_due(case),
    };
    if let Some(last) = unsettled(case).filter(|_| stuck) {
        return found.tell(
            ids::LEFT_UNSETTLED,
            [last.frame],
            format!(
                "What frame {} carries was neither acknowledged nor sent again in the {} that the capture runs on: hosts do the one or the other within seconds, so what they did is not in the capture.",
                last.frame,
                wording::span(case.ran_on())
            ),
        );
    }
    if stuck {
        found.tell(
            ids::OPEN_AND_WAITING,
            [last],
            format!(
                "Nothing more was captured of it for {} (last packet: frame {last}), though something was still to come.",
                wording::span(quiet)
            ),
        );
    } else {
        let text = if waiting {
            format!(
                "The capture ends {} after frame {last}, in the middle of an exchange that shows no trouble.",
                wording::span(quiet)
            )
        } else {
            format!("The capture ends while the connection rests (last packet: frame {last}).")
        };
        found.tell(ids::OPEN_AND_WELL, [last], text);
        if case.accounts.silent && c.handshake.is_complete() {
            found.add(
                ids::OPEN_UNUSED,
                [last],
                format!("Nobody had said anything when the capture ended, {} behind its last packet: browsers open connections in advance, but the first request may as well have been lost.", wording::span(quiet)),
            );
            if quiet > UNUSED.max(far) {
                found.add(
                    ids::UNUSED_FOR_LONG,
                    [last],
                    "Most clients ask as soon as a connection is open.",
                );
            }
        }
        if waiting {
            found.add(
                ids::OPEN_IN_EXCHANGE,
                [last],
                "What came of the exchange lies behind the capture's end.",
            );
        }
    }
}
