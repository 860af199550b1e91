//! Names in the Protocol column: which of them run over TCP.

/// What a name in the Protocol column stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// TCP, or one that runs over it.
    OverTcp,
    /// One that runs over UDP as well; over TCP on this port.
    OnPort(u16),
    /// ICMP or ICMPv6: may quote a TCP segment.
    Icmp,
    /// One that never runs over TCP, or hardly ever.
    Other,
}

const OVER_TCP: &[&str] = &[
    "TCP",
    "LDAP",
    "LDAPMessage",
    "LDAPSASLBuffer",
    "MSRPC",
    "MPTCP",
    "HTTP",
    "HTTP/XML",
    "HTTP/JSON",
    "HTTP2",
    "HTTP/2",
    "HTTPS",
    "HTTP/1.1",
    "IPP",
    "OCSP",
    "WebSocket",
    "WEBSOCKET",
    "TLS",
    "SSL",
    "SSH",
    "SSHv1",
    "SSHv2",
    "FTP",
    "FTP-DATA",
    "SMTP",
    "SMTP/IMF",
    "SMTP|IMF",
    "IMF",
    "POP",
    "IMAP",
    "MySQL",
    "MYSQL",
    "MariaDB",
    "PGSQL",
    "TDS",
    "TNS",
    "MONGO",
    "Redis",
    "REDIS",
    "RESP",
    "AMQP",
    "MQTT",
    "SMB",
    "SMB2",
    "NBSS",
    "RTSP",
    "TPKT",
    "COTP",
    "RDP",
    "S7COMM",
    "T.125",
    "BGP",
    "TELNET",
    "Telnet",
    "RLOGIN",
    "RSH",
    "Rlogin",
    "SOCKS",
    "Socks",
    "X11",
    "VNC",
    "GIOP",
    "Modbus/TCP",
    "Modbus",
    "DCERPC",
    "EPM",
    "SAMR",
    "LSARPC",
    "DRSUAPI",
    "Kafka",
    "KAFKA",
    "Cassandra",
    "CQL",
    "MSRP",
    "IRC",
    "XMPP",
    "XMPP/XML",
    "Gnutella",
    "eDonkey",
    "RTMP",
    "iSCSI",
    "ISCSI",
    "NDMP",
    "CIFS",
    "Skinny",
    "SKINNY",
    "Git",
    "GIT",
    "PPTP",
    "Syslog/TCP",
    "FIX",
    "JMS",
    "OpenVPN/TCP",
    "IEC",
    "IEC104",
    "104apci",
    "104asdu",
    "IEC 60870-5-104",
    "OpcUa",
    "OPCUA",
    "MMS",
    "GRPC",
    "gRPC",
    "DRDA",
    "SAP",
    "SAPDIAG",
    "NTLM",
    "AJP13",
    "FCGI",
    "SCGI",
    "Elasticsearch",
    "ZMTP",
    "STOMP",
    "WHOIS",
    "FINGER",
    "CVSPSERVER",
    "MANOLITO",
    "H.225.0",
    "H.245",
    "Q.931",
    "TACACS+",
    "PN-PTCP",
    "SSTP",
    "RMI",
    "JRMI",
    "IPDC",
    "ANSI",
    "HL7",
    "DICOM",
    "BZR",
    "SVN",
    "WOW",
    "YMSG",
    "MSNMS",
    "AIM",
    "OSCAR",
];

const NOT_OVER_TCP: &[&str] = &[
    "ETHER",
    "UDP",
    "UDPENCAP",
    "ARP",
    "RARP",
    "MDNS",
    "LLMNR",
    "NBNS",
    "NBDS",
    "BROWSER",
    "DHCP",
    "BOOTP",
    "DHCPv6",
    "NTP",
    "SNMP",
    "SSDP",
    "QUIC",
    "GQUIC",
    "DTLS",
    "DTLSv1.0",
    "DTLSv1.2",
    "RTP",
    "RTCP",
    "TFTP",
    "RADIUS",
    "ISAKMP",
    "ESP",
    "AH",
    "GRE",
    "IGMP",
    "IGMPv2",
    "IGMPv3",
    "OSPF",
    "PIM",
    "VRRP",
    "HSRP",
    "STP",
    "RSTP",
    "LLDP",
    "CDP",
    "LACP",
    "EAPOL",
    "EAP",
    "SCTP",
    "WireGuard",
    "L2TP",
    "VXLAN",
    "GENEVE",
    "IPv4",
    "IPv6",
    "IP",
    "IPX",
    "802.11",
    "PPP",
    "PPPoED",
    "LOOP",
    "Ethernet",
    "0x88cc",
    "DB-LSP-DISC",
    "DB-LSP-DISC/JSON",
    "CLDAP",
    "MIH",
    "WSP",
    "CLASSIC-STUN",
    "IGRP",
    "EIGRP",
    "RIP",
    "RIPv2",
    "BFD",
    "HOMEPLUG",
    "NDP",
];

/// Protocols that run over UDP as well, with the port that they have over TCP: a row of theirs belongs to a connection
/// only if it has that port.
const ON_PORT: &[(&str, u16)] = &[
    ("DNS", 53),
    ("KRB5", 88),
    ("KerberosV5", 88),
    ("RPC", 111),
    ("Portmap", 111),
    ("Syslog", 514),
    ("SYSLOG", 514),
    ("LDP", 646),
    ("OpenVPN", 1194),
    ("NFS", 2049),
    ("NLM", 2049),
    ("MOUNT", 2049),
    ("STUN", 3478),
    ("DIAMETER", 3868),
    ("SIP", 5060),
    ("SIP/SDP", 5060),
    ("BitTorrent", 6881),
    ("MEMCACHE", 11211),
    ("DNP", 20000),
    ("ENIP", 44818),
    ("CIP", 44818),
];

/// What `name` stands for; `None` where it is no known protocol.
pub(crate) fn protocol(name: &str) -> Option<Protocol> {
    if name.is_empty() || name.len() > 24 || !name.starts_with(|c: char| c.is_ascii_alphanumeric())
    {
        return None;
    }
    if name.starts_with("TLSv") || name.starts_with("SSLv") {
        return Some(Protocol::OverTcp);
    }
    if name == "ICMP" || name == "ICMPv6" {
        return Some(Protocol::Icmp);
    }
    if OVER_TCP.contains(&name) || name.starts_with("HTTP/") {
        return Some(Protocol::OverTcp);
    }
    let on_port = ON_PORT.iter().find(|(known, _)| *known == name);
    if let Some((_, port)) = on_port {
        return Some(Protocol::OnPort(*port));
    }
    NOT_OVER_TCP.contains(&name).then_some(Protocol::Other)
}

/// Whether `name` might be a protocol that the lists do not have: one word, mostly capitals.
pub(crate) fn may_be_protocol(name: &str) -> bool {
    let capitals = name.bytes().filter(u8::is_ascii_uppercase).count();
    name.len() <= 24
        && capitals >= 2
        && name.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'.' | b'_' | b'+')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_protocols() {
        assert_eq!(protocol("TLSv1.3"), Some(Protocol::OverTcp));
        assert_eq!(protocol("ICMPv6"), Some(Protocol::Icmp));
        assert_eq!(protocol("MDNS"), Some(Protocol::Other));
        assert_eq!(protocol("the"), None);
        assert!(may_be_protocol("XYZ-2"));
        assert!(!may_be_protocol("Example"));
    }
}
