//! Packet lists as firewalls, load balancers and clusters print them: each packet once, however many points it is shown at,
//! and nothing is claimed that the tool leaves out. The lists are our own, in the shapes of public posts and manuals, which
//! are named.

use serde_json::Value;

use super::{of, verdict};
use crate::common::{document_of_text, run_with_input};

fn packets(document: &Value) -> u64 {
    document["captures"][0]["packets"].as_u64().unwrap()
}

fn warnings(document: &Value) -> String {
    document["captures"][0]["warnings"].to_string()
}

/// The arrow `<-` and the order of the ends: the Cilium handbooks and labs (hubble observe).
#[test]
fn hubble_shows_a_refusal() {
    let document = document_of_text("\
$ hubble observe --pod default/client --port 8081 --last 10
Oct  9 10:20:05.712: default/client:58214 (ID:28634) -> default/server-979f5455f-tjd2w:8081 (ID:4512) to-overlay FORWARDED (TCP Flags: SYN)
Oct  9 10:20:05.712: default/client:58214 (ID:28634) -> default/server-979f5455f-tjd2w:8081 (ID:4512) to-endpoint FORWARDED (TCP Flags: SYN)
Oct  9 10:20:05.713: default/client:58214 (ID:28634) <- default/server-979f5455f-tjd2w:8081 (ID:4512) to-overlay FORWARDED (TCP Flags: ACK, RST)
");
    assert_eq!(packets(&document), 2);
    assert_eq!(document["connections"][0]["server"]["port"], 8081);
    let (cause, by, _) = verdict(&document, 0);
    assert_eq!((cause.as_str(), by.as_str()), ("port_closed", "server"));
}

/// Cilium leaves most packets out, and tells no lengths: github.com/cilium/cilium, issues with `hubble observe`.
#[test]
fn what_hubble_leaves_out_blames_nobody() {
    let document = document_of_text(
        "\
Jan  6 13:41:22.041: 10.0.0.11:45040 -> 203.0.113.46:443 to-stack FORWARDED (TCP Flags: SYN)
Jan  6 13:41:22.041: 203.0.113.46:443 -> 10.0.0.11:45040 to-endpoint FORWARDED (TCP Flags: SYN, ACK)
Jan  6 13:41:22.041: 10.0.0.11:45040 -> 203.0.113.46:443 to-stack FORWARDED (TCP Flags: ACK)
Jan  6 13:41:22.059: 10.0.0.11:45040 -> 203.0.113.46:443 to-stack FORWARDED (TCP Flags: ACK, PSH)
Jan  6 13:41:22.073: 203.0.113.46:443 -> 10.0.0.11:45040 to-endpoint FORWARDED (TCP Flags: ACK, PSH)
Jan  6 13:41:22.096: 10.0.0.11:45040 -> 203.0.113.46:443 to-stack FORWARDED (TCP Flags: ACK, RST)
Jan  6 13:41:22.097: 203.0.113.46:443 -> 10.0.0.11:45040 to-endpoint FORWARDED (TCP Flags: ACK, FIN)
Jan  6 13:41:22.097: 10.0.0.11:45040 -> 203.0.113.46:443 to-stack FORWARDED (TCP Flags: RST)
",
    );
    assert_eq!(packets(&document), 8);
    let (cause, by, _) = verdict(&document, 0);
    assert_eq!((cause.as_str(), by.as_str()), ("unknown", "client"));
}

#[test]
fn hubble_says_that_a_policy_dropped_the_syns() {
    let document = document_of_text("\
Nov  1 12:00:00.123: default/client:44210 (ID:1111) -> default/server:8080 (ID:2222) policy-verdict:none INGRESS DENIED (TCP Flags: SYN)
Nov  1 12:00:00.123: default/client:44210 (ID:1111) <> default/server:8080 (ID:2222) Policy denied DROPPED (TCP Flags: SYN)
Nov  1 12:00:01.140: default/client:44210 (ID:1111) <> default/server:8080 (ID:2222) Policy denied DROPPED (TCP Flags: SYN)
Nov  1 12:00:03.156: default/client:44210 (ID:1111) <> default/server:8080 (ID:2222) Policy denied DROPPED (TCP Flags: SYN)
");
    assert_eq!(packets(&document), 3);
    assert_eq!(verdict(&document, 0).0, "no_answer");
    assert!(warnings(&document).contains("Policy denied DROPPED"));
}

/// Flags and numbers: the fw monitor reference; `[vs_0][fw_1]` as in Check Point's R80 guides.
#[test]
fn fw_monitor_shows_a_packet_four_times() {
    let mut text = String::from("[Expert@fw1:0]# fw monitor -e \"accept host(10.1.1.100);\"\n");
    let mut packet = |points: [&str; 4], length: u32, ends: &str, id: u32, tcp: &str| {
        for point in points {
            text += &format!(
                "[vs_0][fw_1] {point}[{length}]: {ends} (TCP) len={length} id={id}\nTCP: {tcp}\n"
            );
        }
    };
    let (there, back) = (
        ["eth0:i", "eth0:I", "eth1:o", "eth1:O"],
        ["eth1:i", "eth1:I", "eth0:o", "eth0:O"],
    );
    let (up, down) = ("10.1.1.100 -> 10.2.1.200", "10.2.1.200 -> 10.1.1.100");
    packet(
        there,
        60,
        up,
        100,
        "54321 -> 443 .S.... seq=499602d2 ack=00000000",
    );
    packet(
        back,
        60,
        down,
        0,
        "443 -> 54321 .S..A. seq=0000a000 ack=499602d3",
    );
    packet(
        there,
        40,
        up,
        101,
        "54321 -> 443 ....A. seq=499602d3 ack=0000a001",
    );
    packet(
        there,
        240,
        up,
        102,
        "54321 -> 443 ...PA. seq=499602d3 ack=0000a001",
    );
    packet(
        back,
        40,
        down,
        7,
        "443 -> 54321 ..R.A. seq=0000a001 ack=4996039b",
    );
    let document = document_of_text(&text);
    assert_eq!(packets(&document), 5);
    assert_eq!(document["connections"][0]["bytes"]["client"], 200);
    let (cause, by, _) = verdict(&document, 0);
    assert_eq!((cause.as_str(), by.as_str()), ("server_abort", "server"));
    assert!(!warnings(&document).contains("alone"));
}

#[test]
fn fw_monitor_shows_what_the_firewall_drops_once() {
    let document = document_of_text(
        "\
[vs_0][fw_1] eth0:i[60]: 10.1.1.100 -> 10.2.1.200 (TCP) len=60 id=100
TCP: 54321 -> 443 .S.... seq=499602d2 ack=00000000
[vs_0][fw_1] eth0:i[60]: 10.1.1.100 -> 10.2.1.200 (TCP) len=60 id=101
TCP: 54321 -> 443 .S.... seq=499602d2 ack=00000000
",
    );
    assert_eq!(verdict(&document, 0).0, "no_answer");
    let first = &document["connections"][0]["verdict"]["evidence"][0];
    assert_eq!(first["id"], "device_said");
}

/// clouddocs.f5.com and K13223: `rst_cause` in the noise behind the row (tcpdump -i 0.0:nnn).
#[test]
fn a_big_ip_says_why_it_reset() {
    let document = document_of_text("\
11:08:34.619362 IP 10.1.30.6.44976 > 10.1.20.103.443: Flags [S], seq 1493890342, win 64240, options [mss 1460,sackOK,TS val 141834751 ecr 0,nop,wscale 7], length 0 in slot1/tmm1 lis= port=1.2 trunk=
11:08:34.619417 IP 10.1.20.103.443 > 10.1.30.6.44976: Flags [S.], seq 4100418120, ack 1493890343, win 4380, options [mss 1460,sackOK,TS val 1828788666 ecr 141834751], length 0 out slot1/tmm1 lis=/Common/web01_vs1 port=1.2 trunk=
11:08:34.620417 IP 10.1.30.6.44976 > 10.1.20.103.443: Flags [.], ack 1, win 64240, options [nop,nop,TS val 141834752 ecr 1828788666], length 0 in slot1/tmm1 lis=/Common/web01_vs1 port=1.2 trunk=
11:08:34.621417 IP 10.1.30.6.44976 > 10.1.20.103.443: Flags [P.], seq 1:518, ack 1, win 64240, options [nop,nop,TS val 141834753 ecr 1828788666], length 517 in slot1/tmm1 lis=/Common/web01_vs1 port=1.2 trunk=
11:08:34.625417 IP 10.1.20.103.443 > 10.1.30.6.44976: Flags [R.], seq 1, ack 518, win 0, length 0 out slot1/tmm1 lis=/Common/web01_vs1 flowtype=64 flowid=570000ABC peerid=0 conflags=100200 inslot=7 inport=2 haunit=1 priority=3 rst_cause=\"[0x2409a32:1234] No pool member available\" peerremote=00000000:00000000:00000000:00000000
");
    assert_eq!(verdict(&document, 0).0, "server_abort");
    assert!(warnings(&document).contains("line 5: the device that captured says of this packet: `rst_cause: No pool member available`"));
    let first = &document["connections"][0]["verdict"]["evidence"][0];
    assert_eq!(first["id"], "device_said");
    assert_eq!(
        first["text"],
        "The device that captured says of frame 5: rst_cause: No pool member available."
    );
}

/// `show capture NAME detail`, and what `type asp-drop` adds: Cisco's guide to captures on the ASA.
#[test]
fn an_asa_shows_details_on_two_lines_and_why_it_dropped() {
    let document = document_of_text("\
ciscoasa# show capture CAPIN detail
2 packets captured
   1: 12:11:55.101123 0050.569c.0e11 0021.d8ce.dcd9 0x0800 Length: 66
      10.1.1.1.12869 > 10.2.2.2.80: S [tcp sum ok] 3624439037:3624439037(0) win 8192 <mss 1460,nop,wscale 8,nop,nop,sackOK> (DF) (ttl 127, id 11111)
   2: 12:11:55.102456 0021.d8ce.dcd9 0050.569c.0e11 0x8100 Length: 60
      802.1Q vlan#100 P0 10.2.2.2.80 > 10.1.1.1.12869: R [tcp sum ok] 0:0(0) ack 3624439038 win 0 (ttl 64, id 7)
");
    assert_eq!(packets(&document), 2);
    assert_eq!(verdict(&document, 0).0, "port_closed");
    let dropped = document_of_text("\
   1: 10:22:33.123456       10.1.1.1.12869 > 10.2.2.2.80: S 3624439037:3624439037(0) win 8192 <mss 1460,nop,wscale 8,nop,nop,sackOK> Drop-reason: (acl-drop) Flow is denied by configured rule, Drop-location: frame 0x000055e5 flow (NA)/NA
   2: 10:22:36.123456       10.1.1.1.12869 > 10.2.2.2.80: S 3624439037:3624439037(0) win 8192 <mss 1460,nop,wscale 8,nop,nop,sackOK> Drop-reason: (acl-drop) Flow is denied by configured rule, Drop-location: frame 0x000055e5 flow (NA)/NA
");
    assert_eq!(verdict(&dropped, 0).0, "no_answer");
    assert!(warnings(&dropped).contains("(acl-drop) Flow is denied by configured rule"));
}

/// The debug flow's packets: community.fortinet.com, `Debug flow flags`.
#[test]
fn fortigates_debug_flow_shows_packets() {
    let document = document_of_text("\
id=20085 trace_id=117 func=print_pkt_detail line=5879 msg=\"vd-root:0 received a packet(proto=6, 192.168.1.204:63853->203.0.113.142:443) tun_id=0.0.0.0 from internal. flag [S], seq 2963120482, ack 0, win 64240\"
id=20085 trace_id=117 func=init_ip_session_common line=6063 msg=\"allocate a new session-00f0defa\"
id=20085 trace_id=118 func=print_pkt_detail line=5879 msg=\"vd-root:0 received a packet(proto=6, 203.0.113.142:443->192.168.1.204:63853) tun_id=0.0.0.0 from wan1. flag [R.], seq 0, ack 2963120483, win 0\"
id=20085 trace_id=118 func=resolve_ip_tuple_fast line=5960 msg=\"Find an existing session, id-00f0defa, reply direction\"
");
    assert_eq!(packets(&document), 2);
    assert_eq!(verdict(&document, 0).0, "port_closed");
}

/// What goes out of a firewall's interface was sent by others, most of it.
#[test]
fn a_fortigate_is_not_the_server_whose_packets_leave_it() {
    let document = document_of_text(
        "\
3.112233 lan in 10.10.1.20.51514 -> 203.0.113.7.443: syn 2726244257
3.134480 lan out 203.0.113.7.443 -> 10.10.1.20.51514: syn 811223344 ack 2726244258
3.134900 lan in 10.10.1.20.51514 -> 203.0.113.7.443: ack 811223345
3.135900 lan in 10.10.1.20.51514 -> 203.0.113.7.443: psh 2726244258 ack 811223345
3.160100 lan out 203.0.113.7.443 -> 10.10.1.20.51514: rst 811223345 ack 2726244775
",
    );
    assert_ne!(document["connections"][0]["vantage"], "server");
}

/// An appearance at another component is no retransmission: Microsoft's pktmon guide.
#[test]
fn pktmon_shows_a_packet_at_each_component() {
    let document = document_of_text("\
23:02:26.539704700 PktGroupId 562949953421500, PktNumber 1, Appearance 1, Direction Tx , Type Ethernet , Component 78, Edge 1, Filter 1, OriginalSize 66, LoggedSize 66
        40-EC-99-B9-17-25 > F0-B4-D2-5A-D3-E2, ethertype IPv4 (0x0800), length 66: 192.168.0.62.65066 > 203.0.113.115.443: Flags [S], seq 1995496356, win 64240, options [mss 1460,nop,wscale 8,nop,nop,sackOK], length 0
23:02:26.539709400 Drop: PktGroupId 562949953421500, PktNumber 1, Appearance 2, Direction Tx , Type Ethernet , Component 31, Edge 1, Filter 1, DropReason INET: inspection drop , DropLocation 0xE000460A, OriginalSize 66, LoggedSize 66
        40-EC-99-B9-17-25 > F0-B4-D2-5A-D3-E2, ethertype IPv4 (0x0800), length 66: 192.168.0.62.65066 > 203.0.113.115.443: Flags [S], seq 1995496356, win 64240, options [mss 1460,nop,wscale 8,nop,nop,sackOK], length 0
23:02:29.539704700 PktGroupId 562949953421501, PktNumber 1, Appearance 1, Direction Tx , Type Ethernet , Component 78, Edge 1, Filter 1, OriginalSize 66, LoggedSize 66
        40-EC-99-B9-17-25 > F0-B4-D2-5A-D3-E2, ethertype IPv4 (0x0800), length 66: 192.168.0.62.65066 > 203.0.113.115.443: Flags [S], seq 1995496356, win 64240, options [mss 1460,nop,wscale 8,nop,nop,sackOK], length 0
");
    assert_eq!(packets(&document), 2);
    assert!(warnings(&document).contains("dropped: INET: inspection drop"));
}

#[test]
fn drawn_arrows_are_rows_where_no_tool_has_any() {
    let drawing = "\
A --- SYN, seq=0 ---> B
A <--- SYN, ACK, seq=0, ack=1 --- B
A --- ACK, seq=1, ack=1 ---> B
A --- PSH, ACK, seq=1, ack=1, len=100 ---> B
A <--- RST, ACK, seq=1, ack=101 --- B
";
    let document = document_of_text(drawing);
    assert_eq!(packets(&document), 5);
    let (cause, by, confidence) = verdict(&document, 0);
    assert_eq!((cause.as_str(), by.as_str()), ("server_abort", "server"));
    assert!(confidence < 0.9, "{confidence}");
    let list = "\
10:00:00.1 IP 10.0.0.1.50000 > 10.0.0.2.80: Flags [S], seq 1, win 64240, length 0
10:00:00.2 IP 10.0.0.2.80 > 10.0.0.1.50000: Flags [R.], seq 0, ack 2, win 0, length 0
";
    for text in [format!("{drawing}{list}"), format!("{list}{drawing}")] {
        let document = document_of_text(&text);
        assert_eq!(packets(&document), 2);
        assert_eq!(verdict(&document, 0).0, "port_closed");
    }
}

#[test]
fn what_shows_no_packets_is_named_with_what_would_help() {
    for (text, name, advice) in [
        (
            "State      Recv-Q Send-Q Local Address:Port               Peer Address:Port\nESTAB      0      0      10.0.0.5:22                 10.0.0.1:51234\n",
            "a socket table (ss, netstat)",
            "tcpdump -i any -w FILE",
        ),
        (
            "[1689276902.373562]\t [UPDATE] ipv4     2 tcp      6 10 CLOSE src=172.17.0.2 dst=172.31.56.177 sport=47904 dport=443 src=172.31.56.177 dst=172.31.49.227 sport=443 dport=47904 [ASSURED]\n",
            "conntrack",
            "tcpdump -i any -w FILE",
        ),
        (
            "%ASA-6-302014: Teardown TCP connection 12345 for outside:203.0.113.9/443 to inside:10.0.0.5/51000 duration 0:00:30 bytes 1234 TCP Reset-I\n",
            "the syslog of a Cisco ASA",
            "show capture",
        ),
        (
            "*   Trying 10.0.0.9:443...\ncurl: (35) Recv failure: Connection reset by peer\n",
            "line 2 is of a program's message",
            "tcpdump -i any -w FILE",
        ),
        (
            "== 2023-10-10 10:10:10.123 +0200 ==\nPacket received at ingress stage, tag 0, type ATOMIC\n",
            "line 2 is of Palo Alto's packet-diag log",
            "receive and transmit",
        ),
    ] {
        let output = run_with_input(&["-"], text.as_bytes());
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(name) && said.contains(advice), "{said}");
    }
}

/// scapy's `ans.summary()`: a packet and its answer on one line.
#[test]
fn scapy_writes_question_and_answer_on_one_line() {
    let document = document_of_text("\
IP / TCP 10.0.0.1:ftp_data > 10.0.0.2:http S ==> IP / TCP 10.0.0.2:http > 10.0.0.1:ftp_data RA / Padding
IP / TCP 10.0.0.1:ftp_data > 10.0.0.2:ssh S ==> IP / TCP 10.0.0.2:ssh > 10.0.0.1:ftp_data SA / Padding
");
    assert_eq!(packets(&document), 4);
    assert_eq!(verdict(&document, 0).0, "port_closed");
}

/// tcpdump 3, and an ASA: `icmp` in small letters.
#[test]
fn icmp_errors_of_old_releases_join_the_connection() {
    let document = document_of_text("\
16:21:26.000001 IP 10.0.1.2.50000 > mx.example.org.smtp: S 100:100(0) win 65535 <mss 1460>
16:21:26.030001 IP user-12.dsl.example.net > 10.0.1.2: icmp 36: host mx.example.org unreachable - admin prohibited filter
");
    assert_eq!(packets(&document), 2);
    let (cause, by, _) = verdict(&document, 0);
    assert_eq!(
        (cause.as_str(), by.as_str()),
        ("firewall_reject", "middlebox")
    );
    let summary = document["connections"][0]["verdict"]["summary"].as_str();
    assert!(
        summary.unwrap().contains("a host on the way"),
        "{summary:?}"
    );
}

#[test]
fn comment_marks_stand_before_a_number_and_a_host() {
    let document = document_of_text("\
# 468 192.168.57.17  10.963512 192.168.57.2 TCP 66 54731 → 8025 [SYN] Seq=0 Win=65535 Len=0 MSS=1460 WS=256 SACK_PERM=1
# 469 192.168.57.2  10.963856 192.168.57.17 TCP 66 8025 → 54731 [RST, ACK] Seq=1 Ack=1 Win=0 Len=0
");
    let connection = &document["connections"][0];
    assert_eq!(connection["frames"]["first"], 468);
    assert_eq!(connection["end_s"], 0.000344);
}

/// learn.microsoft.com, support articles on AD FS and LDAP: a window column behind the protocol, names without a conversation.
#[test]
fn network_monitors_columns_of_ones_own() {
    let document = document_of_text("\
4013 *\\<DateTime>* 4.0967400 (4588) adfs1 sts.example.net TCP 8192 TCP: [Bad CheckSum]Flags=CE....S., SrcPort=56156, DstPort=HTTPS(443)
4021 *\\<DateTime>* 4.1983176 (0) sts.example.net adfs1 TCP 2097152 TCP:Flags=...A..S., SrcPort=HTTPS(443), DstPort=56156
4023 *\\<DateTime>* 4.1983388 (0) adfs1 sts.example.net TCP 131328 TCP: [Bad CheckSum]Flags=...A...., SrcPort=56156, DstPort=HTTPS(443)
4029 *\\<DateTime>* 4.1992083 (4588) adfs1 sts.example.net TCP 131328 TCP: [Bad CheckSum]Flags=...A...F, SrcPort=56156, DstPort=HTTPS(443)
4057 *\\<DateTime>* 4.2999711 (0) sts.example.net adfs1 TCP 0 TCP:Flags=...A.R.., SrcPort=HTTPS(443), DstPort=56156
");
    assert_eq!(document["connections"].as_array().unwrap().len(), 1);
    assert_eq!(packets(&document), 5);
    let ldap = document_of_text("\
host88.contoso.local  dc2.contoso.local  TCP  TCP:Flags=......S., SrcPort=49712, DstPort=LDAP(389), PayloadLen=0, Seq=2375446589, Ack=0
dc2.contoso.local  host88.contoso.local  TCP  TCP:Flags=...A..S., SrcPort=LDAP(389), DstPort=49712, PayloadLen=0, Seq=3472306490, Ack=2375446590
host88.contoso.local  dc2.contoso.local  TCP  TCP:Flags=...A...., SrcPort=49712, DstPort=LDAP(389), PayloadLen=0, Seq=2375446590, Ack=3472306491
host88.contoso.local  dc2.contoso.local  LDAPMessage  LDAPMessage:Bind Request, MessageID: 20
host88.contoso.local  dc2.contoso.local  TCP  TCP:Flags=...A...F, SrcPort=49712, DstPort=LDAP(389), PayloadLen=0, Seq=2375446700, Ack=3472306491
");
    // What it carried follows from the numbers around it.
    assert_eq!(ldap["connections"][0]["bytes"]["client"], 110);
}

/// learn.microsoft.com, `Kerberos: no response from a domain controller`: copied without its times.
#[test]
fn without_times_a_request_that_got_only_an_acknowledgement_is_not_harmless() {
    let (cause, ..) = of("\
1557 CLIENT1         DC1.ADATUM.COM  TCP        TCP:Flags=...AP..., SrcPort=59259, DstPort=Kerberos(88), PayloadLen=1234, Seq=1299631272, Ack=2785282676, Win=64240 (scale factor 0x0) = 64240   {TCP:267, IPv4:5}
1558 DC1.ADATUM.COM         CLIENT1  TCP        TCP:Flags=...A...., SrcPort=Kerberos(88), DstPort=59259, PayloadLen=0, Seq=2785282676, Ack=1299632506, Win=64240 (scale factor 0x0) = 64240   {TCP:267, IPv4:5}
1559 CLIENT1         DC1.ADATUM.COM  TCP        TCP:Flags=...A...F, SrcPort=59259, DstPort=Kerberos(88), PayloadLen=0, Seq=1299632506, Ack=2785282676, Win=64240 (scale factor 0x0) = 64240   {TCP:267, IPv4:5}
1563 DC1.ADATUM.COM         CLIENT1  TCP        TCP:Flags=...A...., SrcPort=Kerberos(88), DstPort=59259, PayloadLen=0, Seq=2785282676, Ack=1299632507, Win=64240 (scale factor 0x0) = 64240   {TCP:267, IPv4:5}
1564 DC1.ADATUM.COM         CLIENT1  TCP        TCP:Flags=...A.R.., SrcPort=Kerberos(88), DstPort=59259, PayloadLen=0, Seq=2785282676, Ack=1299632507, Win=0 (scale factor 0x0) = 0           {TCP:267, IPv4:5}
");
    assert!(
        matches!(cause.as_str(), "client_timeout" | "unknown"),
        "{cause}"
    );
}

/// github.com/cilium/cilium, pull request 40519: `hubble observe -o json`, found in files by grep.
#[test]
fn hubbles_json_says_that_a_policy_dropped_the_syns() {
    let flow = |time: &str| {
        format!(
            r#"hubble-flows-x.json:{{"flow":{{"time":"2025-07-15T01:32:{time}Z","verdict":"DROPPED","drop_reason":133,"IP":{{"source":"10.244.3.30","destination":"1.1.1.1","ipVersion":"IPv4"}},"l4":{{"TCP":{{"source_port":55462,"destination_port":80,"flags":{{"SYN":true}}}}}},"Type":"L3_L4","node_name":"w2","event_type":{{"type":1,"sub_type":133}},"drop_reason_desc":"POLICY_DENIED","Summary":"TCP Flags: SYN"}},"node_name":"w2"}}
"#
        )
    };
    let document = document_of_text(&(flow("14.234858520") + &flow("15.244858520")));
    assert_eq!(packets(&document), 2);
    assert_eq!(verdict(&document, 0).0, "no_answer");
    assert!(warnings(&document).contains("POLICY_DENIED DROPPED"));
}

/// github.com/cilium/hubble, pull request 461: the table of Hubble's first releases.
#[test]
fn hubbles_table_has_an_end_in_each_column() {
    let document = document_of_text("\
TIMESTAMP             SOURCE                DESTINATION          TYPE                     VERDICT     SUMMARY
Dec 18 17:10:40.696   [fd00::b]:37948       [fd00::c]:4240       Stale or unroutable IP   DROPPED     TCP Flags: SYN
Dec 18 17:10:41.720   [fd00::b]:37948       [fd00::c]:4240       from-host                FORWARDED   TCP Flags: SYN
");
    assert_eq!(packets(&document), 2);
    assert_eq!(document["connections"][0]["client"]["port"], 37_948);
    assert_eq!(verdict(&document, 0).0, "no_answer");
    assert!(warnings(&document).contains("Stale or unroutable IP"));
}

/// `tshark -q -z flow,tcp,standard`, and what Wireshark's flow graph exports as text.
#[test]
fn a_flow_graph_is_a_list() {
    let document = document_of_text(
        "\
|Time     | 172.16.1.2                            |
|         |                   | 10.88.0.2         |
|0.000000 |         SYN       |                   |Seq = 0
|         |(36330)  ------------------>  (80)     |
|0.000023 |         SYN, ACK  |                   |Seq = 0 Ack = 1
|         |(36330)  <------------------  (80)     |
|0.000033 |         ACK       |                   |Seq = 1 Ack = 1
|         |(36330)  ------------------>  (80)     |
|0.000308 |         PSH, ACK - Len: 77            |Seq = 1 Ack = 1
|         |(36330)  ------------------>  (80)     |
|0.000318 |         ACK       |                   |Seq = 1 Ack = 78
|         |(36330)  <------------------  (80)     |
|0.001068 |         RST, ACK  |                   |Seq = 1 Ack = 78
|         |(36330)  <------------------  (80)     |
",
    );
    assert_eq!(packets(&document), 6);
    assert_eq!(document["connections"][0]["bytes"]["client"], 77);
    let (cause, by, _) = verdict(&document, 0);
    assert_eq!((cause.as_str(), by.as_str()), ("server_abort", "server"));
}

/// github.com/adulau/ssldump, issues 36 and 72, with an alert.
#[test]
fn ssldump_shows_records_and_closes() {
    let document = document_of_text(
        "\
New TCP connection #1: localhost(40422) <-> localhost(9339)
1 1  0.0001 (0.0001)  C>S  Handshake
      ClientHello
        Version 3.3
        cipher suites
        Unknown value 0xc02b
1 2  0.0020 (0.0018)  S>C  Alert
    level           fatal
    value           handshake_failure
1    0.0022 (0.0002)  S>C  TCP FIN
",
    );
    assert_eq!(packets(&document), 3);
    assert_eq!(document["connections"][0]["server"]["port"], 9339);
    assert_eq!(verdict(&document, 0).0, "tls_failure");
    // With -T the packets are shown: they say all.
    let document = document_of_text(
        "\
TCP: 10.139.67.98(57151) -> 10.180.65.22(636) Seq 1197153098.(0) SYN
TCP: 10.180.65.22(636) -> 10.139.67.98(57151) Seq 0.(0) ACK 1197153099 RST
New TCP connection #1: 10.139.67.98(57151) <-> 10.180.65.22(636)
1    1675954215.6833 (0.0343)  S>C  TCP RST
",
    );
    assert_eq!(packets(&document), 2);
    assert_eq!(verdict(&document, 0).0, "port_closed");
}

/// github.com/openshift/cluster-ingress-operator, pull request 1166: rows of tshark behind a line's number and a test's tag.
#[test]
fn a_tag_in_front_of_a_row_is_no_host() {
    let document = document_of_text("\
   150\t[tshark ELB (34.71.84.119)]:   80 139.941109925 192.168.7.64 → 34.71.84.119 TCP 68 [TCP Keep-Alive] 41200 → 80 [ACK] Seq=162 Ack=296 Win=64128 Len=0 TSval=1858944754 TSecr=1498116396
   151\t[tshark ELB (34.71.84.119)]:   81 140.043338239 34.71.84.119 → 192.168.7.64 TCP 68 [TCP Keep-Alive ACK] 80 → 41200 [ACK] Seq=296 Ack=163 Win=32640 Len=0 TSval=1498131756 TSecr=1858914178
");
    assert_eq!(packets(&document), 2);
    let connection = &document["connections"][0];
    assert_eq!(connection["client"]["ip"], "192.168.7.64");
    assert_eq!(connection["frames"]["first"], 80);
}

/// github.com/k8snetworkplumbingwg/multus-cni, issue 565: the first line of the first packet was not copied.
#[test]
fn a_row_without_a_time_does_not_begin_at_zero() {
    let document = document_of_text("\
    10.212.57.15.32796 > 10.206.151.15.84: Flags [R], cksum 0x619a (correct), seq 4221693043, win 0, length 0
11:35:09.177839 IP (tos 0x0, ttl 62, id 1360, offset 0, flags [DF], proto TCP (6), length 207)
    10.206.151.15.84 > 10.212.57.15.32796: Flags [P.], cksum 0xa1ee (correct), seq 0:155, ack 1, win 489, length 155
11:35:09.177880 IP (tos 0x0, ttl 64, id 0, offset 0, flags [DF], proto TCP (6), length 40)
    10.212.57.15.32796 > 10.206.151.15.84: Flags [R], cksum 0x619a (correct), seq 4221693043, win 0, length 0
");
    let end = document["connections"][0]["end_s"].as_f64().unwrap();
    assert!(end < 1.0, "{end}");
}

/// A list of tshark with a column of differences, and rows of another protocol that name nothing but ports.
#[test]
fn fields_of_differences_and_ports_are_rows() {
    let document = document_of_text("\
# tshark -i lo -Y tcp.port==40102 -T fields -e frame.number -e frame.time_delta -e tcp.srcport -e tcp.dstport -e _ws.col.Info
77\t0.397023820\t40102\t3306\t40102 → 3306 [FIN, ACK] Seq=1334 Ack=1570 Win=65536 Len=0
78\t0.040424926\t3306\t40102\t3306 → 40102 [ACK] Seq=1570 Ack=1335 Win=65536 Len=0
79\t0.793390527\t3306\t40102\tResponse
80\t0.000016522\t40102\t3306\t40102 → 3306 [RST] Seq=1335 Win=0 Len=0
");
    assert_eq!(packets(&document), 4);
    assert_eq!(document["connections"][0]["end_s"], 0.833831975);
}

/// Rows that begin with the session's first word: the handshake that is never finished is one all the same.
#[test]
fn a_client_hello_that_meets_a_reset_is_not_harmless() {
    let rows = |end: &str| {
        let document = document_of_text(&format!(
            "10.1.1.1 10.1.1.2 TLSv1.2 Client Hello\n{end}10.1.1.2 10.1.1.1 TCP 443 > 50135 [RST, ACK]\n"
        ));
        verdict(&document, 0)
    };
    assert_eq!(rows("").0, "tls_failure");
    // What was left out may have finished it.
    assert!(rows("[...]\n").2 < 0.9);
}

/// The address of the buffer tells which packet a function saw: github.com/cilium/pwru, pull request 466.
#[test]
fn pwru_shows_a_packet_at_many_functions() {
    let document = document_of_text("\
SKB                CPU PROCESS          NETNS      MARK/x        IFACE       PROTO  MTU   LEN   TUPLE FUNC
0xffff91e7c90a98e8 6   <empty>:0        4026531840 0            ens33:2      0x0800 1500  60    10.0.0.3:32956->10.0.0.1:8080(tcp:SYN) ip_local_out
0xffff91e7c90a98e8 6   <empty>:0        4026531840 0            ens33:2      0x0800 1500  74    10.0.0.3:32956->10.0.0.1:8080(tcp:SYN) tcp_wfree
0xffff91e7cf0a3e00 6   <empty>:0        4026531840 0            ens33:2      0x0800 1500  46    10.0.0.1:8080->10.0.0.3:32956(tcp:RST|ACK) tcp4_gro_receive
0xffff91e7cf0a3e00 6   <empty>:0        4026531840 0            ens33:2      0x0800 1500  46    10.0.0.1:8080->10.0.0.3:32956(tcp:RST|ACK) tcp_gro_receive
");
    assert_eq!(packets(&document), 2);
    assert_eq!(verdict(&document, 0).0, "port_closed");
}
