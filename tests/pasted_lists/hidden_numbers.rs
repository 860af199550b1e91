//! Rows that show neither numbers nor lengths, or begin in the middle: what they show all the same.

use crate::common::document_of_text;
use crate::of;

/// A question on ask.wireshark.org, 2012: a browser's requests got through no more, and the list has no times.
#[test]
fn what_is_never_acknowledged_is_not_well() {
    let (cause, _, confidence) = of("\
10.0.0.4    192.0.2.4    TCP    42225 > https [SYN] Seq=0 ...
192.0.2.4    10.0.0.4    TCP    https > 42225 [SYN, ACK] Seq=0 Ack=1 ...
10.0.0.4    192.0.2.4    TCP    42225 > https [ACK] Seq=1 Ack=1
10.0.0.4    192.0.2.4    TLSv1        Client Hello
192.0.2.4    10.0.0.4    TCP    https > 42225 [ACK] Seq=1 Ack=398
192.0.2.4    10.0.0.4    TLSv1        Server Hello, Change Cipher Spec, Encrypted Handshake Message
10.0.0.4    192.0.2.4    TCP    42225 > https [ACK] Seq=398 Ack=134
10.0.0.4    192.0.2.4    TLSv1        Change Cipher Spec, Encrypted Handshake Message
192.0.2.4    10.0.0.4    TCP    https > 42225 [ACK] Seq=134 Ack=445
10.0.0.4    192.0.2.4    TLSv1        Application Data
10.0.0.4    192.0.2.4    TLSv1        [TCP Retransmission] Application Data
10.0.0.4    192.0.2.4    TLSv1        [TCP Retransmission] Application Data
192.0.2.4    10.0.0.4    TCP        [TCP Dup ACK 9#1] https > 42225 [ACK] Seq=134 Ack=445
");
    assert_eq!(cause, "unknown");
    assert!(confidence < 0.6, "{confidence}");
}

/// github.com/cloudius-systems/osv, issue 372: the sender does not heed the router.
#[test]
fn a_router_tells_of_an_mtu_hole_in_the_middle() {
    let (cause, by, _) = of("\
14:38:19.196617 IP laptop.52012 > vm.8443: Flags [.], ack 1, win 237, options [nop,nop,TS val 62762835 ecr 476581432,nop,nop,sack 1 {1449:1894}], length 0
14:38:19.468375 IP vm.8443 > laptop.52012: Flags [.], seq 1:1449, ack 179, win 1040, options [nop,nop,TS val 476581772 ecr 62762835], length 1448
14:38:19.468517 IP 10.240.0.1 > vm: ICMP laptop unreachable - need to frag (mtu 1460), length 36
14:38:19.878408 IP vm.8443 > laptop.52012: Flags [.], seq 1:1449, ack 179, win 1040, options [nop,nop,TS val 476582182 ecr 62762835], length 1448
14:38:19.878555 IP 10.240.0.1 > vm: ICMP laptop unreachable - need to frag (mtu 1460), length 36
14:38:20.501236 IP vm.8443 > laptop.52012: Flags [.], seq 1:1449, ack 179, win 1040, options [nop,nop,TS val 476582805 ecr 62762835], length 1448
");
    assert_eq!((cause.as_str(), by.as_str()), ("mtu_blackhole", "network"));
}

#[test]
fn who_lacks_bytes_is_not_served() {
    let (cause, ..) = of("\
22:02:16.281724 192.0.2.7.8888 > 10.0.0.7.1092: F 1847:1847(0) ack 457 win 6432 (DF)
22:02:16.477943 10.0.0.7.1092 > 192.0.2.7.8888: . ack 1825 win 65084 <nop,nop, sack 1 {1847:1848} > (DF)
22:03:50.491063 192.0.2.7.8888 > 10.0.0.7.1092: P 1825:1847(22) ack 457 win 6432 (DF)
22:03:50.680141 10.0.0.7.1092 > 192.0.2.7.8888: R 4155987:4155987(0) win 0 (DF)
");
    assert_eq!(cause, "unknown");
}

/// A question on ask.wireshark.org: the client's host takes no answer, and refuses the last.
#[test]
fn a_client_that_has_just_spoken_has_not_restarted() {
    let (cause, ..) = of("\
  1 0.000000    10.0.0.3   192.0.2.3  TCP      66     56951 > 20000 [SYN] Seq=0 Win=8192 Len=0 MSS=1460 WS=256 SACK_PERM=1
  2 0.048124    192.0.2.3  10.0.0.3   TCP      66     20000 > 56951 [SYN, ACK] Seq=0 Ack=1 Win=64240 Len=0 MSS=1380 WS=1 SACK_PERM=1
  3 0.048459    10.0.0.3   192.0.2.3  TCP      54     56951 > 20000 [ACK] Seq=1 Ack=1 Win=131072 Len=0
  4 0.048841    10.0.0.3   192.0.2.3  TCP      218    56951 > 20000 [PSH, ACK] Seq=1 Ack=1 Win=131072 Len=164
  5 0.096858    192.0.2.3  10.0.0.3   TCP      582    20000 > 56951 [PSH, ACK] Seq=1 Ack=165 Win=64076 Len=528
  6 0.950533    10.0.0.3   192.0.2.3  TCP      218    [TCP Retransmission] 56951 > 20000 [PSH, ACK] Seq=1 Ack=1 Win=131072 Len=164
  7 0.997604    192.0.2.3  10.0.0.3   TCP      54     [TCP Dup ACK 5#1] 20000 > 56951 [ACK] Seq=529 Ack=165 Win=64076 Len=0
  8 0.997818    10.0.0.3   192.0.2.3  TCP      54     56951 > 20000 [RST] Seq=165 Win=0 Len=0
");
    assert_eq!(cause, "unknown");
}

/// An interviewer's question (github.com/chassing/linux-sysadmin-interview-questions, issue 33): the RST is the client's own packet turned
/// round. It did not cross anything on the way to the server.
#[test]
fn what_a_device_sends_has_crossed_no_request() {
    let (cause, by, _) = of("\
10:33:13.059502 server.22 > client.1284: P 2395903577:2395903653(76) ack 8368201 win 16080 (DF) [tos 0x10]  (ttl 46, id 18387)
10:33:13.061540 client.1284 > server.22: P 8368201:8368245(44) ack 2395903653 win 8332 [tos 0x15]  (ttl 128, id 62508)
10:33:13.202638 server.22 > client.1284: . 2395903653:2395903653(0) ack 8368245 win 16080 (DF) [tos 0x10]  (ttl 46, id 18388)
10:33:19.846570 client.1284 > server.22: P 8368245:8368289(44) ack 2395903653 win 8332 [tos 0x15] (ttl 128, id 63020)
10:33:19.873279 server.22 > client.1284: R 2395903653:2395903697(44) ack 8368245 win 8332 [tos 0x15]  (ttl 120, id 63020)
");
    assert_ne!(cause, "keepalive_race");
    assert_eq!(by, "middlebox");
}

#[test]
fn a_name_in_another_case_is_the_same_host() {
    let document = document_of_text(
        "\
10:00:00.000001 IP WebServer.41000 > dbserver.5432: Flags [S], seq 1, win 64240, length 0
10:00:00.000201 IP DBSERVER.5432 > webserver.41000: Flags [R.], seq 0, ack 2, win 0, length 0
",
    );
    let connections = document["connections"].as_array().map(Vec::len);
    assert_eq!(connections, Some(1));
    assert_eq!(
        document["connections"][0]["verdict"]["cause"],
        "port_closed"
    );
}
