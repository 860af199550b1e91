//! Whose the RST is, by its fields and by where the capture was taken.

use std::fmt::{self, Display};

use whyreset_capture::Span;
use whyreset_connections::{Dialect, OriginReason, Place, Reset, Side};

use super::{answered_here, ids};
use crate::case::Case;
use crate::{Observations, wording};

/// Below this probability of the host itself somebody else is meant.
pub(in crate::observations) const DEVICE_BELOW: f64 = 0.35;
/// A host answers in less where the capture is taken on it.
const ON_THE_HOST: Span = Span::from_millis(1);
/// From this probability on the fields fit the host.
const HOST_FROM: f64 = 0.8;
/// Below this the host is as likely as not.
const UNLIKELY_BELOW: f64 = 0.5;
/// What hosts begin with, or are set to: any other TTL has come over a router, and so may have what killed the host's end.
const INITIAL_TTLS: [u8; 7] = [30, 32, 60, 64, 100, 128, 255];

/// Records that the capture was taken on the host that sent the RST, where nothing speaks against that.
pub(super) fn captured_at_sender(case: &Case<'_>, reset: &Reset, found: &mut Observations) {
    let there = match case.connection.vantage.place {
        Place::Client => Some(Side::Client),
        Place::Server => Some(Side::Server),
        Place::Path | Place::Unknown => None,
    };
    // A device may stand between that host and a capture point next to it.
    let trip = case.connection.vantage.round_trip.of(reset.by).minimum;
    if trip.is_some_and(|trip| trip > ON_THE_HOST) {
        return;
    }
    let flows = &case.connection.flows;
    let behind_router = |ttl: u8| !INITIAL_TTLS.contains(&ttl);
    if flows
        .of(reset.by)
        .network
        .ttl_max
        .is_some_and(behind_router)
    {
        return;
    }
    let lossy = flows.client.acks_of_unseen + flows.server.acks_of_unseen > 0;
    // Where its fields, or its haste, are not the host's, it did not begin at the host.
    let own = reset.origin.host >= HOST_FROM && answered_here::frames(case, reset).is_none();
    let closed = found.has(ids::CLOSED_BEFORE_SENT);
    if there == Some(reset.by) && reset.dialect == Dialect::Passive && !lossy && own && !closed {
        found.add(
            ids::CAPTURED_AT_SENDER,
            [reset.at.frame],
            format_args!(
                "The capture was taken at {}, which sent the RST: whatever killed its end of the connection did not come over the network.",
                wording::side(reset.by)
            ),
        );
        thrown_away(reset, found);
    }
}

/// A client that was alive a moment before, and whose own capture shows nothing that could have killed its end: its host, or a filter
/// on it, has thrown the connection away.
fn thrown_away(reset: &Reset, found: &mut Observations) {
    if found.has(ids::CLIENT_WAS_ALIVE_IN_ROWS) {
        found.add(
            ids::THROWN_AWAY_HERE,
            [reset.at.frame],
            "Its host was alive, and nothing of its end shows before the RST: the host itself, or a filter on it, has thrown the connection away.",
        );
    }
}

/// Records how well the fields of the RST fit its host, unless the capturing machine made it.
pub(super) fn observe(case: &Case<'_>, reset: &Reset, found: &mut Observations) {
    if answered_here::observe(case, reset, found) {
        return;
    }
    let host = reset.origin.host;
    let who = wording::side(reset.by);
    let fields_told = reset.ttl.is_some() || reset.ip_id.is_some();
    let mut reasons = reset.origin.reasons.iter();
    let checked = fields_told || reasons.any(|it| matches!(it.id, "ttl" | "ip_id"));
    let speaks_against = |weight: f64| weight < 0.0;
    let doubts = reasons_that(reset, speaks_against).count();
    let against = clauses(reset, speaks_against);
    if host < DEVICE_BELOW {
        found.tell(
            ids::ORIGIN_DEVICE,
            frames(reset),
            format_args!("The RST did not come from {who}: {against}."),
        );
    } else if !checked && doubts == 0 {
        found.add(
            ids::ORIGIN_UNTOLD,
            frames(reset),
            format_args!("Whether {who} itself sent the RST cannot be checked: TTL and IP identification are not told."),
        );
    } else if host >= HOST_FROM && (fields_told || doubts == 0) {
        fits(reset, found);
    } else {
        found.tell(
            ids::ORIGIN_DOUBTFUL,
            frames(reset),
            format_args!("It is not certain that {who} itself sent the RST: {against}."),
        );
        if host < UNLIKELY_BELOW {
            found.add(
                ids::ORIGIN_UNLIKELY,
                [reset.at.frame],
                format_args!("By these signs it is as likely a device's as {who}'s own."),
            );
        }
    }
}

fn fits(reset: &Reset, found: &mut Observations) {
    let speaks_for = |weight: f64| weight > 0.0;
    if reasons_that(reset, speaks_for).next().is_none() {
        return;
    }
    let why = clauses(reset, speaks_for);
    found.tell(
        ids::ORIGIN_HOST,
        frames(reset),
        format_args!(
            "The RST fits {}'s own packets: {why}.",
            wording::side(reset.by)
        ),
    );
    if !carries_more_than_ttl(reset) {
        found.add(
            ids::ORIGIN_TTL_ALONE,
            [reset.at.frame],
            "Of its fields only the TTL tells: a bare RST has neither timestamps nor a counting identification, so a device that keeps the TTL sends the same.",
        );
    }
}

/// The RST and all frames that tell whose it is, in order.
fn frames(reset: &Reset) -> Vec<u64> {
    let reasons = &reset.origin.reasons;
    let told: usize = reasons.iter().map(|reason| reason.frames.len()).sum();
    let mut frames = Vec::with_capacity(1 + told);
    frames.push(reset.at.frame);
    for reason in reasons {
        frames.extend_from_slice(&reason.frames);
    }
    frames.sort_unstable();
    frames.dedup();
    frames
}

/// The reasons of these weights.
fn reasons_that(reset: &Reset, wanted: fn(f64) -> bool) -> impl Iterator<Item = &OriginReason> {
    let reasons = reset.origin.reasons.iter();
    reasons.filter(move |reason| wanted(reason.weight))
}

/// The same in words.
fn clauses(reset: &Reset, wanted: fn(f64) -> bool) -> impl Display {
    fmt::from_fn(move |f| {
        for (index, reason) in reasons_that(reset, wanted).enumerate() {
            f.write_str(if index > 0 { "; " } else { "" })?;
            reason.text.fmt(f)?;
        }
        Ok(())
    })
}

/// A clock, or a counter that only the host itself keeps.
fn carries_more_than_ttl(reset: &Reset) -> bool {
    reset.origin.reasons.iter().any(|reason| {
        let counts = reason.id == "ip_id" && reset.ip_id.is_some_and(|id| id != 0);
        reason.weight > 0.0 && (counts || reason.id == "timestamps")
    })
}
