//! One connection and its verdict.

use whyreset_capture::{Span, Timestamp};
use whyreset_connections::{Brief, BySide, Flow, FrameSpan, LoneSyn, Place, Side};
use whyreset_exchanges::{Exchange, Exchanges};
use whyreset_segments::{Endpoint, Host, HostNames};
use whyreset_verdicts::{Alternative, Observation, Outcome, RuledOut, Verdict};

use super::exchange;
use super::page::Page;
use super::pen::{Pen, Usual};
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
    pub end: &'a Endpoint,
    pub ports_told: bool,
    pub names: &'a HostNames,
}

/// Puts a connection down.
pub(super) fn write(page: &mut Page, judged: &Judged, origin: Timestamp, names: &HostNames) {
    Identity::of(judged, origin, names).put_down(page);
    page.append(|out| write_findings(out, judged));
}

/// Puts a connection down that is told in brief, with its verdict.
pub(super) fn write_brief(
    page: &mut Page,
    connection: &Brief<Exchanges>,
    verdict: &(impl ToJson + Usual),
    origin: Timestamp,
    names: &HostNames,
) {
    let told = Told {
        identity: Identity::of_brief(connection, origin, names),
        findings: Findings::of_brief(connection, verdict),
    };
    let mut exchanges = connection.app.list.iter();
    if !exchanges.all(exchange::is_usual) || page.put(&told).is_none() {
        page.append(|out| write_any_brief(out, connection, verdict, origin, names));
    }
}

/// The same of any such connection.
#[inline(never)]
pub(super) fn write_any_brief(
    out: &mut Vec<u8>,
    connection: &Brief<Exchanges>,
    verdict: &impl ToJson,
    origin: Timestamp,
    names: &HostNames,
) {
    Identity::of_brief(connection, origin, names).write(out);
    Findings::of_brief(connection, verdict).write(out);
}

/// All that is told of a connection.
struct Told<'a, V> {
    identity: Identity<'a>,
    findings: Findings<'a, V>,
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

impl Usual for Filled<'_> {
    #[inline]
    fn put<'r>(&self, pen: Pen<'r>) -> Option<Pen<'r>> {
        self.template.put(pen, self.number)
    }
}

impl<'a> Identity<'a> {
    #[inline(always)]
    fn of_brief(connection: &'a Brief<Exchanges>, origin: Timestamp, names: &'a HostNames) -> Self {
        let end = |end| EndpointJson {
            end,
            ports_told: true,
            names,
        };
        Self {
            stream: connection.stream,
            client: end(&connection.ends.client),
            server: end(&connection.ends.server),
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
            client: end(&connection.ends.client),
            server: end(&connection.ends.server),
            proxied_client: connection.app.proxied_client.as_deref(),
            frames: connection.frames,
            start_s: at(connection.start),
            end_s: at(connection.end),
        }
    }

