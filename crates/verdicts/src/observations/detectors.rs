//! Detectors of forged RSTs by others, as observations: priors, never verdicts.
//!
//! Weaver, Sommer and Paxson, "Detecting Forged TCP Reset Packets" (NDSS 2009); Sundara Raman et al., "Global,
//! Passive Detection of Connection Tampering" (SIGCOMM 2023).

use whyreset_capture::Span;
use whyreset_connections::{Dialect, Reset, Side};
use whyreset_segments::TcpFlags;

use super::ids;
use super::rst::answered_by_no_host;
use crate::Observations;
use crate::case::Case;

/// RSTs further apart than this are not back to back (NDSS 2009 uses seconds; injectors send within milliseconds).
const BACK_TO_BACK: Span = Span::from_millis(50);
/// Signatures look at the first ten packets of the client.
const FIRST_PACKETS: u64 = 10;

/// Records which detectors fire.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    if case.connection.resets.is_empty() || case.both_finished() {
        return;
    }
    weaver(case, found);
    refused_then_accepted(case, found);
    tampering(case, found);
}

fn weaver(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    // Not all packets are kept, nor those that such RSTs answer.
    let explained = found.has(ids::CLOSED_BEFORE_SENT);
    let mut fire = |name: &str, frames: [u64; 2], why: &str| {
        found.add(
            ids::INJECTION_DETECTOR,
            frames,
            format_args!("{name} (NDSS 2009): {why}."),
        );
    };
    for reset in &c.resets {
        // A passive RST repeats the trigger's number and may well lie below what its sender sent.
        let closed = explained && reset.dialect == Dialect::Passive;
        if reset.ack.is_none() && (closed || repeats_an_acknowledgement(case, reset)) {
            continue;
        }
        let sent = c
            .packets
            .iter()
            .filter(|p| p.side == reset.by && p.frame < reset.at.frame && !p.flags.is_rst())
            .max_by_key(|p| p.seq_end());
        if let Some(sent) = sent.filter(|p| p.seq_end() > reset.seq && reset.seq > 1) {
            fire(
                "DATA_SEQ_RST",
                [sent.frame, reset.at.frame],
                "the RST's number lies below data that its sender had already sent",
            );
        }
    }
    for pair in c.resets.windows(2) {
        let [first, second] = pair else { continue };
        if first.by != second.by
            || second.at.time - first.at.time > BACK_TO_BACK
            || answers(first, second)
            || is_below_an_abort(case, second)
        {
            continue;
        }
        let frames = [first.at.frame, second.at.frame];
        if second.seq > first.seq {
            fire(
                "RST_SEQ_CHANGE",
                frames,
                "two RSTs back to back, the second with a higher number, as injectors guess ahead",
            );
        }
        if let (Some(a), Some(b)) = (first.ack, second.ack)
            && a != b
            && a != 0
            && b != 0
        {
            fire(
                "RST_ACK_CHANGE",
                frames,
                "two RSTs back to back with different acknowledgement numbers",
            );
        }
        if let (Some(a), Some(b)) = (first.window, second.window)
            && b == a.saturating_add(1)
            && a > 0
        {
            fire(
                "rising window",
                frames,
                "the window field rises by one from RST to RST",
            );
        }
    }
}

/// The number of a bare RST is one that the other side had acknowledged: an answer to that packet, whoever gives it.
fn repeats_an_acknowledgement(case: &Case<'_>, reset: &Reset) -> bool {
    case.connection
        .packets
        .iter()
        .any(|p| p.side != reset.by && p.frame < reset.at.frame && p.ack == reset.seq)
}

/// A RST in the server's name, and then the server's SYN/ACK: who refuses does not accept a moment later.
fn refused_then_accepted(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let (Some(syn), Some(syn_ack)) = (c.handshake.syn, c.handshake.syn_ack) else {
        return;
    };
    let forged = c.resets.iter().find(|reset| {
        reset.by == Side::Server && reset.at.frame > syn.frame && reset.at.frame < syn_ack.frame
    });
    if let Some(forged) =
        forged.filter(|_| c.handshake.syn_count == 1 && !answered_by_no_host(case))
    {
        let died_of_it = case
            .fatal
            .is_some_and(|reset| reset.at.frame == forged.at.frame);
        found.tell(
            ids::EARLIER_FORGERY,
            [forged.at.frame, syn_ack.frame],
            format_args!("A RST in the server's name (frame {}) came before the server's SYN/ACK (frame {}): a host that refuses does not accept a moment later. That RST was forged, and {}.", forged.at.frame, syn_ack.frame, if died_of_it { "the client gave up on it" } else { "failed" }),
        );
    }
}

/// Both RSTs answer packets of their own: a dead socket's answers, with the numbers of their triggers.
fn answers(first: &Reset, second: &Reset) -> bool {
    let passive = |reset: &Reset| reset.dialect == Dialect::Passive;
    passive(first) && passive(second) && (first.trigger.is_some() || second.trigger.is_some())
}

/// A bare RST behind the abort of the same side, with a number that it had sent before: what was still under way meets a closed
/// socket. Who guesses ahead has higher numbers.
fn is_below_an_abort(case: &Case<'_>, reset: &Reset) -> bool {
    let bare = !reset.flags.contains(TcpFlags::ACK);
    let mut earlier = case.connection.resets.iter();
    bare && earlier.any(|abort| {
        let aborts = abort.by == reset.by && abort.dialect == Dialect::Active;
        aborts && abort.at.frame < reset.at.frame && abort.seq >= reset.seq
    })
}

fn tampering(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let from_client: Vec<&Reset> = c.resets.iter().filter(|r| r.by == Side::Client).collect();
    let Some(first) = from_client.first() else {
        return;
    };
    if c.flows.client.packets > FIRST_PACKETS {
        return;
    }
    let stage = match (c.handshake.ack, c.flows.client.data_packets) {
        (None, _) => "after the SYN",
        (Some(_), 0) => "after the ACK",
        (Some(_), 1) => "after the first data",
        _ => "after later data",
    };
    let with_ack = first.flags.contains(TcpFlags::ACK);
    let zero_ack = from_client.iter().any(|r| r.ack == Some(0));
    found.add(
        ids::TAMPERING_SIGNATURE,
        [first.at.frame],
        format_args!(
            "{} of the client {stage}: one of the signatures that tampering shares with ordinary aborts{}.",
            match (from_client.len(), with_ack) {
                (1, true) => "one RST+ACK",
                (1, false) => "one RST",
                (_, true) => "several RST+ACKs",
                (_, false) => "several RSTs",
            },
            if zero_ack { ", with an acknowledgement number of 0, which hosts do not send" } else { "" }
        ),
    );
}
