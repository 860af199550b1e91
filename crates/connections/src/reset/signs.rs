//! The signs of a RST's origin that its own fields carry: TTL, IP identification, link address, timestamps, window, numbers.

use super::log::RawReset;
use super::origin::{Clause, Likelihood, Sign};
use crate::place::{INITIAL_TTLS, hops};
use crate::stack::dialects::{Grade, RstHabit, Situation, rst_habit};
use crate::{Dialect, IpIdModel, Moment, Shown, StackFamily};

/// What the fields are compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usual {
    /// How that host fills the IP identification.
    pub(crate) ip_id: IpIdModel,
    /// That host's stack, if it is known well enough.
    pub(crate) family: Option<StackFamily>,
}

/// All signs that lie in the RST's own fields.
pub(crate) fn of_fields(
    raw: &RawReset,
    dialect: Dialect,
    usual: Usual,
) -> impl Iterator<Item = Sign> + use<> {
    [
        ttl(raw, dialect, usual),
        ip_id(raw, dialect, usual),
        reflected_ip_id(raw),
        mac(raw),
        timestamps(raw, dialect, usual),
        window(raw, dialect, usual),
        numbers(raw, dialect),
    ]
    .into_iter()
    .flatten()
}

fn frames(raw: &RawReset) -> Shown {
    behind(raw.own().last, raw)
}

/// The packet that it is compared with, where there is one, and the RST.
fn behind(other: Option<Moment>, raw: &RawReset) -> Shown {
    match other {
        Some(other) => [other.frame, raw.packet.frame].into(),
        None => [raw.packet.frame].into(),
    }
}

/// Packets of one host take the same way and keep the same TTL; a device elsewhere hits it by chance or by care.
fn ttl(raw: &RawReset, dialect: Dialect, usual_stack: Usual) -> Option<Sign> {
    use whyreset_segments::Known;
    let usual = raw.own().ttl?;
    if !raw.packet.known.has(Known::TTL) {
        return None;
    }
    let found = raw.packet.ttl;
    let frames = frames(raw);
    if found == usual {
        let text = Clause::SameTtl(found);
        return Some(if raw.own().ttl_varies {
            Sign::new("ttl", text, frames, 0.7, 0.4)
        } else {
            Sign::new("ttl", text, frames, 0.97, 0.12)
        });
    }
    let text = format!("its TTL is {found}, the side's other packets have {usual}");
    let host = if usual_stack.family.is_some() && !raw.own().ttl_varies {
        // Linux, Windows and Apple use one initial TTL for all they send.
        0.004
    } else {
        host_with_other_ttl(raw, dialect, found, usual)
    };
    let is_fresh = INITIAL_TTLS.contains(&found) && !INITIAL_TTLS.contains(&usual);
    Some(Sign {
        id: "ttl",
        text: text.into(),
        frames,
        likelihood: Likelihood {
            host,
            there: 0.6,
            here: if is_fresh { 0.9 } else { 0.5 },
        },
    })
}

/// Some stacks answer strangers with another initial TTL than their sockets use; a route may change under way.
fn host_with_other_ttl(raw: &RawReset, dialect: Dialect, found: u8, usual: u8) -> f64 {
    let same_distance = hops(found) == hops(usual);
    if raw.own().ttl_varies {
        0.2
    } else if dialect == Dialect::Passive && same_distance {
        0.03
    } else if found.abs_diff(usual) <= 1 {
        0.02
    } else {
        0.01
    }
}

/// Compares with the host's counter. Linux writes 0 into answers to strangers, so 0 is no sign there.
fn ip_id(raw: &RawReset, dialect: Dialect, usual: Usual) -> Option<Sign> {
    use whyreset_segments::Known;
    let last = raw.own().ip_id?;
    if !raw.packet.known.has(Known::IP_ID) {
        return None;
    }
    let found = raw.packet.ip_id;
    let step = found.wrapping_sub(last);
    let reach = match usual.ip_id {
        IpIdModel::Counter => raw.own().ip_id_span.saturating_add(8),
        IpIdModel::SharedCounter => 512,
        IpIdModel::Zero => return Some(ip_id_of_zeros(raw, found)),
        IpIdModel::Random | IpIdModel::Unknown => return None,
    };
    let frames = frames(raw);
    let is_answer = dialect == Dialect::Refusal || raw.ack().is_none();
    Some(if step != 0 && step <= reach {
        let text = Clause::NextIpId { found, last };
        Sign::new("ip_id", text, frames, 0.9, 0.02)
    } else if found == 0 && is_answer {
        let text = "its IP ID is 0, as in a kernel's answer to a stranger";
        Sign::new("ip_id", text, frames, 0.8, 0.5)
    } else if is_answer {
        let text =
            format!("its IP ID {found} does not continue the side's counter, last at {last}");
        // Linux answers strangers with 0, whatever its sockets count (measured, 6.18; no socket, no counter).
        let linux = usual.family == Some(StackFamily::Linux);
        Sign::new("ip_id", text, frames, if linux { 0.04 } else { 0.25 }, 0.5)
    } else {
        let text =
            format!("its IP ID {found} does not continue the side's counter, last at {last}");
        Sign::new("ip_id", text, frames, 0.04, 0.6)
    })
}

