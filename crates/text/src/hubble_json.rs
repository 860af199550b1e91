//! `hubble observe -o json` (and `jsonpb`): a flow a line, `{"flow":{"time":…,"verdict":"DROPPED","IP":{…},"l4":{"TCP":{…}},…}}`, perhaps
//! behind the name of the file that it was found in.

use serde::Deserialize;
use whyreset_segments::TcpFlags;

use crate::times::{WrittenTime, read_time};

/// A flow, taken apart.
#[derive(Debug)]
pub(crate) struct JsonFlow {
    pub time: Option<WrittenTime>,
    /// `10.0.0.1:80`.
    pub source: String,
    pub destination: String,
    /// `None` where it is none of TCP.
    pub flags: Option<TcpFlags>,
    /// The hook.
    pub point: String,
    /// Why Cilium dropped the packet, where it did.
    pub dropped: Option<String>,
}

#[derive(Deserialize)]
struct Line {
    flow: Flow,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Flow {
    time: String,
    verdict: String,
    drop_reason_desc: String,
    #[serde(rename = "IP")]
    ip: Addresses,
    l4: Layer4,
    event_type: EventType,
    trace_observation_point: String,
    node_name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Addresses {
    source: String,
    destination: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Layer4 {
    #[serde(rename = "TCP")]
    tcp: Option<Tcp>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tcp {
    source_port: u16,
    destination_port: u16,
    flags: Flags,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "UPPERCASE")]
struct Flags {
    fin: bool,
    syn: bool,
    rst: bool,
    psh: bool,
    ack: bool,
    urg: bool,
    ece: bool,
    cwr: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct EventType {
    r#type: i32,
    sub_type: i32,
}

/// Reads a line; `None` where it is none.
pub(crate) fn read_line(line: &str) -> Option<JsonFlow> {
    let at = line.find("{\"flow\":{").filter(|at| *at < MAX_NAME)?;
    let mut json = serde_json::Deserializer::from_str(line.get(at..)?);
    let flow = Line::deserialize(&mut json).ok()?.flow;
    let dropped = matches!(flow.verdict.as_str(), "DROPPED" | "ERROR");
    let words: Vec<&str> = flow.time.split_whitespace().collect();
    let end = |host: &str, port: u16| match host.contains(':') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    };
    let tcp = flow.l4.tcp.as_ref();
    let ends = tcp.filter(|_| !flow.ip.source.is_empty()).map(|tcp| {
        (
            end(&flow.ip.source, tcp.source_port),
            end(&flow.ip.destination, tcp.destination_port),
        )
    });
    let (source, destination) = ends.unwrap_or_default();
    Some(JsonFlow {
        time: read_time(&words).map(|(time, _)| time),
        source,
        destination,
        flags: tcp.map(|tcp| tcp.flags.bits()),
        point: format!(
            "{} {} {} {} {}",
            flow.node_name,
            flow.event_type.r#type,
            flow.event_type.sub_type,
            flow.trace_observation_point,
            flow.verdict
        ),
        dropped: dropped.then(|| format!("{} {}", flow.drop_reason_desc, flow.verdict)),
    })
}

/// The longest name of a file before a flow.
const MAX_NAME: usize = 256;

impl Flags {
    fn bits(&self) -> TcpFlags {
        [
            (self.fin, TcpFlags::FIN),
            (self.syn, TcpFlags::SYN),
            (self.rst, TcpFlags::RST),
            (self.psh, TcpFlags::PSH),
            (self.ack, TcpFlags::ACK),
            (self.urg, TcpFlags::URG),
            (self.ece, TcpFlags::ECE),
            (self.cwr, TcpFlags::CWR),
        ]
        .into_iter()
        .filter(|(set, _)| *set)
        .fold(TcpFlags::NONE, |flags, (_, flag)| flags | flag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_that_a_policy_dropped() {
        let line = r#"flows-x.json:{"flow":{"time":"2025-07-15T01:32:14.234858520Z","verdict":"DROPPED","drop_reason":133,"IP":{"source":"10.244.3.30","destination":"1.1.1.1","ipVersion":"IPv4"},"l4":{"TCP":{"source_port":55462,"destination_port":80,"flags":{"SYN":true}}},"Type":"L3_L4","node_name":"w2","event_type":{"type":1,"sub_type":133},"drop_reason_desc":"POLICY_DENIED","Summary":"TCP Flags: SYN"},"node_name":"w2"}"#;
        let flow = read_line(line).unwrap();
        assert_eq!(flow.source, "10.244.3.30:55462");
        assert_eq!(flow.flags, Some(TcpFlags::SYN));
        assert_eq!(flow.dropped.as_deref(), Some("POLICY_DENIED DROPPED"));
        assert!(matches!(flow.time, Some(WrittenTime::Dated(_))));
        let dns = r#"{"flow":{"verdict":"FORWARDED","IP":{"source":"10.0.0.1"},"l4":{"UDP":{"source_port":1}}}}"#;
        assert_eq!(read_line(dns).unwrap().flags, None);
        assert!(read_line("{\"layers\":{}}").is_none());
    }
}
