//! One connection at one vantage: the verdict against the truth.

use super::Task;
use super::judge::{Document, End, Judged};
use crate::scenario::Truth;
use crate::truth::Labelled;
use serde::Serialize;
use std::net::{IpAddr, SocketAddr};

/// A comparison.
#[derive(Clone, Debug, Serialize)]
pub struct Case {
    /// The capture file.
    pub capture: String,
    /// The connection's number in it, in the order of opening, from 1.
    pub number: usize,
    /// The client's port, to find it.
    pub client_port: u16,
    /// Where the capture was taken.
    pub vantage: String,
    /// The truth.
    pub truth: Short,
    /// The verdict.
    pub given: Short,
    /// Its probability.
    pub confidence: f64,
    /// The cause is right.
    pub cause_right: bool,
    /// The side is right.
    pub ended_by_right: bool,
    /// The outcome is right.
    pub outcome_right: bool,
    /// The vantage is right, or left open.
    pub vantage_right: bool,
    /// The connection was healthy, but the verdict is not.
    pub false_alarm: bool,
}

/// Cause, side and outcome.
#[derive(Clone, Debug, Serialize)]
pub struct Short {
    /// The cause.
    pub cause: String,
    /// Who ended it.
    pub ended_by: String,
    /// What happened.
    pub outcome: String,
}

/// True for causes that are no failure.
pub fn is_healthy(cause: &str) -> bool {
    matches!(cause, "none" | "benign_reset")
}

/// All comparisons of a capture.
pub fn cases(task: &Task, document: &Document) -> Vec<Case> {
    let seen = |labelled: &&Labelled| labelled.frames.get(task.vantage).is_some_and(|n| *n > 0);
    let labels = task.truth.connections.iter().filter(seen).enumerate();
    labels
        .map(|(index, labelled)| case(task, document, index + 1, labelled))
        .collect()
}

fn case(task: &Task, document: &Document, number: usize, labelled: &Labelled) -> Case {
    let truth = &labelled.truth;
    let judged = document
        .connections
        .iter()
        .filter(|judged| is_same(judged, labelled))
        .max_by_key(|judged| judged.frames.count);
    let missing = document
        .failure
        .clone()
        .unwrap_or_else(|| "(not found)".to_owned());
    let (given, confidence, vantage) = match judged {
        None => (short(&missing, "-", "-"), 0.0, "unknown"),
        Some(judged) => (
            short(
                &judged.verdict.cause,
                &judged.verdict.ended_by,
                &judged.outcome,
            ),
            judged.verdict.confidence,
            judged.vantage.as_str(),
        ),
    };
    let accepts = |pick: fn(&crate::scenario::Also) -> &Vec<String>, value: &String| {
        [task.vantage, "any"]
            .iter()
            .filter_map(|key| truth.also.get(*key))
            .any(|also| pick(also).contains(value))
    };
    let cause_right = given.cause == truth.cause || accepts(|also| &also.cause, &given.cause);
    Case {
        capture: task.capture.display().to_string(),
        number,
        client_port: labelled.client.port(),
        vantage: task.vantage.to_owned(),
        truth: of(truth),
        confidence,
        cause_right,
        ended_by_right: given.ended_by == truth.ended_by
            || accepts(|also| &also.ended_by, &given.ended_by),
        outcome_right: given.outcome == truth.outcome
            || accepts(|also| &also.outcome, &given.outcome),
        vantage_right: vantage == task.vantage || vantage == "unknown",
        false_alarm: is_healthy(&truth.cause) && !is_healthy(&given.cause) && !cause_right,
        given,
    }
}

fn short(cause: &str, ended_by: &str, outcome: &str) -> Short {
    Short {
        cause: cause.to_owned(),
        ended_by: ended_by.to_owned(),
        outcome: outcome.to_owned(),
    }
}

fn of(truth: &Truth) -> Short {
    short(&truth.cause, &truth.ended_by, &truth.outcome)
}

/// The same pair of ends, whichever side the program takes for the client.
fn is_same(judged: &Judged, labelled: &Labelled) -> bool {
    let same = |end: &End, socket: SocketAddr| {
        end.port == socket.port() && end.ip.parse::<IpAddr>().is_ok_and(|ip| ip == socket.ip())
    };
    let server = labelled.server;
    let clients = [Some(labelled.client), labelled.outside];
    clients.into_iter().flatten().any(|client| {
        (same(&judged.client, client) && same(&judged.server, server))
            || (same(&judged.client, server) && same(&judged.server, client))
    })
}
