//! The signs of a RST's origin that lie in what happened before and after it: time of flight, pairing, further RSTs, life
//! after death. Four of them are detectors of Weaver, Sommer and Paxson, "Detecting Forged TCP Reset Packets", NDSS
//! 2009, and carry their names.

use whyreset_capture::Span;
use whyreset_segments::TcpFlags;

use super::aftermath::Aftermath;
use super::log::{RawReset, ResetLog};
use super::origin::{Likelihood, Sign};
use crate::place::people_span;
use crate::{BySide, Dialect, RoundTrip, SendHistory, Trigger};

/// Two RSTs closer together than this belong to one act.
const ONE_ACT: Span = Span::from_millis(500);

/// What surrounds a RST.
pub(crate) struct Surroundings<'a> {
    pub(crate) raw: &'a RawReset,
    pub(crate) log: &'a ResetLog,
    pub(crate) dialect: Dialect,
    pub(crate) trigger: Option<Trigger>,
    pub(crate) paired: usize,
    pub(crate) aftermath: &'a Aftermath,
    pub(crate) trips: &'a BySide<RoundTrip>,
    pub(crate) sent: &'a BySide<SendHistory>,
}

/// All signs that lie in what surrounds the RST.
pub(crate) fn of_surroundings(around: &Surroundings<'_>) -> impl Iterator<Item = Sign> + use<> {
    [
        too_soon_an_answer(around),
        knows_too_much(around),
        pairing(around),
        life_after_death(around),
        both_directions(around),
        changing_numbers(around),
        rising_windows(around),
    ]
    .into_iter()
    .flatten()
}

/// The answer passed here sooner than the host can have given it.
fn too_soon_an_answer(around: &Surroundings<'_>) -> Option<Sign> {
    let trigger = around.trigger?;
    let side = around.raw.packet.side;
    let minimum = around.trips.of(side).minimum?;
    if around.dialect != Dialect::Passive || trigger.possible {
        return None;
    }
    Some(Sign::new(
        "time_of_flight",
        format!(
            "it answers frame {} after {}, but the {side} has never answered in less than {}",
            trigger.at.frame,
            people_span(trigger.delay),
            people_span(minimum)
        ),
        [trigger.at.frame, around.raw.packet.frame],
        0.06,
        0.7,
    ))
}

/// It acknowledges data that cannot have reached the host by then.
fn knows_too_much(around: &Surroundings<'_>) -> Option<Sign> {
    let reset = &around.raw.packet;
    let ack = around.raw.ack()?;
    if around.raw.own().acked_to.is_some_and(|acked| ack <= acked) {
        return None;
    }
    let trip = around.trips.of(reset.side);
    let (certain, likely) = (trip.certain_floor()?, trip.likely_floor()?);
    let source = around.sent.of(reset.side.peer()).recent().find(|sent| {
        sent.seq.saturating_add(i64::from(sent.payload_len)) >= ack && sent.payload_len > 0
    })?;
    let delay = reset.time - source.at.time;
    if delay >= likely || source.at.frame >= reset.frame {
        return None;
    }
    Some(Sign::new(
        "time_of_flight",
        format!(
            "it acknowledges frame {}, which had passed here only {} before; the {} is at least {} away and back",
            source.at.frame,
            people_span(delay),
            reset.side,
            people_span(likely)
        ),
        [source.at.frame, reset.frame],
        if delay < certain { 0.004 } else { 0.06 },
        0.6,
    ))
}

/// A dead host answers each segment in flight with a RST of its own.
fn pairing(around: &Surroundings<'_>) -> Option<Sign> {
    let trigger = around.trigger?;
    if around.dialect != Dialect::Passive || !trigger.possible {
        return None;
    }
    let frames = [trigger.at.frame, around.raw.packet.frame];
    let (text, device) = if around.paired > 1 {
        (
            format!(
                "{} RSTs answer {} segments, one each",
                around.paired, around.paired
            ),
            0.2,
        )
    } else {
        (
            format!(
                "it answers frame {} after {}, as that host can",
                trigger.at.frame,
                people_span(trigger.delay)
            ),
            0.5,
        )
    };
    Some(Sign::new("pairing", text, frames, 0.9, device))
}

