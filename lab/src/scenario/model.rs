//! What a variation says.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The half of the lab a variation belongs to: probabilities are fitted on one, tested on the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// For fitting.
    Fit,
    /// For testing only.
    Test,
}

/// One thing that happens, with everything needed to make it happen again.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Variation {
    /// The file it came from.
    #[serde(default)]
    pub scenario: String,
    /// Its name within the file.
    pub name: String,
    /// Fit or test.
    pub part: Part,
    /// Belongs to the short run.
    #[serde(default)]
    pub short: bool,
    /// The path between the hosts.
    #[serde(default)]
    pub net: Net,
    /// What listens.
    #[serde(default)]
    pub server: Server,
    /// What connects.
    #[serde(default)]
    pub client: Client,
    /// What goes wrong, and when.
    #[serde(default)]
    pub fault: Vec<Fault>,
    /// The truth of every connection that `labels` does not name.
    pub truth: Truth,
    /// The truth of single connections, in the order in which they were opened.
    #[serde(default)]
    pub labels: Vec<Label>,
    /// Witness lines that must be there, as `side REASON`; `none` when no host may have sent a RST.
    #[serde(default)]
    pub witness: Vec<String>,
    /// The longest time the client's program may take, in seconds.
    #[serde(default = "twenty")]
    pub limit_s: f64,
    /// Time from the end of the client's program to the end of the captures, in seconds.
    #[serde(default = "point_four")]
    pub tail_s: f64,
    /// Time from the start at which the captures end whatever still runs, in seconds.
    #[serde(default)]
    pub stop_s: Option<f64>,
    /// Cut every captured packet to this many bytes; 0: not at all.
    #[serde(default)]
    pub snaplen: u32,
    /// Captures that are made from these by cutting.
    #[serde(default)]
    pub cuts: Vec<Cut>,
}

fn twenty() -> f64 {
    20.0
}

fn point_four() -> f64 {
    0.4
}

/// A verdict as the lab knows it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Truth {
    /// The cause's name.
    pub cause: String,
    /// Who ended it.
    pub ended_by: String,
    /// What happened.
    pub outcome: String,
    /// What is right as well, by vantage (`client`, `server`, `path`, or `any`), because more cannot
    /// be known from there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub also: BTreeMap<String, Also>,
}

/// Further right answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Also {
    /// Further causes.
    pub cause: Vec<String>,
    /// Further sides.
    pub ended_by: Vec<String>,
    /// Further outcomes.
    pub outcome: Vec<String>,
}

/// The truth of some of a variation's connections.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// Their numbers, from 1, in the order in which they were opened.
    #[serde(default)]
    pub connections: Vec<usize>,
    /// Or: of every so many connections, the one at this place: `[10, 3]` is 3, 13, 23, ….
    #[serde(default)]
    pub of_every: Option<[usize; 2]>,
    /// Or: their server port.
    #[serde(default)]
    pub server_port: u16,
    /// The truth.
    pub truth: Truth,
}

/// The path between the hosts.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Net {
    /// Round trip time in milliseconds.
    pub rtt_ms: f64,
    /// The share of it that lies between the client and the router's capture.
    pub client_share: f64,
    /// Random extra delay of each packet, in milliseconds, at most.
    pub jitter_ms: f64,
    /// Share of the packets lost, per direction.
    pub loss: f64,
    /// Share of the packets that later ones overtake.
    pub reorder: f64,
    /// Share of the packets that arrive twice.
    pub duplicate: f64,
    /// Rate in Mbit/s; 0: no limit.
    pub rate_mbit: f64,
    /// Queue before the rate limit, in kilobytes.
    pub queue_kb: u32,
    /// IP version.
    pub family: u8,
    /// Hops that the router counts, beside the two of the kernel's forwarding.
    pub hops: u8,
    /// The hosts' segmentation and receive offloads are on: captures there show giant segments.
    pub offload: bool,
    /// MTU of the hosts' links.
    pub mtu: u32,
    /// TCP options that both hosts leave out: `timestamps`, `window_scaling`, `sack`.
    pub tcp_off: Vec<String>,
    /// The client's kernel settings below `net.`, such as `ipv4.tcp_timestamps`.
    pub client_sysctl: BTreeMap<String, String>,
    /// The server's kernel settings below `net.`.
    pub server_sysctl: BTreeMap<String, String>,
    /// Commands run by a shell in the server's namespace before anything starts (firewall rules).
    pub server_setup: Vec<String>,
    /// Commands run by a shell in the client's namespace before anything starts.
    pub client_setup: Vec<String>,
}

