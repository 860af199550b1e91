//! One connection and its verdict.

use whyreset_capture::{Span, Timestamp};
use whyreset_connections::{Brief, BySide, Flow, FrameSpan, LoneSyn, Place, Side};
use whyreset_exchanges::{Exchange, Exchanges};
use whyreset_segments::{Endpoint, Host, HostNames};
use whyreset_verdicts::{Alternative, Evidence, Outcome, RuledOut, Verdict};

use super::exchange;
use super::template::Template;
use super::times::{Millis, Seconds};
use super::writer::{Object, ToJson, Word, array, name, word};
use crate::Judged;

/// Which connection it is, and when it was: what no other connection shares with it.
pub(super) struct Identity<'a> {
    pub stream: u64,
    pub client: EndpointJson<'a>,
    pub server: EndpointJson<'a>,
    /// The client that a PROXY protocol line names, with its port.
    pub proxied_client: Option<&'a str>,
    pub frames: FrameSpan,
    /// `null` where a list tells no times.
    pub start_s: Option<Seconds>,
    pub end_s: Option<Seconds>,
}

/// An end; its port is `null` where a list does not tell it.
pub(super) struct EndpointJson<'a> {
    pub end: Endpoint,
    pub ports_told: bool,
    pub names: &'a HostNames,
}

/// Appends a connection.
pub(super) fn write(out: &mut Vec<u8>, judged: &Judged, origin: Timestamp, names: &HostNames) {
    Identity::of(judged, origin, names).write(out);
    write_findings(out, judged);
}

/// Appends a connection that is told in brief, with its verdict.
pub(super) fn write_brief(
    out: &mut Vec<u8>,
    connection: &Brief<Exchanges>,
    verdict: &impl ToJson,
    origin: Timestamp,
    names: &HostNames,
) {
    Identity::of_brief(connection, origin, names).write(out);
    let findings = Findings {
        bytes: BySide {
            client: Some(connection.bytes.client),
            server: Some(connection.bytes.server),
        },
        outcome: Outcome::Completed,
        place: connection.place,
        trips: connection.trips,
        verdict,
        exchanges: &connection.app.list,
    };
    findings.write(out);
}

/// The verdict on connections that ended well, with holes for the frame in which `closer` closed first.
pub(super) fn all_well(closer: Side) -> Template {
    let mut text = Vec::new();
    whyreset_verdicts::all_well(closer, NO_FRAME).write(&mut text);
    Template::cut(&text, NO_FRAME)
}

/// No frame has this number, and it stands in no text of ours.
pub(super) const NO_FRAME: u64 = u64::MAX;

/// A template with a number in its holes.
pub(super) struct Filled<'a> {
    template: &'a Template,
    number: u64,
}

impl<'a> Filled<'a> {
    /// This number in all of them.
    pub(super) const fn at(template: &'a Template, number: u64) -> Self {
        Self { template, number }
    }
}

impl ToJson for Filled<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        self.template.write(out, self.number);
    }
}

impl<'a> Identity<'a> {
    fn of_brief(connection: &'a Brief<Exchanges>, origin: Timestamp, names: &'a HostNames) -> Self {
        let end = |end| EndpointJson {
            end,
            ports_told: true,
            names,
        };
        Self {
            stream: connection.stream,
            client: end(connection.ends.client),
            server: end(connection.ends.server),
            proxied_client: connection.app.proxied_client.as_deref(),
            frames: connection.frames,
            start_s: Some(Seconds(connection.start - origin)),
            end_s: Some(Seconds(connection.end - origin)),
        }
    }

    fn of(judged: &'a Judged, origin: Timestamp, names: &'a HostNames) -> Self {
        let connection = &judged.connection;
        let end = |end| EndpointJson {
            end,
            ports_told: connection.ports_told,
            names,
        };
        let at = |time| connection.timed.then(|| Seconds(time - origin));
        Self {
            stream: connection.stream,
            client: end(connection.ends.client),
            server: end(connection.ends.server),
            proxied_client: connection.app.proxied_client.as_deref(),
            frames: connection.frames,
            start_s: at(connection.start),
            end_s: at(connection.end),
        }
    }

    /// Of a connection that is one SYN.
    pub(super) fn of_lone_syn(syn: &LoneSyn, origin: Timestamp, names: &'a HostNames) -> Self {
        let at = syn.at();
        let ends = syn.ends();
        let end = |end| EndpointJson {
            end,
            ports_told: true,
            names,
        };
        let time = || Some(Seconds(at.time - origin));
        Self {
            stream: syn.stream(),
            client: end(ends.client),
            server: end(ends.server),
            proxied_client: None,
            frames: FrameSpan {
                first: at.frame,
                last: at.frame,
                count: 1,
            },
            start_s: time(),
            end_s: time(),
        }
    }