/// A host that has reset a connection sends nothing more in it.
fn life_after_death(around: &Surroundings<'_>) -> Option<Sign> {
    let went_on = around.aftermath.sender_went_on?;
    let reset = &around.raw.packet;
    let mut frames = vec![reset.frame, went_on.frame];
    frames.extend(around.aftermath.receiver_answered_rst.map(|m| m.frame));
    let side = reset.side;
    let mut text = if around.aftermath.sender_sent_data {
        format!(
            "RST_SEQ_DATA: the {side} went on sending data after it, in frame {}",
            went_on.frame
        )
    } else {
        format!(
            "the {side} went on acknowledging after it, in frame {}",
            went_on.frame
        )
    };
    if around.aftermath.receiver_answered_rst.is_some() {
        text.push_str(", and was answered with a bare RST: only the other end had been killed");
    }
    let id = if around.aftermath.sender_sent_data {
        "RST_SEQ_DATA"
    } else {
        "aftermath"
    };
    Some(Sign::new(id, text, frames, 0.012, 0.8))
}

/// Two hosts hardly ever abort at the same moment; a device in the middle does it to both.
fn both_directions(around: &Surroundings<'_>) -> Option<Sign> {
    let reset = &around.raw.packet;
    let apart = |other: &crate::Packet| {
        Span::from_nanos((other.time - reset.time).nanos().saturating_abs())
    };
    let far = around.trips.of(reset.side.peer()).likely_floor();
    let near = around.trips.of(reset.side).likely_floor();
    let reach = near.max(far).map_or(Span::from_millis(1), |floor| {
        Span::from_nanos(floor.nanos() / 2).min(Span::from_millis(20))
    });
    let other = around
        .log
        .brief_of(reset.side.peer())
        .find(|other| apart(other) <= reach)?;
    let answers = |bare: bool| bare && around.dialect == Dialect::Passive;
    if answers(!other.flags.contains(TcpFlags::ACK)) && around.trigger.is_some_and(|t| t.possible) {
        return None;
    }
    Some(Sign {
        id: "aftermath",
        text: format!(
            "frame {} resets the other direction {} apart, too close for either to be due to the other",
            other.frame,
            people_span(apart(other))
        )
        .into(),
        frames: [reset.frame.min(other.frame), reset.frame.max(other.frame)].into(),
        likelihood: Likelihood {
            host: 0.06,
            there: 0.4,
            here: 0.4,
        },
    })
}

/// A forger who does not know how far the connection has come tries several numbers.
fn changing_numbers(around: &Surroundings<'_>) -> Option<Sign> {
    let reset = &around.raw.packet;
    if matches!(around.dialect, Dialect::Passive | Dialect::Refusal) {
        return None;
    }
    let next = around
        .log
        .brief_of(reset.side)
        .find(|other| other.frame > reset.frame && other.time - reset.time <= ONE_ACT)?;
    let frames = [reset.frame, next.frame];
    let with_ack = |p: &crate::Packet| p.flags.contains(TcpFlags::ACK) && p.ack > 0;
    let peer_end = around.raw.peer().sent_to;
    if next.seq > reset.seq && with_ack(reset) == with_ack(next) {
        let text = format!(
            "RST_SEQ_CHANGE: another RST {} later carries a higher sequence number (by {})",
            people_span(next.time - reset.time),
            next.seq.saturating_sub(reset.seq)
        );
        return Some(Sign::new("RST_SEQ_CHANGE", text, frames, 0.08, 0.6));
    }
    let impossible = |p: &crate::Packet| peer_end.is_some_and(|end| p.ack > end);
    if with_ack(reset) && with_ack(next) && next.ack != reset.ack && impossible(next) {
        let text = format!(
            "RST_ACK_CHANGE: another RST {} later acknowledges {}, which was never sent",
            people_span(next.time - reset.time),
            next.ack
        );
        return Some(Sign::new("RST_ACK_CHANGE", text, frames, 0.05, 0.5));
    }
    let same = next.seq == reset.seq && with_ack(reset) && with_ack(next);
    same.then(|| {
        let text = "a second RST,ACK with the same numbers follows; a host that aborts sends one";
        Sign::new("dialect", text, frames, 0.2, 0.6)
    })
}

/// Three RST,ACKs whose windows rise by one: a known injector (gfw.report, August 2025).
fn rising_windows(around: &Surroundings<'_>) -> Option<Sign> {
    let reset = &around.raw.packet;
    let burst = || {
        around.log.brief_of(reset.side).filter(|other| {
            let apart = (other.time - reset.time).nanos().saturating_abs();
            apart <= ONE_ACT.nanos() && other.flags.contains(TcpFlags::ACK)
        })
    };
    let count = burst().count();
    let rising = count >= 3
        && burst()
            .zip(burst().skip(1))
            .all(|(a, b)| b.window == a.window.saturating_add(1));
    rising.then(|| {
        let text = format!("{count} RSTs follow each other with windows that rise by one");
        let frames: Vec<u64> = burst().map(|p| p.frame).collect();
        Sign::new("dialect", text, frames, 0.002, 0.3)
    })
}