fn ip_id_of_zeros(raw: &RawReset, found: u16) -> Sign {
    if found == 0 {
        let text = "its IP ID is 0, as in all of the side's packets";
        Sign::new("ip_id", text, frames(raw), 0.95, 0.4)
    } else {
        let text = format!("its IP ID is {found}, the side's other packets have 0");
        Sign::new("ip_id", text, frames(raw), 0.08, 0.6)
    }
}

/// A forger that turns a packet round keeps its identification.
fn reflected_ip_id(raw: &RawReset) -> Option<Sign> {
    use whyreset_segments::Known;
    let peers = raw.peer().ip_id?;
    let continues = raw
        .own()
        .ip_id
        .is_some_and(|last| raw.packet.ip_id.wrapping_sub(last) <= 64);
    if !raw.packet.known.has(Known::IP_ID) || peers == 0 || raw.packet.ip_id != peers || continues {
        return None;
    }
    let frames = behind(raw.peer().last, raw);
    let text = format!(
        "its IP ID {peers} is that of the other side's packet before it, as if turned round"
    );
    Some(Sign::new("ip_id", text, frames, 0.005, 0.15))
}

fn mac(raw: &RawReset) -> Option<Sign> {
    let usual = raw.own().mac?;
    let found = raw.mac?;
    (found != usual).then(|| Sign {
        id: "mac",
        text: format!(
            "it comes from {}, the side's other packets from {}",
            mac_text(found),
            mac_text(usual)
        )
        .into(),
        frames: frames(raw),
        likelihood: Likelihood {
            host: 0.03,
            there: 0.4,
            here: 0.4,
        },
    })
}

fn mac_text(mac: [u8; 6]) -> String {
    let parts: Vec<String> = mac.iter().map(|byte| format!("{byte:02x}")).collect();
    parts.join(":")
}

/// A live socket that negotiated timestamps puts its clock into an abort; answers to strangers have none.
fn timestamps(raw: &RawReset, dialect: Dialect, usual: Usual) -> Option<Sign> {
    let has_options = raw.has_options?;
    let frames = || frames(raw);
    let Some((last, at)) = raw.own().ts_value else {
        let unasked = raw.packet.timestamps.is_some() && raw.own().beyond_syn;
        let text = "it carries timestamps, the side's other packets do not";
        return unasked.then(|| Sign::new("timestamps", text, frames(), 0.03, 0.2));
    };
    if let Some(found) = raw.packet.timestamps {
        let ahead = found.value.wrapping_sub(last) as i32;
        let elapsed_ms = (raw.packet.time - at).nanos().max(0) / 1_000_000;
        let fits =
            ahead >= 0 && i64::from(ahead) <= elapsed_ms.saturating_mul(2).saturating_add(2_000);
        return Some(if fits {
            let text = "its timestamp continues the side's clock";
            Sign::new("timestamps", text, frames(), 0.95, 0.06)
        } else {
            let text = "its timestamp does not fit the side's clock";
            Sign::new("timestamps", text, frames(), 0.03, 0.3)
        });
    }
    if dialect != Dialect::Active || has_options {
        return None;
    }
    let keeps = abort_habit(usual).and_then(|habit| habit.keeps_options);
    // Stacks that leave the options out of an abort write window 0 (Windows); a window that is stated comes from a live socket.
    let stated = raw.window.is_some_and(|window| window != 0);
    let host = if keeps == Some(true) || stated {
        0.05
    } else {
        0.3
    };
    let text = "it lacks the timestamps that the side's other packets carry";
    Some(Sign::new("timestamps", text, frames(), host, 0.8))
}

/// Some stacks abort with the socket's window; others, and many devices, write 0.
fn window(raw: &RawReset, dialect: Dialect, usual: Usual) -> Option<Sign> {
    let found = raw.window?;
    let habit = abort_habit(usual).filter(|_| dialect == Dialect::Active)?;
    if habit.zero_window? {
        return None;
    }
    if found == 0 && raw.own().window != Some(0) {
        let text = "its window is 0; this stack states its window when it aborts a connection";
        return Some(Sign::new("dialect", text, frames(raw), 0.08, 0.5));
    }
    (found != 0).then(|| {
        let text = "its window is not 0, as when this stack aborts a connection";
        Sign::new("dialect", text, frames(raw), 0.9, 0.4)
    })
}

/// How the host aborts connections, where that was measured for its stack.
fn abort_habit(usual: Usual) -> Option<&'static RstHabit> {
    rst_habit(usual.family?, Situation::Abort).filter(|habit| habit.grade == Grade::Measured)
}

/// Numbers that no live socket would send.
fn numbers(raw: &RawReset, dialect: Dialect) -> Option<Sign> {
    let has_ack = raw.ack().is_some();
    if dialect != Dialect::Other || !raw.is_numbered() || raw.own().packets == 0 || !has_ack {
        return None;
    }
    let sent_to = raw.own().sent_to?;
    let frames = frames(raw);
    Some(if raw.packet.seq < sent_to {
        let text = format!(
            "DATA_SEQ_RST: its sequence number {} lies behind what the side had already sent ({sent_to})",
            raw.packet.seq
        );
        Sign::new("DATA_SEQ_RST", text, frames, 0.12, 0.6)
    } else {
        let text = format!(
            "its numbers (seq {}, ack {}) are not those of the live connection",
            raw.packet.seq, raw.packet.ack
        );
        Sign::new("dialect", text, frames, 0.12, 0.6)
    })
}