    /// Appends the beginning of the connection's object; [`write_findings`] goes on with it.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::begin(out);
        object.field(name!("stream"), &self.stream);
        object.field(name!("client"), &self.client);
        object.field(name!("server"), &self.server);
        object.field_if_known(name!("proxied_client"), self.proxied_client);
        object.field(name!("frames"), &self.frames);
        object.field(name!("start_s"), &self.start_s);
        object.field(name!("end_s"), &self.end_s);
    }
}

/// Appends what was found of the connection, and ends its object.
pub(super) fn write_findings(out: &mut Vec<u8>, judged: &Judged) {
    let (connection, verdict) = (&judged.connection, &judged.verdict);
    let trips = &connection.vantage.round_trip;
    let findings = Findings {
        bytes: BySide {
            client: told_bytes(&connection.flows.client),
            server: told_bytes(&connection.flows.server),
        },
        outcome: verdict.outcome,
        place: connection.vantage.place,
        trips: BySide {
            client: trips.client.minimum,
            server: trips.server.minimum,
        },
        verdict,
        exchanges: &connection.app.list,
    };
    findings.write(out);
}

/// What was found of a connection.
struct Findings<'a, V> {
    bytes: BySide<Option<u64>>,
    outcome: Outcome,
    place: Place,
    /// The smallest round trips.
    trips: BySide<Option<Span>>,
    verdict: &'a V,
    exchanges: &'a [Exchange],
}

impl<V: ToJson> Findings<'_, V> {
    fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::go_on(out);
        let mut bytes = Object::begin(object.name(name!("bytes")));
        bytes.field(name!("client"), &self.bytes.client);
        bytes.field(name!("server"), &self.bytes.server);
        bytes.end();
        object.field(name!("outcome"), self.outcome.id());
        object.field(name!("vantage"), &place(self.place));
        let mut rtt = Object::begin(object.name(name!("rtt_ms")));
        rtt.field(name!("client_side"), &self.trips.client.map(Millis));
        rtt.field(name!("server_side"), &self.trips.server.map(Millis));
        rtt.end();
        object.field(name!("verdict"), self.verdict);
        array(
            object.name(name!("exchanges")),
            self.exchanges,
            exchange::write,
        );
        object.end();
    }
}

impl ToJson for EndpointJson<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let Endpoint { host, port } = self.end;
        let mut object = Object::begin(out);
        match host {
            Host::V4(ip) => object.field(name!("ip"), &ip),
            Host::V6(ip) => object.field(name!("ip"), &ip),
            name @ Host::Name(_) => object.field(name!("ip"), &self.names.display(name)),
        }
        object.field(
            name!("port"),
            &(self.ports_told || port != 0).then_some(port),
        );
        object.end();
    }
}

impl ToJson for FrameSpan {
    fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::begin(out);
        object.field(name!("first"), &self.first);
        object.field(name!("last"), &self.last);
        object.field(name!("count"), &self.count);
        object.end();
    }
}

impl ToJson for Verdict {
    fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::begin(out);
        object.field(name!("cause"), self.cause.id());
        object.field(name!("ended_by"), self.ended_by.id());
        object.field(name!("confidence"), &probability(self.confidence));
        object.field(name!("summary"), &self.summary);
        object.field(name!("evidence"), self.evidence.as_slice());
        object.field(name!("ruled_out"), self.ruled_out.as_slice());
        object.field(name!("alternatives"), self.alternatives.as_slice());
        object.field(name!("next_steps"), self.next_steps.as_slice());
        object.end();
    }
}

impl ToJson for Evidence {
    fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::begin(out);
        object.field(name!("id"), self.id);
        object.field(name!("frames"), self.frames.as_slice());
        object.field(name!("text"), &self.text);
        object.end();
    }
}

impl ToJson for RuledOut {
    fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::begin(out);
        object.field(name!("cause"), &self.cause);
        object.field(name!("frames"), self.frames.as_slice());
        object.field(name!("text"), &self.text);
        object.end();
    }
}

impl ToJson for Alternative {
    fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::begin(out);
        object.field(name!("cause"), self.cause.id());
        object.field(name!("confidence"), &probability(self.confidence));
        object.field(name!("text"), &self.text);
        object.end();
    }
}

/// What a list shows only by its rows, not by numbers, is not known: `null`.
fn told_bytes(flow: &Flow) -> Option<u64> {
    (flow.bytes > 0 || flow.sent_nothing()).then_some(flow.bytes)
}

/// Three digits are all that a probability of ours is worth; rounded down, so that a sum stays at most 1.
fn probability(value: f64) -> f64 {
    (value.clamp(0.0, 1.0) * 1e3).floor() / 1e3
}

const fn place(place: Place) -> Word {
    match place {
        Place::Client => word!("client"),
        Place::Server => word!("server"),
        Place::Path => word!("path"),
        Place::Unknown => word!("unknown"),
    }
}
