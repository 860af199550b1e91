//! Texts of other tools, which tell of connections but show no packets: what they are, and what would help.

/// What a tool's lines are, and what to do.
#[derive(Debug, PartialEq, Eq)]
pub struct Lookalike {
    /// What the line is of, with its article: `a socket table (ss)`.
    pub name: &'static str,
    /// What to do, as the rest of a sentence.
    pub advice: &'static str,
}

const CAPTURE: &str =
    "it shows states, not packets: take a capture while it happens (tcpdump -i any -w FILE)";
const CONTENT: &str =
    "it shows what was said, not the packets: take a capture (tcpdump -i any -w FILE)";
const LOG: &str = "it tells what a rule logged, not what passed: take a capture at the same place (tcpdump -i any -w FILE)";
const DECODED: &str = "this form is not read: give the capture file itself";

/// A kind, and pieces of text that all stand in a line of it.
type Kind = (&'static [&'static str], Lookalike);

const fn kind(name: &'static str, advice: &'static str) -> Lookalike {
    Lookalike { name, advice }
}

const MESSAGE: &str = "it says that a connection ended, not why: take a capture while it happens (tcpdump -i any -w FILE)";

const PWRU: Lookalike = kind(
    "pwru without TCP's flags",
    "run it with --output-tcp-flags, or take a capture (tcpdump -i any -w FILE)",
);

const PAGE: Lookalike = kind(
    "a web page (HTML), and no packet list stands in it",
    "the download gave a page (a log-in, perhaps) instead of the file: download the file itself",
);

const FLOW_LOG: Lookalike = kind(
    "a flow log of a cloud (AWS VPC)",
    "it counts packets, and does not show them: mirror the traffic, or take a capture on the instance (tcpdump -i any -w FILE)",
);

static KINDS: [Kind; 47] = [
    (&["<!DOCTYPE html"], PAGE),
    (&["<!doctype html"], PAGE),
    (&["<html"], PAGE),
    (&["<HTML"], PAGE),
    (
        &[",TRAFFIC,", ",allow,"],
        kind("a traffic log of a firewall (Palo Alto)", LOG),
    ),
    (
        &[") > connect fd="],
        kind("a trace of system calls (sysdig)", CAPTURE),
    ),
    (
        &["ARPA/9000 NETWORKING"],
        kind(
            "a report of HP-UX's nettl (netfmt)",
            "this form is not read: take a capture in pcap format (tcpdump -w FILE)",
        ),
    ),
    (
        &["Tcp: Flags=", "SrcPort="],
        kind(
            "the details of a frame from Network Monitor",
            "copy its frame summary instead, or save the capture as pcap",
        ),
    ),
    (
        &["Recv-Q", "Send-Q"],
        kind("a socket table (ss, netstat)", CAPTURE),
    ),
    (
        &[" src=", " dst=", " sport=", " dport="],
        kind(
            "the connection tracker's table or events (conntrack)",
            CAPTURE,
        ),
    ),
    (
        &["SRC=", "DST=", "PROTO=TCP", "SPT="],
        kind("a packet filter's log (iptables, nftables)", LOG),
    ),
    (&["eni-", " ACCEPT OK"], FLOW_LOG),
    (&["eni-", " REJECT OK"], FLOW_LOG),
    (
        &["TCP src=", ", dst=", ", seq=", ", win="],
        kind(
            "a router's `debug ip packet`",
            "it does not show how long segments are: capture on the router (Cisco: monitor capture NAME export FILE.pcap)",
        ),
    ),
    (&["filterlog", ",tcp,"], kind("pfSense's filter log", LOG)),
    (
        &["%ASA-", "connection"],
        kind("the syslog of a Cisco ASA", ASA),
    ),
    (&["%ASA-", "TCP"], kind("the syslog of a Cisco ASA", ASA)),
    (&["%FTD-", "TCP"], kind("the syslog of a Cisco FTD", ASA)),
    (
        &["LADDR", "LPORT", "RADDR"],
        kind(
            "the output of a BPF tool (tcplife, tcpstates, tcpconnect)",
            CAPTURE,
        ),
    ),
    (
        &["SADDR:SPORT"],
        kind("the output of a BPF tool (tcpdrop, tcpretrans)", CAPTURE),
    ),
    (
        &["SADDR", "DADDR", "DPORT"],
        kind("the output of a BPF tool (tcpconnect, tcpaccept)", CAPTURE),
    ),
    (
        &["LADDR:LPORT", "RADDR:RPORT"],
        kind("the output of a BPF tool (tcpretrans)", CAPTURE),
    ),
    (
        &["tcptrace -- version"],
        kind("a summary of tcptrace", DECODED),
    ),
    (
        &["SRC-ADDRESS", "DST-ADDRESS", "PROTOCOL"],
        kind(
            "a list of MikroTik's sniffer",
            "it does not show TCP's flags: save the capture (/tool sniffer save file-name=FILE.pcap)",
        ),
    ),
    (
        &["#", "size", "timestamp", "source", "dscp"],
        kind(
            "a list of Cisco's embedded packet capture",
            "it does not show TCP's flags: export the buffer (monitor capture NAME export FILE.pcap)",
        ),
    ),
    (
        &["ETHER:", "Ether Header"],
        kind(
            "snoop -v",
            "give its file (snoop -o FILE), or the summary lines of snoop without -v",
        ),
    ),
    (
        &["ETH: ====("],
        kind(
            "a report of AIX's iptrace (ipreport)",
            "give the capture in pcap format (iptrace -T or tcpdump -w FILE)",
        ),
    ),
    (
        &["====(", "on interface", ")===="],
        kind(
            "a report of AIX's iptrace (ipreport)",
            "give the capture in pcap format (iptrace -T or tcpdump -w FILE)",
        ),
    ),
    (
        &["Packet received at", "stage"],
        kind(
            "Palo Alto's packet-diag log",
            "give the captures that it writes beside it (debug dataplane packet-diag, stages receive and transmit)",
        ),
    ),
    (
        &["Time", "Source", "Destination", "Conv Id"],
        kind(
            "a list of Network Monitor without TCP's fields",
            "copy the rows with their Description column, or give the .cap file",
        ),
    ),
    (
        &["TCP connection", "complete conns", "filename:"],
        kind("a summary of tcptrace", DECODED),
    ),
    (
        &["TCP Conversations", "Filter:"],
        kind("tshark's table of conversations", DECODED),
    ),
    (
        &["| <-", "->", "Relative", "Duration"],
        kind("tshark's table of conversations", DECODED),
    ),
    (
        &["Proto", "SrcAddr", "Dir", "DstAddr"],
        kind("a flow table (Argus)", CAPTURE),
    ),
    (
        &["#fields", "id.orig_h", "id.resp_p"],
        kind("Zeek's log of connections", CAPTURE),
    ),
    (&["SKB", "PROCESS", "FUNC"], PWRU),
    (&["0xff", "->", "(tcp)"], PWRU),
    (&["netns=", "iface=", "proto=0x"], PWRU),
    (
        &["SrcPort=", "DstPort=", "DataOffset="],
        kind(
            "cilium monitor -v",
            "give its output without -v, or that of hubble observe",
        ),
    ),
    (
        &[": ethernet-input"],
        kind(
            "VPP's packet trace",
            "take a capture there instead (pcap trace rx tx file FILE.pcap)",
        ),
    ),
    (
        &["upstream_reset_before_response"],
        kind("a log of Envoy", MESSAGE),
    ),
    (
        &["upstream prematurely closed"],
        kind("a log of nginx", MESSAGE),
    ),
    (
        &["Connection reset by peer"],
        kind("a program's message", MESSAGE),
    ),
    (&["ECONNRESET"], kind("a program's message", MESSAGE)),
    (
        &["Connection refused"],
        kind("a program's message", MESSAGE),
    ),
    (&["Broken pipe"], kind("a program's message", MESSAGE)),
    (
        &["tcpflow: listening on"],
        kind("the output of tcpflow", CONTENT),
    ),
];

