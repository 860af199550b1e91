//! What goes wrong, and when, as declared.

use serde::{Deserialize, Serialize};

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
    /// It is a NAT, and gives the client's next packet a new mapping: the server knows nothing of that port.
    Remap,
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
