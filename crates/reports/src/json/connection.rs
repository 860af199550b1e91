//! One connection and its verdict.

use serde::{Serialize, Serializer};
use whyreset_capture::Timestamp;
use whyreset_connections::{BySide, Flow, Place};
use whyreset_segments::{Endpoint, Host, HostNames};
use whyreset_verdicts::{Alternative, Evidence, RuledOut, Verdict};

use super::exchange::ExchangeJson;
use super::times::{millis, seconds};
use crate::Judged;

#[derive(Serialize)]
pub(super) struct ConnectionJson<'a> {
    stream: u64,
    client: EndpointJson<'a>,
    server: EndpointJson<'a>,
    /// The client that a PROXY protocol line names, with its port.
    #[serde(skip_serializing_if = "Option::is_none")]
    proxied_client: Option<&'a str>,
    frames: FramesJson,
    /// `null` where a list tells no times.
    start_s: Option<f64>,
    end_s: Option<f64>,
    /// `null` where a list shows that there was payload, but of no packet how much.
    bytes: BySideJson<Option<u64>>,
    outcome: &'static str,
    vantage: &'static str,
    rtt_ms: RoundTripsJson,
    verdict: VerdictJson<'a>,
    exchanges: Vec<ExchangeJson<'a>>,
}

#[derive(Serialize)]
struct FramesJson {
    first: u64,
    last: u64,
    count: u64,
}

#[derive(Serialize)]
struct BySideJson<T> {
    client: T,
    server: T,
}

#[derive(Serialize)]
struct RoundTripsJson {
    client_side: Option<f64>,
    server_side: Option<f64>,
}

#[derive(Serialize)]
struct EndpointJson<'a> {
    ip: HostJson<'a>,
    /// `null` where a list does not tell it.
    port: Option<u16>,
}

/// A host as text, without a copy on the heap.
struct HostJson<'a> {
    host: Host,
    names: &'a HostNames,
}

impl Serialize for HostJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.host {
            Host::V4(ip) => serializer.collect_str(&ip),
            Host::V6(ip) => serializer.collect_str(&ip),
            name @ Host::Name(_) => serializer.serialize_str(&self.names.display(name)),
        }
    }
}

impl<'a> EndpointJson<'a> {
    fn new(end: Endpoint, told: bool, names: &'a HostNames) -> Self {
        Self {
            ip: HostJson {
                host: end.host,
                names,
            },
            port: (told || end.port != 0).then_some(end.port),
        }
    }
}

#[derive(Serialize)]
struct VerdictJson<'a> {
    cause: &'static str,
    ended_by: &'static str,
    confidence: f64,
    summary: &'a str,
    evidence: Vec<EvidenceJson<'a>>,
    ruled_out: Vec<RuledOutJson<'a>>,
    alternatives: Vec<AlternativeJson<'a>>,
    next_steps: &'a [String],
}

#[derive(Serialize)]
struct EvidenceJson<'a> {
    id: &'static str,
    frames: &'a [u64],
    text: &'a str,
}

#[derive(Serialize)]
struct RuledOutJson<'a> {
    cause: &'a str,
    frames: &'a [u64],
    text: &'a str,
}

#[derive(Serialize)]
struct AlternativeJson<'a> {
    cause: &'static str,
    confidence: f64,
    text: &'a str,
}

impl<'a> ConnectionJson<'a> {
    pub(super) fn new(judged: &'a Judged, origin: Timestamp, names: &'a HostNames) -> Self {
        let Judged {
            connection,
            verdict,
        } = judged;
        let BySide { client, server } = connection.ends;
        let trips = &connection.vantage.round_trip;
        Self {
            stream: connection.stream,
            client: EndpointJson::new(client, connection.ports_told, names),
            server: EndpointJson::new(server, connection.ports_told, names),
            proxied_client: connection.app.proxied_client.as_deref(),
            frames: FramesJson {
                first: connection.frames.first,
                last: connection.frames.last,
                count: connection.frames.count,
            },
            start_s: connection.timed.then(|| seconds(connection.start - origin)),
            end_s: connection.timed.then(|| seconds(connection.end - origin)),
            bytes: BySideJson {
                client: told_bytes(&connection.flows.client),
                server: told_bytes(&connection.flows.server),
            },
            outcome: verdict.outcome.id(),
            vantage: place(connection.vantage.place),
            rtt_ms: RoundTripsJson {
                client_side: trips.client.minimum.map(millis),
                server_side: trips.server.minimum.map(millis),
            },
            verdict: VerdictJson::new(verdict),
            exchanges: connection.app.list.iter().map(ExchangeJson::new).collect(),
        }
    }
}

impl<'a> VerdictJson<'a> {
    fn new(verdict: &'a Verdict) -> Self {
        Self {
            cause: verdict.cause.id(),
            ended_by: verdict.ended_by.id(),
            confidence: probability(verdict.confidence),
            summary: &verdict.summary,
            evidence: verdict.evidence.iter().map(EvidenceJson::new).collect(),
            ruled_out: verdict.ruled_out.iter().map(RuledOutJson::new).collect(),
            alternatives: verdict
                .alternatives
                .iter()
                .map(AlternativeJson::new)
                .collect(),
            next_steps: &verdict.next_steps,
        }
    }
}

impl<'a> EvidenceJson<'a> {
    fn new(evidence: &'a Evidence) -> Self {
        Self {
            id: evidence.id,
            frames: &evidence.frames,
            text: &evidence.text,
        }
    }
}

impl<'a> RuledOutJson<'a> {
    fn new(ruled_out: &'a RuledOut) -> Self {
        Self {
            cause: &ruled_out.cause,
            frames: &ruled_out.frames,
            text: &ruled_out.text,
        }
    }
}

impl<'a> AlternativeJson<'a> {
    fn new(alternative: &'a Alternative) -> Self {
        Self {
            cause: alternative.cause.id(),
            confidence: probability(alternative.confidence),
            text: &alternative.text,
        }
    }
}

/// Three digits are all that a probability of ours is worth; rounded down, so that a sum stays at most 1.
/// What a list shows only by its rows, not by numbers, is not known.
fn told_bytes(flow: &Flow) -> Option<u64> {
    (flow.bytes > 0 || flow.sent_nothing()).then_some(flow.bytes)
}

fn probability(value: f64) -> f64 {
    (value.clamp(0.0, 1.0) * 1e3).floor() / 1e3
}

const fn place(place: Place) -> &'static str {
    match place {
        Place::Client => "client",
        Place::Server => "server",
        Place::Path => "path",
        Place::Unknown => "unknown",
    }
}