const ASA: &str = "it tells how connections ended, not their packets: take a capture on the firewall (capture NAME interface IF match tcp ...) and give the file or `show capture NAME`";

/// What the tool is whose line this is, if it is none of packets.
pub(crate) fn recognise(line: &str) -> Option<&'static Lookalike> {
    let line = crate::tokens::shorten(line, MAX_LEN);
    KINDS
        .iter()
        .find(|(pieces, _)| pieces.iter().all(|piece| line.contains(piece)))
        .map(|(_, kind)| kind)
}

/// Bytes of a line that are looked at.
const MAX_LEN: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_known_by_their_lines() {
        for (line, name) in [
            (
                "State  Recv-Q Send-Q Local Address:Port  Peer Address:Port",
                "ss",
            ),
            (
                "[1689276555.617185]	    [NEW] ipv4     2 tcp      6 120 SYN_SENT src=172.17.0.2 dst=172.31.56.177 sport=47904 dport=443 [UNREPLIED]",
                "conntrack",
            ),
            (
                "kernel: DROP IN=eth0 OUT= SRC=10.0.0.5 DST=10.0.0.9 LEN=40 PROTO=TCP SPT=51000 DPT=443 WINDOW=0 RES=0x00 RST URGP=0",
                "iptables",
            ),
            (
                "%ASA-6-302014: Teardown TCP connection 12345 for outside:203.0.113.9/443 to inside:10.0.0.5/51000 duration 0:00:30 bytes 1234 TCP Reset-I",
                "ASA",
            ),
            (
                "PID   COMM       LADDR           LPORT RADDR           RPORT TX_KB RX_KB MS",
                "tcplife",
            ),
            (
                "TIME     PID    IP SADDR:SPORT       > DADDR:DPORT   STATE (FLAGS)",
                "tcpdrop",
            ),
            (
                "ETH: ====( 60 bytes received on interface en0 )==== 10:12:13.473942123",
                "iptrace",
            ),
            (
                "2 123456789010 eni-1235b8ca 10.1.1.5 10.2.2.9 50123 22 6 1 40 1418530010 1418530070 REJECT OK",
                "flow log",
            ),
            (
                "*Mar  1 00:10:11.123:     TCP src=50122, dst=23, seq=123456, ack=0, win=4128 SYN",
                "debug ip packet",
            ),
        ] {
            let found = recognise(line).unwrap();
            assert!(found.name.contains(name), "{line}: {}", found.name);
        }
        assert_eq!(
            recognise("IP 10.0.0.1.80 > 10.0.0.2.90: Flags [R], seq 1"),
            None
        );
    }
}