    /// Of a connection that is one SYN.
    pub(super) fn of_lone_syn(
        syn: &LoneSyn,
        ends: &'a BySide<Endpoint>,
        origin: Timestamp,
        names: &'a HostNames,
    ) -> Self {
        let at = syn.at();
        let end = |end| EndpointJson {
            end,
            ports_told: true,
            names,
        };
        let time = || Some(Seconds(at.time - origin));
        Self {
            stream: syn.stream(),
            client: end(&ends.client),
            server: end(&ends.server),
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

    /// Puts the beginning of the connection's object down; [`write_findings`] goes on with it.
    #[inline(always)]
    pub(super) fn put_down(&self, page: &mut Page) {
        if page.put(self).is_none() {
            page.append(|out| self.write(out));
        }
    }

    #[inline(never)]
    fn write(&self, out: &mut Vec<u8>) {
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

/// With addresses, ports and times.
impl Usual for Identity<'_> {
    #[inline(always)]
    fn put<'r>(&self, mut pen: Pen<'r>) -> Option<Pen<'r>> {
        let ports = (self.client.port()?, self.server.port()?);
        let (Seconds(start), Seconds(end)) = (self.start_s?, self.end_s?);
        if self.proxied_client.is_some() {
            return None;
        }
        pen.number_behind(b"{\"stream\":", self.stream)?;
        pen.text(b",\"client\":{\"ip\":\"")?;
        pen.address(&self.client.end.host)?;
        pen.number_behind(b"\",\"port\":", ports.0.into())?;
        pen.text(b"},\"server\":{\"ip\":\"")?;
        pen.address(&self.server.end.host)?;
        pen.number_behind(b"\",\"port\":", ports.1.into())?;
        pen.number_behind(b"},\"frames\":{\"first\":", self.frames.first)?;
        pen.number_behind(b",\"last\":", self.frames.last)?;
        pen.number_behind(b",\"count\":", self.frames.count)?;
        pen.seconds(b"},\"start_s\":", start)?;
        pen.seconds(b",\"end_s\":", end)?;
        Some(pen)
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

impl<'a, V> Findings<'a, V> {
    #[inline(always)]
    fn of_brief(connection: &'a Brief<Exchanges>, verdict: &'a V) -> Self {
        Self {
            bytes: BySide {
                client: Some(connection.bytes.client),
                server: Some(connection.bytes.server),
            },
            outcome: Outcome::Completed,
            place: connection.place,
            trips: connection.trips,
            verdict,
            exchanges: &connection.app.list,
        }
    }
}

impl<V: ToJson> Findings<'_, V> {
    #[inline(never)]
    fn write(&self, out: &mut Vec<u8>) {
        self.write_beginning(out);
        self.verdict.write(out);
        out.extend_from_slice(b",\"exchanges\":");
        array(out, self.exchanges, exchange::write);
        out.push(b'}');
    }

    /// Appends what stands in front of the verdict.
    #[inline(always)]
    fn write_beginning(&self, out: &mut Vec<u8>) {
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
        object.name(name!("verdict"));
    }
}

/// What stands in front of the verdict, of a connection that was completed.
impl<V> Usual for Findings<'_, V> {
    #[inline(always)]
    fn put<'r>(&self, mut pen: Pen<'r>) -> Option<Pen<'r>> {
        pen.number_if_known(b",\"bytes\":{\"client\":", self.bytes.client)?;
        pen.number_if_known(b",\"server\":", self.bytes.server)?;
        if self.outcome != Outcome::Completed {
            return None;
        }
        match self.place {
            Place::Client => {
                pen.text(b"},\"outcome\":\"completed\",\"vantage\":\"client\",\"rtt_ms\":{")?;
            }
            Place::Server => {
                pen.text(b"},\"outcome\":\"completed\",\"vantage\":\"server\",\"rtt_ms\":{")?;
            }
            Place::Path => {
                pen.text(b"},\"outcome\":\"completed\",\"vantage\":\"path\",\"rtt_ms\":{")?;
            }
            Place::Unknown => {
                pen.text(b"},\"outcome\":\"completed\",\"vantage\":\"unknown\",\"rtt_ms\":{")?;
            }
        }
        pen.millis_if_known(b"\"client_side\":", self.trips.client)?;
        pen.millis_if_known(b",\"server_side\":", self.trips.server)?;
        pen.text(b"},\"verdict\":")?;
        Some(pen)
    }
}

/// Where its exchanges are usual, too.
impl<V: Usual> Usual for Told<'_, V> {
    #[inline(always)]
    fn put<'r>(&self, mut pen: Pen<'r>) -> Option<Pen<'r>> {
        pen = self.identity.put(pen)?;
        pen = self.findings.put(pen)?;
        pen = self.findings.verdict.put(pen)?;
        pen.text(b",\"exchanges\":[")?;
        for (index, exchange) in self.findings.exchanges.iter().enumerate() {
            if index > 0 {
                pen.text(b",")?;
            }
            pen = exchange.put(pen)?;
        }
        pen.text(b"]}")?;
        Some(pen)
    }
}

impl ToJson for EndpointJson<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let host = self.end.host;
        let mut object = Object::begin(out);
        match host {
            Host::V4(ip) => object.field(name!("ip"), &ip),
            Host::V6(ip) => object.field(name!("ip"), &ip),
            name @ Host::Name(_) => object.field(name!("ip"), &self.names.display(name)),
        }
        object.field(name!("port"), &self.port());
        object.end();
    }
}

impl EndpointJson<'_> {
    fn port(&self) -> Option<u16> {
        let port = self.end.port;
        (self.ports_told || port != 0).then_some(port)
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
        let evidence = object.name(name!("evidence"));
        array(evidence, self.evidence(), |one, out| one.write(out));
        object.field(name!("ruled_out"), self.ruled_out.as_slice());
        object.field(name!("alternatives"), self.alternatives.as_slice());
        object.field(name!("next_steps"), self.next_steps.as_slice());
        object.end();
    }
}

impl ToJson for Observation<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::begin(out);
        object.field(name!("id"), self.id.name());
        object.field(name!("frames"), self.frames);
        object.field(name!("text"), self.text);
        object.end();
    }
}

impl ToJson for RuledOut {
    fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::begin(out);
        object.field(name!("cause"), self.cause);
        object.field(name!("frames"), &*self.frames);
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

#[cfg(test)]
mod tests;