impl Default for Net {
    fn default() -> Self {
        Self {
            rtt_ms: 20.0,
            client_share: 0.5,
            jitter_ms: 0.0,
            loss: 0.0,
            reorder: 0.0,
            duplicate: 0.0,
            rate_mbit: 0.0,
            queue_kb: 256,
            family: 4,
            hops: 4,
            offload: false,
            mtu: 1500,
            tcp_off: Vec::new(),
            client_sysctl: BTreeMap::new(),
            server_sysctl: BTreeMap::new(),
            server_setup: Vec::new(),
            client_setup: Vec::new(),
        }
    }
}

/// What listens at the server.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// `none`, `steps`, `python-http`, `nginx`, `nginx-h2`, `apache`, `haproxy`, `tomcat`, `node`.
    pub program: String,
    /// Port it listens on.
    pub port: u16,
    /// It speaks TLS.
    pub tls: bool,
    /// Which certificate: `good`, `expired`, `wrong-name`, `self-signed`.
    pub certificate: String,
    /// `steps`: what each accepted connection does, one list after the other.
    pub sessions: Vec<Vec<String>>,
    /// `steps`: length of the listener's queue.
    pub backlog: u32,
    /// `steps`: seconds before the first `accept`.
    pub accept_after_s: f64,
    /// `steps`: how many connections are accepted at all; 0: all.
    pub accept_at_most: u32,
    /// Configuration lines of the real programs, by place (`http`, `server`, `location`, …).
    pub config: BTreeMap<String, Vec<String>>,
    /// `node`: options of its server program.
    pub options: BTreeMap<String, toml::Value>,
    /// What listens behind a proxy, on port 8081 of the same host, as `steps`.
    pub backend: Vec<Vec<String>>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            program: "steps".to_owned(),
            port: 80,
            tls: false,
            certificate: "good".to_owned(),
            sessions: Vec::new(),
            backlog: 128,
            accept_after_s: 0.0,
            accept_at_most: 0,
            config: BTreeMap::new(),
            options: BTreeMap::new(),
            backend: Vec::new(),
        }
    }
}

/// What connects.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Client {
    /// `steps`, `curl`, `wget`, `node`, `chromium`.
    pub program: String,
    /// Port to connect to; 0: the server's.
    pub port: u16,
    /// `steps`: what each connection does.
    pub sessions: Vec<Vec<String>>,
    /// `steps`: how often the sessions are run through.
    pub repeat: u32,
    /// `steps`: seconds between two connections' starts; negative: one after the other.
    pub every_s: f64,
    /// Arguments of the program; `{url}` is the server's root, `{dir}` a scratch folder.
    pub args: Vec<String>,
    /// How often the program is run, one after the other.
    pub times: u32,
    /// `chromium`: seconds after which the page is cancelled and the browser ended; 0: never.
    pub quit_after_s: f64,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            program: "steps".to_owned(),
            port: 0,
            sessions: Vec::new(),
            repeat: 1,
            every_s: -1.0,
            args: Vec::new(),
            times: 1,
            quit_after_s: 0.0,
        }
    }
}

/// When something goes wrong; all that is said must hold.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// Seconds after the connection's first SYN.
    pub after_s: Option<f64>,
    /// Seconds after the first SYN of the first connection.
    pub world_s: Option<f64>,
    /// Payload bytes that the server has sent.
    pub down_bytes: Option<u64>,
    /// Payload bytes that the client has sent.
    pub up_bytes: Option<u64>,
    /// The packet that came through just now: `syn`, `syn-ack`, `handshake-ack`, `up-data`,
    /// `down-data`, `up`, `down`, `fin`, `up-fin`, `down-fin`, `ack`.
    pub on: Option<String>,
    /// The packet ends a silence of at least this many seconds.
    pub idle_s: Option<f64>,
    /// Only these connections, numbered from 1.
    pub connections: Vec<usize>,
    /// Only this server port.
    pub server_port: Option<u16>,
    /// Every n-th connection only.
    pub every: Option<usize>,
}

/// Something that goes wrong.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Fault {
    /// When it begins, for each connection by itself.
    #[serde(default)]
    pub when: When,
    /// What it is.
    #[serde(flatten)]
    pub act: Act,
}

