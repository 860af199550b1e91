//! Puts the parts of the analysis of RSTs together when the connection is over.

use whyreset_capture::Span;

use super::aftermath;
use super::log::{RawReset, ResetLog};
use super::signs::Usual;
use super::story::Surroundings;
use super::trigger::Pairing;
use super::{acceptance, dialect, origin, signs, story, trigger};
use crate::{BySide, Connection, Dialect, Packet, Reset, Side};

/// Below this probability a stack is not known well enough to expect its habits.
const KNOWN_STACK: f64 = 0.7;
/// RSTs further apart than this are two bursts.
const BURST_GAP: Span = Span::from_secs(1);

/// Judges all kept RSTs of a connection.
pub(crate) fn judge<X>(log: &ResetLog, connection: &Connection<X>) -> Vec<Reset> {
    let trips = connection.vantage.round_trip;
    let pairings = BySide {
        client: trigger::pair(log, Side::Client, &trips.client),
        server: trigger::pair(log, Side::Server, &trips.server),
    };
    log.in_full()
        .into_iter()
        .map(|raw| judge_one(raw, log, &pairings, connection))
        .collect()
}

fn judge_one<X>(
    raw: &RawReset,
    log: &ResetLog,
    pairings: &BySide<Vec<Pairing>>,
    connection: &Connection<X>,
) -> Reset {
    let packet = &raw.packet;
    let side = packet.side;
    let trips = &connection.vantage.round_trip;
    let pairing = pairings
        .of(side)
        .iter()
        .find(|pairing| pairing.reset == packet.frame)
        .filter(|_| !trigger::answers_nothing(raw, log));
    let sent = connection.sent.of(side);
    let answers = pairing.is_some() || trigger::answers_unkept(raw, log, sent, trips.of(side));
    let acknowledged = trigger::acknowledged(raw, log, trips.of(side));
    let dialect = match acknowledged {
        Some(_) => Dialect::Passive,
        None => dialect::classify(raw, answers),
    };
    let answered = acknowledged.or(pairing.map(|pairing| pairing.answers));
    let trigger = match dialect {
        Dialect::Passive => answered.map(|it| trigger::of_answer(raw, &it, trips.of(side))),
        Dialect::Refusal => trigger::of_refusal(raw, log),
        Dialect::Active | Dialect::Other => None,
    };
    let burst = burst(packet, log);
    let aftermath = aftermath::watch(raw, log, trips, dialect == Dialect::Passive);
    let usual = usual(connection, side);
    let in_fields = signs::of_fields(raw, dialect, usual);
    let around = story::of_surroundings(&Surroundings {
        raw,
        log,
        dialect,
        trigger,
        paired: paired_in_burst(packet, burst, pairings.of(side)),
        aftermath: &aftermath,
        trips,
        sent: &connection.sent,
    });
    Reset {
        at: packet.moment(),
        by: side,
        flags: packet.flags,
        seq: packet.seq,
        ack: raw.ack(),
        window: raw.window,
        ttl: known(packet, whyreset_segments::Known::TTL, packet.ttl),
        ip_id: known(packet, whyreset_segments::Known::IP_ID, packet.ip_id),
        timestamps: packet.timestamps,
        has_options: raw.has_options,
        other_mac: raw.mac.zip(raw.own().mac).map(|(a, b)| a != b),
        payload: raw.payload.clone(),
        numbered: raw.is_numbered(),
        dialect,
        trigger,
        acceptance: acceptance::judge(raw, dialect, trips.of(side.peer())),
        knew: connection.knowledge_of(packet, raw.own().acked_to),
        origin: origin::weigh(in_fields.chain(around)),
        burst,
        aftermath,
    }
}

fn known<T>(packet: &Packet, bit: whyreset_segments::Known, value: T) -> Option<T> {
    packet.known.has(bit).then_some(value)
}

fn usual<X>(connection: &Connection<X>, side: Side) -> Usual {
    let stack = connection.stacks.of(side);
    Usual {
        ip_id: connection.flows.of(side).network.ip_id,
        family: (stack.probability >= KNOWN_STACK).then_some(stack.family),
    }
}

/// How many RSTs of the side follow in the same burst, this one included.
fn burst(packet: &Packet, log: &ResetLog) -> u32 {
    let mut last = packet.time;
    let mut count = 0;
    for reset in log.brief_of(packet.side) {
        if reset.frame < packet.frame {
            continue;
        }
        if reset.time - last > BURST_GAP {
            break;
        }
        last = reset.time;
        count += 1;
    }
    count
}

/// How many RSTs of the burst that begins here have a packet of their own to answer.
fn paired_in_burst(packet: &Packet, burst: u32, pairings: &[Pairing]) -> usize {
    let from_here = pairings
        .iter()
        .filter(|pairing| pairing.reset >= packet.frame);
    from_here.count().min(usize::try_from(burst).unwrap_or(0))
}
