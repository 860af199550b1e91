//! Handshakes that one side's host refuses when the other takes them for done, or nearly so.

use whyreset_connections::{Dialect, Side};
use whyreset_segments::{Known, TcpFlags};

use super::{PATIENCE, ids};
use crate::Observations;
use crate::case::{Case, Close};
use crate::wording;

/// The server's host answers the ACK that finishes the handshake as a stranger.
pub(super) fn last_ack(case: &Case<'_>, close: Close, found: &mut Observations) -> bool {
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
            format_args!("The server's host had answered the SYN, but refused the ACK that finishes the handshake (frame {}) with a bare RST (frame {}).", ack.frame, close.at.frame),
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
        format_args!(
            "The ACK (frame {ack}) echoes the timestamp {}, but the server's SYN/ACK had carried {}: it acknowledges what somebody else had sent, a SYN proxy before the server most likely.",
            ack_stamps.echo, sent.value
        ),
    );
}

/// A bare RST to the SYN/ACK: a scanner's own host, or a program that gave up while the connection was being opened
/// (browsers open several and keep the fastest, RFC 8305).
pub(super) fn syn_ack(case: &Case<'_>, frame: u64, found: &mut Observations) {
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
            format_args!(
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
            format_args!("The client's host answered the SYN/ACK with a bare RST (frame {frame}): it knows of no such connection, or its program had given it up."),
        );
    } else if ordinary {
        found.tell(
            ids::CONNECT_CANCELLED,
            frames,
            format_args!("The client's host answered the SYN/ACK with a bare RST (frame {frame}), though its SYN is an ordinary one: its program had given the connection up meanwhile, as browsers do that open several at once."),
        );
    } else {
        found.tell(
            ids::SYN_ACK_REFUSED,
            frames,
            format_args!("The client's host answered the SYN/ACK with a bare RST (frame {frame}): its TCP knows of no such connection. The SYN came from a scanner, or in its name from somebody else."),
        );
    }
}