/// The kinds of trouble.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Act {
    /// Everything vanishes from now on.
    Blackhole {
        /// Which direction.
        #[serde(default)]
        direction: Direction,
        /// On which side of the router's capture.
        #[serde(default)]
        place: Place,
        /// For how many seconds; without: for ever.
        #[serde(default)]
        for_s: Option<f64>,
    },
    /// IP packets longer than this vanish.
    Mtu {
        /// The greatest length that passes.
        size: usize,
        /// The router says so (fragmentation needed, packet too big).
        #[serde(default)]
        icmp: bool,
        /// Which direction.
        #[serde(default)]
        direction: Direction,
        /// On which side of the router's capture.
        #[serde(default)]
        place: Place,
    },
    /// Such packets vanish behind the router's capture.
    Drop {
        /// How many packets.
        #[serde(default = "one")]
        count: u32,
    },
    /// A third party forges RSTs.
    Forge(Forge),
    /// A device forgets the connection.
    Forget {
        /// What it does with packets it does not know.
        then: Forgotten,
        /// It is a stateful device and tells both ends when the time is over, without a packet.
        #[serde(default)]
        at_expiry_s: Option<f64>,
        /// The time to live of its RSTs; 0: as the other end's packets.
        #[serde(default)]
        ttl: u8,
    },
    /// The packet is answered with an ICMP error, and dropped.
    Icmp {
        /// Which error.
        error: IcmpKind,
        /// The error comes from the server's own address.
        #[serde(default)]
        from_host: bool,
    },
    /// The packet (a SYN, mostly) is answered with a RST by a device, and dropped.
    Reject {
        /// Time to live of the RST as the device sends it.
        ttl: u8,
        /// Window of the RST.
        #[serde(default)]
        window: u16,
        /// IP identification of the RST; without: random.
        #[serde(default)]
        ip_id: Option<u16>,
    },
    /// SIGKILL to the client's program.
    KillClient,
    /// SIGTERM to the client's program.
    TermClient,
    /// SIGINT to the client's program.
    InterruptClient,
    /// SIGKILL to everything at the server.
    KillServer,
    /// SIGTERM to everything at the server.
    TermServer,
    /// SIGSTOP to everything at the server.
    StopServer,
    /// SIGSTOP to the client's program.
    StopClient,
    /// A shell command in the server's namespace.
    ServerRuns {
        /// The command.
        command: String,
    },
    /// A shell command in the client's namespace.
    ClientRuns {
        /// The command.
        command: String,
    },
}

fn one() -> u32 {
    1
}

/// A direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
    /// Both.
    #[default]
    Both,
}

/// Where on the path: between the client and the router's capture, or behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// Between client and capture.
    Client,
    /// Between capture and server.
    #[default]
    Server,
}

/// What a device does with a packet of a connection it has forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Forgotten {
    /// It drops it.
    Drop,
    /// It answers the sender with a RST.
    RstSender,
    /// It sends a RST to both ends.
    RstBoth,
}

/// ICMP errors that answer a SYN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum IcmpKind {
    /// Administratively prohibited (3/13, 1/1).
    AdminProhibited,
    /// Host administratively prohibited (3/10, 1/1).
    HostProhibited,
    /// Port unreachable (3/3, 1/4).
    PortUnreachable,
    /// Host unreachable (3/1, 1/3).
    HostUnreachable,
    /// Net unreachable, no route (3/0, 1/0).
    NetUnreachable,
}

/// How a RST is forged. Numbers are relative to what would be exact at the router.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Forge {
    /// Who gets it: `client`, `server`, `both`.
    pub to: String,
    /// One RST per entry: added to the exact sequence number.
    pub seq_add: Vec<i64>,
    /// With ACK and the exact acknowledgment number; else bare.
    pub with_ack: bool,
    /// Time to live as it leaves the router; 0: as the imitated side's packets.
    pub ttl: u8,
    /// IP identification: `zero`, `random`, `copy` (of the trigger), or a number.
    pub ip_id: String,
    /// Window of the first RST.
    pub window: u16,
    /// Added to the window from RST to RST.
    pub window_step: u16,
    /// Milliseconds between two RSTs.
    pub gap_ms: f64,
    /// Milliseconds from the trigger to the first RST.
    pub delay_ms: f64,
    /// The device is in the path and drops the connection's packets afterwards.
    pub then_drop: bool,
    /// The triggering packet itself is dropped.
    pub drop_trigger: bool,
}

/// A capture made from the client's, the server's and the path's by leaving packets out.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// Name of the variation that is made.
    pub name: String,
    /// Leave out the first packets: this many.
    #[serde(default)]
    pub skip: usize,
    /// Keep no more than this many packets; 0: all.
    #[serde(default)]
    pub keep: usize,
    /// Leave out the last packets: this many.
    #[serde(default)]
    pub drop_last: usize,
    /// Share of the packets left out at random.
    #[serde(default)]
    pub lose: f64,
    /// Only this direction: `up`, `down`, or both.
    #[serde(default)]
    pub direction: Direction,
    /// Each packet twice, microseconds apart, as a mirror port shows it.
    #[serde(default)]
    pub mirror: bool,
    /// Cut each packet to this many bytes; 0: not.
    #[serde(default)]
    pub snaplen: usize,
    /// The truth, if the cut changes it.
    #[serde(default)]
    pub truth: Option<Truth>,
}
