//! Packet lists as people paste them: the verdict must be an expert's, and what a list does not show must not make it
//! surer. The lists are our own, in the shapes of public posts.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::document_of_text;
use serde_json::Value;

/// Cause, side, and how sure the verdict is of the connection with this number.
fn verdict(document: &Value, stream: usize) -> (String, String, f64) {
    let verdict = &document["connections"][stream]["verdict"];
    let text = |name: &str| verdict[name].as_str().unwrap().to_owned();
    let confidence = verdict["confidence"].as_f64().unwrap();
    (text("cause"), text("ended_by"), confidence)
}

fn of(text: &str) -> (String, String, f64) {
    let document = document_of_text(text);
    assert_eq!(document["connections"].as_array().unwrap().len(), 1);
    verdict(&document, 0)
}

#[test]
fn rows_written_by_hand_say_little() {
    let (cause, by, confidence) = of("\
client -> server [SYN]
server -> client [SYN, ACK]
client -> server [ACK]
client -> server [PSH, ACK] (the request)
server -> client [ACK]
... 30 seconds later
server -> client [RST, ACK]
");
    assert_eq!((cause.as_str(), by.as_str()), ("server_abort", "server"));
    assert!(confidence < 0.7, "{confidence}");
}

#[test]
fn a_reset_behind_rows_that_were_left_out_does_not_refuse_the_syn() {
    let (cause, ..) = of("\
10.0.0.1 10.0.0.2 TCP 50000 > 80 [SYN]
[...]
10.0.0.2 10.0.0.1 TCP 80 > 50000 [RST, ACK]
");
    assert_ne!(cause, "port_closed");
}

#[test]
fn without_times_nothing_is_said_about_time() {
    let document = document_of_text(
        "\
IP 10.0.0.1.50000 > 10.0.0.2.80: Flags [S], seq 1, win 64240, length 0
IP 10.0.0.1.50000 > 10.0.0.2.80: Flags [S], seq 1, win 64240, length 0
",
    );
    let connection = &document["connections"][0];
    assert_eq!(
        (&connection["start_s"], &connection["end_s"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(verdict(&document, 0).0, "no_answer");
    let evidence = connection["verdict"]["evidence"].to_string();
    assert!(
        !evidence.contains("0 µs") && !evidence.contains("0.0000 s"),
        "{evidence}"
    );
}

#[test]
fn a_list_that_ends_with_the_answer_shows_no_unfinished_handshake() {
    let (cause, ..) = of("\
12:59:16.064262 IP 10.0.0.1.51131 > 10.0.0.2.22: Flags [SEW], seq 1496490971, win 8192, length 0
12:59:16.064305 IP 10.0.0.2.22 > 10.0.0.1.51131: Flags [S.], seq 288649560, ack 1496490972, win 64240, length 0
");
    assert_eq!(cause, "unknown");
}

#[test]
fn the_lists_of_both_hosts_are_two_captures() {
    let list = |shift: f64| {
        let time = |at: f64| format!("10:00:0{:.6}", at + shift);
        format!(
            "{} IP 10.1.1.5.40100 > 203.0.113.9.443: Flags [S], seq 100100, win 64240, options [mss 1460], length 0\n\
             {} IP 203.0.113.9.443 > 10.1.1.5.40100: Flags [S.], seq 555000, ack 100101, win 65160, options [mss 1460], length 0\n\
             {} IP 10.1.1.5.40100 > 203.0.113.9.443: Flags [.], ack 1, win 502, length 0\n\
             {} IP 10.1.1.5.40100 > 203.0.113.9.443: Flags [P.], seq 1:518, ack 1, win 502, length 517\n\
             {} IP 203.0.113.9.443 > 10.1.1.5.40100: Flags [R.], seq 1, ack 518, win 0, length 0\n",
            time(0.1),
            time(0.15),
            time(0.1501),
            time(0.151),
            time(0.206)
        )
    };
    let document = document_of_text(&format!(
        "On the client:\n\n{}\nOn the server:\n\n{}",
        list(0.0),
        list(0.001)
    ));
    assert_eq!(document["connections"].as_array().unwrap().len(), 2);
    for stream in [0, 1] {
        assert_eq!(document["connections"][stream]["frames"]["count"], 5);
        assert_eq!(verdict(&document, stream).0, "server_abort");
    }
    let warning = document["captures"][0]["warnings"][0].as_str().unwrap();
    assert!(warning.contains("lines 3, 11"), "{warning}");
}

#[test]
fn a_good_and_a_bad_attempt_with_the_same_ports_and_frame_numbers() {
    let opening = "\
No.     Time           Source                Destination           Protocol Length Info
      1 0.000000       192.168.1.10          192.168.1.20          TCP      66     50000 → 8080 [SYN] Seq=0 Win=64240 Len=0 MSS=1460
      2 0.000300       192.168.1.20          192.168.1.10          TCP      66     8080 → 50000 [SYN, ACK] Seq=0 Ack=1 Win=64240 Len=0 MSS=1460
      3 0.000400       192.168.1.10          192.168.1.20          TCP      54     50000 → 8080 [ACK] Seq=1 Ack=1 Win=131328 Len=0
";
    let text = format!(
        "It works:\n\n{opening}\
      4 0.001000       192.168.1.10          192.168.1.20          HTTP     154    GET /ok HTTP/1.1 
      5 0.101000       192.168.1.20          192.168.1.10          HTTP     254    HTTP/1.1 200 OK  (text/plain)
      6 0.102000       192.168.1.10          192.168.1.20          TCP      54     50000 → 8080 [FIN, ACK] Seq=101 Ack=201 Win=131072 Len=0
      7 0.102300       192.168.1.20          192.168.1.10          TCP      54     8080 → 50000 [FIN, ACK] Seq=201 Ack=102 Win=64128 Len=0
      8 0.102400       192.168.1.10          192.168.1.20          TCP      54     50000 → 8080 [ACK] Seq=102 Ack=202 Win=131072 Len=0

It fails:\n\n{opening}\
      4 0.001000       192.168.1.10          192.168.1.20          HTTP     154    GET /slow HTTP/1.1 
      5 0.001400       192.168.1.20          192.168.1.10          TCP      54     8080 → 50000 [ACK] Seq=1 Ack=101 Win=64128 Len=0
      6 60.003000      192.168.1.10          192.168.1.20          TCP      54     50000 → 8080 [RST, ACK] Seq=101 Ack=1 Win=0 Len=0
"
    );
    let document = document_of_text(&text);
    assert_eq!(verdict(&document, 0).0, "none");
    assert_eq!(document["connections"][1]["frames"]["count"], 6);
    let (cause, by, _) = verdict(&document, 1);
    assert_eq!((cause.as_str(), by.as_str()), ("client_timeout", "client"));
}

#[test]
fn a_row_that_is_quoted_again_is_no_other_list() {
    let document = document_of_text(
        "\
1 0.000000 10.0.0.1 10.0.0.2 TCP 66 50000 → 80 [SYN] Seq=0 Win=64240 Len=0 MSS=1460
2 0.000300 10.0.0.2 10.0.0.1 TCP 54 80 → 50000 [RST, ACK] Seq=1 Ack=1 Win=0 Len=0
What does this mean?
1 0.000000 10.0.0.1 10.0.0.2 TCP 66 50000 → 80 [SYN] Seq=0 Win=64240 Len=0 MSS=1460
",
    );
    assert_eq!(document["captures"][0]["packets"], 2);
    assert_eq!(document["connections"].as_array().unwrap().len(), 1);
}

#[test]
fn icmp_errors_join_the_connection() {
    let (cause, by, _) = of("\
14:14:15.166542 IP 10.0.0.1.47284 > 10.0.0.10.9092: Flags [S], seq 2910239, win 29200, options [mss 1460], length 0
14:14:15.166700 IP 10.0.0.10 > 10.0.0.1: ICMP host 10.0.0.10 unreachable - admin prohibited, length 68
");
    assert_eq!(
        (cause.as_str(), by.as_str()),
        ("firewall_reject", "middlebox")
    );
}

#[test]
fn a_request_that_crosses_an_idle_close_behind_a_gap() {
    let (cause, ..) = of("\
9123	12:10:05.100000	10.0.1.10	10.0.2.20	HTTP	412	GET /health HTTP/1.1 
9124	12:10:05.102000	10.0.2.20	10.0.1.10	HTTP	280	HTTP/1.1 200 OK  (text/html)
9125	12:10:05.102400	10.0.1.10	10.0.2.20	TCP	66	31004 → 3000 [ACK] Seq=347 Ack=215 Win=211 Len=0 TSval=100 TSecr=200
9301	12:10:10.106000	10.0.2.20	10.0.1.10	TCP	66	3000 → 31004 [FIN, ACK] Seq=215 Ack=347 Win=240 Len=0 TSval=5204 TSecr=100
9302	12:10:10.106200	10.0.1.10	10.0.2.20	HTTP	520	POST /api/order HTTP/1.1  (application/json)
9303	12:10:10.106250	10.0.2.20	10.0.1.10	TCP	54	3000 → 31004 [RST] Seq=216 Win=0 Len=0
");
    assert_eq!(cause, "keepalive_race");
}

#[test]
fn ports_that_are_used_again_are_another_connection() {
    let document = document_of_text("\
   77 2023-10-03 10:17:04.328371 192.168.1.106 → 192.168.1.134 TCP 66 2049 → 909 [ACK] Seq=1113 Ack=1501 Win=31872 Len=0 TSval=35 TSecr=30
  256 2023-10-03 10:18:04.341041 192.168.1.134 → 192.168.1.106 TCP 66 [TCP Keep-Alive] 909 → 2049 [ACK] Seq=1500 Ack=1113 Win=32000 Len=0 TSval=90 TSecr=35
  259 2023-10-03 10:18:04.341500 192.168.1.106 → 192.168.1.134 TCP 54 2049 → 909 [RST] Seq=1113 Win=0 Len=0
  260 2023-10-03 10:18:04.341860 192.168.1.134 → 192.168.1.106 TCP 74 [TCP Port numbers reused] 909 → 2049 [SYN] Seq=0 Win=32120 Len=0 MSS=1460
  261 2023-10-03 10:18:04.342031 192.168.1.106 → 192.168.1.134 TCP 54 2049 → 909 [RST, ACK] Seq=1 Ack=1 Win=0 Len=0
");
    assert_eq!(document["connections"].as_array().unwrap().len(), 2);
    for stream in [0, 1] {
        assert_eq!(document["connections"][stream]["client"]["port"], 909);
    }
    // Without TTLs nothing tells the host from a device that forgot the connection.
    let first = verdict(&document, 0).0;
    assert!(
        ["peer_state_lost", "idle_state_lost"].contains(&first.as_str()),
        "{first}"
    );
    assert_eq!(verdict(&document, 1).0, "port_closed");
}

#[test]
fn a_full_accept_queue_ends_in_a_reset() {
    let mut text = String::from(
        "\
  0.000  127.0.0.1 -> 127.0.0.1  TCP 74 53302 > 9999 [SYN] Seq=0 Len=0
  0.000  127.0.0.1 -> 127.0.0.1  TCP 74 9999 > 53302 [SYN, ACK] Seq=0 Ack=1 Len=0
  0.000  127.0.0.1 -> 127.0.0.1  TCP 66 53302 > 9999 [ACK] Seq=1 Ack=1 Len=0
  0.000  127.0.0.1 -> 127.0.0.1  TCP 71 53302 > 9999 [PSH, ACK] Seq=1 Ack=1 Len=5
",
    );
    for (again, answer) in [
        ("0.207", "1.199"),
        ("1.455", "3.399"),
        ("6.459", "7.599"),
        ("13.131", "15.599"),
    ] {
        text += &format!(
            "{again}  127.0.0.1 -> 127.0.0.1  TCP 71 [TCP Retransmission] 53302 > 9999 [PSH, ACK] Seq=1 Ack=1 Len=5\n"
        );
        text += &format!(
            "{answer}  127.0.0.1 -> 127.0.0.1  TCP 74 9999 > 53302 [SYN, ACK] Seq=0 Ack=1 Len=0\n"
        );
        text += &format!(
            "{answer}  127.0.0.1 -> 127.0.0.1  TCP 66 [TCP Dup ACK 6#1] 53302 > 9999 [ACK] Seq=6 Ack=1 Len=0\n"
        );
    }
    text += "26.491  127.0.0.1 -> 127.0.0.1  TCP 71 [TCP Retransmission] 53302 > 9999 [PSH, ACK] Seq=1 Ack=1 Len=5\n";
    text += "26.491  127.0.0.1 -> 127.0.0.1  TCP 54 9999 > 53302 [RST] Seq=1 Len=0\n";
    let (cause, by, _) = of(&text);
    assert_eq!(
        (cause.as_str(), by.as_str()),
        ("accept_queue_overflow", "server")
    );
}

#[test]
fn other_tools_rows_tell_what_they_tell() {
    let snoop = "\
  1   0.00000 client.example.com -> server TCP D=8080 S=40123 Syn Seq=2345678901 Len=0 Win=32850 Options=<nop,nop,sackOK,mss 1460>
  2   0.00031 server -> client.example.com TCP D=40123 S=8080 Syn Ack=2345678902 Seq=991122 Len=0 Win=49640 Options=<nop,nop,sackOK,mss 1460>
  3   0.00043 client.example.com -> server TCP D=8080 S=40123     Ack=991123 Seq=2345678902 Len=0 Win=32850
  4   0.00255 client.example.com -> server HTTP GET /app HTTP/1.1
  5   0.00268 server -> client.example.com TCP D=40123 S=8080     Ack=2345679102 Seq=991123 Len=0 Win=49640
  6   1.91468 server -> client.example.com TCP D=40123 S=8080 Rst Ack=2345679102 Seq=991123 Len=0 Win=49640
";
    let fortigate = "\
3.112233 lan in 10.10.1.20.51514 -> 203.0.113.7.443: syn 2726244257
3.134480 lan out 203.0.113.7.443 -> 10.10.1.20.51514: syn 811223344 ack 2726244258
3.134900 lan in 10.10.1.20.51514 -> 203.0.113.7.443: ack 811223345
3.135900 lan in 10.10.1.20.51514 -> 203.0.113.7.443: psh 2726244258 ack 811223345
3.160100 lan out 203.0.113.7.443 -> 10.10.1.20.51514: rst 811223345 ack 2726244775
";
    let network_monitor = "\
101	12.3456789	app.exe	10.0.0.5	10.0.0.9	TCP	TCP:Flags=......S., SrcPort=49321, DstPort=HTTP(80), PayloadLen=0, Seq=2871122334, Ack=0, Win=8192 ( Negotiating scale factor 0x8 ) = 8192	{TCP:12, IPv4:11}
102	12.3466789	app.exe	10.0.0.9	10.0.0.5	TCP	TCP:Flags=...A..S., SrcPort=HTTP(80), DstPort=49321, PayloadLen=0, Seq=1122334455, Ack=2871122335, Win=8192 ( Negotiated scale factor 0x8 ) = 2097152	{TCP:12, IPv4:11}
103	12.3467789	app.exe	10.0.0.5	10.0.0.9	TCP	TCP:Flags=...A...., SrcPort=49321, DstPort=HTTP(80), PayloadLen=0, Seq=2871122335, Ack=1122334456, Win=512 (scale factor 0x8) = 131072	{TCP:12, IPv4:11}
104	12.3469789	app.exe	10.0.0.5	10.0.0.9	HTTP	HTTP:Request, GET /report.aspx 	{HTTP:13, TCP:12, IPv4:11}
105	13.9469789	app.exe	10.0.0.9	10.0.0.5	TCP	TCP:Flags=...A.R.., SrcPort=HTTP(80), DstPort=49321, PayloadLen=0, Seq=1122334456, Ack=2871122535, Win=0 (scale factor 0x8) = 0	{TCP:12, IPv4:11}
";
    for (text, bytes) in [(snoop, 200), (fortigate, 517), (network_monitor, 200)] {
        let document = document_of_text(text);
        assert_eq!(document["connections"][0]["bytes"]["client"], bytes);
        let (cause, by, _) = verdict(&document, 0);
        assert_eq!(
            (cause.as_str(), by.as_str()),
            ("server_abort", "server"),
            "{text}"
        );
    }
}

#[test]
fn a_reset_just_behind_the_handshake_is_no_lost_state_for_sure() {
    let (cause, _, confidence) = of("\
	IP hostB.6666 > hostA.5555: Flags [S], seq 750827752, ...
	IP hostA.5555 > hostB.6666: Flags [S.], seq 1191909671, ack 750827753, ...
	IP hostB.6666 > hostA.5555: Flags [.], ack 1, win 115, ...
	IP hostA.5555 > hostB.6666: Flags [R], seq 1191909672, ...
");
    assert!(
        cause != "peer_state_lost" || confidence < 0.7,
        "{cause} {confidence}"
    );
}

#[test]
fn rows_of_addresses_and_flags_are_rows_each() {
    let document = document_of_text(
        "\
  |192.168.0.2 → 10.0.0.2 [SYN] Seq=0                     | -trk(#1) then     |
  |10.0.0.2 → 192.168.0.2 [SYN, ACK] Seq=0 Ack=1          | +trk+est(#4)      |
  |192.168.0.2 → 10.0.0.2 [ACK] Seq=1 Ack=1               | -trk(#1) then     |
  |192.168.0.2 → 10.0.0.2 [FIN, ACK] Seq=1 Ack=1          | -trk(#1) then     |
  |10.0.0.2 → 192.168.0.2 [FIN, ACK] Seq=1 Ack=2          | -trk(#3) then     |
  |192.168.0.2 → 10.0.0.2 [ACK] Seq=2 Ack=2               | -trk(#1) then     |
",
    );
    assert_eq!(document["captures"][0]["packets"], 6);
    assert_eq!(verdict(&document, 0).0, "none");
    assert_eq!(document["connections"][0]["server"]["port"], Value::Null);
}

#[test]
fn a_markdown_table_with_aligned_columns() {
    let document = document_of_text("\
| Nr. | Time  | Source    | Destination | Protocol | Length | Src Port | Dst Port | Info                    |
| --: | ----- | --------- | ----------- | :------: | -----: | -------: | -------: | :---------------------- |
|   1 | 1,340 | 127.0.0.2 | 127.0.0.1   |   TCP    |     52 |    56835 |    50000 | 56835 > 50000 [SYN] Seq=0 |
|   4 | 1,841 | 127.0.0.1 | 127.0.0.2   |   TCP    |     40 |    50000 |    56835 | 50000 > 56835 [RST, ACK] Seq=1 Ack=1 |
");
    assert_eq!(document["captures"][0]["packets"], 2);
    assert_eq!(document["connections"][0]["frames"]["last"], 4);
}

#[test]
fn comment_marks_in_front_of_rows() {
    let document = document_of_text("\
# 07:59:43.626881 IP 10.0.0.1.https > 10.0.0.2.5000: Flags [S.], seq 367914457, ack 1078716331, win 65535, length 0
# 07:59:43.626882 IP 10.0.0.2.5000 > 10.0.0.1.https: Flags [R], seq 1078716331, win 0, length 0
");
    assert_eq!(document["connections"][0]["end_s"], 1e-6);
}

#[test]
fn ports_between_the_addresses() {
    let document = document_of_text("\
27011 1474467575.009112204   10.5.21.32 43880 10.5.3.229   8080 78 TCP 43880 → 8080 [ACK] Seq=2920 **Ack=82981452**
27012 1474467575.009180913   10.5.3.229 8080 10.5.21.32   43880 10202 TCP [TCP segment of a reassembled PDU]
27018 1474467575.014182750   10.5.21.32 43880 10.5.3.229   8080 94 TCP [TCP Dup ACK 27011#1] 43880 → 8080 [ACK] Seq=2920 **Ack=82981452**
");
    assert_eq!(document["connections"].as_array().unwrap().len(), 1);
    let connection = &document["connections"][0];
    assert_eq!(connection["client"]["ip"], "10.5.21.32");
    assert_eq!(connection["frames"]["count"], 3);
}

#[test]
fn a_fatal_alert_in_a_list_of_tls_1_3() {
    let (cause, by, _) = of("\
1	0.000000	10.0.0.5	10.0.0.9	TCP	74	50001 → 5432 [SYN] Seq=0 Win=64240 Len=0 MSS=1460 SACK_PERM=1 TSval=1 TSecr=0 WS=128
2	0.000200	10.0.0.9	10.0.0.5	TCP	74	5432 → 50001 [SYN, ACK] Seq=0 Ack=1 Win=65160 Len=0 MSS=1460 SACK_PERM=1 TSval=9 TSecr=1 WS=128
3	0.000250	10.0.0.5	10.0.0.9	TCP	66	50001 → 5432 [ACK] Seq=1 Ack=1 Win=64256 Len=0 TSval=1 TSecr=9
4	0.000400	10.0.0.5	10.0.0.9	PGSQL	74	>
5	0.000600	10.0.0.9	10.0.0.5	TCP	66	5432 → 50001 [ACK] Seq=1 Ack=9 Win=65152 Len=0 TSval=9 TSecr=1
6	0.001900	10.0.0.9	10.0.0.5	PGSQL	67	<
7	0.001950	10.0.0.5	10.0.0.9	TCP	66	50001 → 5432 [ACK] Seq=9 Ack=2 Win=64256 Len=0 TSval=3 TSecr=10
8	0.003000	10.0.0.5	10.0.0.9	TLSv1.3	583	Client Hello
9	0.003300	10.0.0.9	10.0.0.5	TCP	66	5432 → 50001 [ACK] Seq=2 Ack=526 Win=64640 Len=0 TSval=12 TSecr=4
10	0.006000	10.0.0.9	10.0.0.5	TLSv1.3	1200	Server Hello, Change Cipher Spec, Application Data, Application Data
11	0.007000	10.0.0.5	10.0.0.9	TLSv1.3	73	Alert (Level: Fatal, Description: Unknown CA)
12	0.007100	10.0.0.5	10.0.0.9	TCP	66	50001 → 5432 [FIN, ACK] Seq=533 Ack=1136 Win=64128 Len=0 TSval=8 TSecr=15
13	0.007400	10.0.0.9	10.0.0.5	TCP	66	5432 → 50001 [FIN, ACK] Seq=1136 Ack=534 Win=64640 Len=0 TSval=16 TSecr=8
14	0.007450	10.0.0.5	10.0.0.9	TCP	66	50001 → 5432 [ACK] Seq=534 Ack=1137 Win=64128 Len=0 TSval=8 TSecr=16
");
    assert_eq!((cause.as_str(), by.as_str()), ("tls_failure", "client"));
}

#[test]
fn a_time_between_the_addresses() {
    let document = document_of_text(
        "\
468 192.168.57.17  10.963512 192.168.57.2 TCP 66 54731 → 8025 [SYN] Seq=0 Win=65535 Len=0 MSS=1460
469 192.168.57.2  10.963856 192.168.57.17 TCP 60 8025 → 54731 [RST, ACK] Seq=1 Ack=1 Win=0 Len=0
",
    );
    let connection = &document["connections"][0];
    assert_eq!(connection["client"]["ip"], "192.168.57.17");
    assert_eq!(connection["end_s"], 0.000344);
}

#[test]
fn titles_in_prose_do_not_name_the_columns_of_another_table() {
    let document = document_of_text(
        "\
I left out some columns: No, Time, Protocol, Length, Info
- No, Time, Protocol, Length, Info

| 1 | 192.168.1.42 | 93.184.216.34 | TCP | 51334 → 443 [SYN] |
| 2 | 93.184.216.34 | 192.168.1.42 | TCP | 443 → 51334 [RST, ACK] |
",
    );
    assert_eq!(document["connections"][0]["client"]["port"], 51334);
    assert_eq!(verdict(&document, 0).0, "port_closed");
}

#[test]
fn a_protocol_is_named_as_the_list_names_it() {
    let document = document_of_text(
        "\
1 0.000000 10.0.0.5 10.0.0.9 TCP 66 50000 → 5900 [SYN] Seq=0 Win=64240 Len=0 MSS=1460
2 0.000300 10.0.0.9 10.0.0.5 TCP 66 5900 → 50000 [SYN, ACK] Seq=0 Ack=1 Win=64240 Len=0 MSS=1460
3 0.000400 10.0.0.5 10.0.0.9 TCP 54 50000 → 5900 [ACK] Seq=1 Ack=1 Win=131328 Len=0
4 0.001000 10.0.0.9 10.0.0.5 VNC 66 Server protocol version: 003.008
5 0.001400 10.0.0.5 10.0.0.9 VNC 66 Client protocol version: 003.008
6 0.002400 10.0.0.9 10.0.0.5 TCP 54 5900 → 50000 [RST, ACK] Seq=13 Ack=13 Win=0 Len=0
",
    );
    assert_eq!(
        document["connections"][0]["exchanges"][0]["protocol"],
        "vnc"
    );
}

/// A whole exchange, up to the acknowledgement of the answer.
const EXCHANGE: &str = "\
No.     Time           Source                Destination           Protocol Length Info
      1 0.000000       10.0.0.2              10.0.0.9              TCP      74     40000 → 80 [SYN] Seq=0 Win=64240 Len=0 MSS=1460
      2 0.020000       10.0.0.9              10.0.0.2              TCP      74     80 → 40000 [SYN, ACK] Seq=0 Ack=1 Win=65160 Len=0 MSS=1460
      3 0.020100       10.0.0.2              10.0.0.9              TCP      54     40000 → 80 [ACK] Seq=1 Ack=1 Win=64256 Len=0
      4 0.020300       10.0.0.2              10.0.0.9              HTTP     154    GET /index.html HTTP/1.1
      5 0.060000       10.0.0.9              10.0.0.2              HTTP     554    HTTP/1.1 200 OK  (text/html)
      6 0.060100       10.0.0.2              10.0.0.9              TCP      54     40000 → 80 [ACK] Seq=101 Ack=501 Win=64256 Len=0
";

#[test]
fn a_bare_reset_that_no_row_explains_is_harmless_as_far_as_the_rows_show() {
    let by_server = "      7 9.900000       10.0.0.9              10.0.0.2              TCP      54     80 → 40000 [RST] Seq=501 Win=0 Len=0\n";
    let by_client = "      7 9.900000       10.0.0.2              10.0.0.9              TCP      54     40000 → 80 [RST] Seq=101 Win=0 Len=0\n";
    for row in [by_server, by_client] {
        let document = document_of_text(&[EXCHANGE, row].concat());
        let (cause, _, confidence) = verdict(&document, 0);
        assert_eq!(cause, "benign_reset", "{row}");
        assert!((0.6..0.87).contains(&confidence), "{confidence}");
        let verdict = &document["connections"][0]["verdict"];
        assert!(
            verdict["summary"]
                .as_str()
                .unwrap()
                .contains("as the rows show")
        );
        let step = verdict["next_steps"][0].as_str().unwrap();
        assert!(step.contains("rows are missing"), "{step}");
    }
}

#[test]
fn an_outage_of_seconds_at_the_end_of_a_list_may_pass() {
    let mut text: String = EXCHANGE
        .lines()
        .take(4)
        .map(|line| format!("{line}\n"))
        .collect();
    for (number, at) in [
        (4, "0.020300"),
        (5, "0.300000"),
        (6, "0.900000"),
        (7, "2.500000"),
    ] {
        text += &format!(
            "      {number} {at}       10.0.0.2              10.0.0.9              TCP      154    [TCP Retransmission] 40000 → 80 [PSH, ACK] Seq=1 Ack=1 Win=64256 Len=100\n"
        );
    }
    let (cause, _, confidence) = of(&text);
    assert_eq!(cause, "path_blackhole");
    assert!((0.75..0.92).contains(&confidence), "{confidence}");
    text += "      8 5.700000       10.0.0.2              10.0.0.9              TCP      154    [TCP Retransmission] 40000 → 80 [PSH, ACK] Seq=1 Ack=1 Win=64256 Len=100\n";
    text += "      9 12.100000      10.0.0.2              10.0.0.9              TCP      154    [TCP Retransmission] 40000 → 80 [PSH, ACK] Seq=1 Ack=1 Win=64256 Len=100\n";
    assert!(of(&text).2 > 0.95);
}

#[test]
fn a_refusal_in_two_rows_does_not_say_whether_the_refuser_had_closed_before() {
    let data = "    101 0.000000       10.0.0.2              10.0.0.9              TCP      154    40000 → 5000 [PSH, ACK] Seq=101 Ack=501 Win=64256 Len=100\n";
    let ack = "    101 0.000000       10.0.0.2              10.0.0.9              TCP      54     40000 → 5000 [ACK] Seq=101 Ack=501 Win=64256 Len=0\n";
    let refusal = "    102 0.020000       10.0.0.9              10.0.0.2              TCP      54     5000 → 40000 [RST] Seq=501 Win=0 Len=0\n";
    let document = document_of_text(&[data, refusal].concat());
    let (cause, _, confidence) = verdict(&document, 0);
    assert_eq!(cause, "peer_state_lost");
    assert!((0.4..0.7).contains(&confidence), "{confidence}");
    let verdict_of_data = &document["connections"][0]["verdict"];
    let step = verdict_of_data["next_steps"][0].as_str().unwrap();
    assert!(step.contains("closed with FIN already"), "{step}");
    assert!(
        !verdict_of_data["summary"]
            .as_str()
            .unwrap()
            .contains("without having closed")
    );

    // What the bare acknowledgement was about shows in neither row.
    let document = document_of_text(&[ack, refusal].concat());
    let (cause, _, confidence) = verdict(&document, 0);
    assert_eq!(cause, "unknown");
    assert!(confidence < 0.8, "{confidence}");
    let verdict = document["connections"][0]["verdict"].to_string();
    assert!(
        !verdict.contains("unanswered") && !verdict.contains("nobody lost"),
        "{verdict}"
    );
}

#[test]
fn two_syns_at_the_end_of_a_list_may_still_be_answered() {
    let rows: Vec<&str> = EXCHANGE.lines().take(2).collect();
    let first = rows.join("\n") + "\n";
    let again = |number: u32, at: u32| {
        format!(
            "      {number} {at}.000000       10.0.0.2              10.0.0.9              TCP      74     [TCP Retransmission] 40000 → 80 [SYN] Seq=0 Win=64240 Len=0 MSS=1460\n"
        )
    };
    let document = document_of_text(&[first.as_str(), &again(2, 1)].concat());
    let (cause, _, confidence) = verdict(&document, 0);
    assert_eq!(cause, "no_answer");
    assert!((0.6..0.82).contains(&confidence), "{confidence}");
    let step = document["connections"][0]["verdict"]["next_steps"][0].to_string();
    assert!(step.contains("run on"), "{step}");
    let long = [first.as_str(), &again(2, 1), &again(3, 3), &again(4, 7)].concat();
    assert!(of(&long).2 > 0.85);
}

// The lists below are in the shapes of public posts whose threads tell the cause: questions on ask.wireshark.org, a report of
// a censorship observatory, a web framework's issue.

#[test]
fn an_acknowledgement_of_the_client_says_that_its_syn_was_answered() {
    let document = document_of_text(
        "\
7582 13396.450644 10.0.0.17 10.0.0.49 TCP 66 52803 > http [SYN] Seq=0 Win=8192 Len=0 MSS=1460 WS=256 SACK_PERM=1
7583 13396.451265 10.0.0.17 10.0.0.49 TCP 60 52803 > http [ACK] Seq=1 Ack=1 Win=65536 Len=0
7584 13396.453783 10.0.0.17 10.0.0.49 HTTP 699 GET /a HTTP/1.1
",
    );
    assert_eq!(document["connections"][0]["outcome"], "partial");
    assert_eq!(verdict(&document, 0).0, "unknown");
}

#[test]
fn a_close_of_which_nothing_before_was_captured_is_no_whole_connection() {
    let (cause, _, confidence) = of("\
No. 23 (147.319569): 10.0.0.1 -> 10.0.0.2  [FIN, ACK] Seq=78 Ack=235
No. 24 (147.526343): 10.0.0.1 -> 10.0.0.2  [TCP Retransmission] [FIN, ACK] Seq=78 Ack=235
No. 25 (147.526499): 10.0.0.2 -> 10.0.0.1  [ACK] Seq=235 Ack=79
");
    assert_eq!(cause, "none");
    assert!(confidence < 0.8, "{confidence}");
}

#[test]
fn a_servers_answer_to_the_clients_fin_is_no_idle_close() {
    let (cause, by, _) = of("\
7 0.002684 10.0.0.32 10.0.0.48 TCP 54 64484 > http [ACK] Seq=354 Ack=355 Win=49640 Len=0
8 0.002878 10.0.0.32 10.0.0.48 TCP 54 64484 > http [FIN, ACK] Seq=354 Ack=355 Win=49640 Len=0
10 0.003653 10.0.0.48 10.0.0.32 HTTP 238 HTTP/1.1 301 Moved Permanently  (text/html)
11 0.003692 10.0.0.32 10.0.0.48 TCP 54 64484 > http [RST] Seq=355 Win=49640 Len=0
12 0.003715 10.0.0.48 10.0.0.32 TCP 60 http > 64484 [ACK] Seq=539 Ack=355 Win=49640 Len=0
13 0.003764 10.0.0.48 10.0.0.32 TCP 60 http > 64484 [FIN, ACK] Seq=539 Ack=355 Win=49640 Len=0
14 0.003777 10.0.0.32 10.0.0.48 TCP 54 64484 > http [RST] Seq=355 Win=0 Len=0
");
    assert_eq!((cause.as_str(), by.as_str()), ("client_abort", "client"));
}

#[test]
fn what_rows_that_were_left_out_held_is_no_silence_and_no_forgery() {
    let text = "\
21 37:25.6 10.0.0.101 10.0.9.122 HTTP 225 GET /400MB.zip HTTP/1.0
22 37:25.7 10.0.9.122 10.0.0.101 TCP 54 http > rmpp [ACK] Seq=1 Ack=172 Win=7168 Len=0
23 37:25.7 10.0.9.122 10.0.0.101 HTTP 1444 HTTP/1.0 200 OK  (application/zip)
25 37:25.7 10.0.0.101 10.0.9.122 TCP 54 rmpp > http [ACK] Seq=172 Ack=1391 Win=128480 Len=0
26 37:25.7 10.0.9.122 10.0.0.101 HTTP 1444 Continuation or non-HTTP traffic
:
:
39504 37:50.3 10.0.0.101 10.0.9.122 TCP 54 rmpp > http [RST, ACK] Seq=173 Ack=33001474 Win=0 Len=0
39505 37:50.3 10.0.9.122 10.0.0.101 HTTP 1444 Continuation or non-HTTP traffic
";
    let document = document_of_text(text);
    assert_eq!(verdict(&document, 0).0, "client_abort");
    let verdict = document["connections"][0]["verdict"].to_string();
    assert!(!verdict.contains("had waited"), "{verdict}");
    assert!(!verdict.contains("of the live connection\""), "{verdict}");
}

#[test]
fn a_reset_that_states_a_window_but_no_timestamps_is_hardly_the_hosts() {
    let (cause, by, confidence) = of("\
1 0.000000 10.0.0.102 10.9.0.210 TCP 74 53920 > 80 [SYN] Seq=0 Win=29200 Len=0 MSS=1460 SACK_PERM=1 TSval=35602001 TSecr=0 WS=128
2 0.028508 10.9.0.210 10.0.0.102 TCP 74 80 > 53920 [SYN, ACK] Seq=0 Ack=1 Win=27960 Len=0 MSS=1400 SACK_PERM=1 TSval=2764436819 TSecr=35602001 WS=256
3 0.028619 10.0.0.102 10.9.0.210 TCP 66 53920 > 80 [ACK] Seq=1 Ack=1 Win=29312 Len=0 TSval=35602008 TSecr=2764436819
4 0.028835 10.0.0.102 10.9.0.210 HTTP 157 GET / HTTP/1.1
5 0.058483 10.9.0.210 10.0.0.102 TCP 54 80 > 53920 [RST, ACK] Seq=1 Ack=92 Win=8222720 Len=0
");
    assert_eq!(
        (cause.as_str(), by.as_str()),
        ("injected_reset", "middlebox")
    );
    assert!(confidence < 0.75, "{confidence}");
}

#[test]
fn names_of_a_list_are_not_made_up() {
    let document = document_of_text(
        "\
10:00:00.1 IP client.1000 > server.80: Flags [S], seq 100000000, win 9, length 0
10:00:00.2 IP server.80 > client.1000: Flags [S.], seq 700000000, ack 100000001, win 9, length 0
10:00:00.3 IP client.1000 > server.80: Flags [.], ack 1, win 9, length 0
10:00:00.3 IP client.1000 > server.80: Flags [P.], seq 1:101, ack 1, win 9, length 100
10:00:00.5 IP server.80 > client.1000: Flags [R.], seq 1, ack 101, win 9, length 0
",
    );
    assert!(!document.to_string().contains("host-"), "{document}");
}

#[test]
fn a_request_that_meets_a_servers_fin_is_not_harmless() {
    // Of the connection only its end is there, and the protocol does not show.
    let (cause, _, confidence) = of("\
14:00:20.104210 IP 10.0.1.10.8080 > 10.0.1.5.42180: Flags [F.], seq 1842, ack 921, win 502
14:00:20.104280 IP 10.0.1.5.42180 > 10.0.1.10.8080: Flags [P.], seq 921:1450, ack 1842 (HTTP POST /payments)
14:00:20.104350 IP 10.0.1.10.8080 > 10.0.1.5.42180: Flags [R], seq 1843, win 0
");
    assert_eq!(cause, "keepalive_race");
    assert!(confidence < 0.9, "{confidence}");

    // A row that hides its number lies behind what went before: the FIN acknowledges no more than that.
    let document = document_of_text(
        "\
60090 43.014057 balancer server TCP 74 23495 > 3000 [SYN] Seq=0 Win=26883 Len=0 MSS=8961 SACK_PERM=1 TSval=1 TSecr=0 WS=256
60091 43.014086 server balancer TCP 74 3000 > 23495 [SYN, ACK] Seq=0 Ack=1 Win=26847 Len=0 MSS=8961 SACK_PERM=1 TSval=1 TSecr=1 WS=128
60092 43.014462 balancer server TCP 66 23495 > 3000 [ACK] Seq=1 Ack=1 Win=27136 Len=0 TSval=1 TSecr=1
60093 43.014487 balancer server HTTP 722 POST /a HTTP/1.1  (application/json)
60094 43.014493 server balancer TCP 66 3000 > 23495 [ACK] Seq=1 Ack=657 Win=28160 Len=0 TSval=1 TSecr=1
60099 43.017253 server balancer HTTP 400 HTTP/1.1 200 OK  (application/json)
60100 43.017600 balancer server TCP 66 23495 > 3000 [ACK] Seq=657 Ack=335 Win=28160 Len=0 TSval=1 TSecr=1
60300 48.019000 balancer server HTTP 722 POST /a HTTP/1.1  (application/json)
60301 48.019010 server balancer TCP 66 3000 > 23495 [FIN, ACK] Seq=335 Ack=657 Win=28160 Len=0 TSval=1 TSecr=1
60302 48.019030 server balancer TCP 54 3000 > 23495 [RST] Seq=335 Win=0 Len=0
",
    );
    let (cause, ..) = verdict(&document, 0);
    assert_eq!(cause, "keepalive_race");
    let summary = document["connections"][0]["verdict"]["summary"].to_string();
    assert!(summary.contains("5.00 s"), "{summary}");
}

#[test]
fn an_encrypted_alert_of_a_session_under_way_is_its_goodbye() {
    let (cause, ..) = of("\
1236 49.697492 10.0.0.1 10.0.0.5 TLSv1.2 85 Encrypted Alert
1237 49.697580 10.0.0.1 10.0.0.5 TCP 60 443 > 65086 [FIN, ACK] Seq=4128 Ack=2781 Win=64128 Len=0
1238 49.697601 10.0.0.5 10.0.0.1 TCP 54 65086 > 443 [ACK] Seq=2781 Ack=4129 Win=131328 Len=0
");
    assert_eq!(cause, "none");
}

#[test]
fn ports_used_again_in_one_direction_are_no_forgery() {
    // Only what goes to port 9998 was captured: a refusal, and 11 s later the answer to another SYN.
    let (cause, ..) = of("\
23:33:51.888788 IP 127.0.0.1.9999 > 127.0.0.1.9998: Flags [R.], seq 0, ack 3069588922, win 0, length 0
23:34:03.173790 IP 127.0.0.1.9999 > 127.0.0.1.9998: Flags [S.], seq 2706133401, ack 3245919350, win 43690, options [mss 65495,sackOK,TS val 17700438 ecr 17700438,nop,wscale 7], length 0
23:34:03.174247 IP 127.0.0.1.9999 > 127.0.0.1.9998: Flags [.], ack 1001, win 334, options [nop,nop,TS val 17700438 ecr 17700438], length 0
23:34:03.174590 IP 127.0.0.1.9999 > 127.0.0.1.9998: Flags [P.], seq 1:6, ack 1001, win 334, options [nop,nop,TS val 17700439 ecr 17700438], length 5
");
    assert_eq!(cause, "unknown");
}

#[test]
fn a_syn_ack_of_no_ordinary_host_makes_no_refusal_a_forgery() {
    // A program answers in the name of a host whose own stack refuses the SYN.
    let (_, _, confidence) = of("\
21:21:49.849158 IP 10.0.0.1.12345 > 10.0.0.2.12345: Flags [S], seq 100, win 8192, length 0
21:21:49.849231 IP 10.0.0.2.12345 > 10.0.0.1.12345: Flags [R.], seq 0, ack 101, win 0, length 0
21:21:49.850893 IP 10.0.0.2.12345 > 10.0.0.1.12345: Flags [S.], seq 0, ack 101, win 8192, length 0
21:21:49.850956 IP 10.0.0.1.12345 > 10.0.0.2.12345: Flags [R], seq 101, win 0, length 0
21:21:49.850987 IP 10.0.0.2.12345 > 10.0.0.1.12345: Flags [R.], seq 0, ack 1, win 0, length 0
21:21:49.852881 IP 10.0.0.1.12345 > 10.0.0.2.12345: Flags [R], seq 101, win 0, length 0
");
    assert!(confidence < 0.8, "{confidence}");
}

#[test]
fn a_lone_syn_ack_says_too_little() {
    let (cause, _, confidence) = of("\
34 1.678330 10.0.171.121 10.30.226.94 TCP 66 [TCP Retransmission] http > 62271 [SYN, ACK] Seq=0 Ack=1 Win=14600 Len=0 MSS=1460 SACK_PERM=1 WS=128
");
    assert_eq!(cause, "unknown");
    assert!(confidence > 0.8, "{confidence}");
}

#[test]
fn who_answers_a_syn_twice_has_not_forgotten_the_connection() {
    // After the message of a change to the Linux kernel: one SYN, answered twice with different numbers.
    let document = document_of_text(
        "\
10.0.0.10.45182 > localhost: Flags [S], seq 320236027,
10.0.0.10.45182 > localhost: Flags [S], seq 320236027,
localhost > 10.0.0.10.45182: Flags [S.], seq 2967855116,
localhost > 10.0.0.10.45182: Flags [S.], seq 2967855123,
10.0.0.10.45182 > localhost: Flags [.], ack 4294967290,
localhost > 10.0.0.10.45182: Flags [R], seq 2967855117,
",
    );
    let (cause, by, confidence) = verdict(&document, 0);
    assert_eq!((cause.as_str(), by.as_str()), ("unknown", "server"));
    assert!(confidence < 0.95, "{confidence}");
    let said = &document["connections"][0]["verdict"];
    let evidence = said["evidence"].as_array().unwrap();
    let twice = evidence.iter().find(|e| e["id"] == "answered_twice");
    assert_eq!(twice.unwrap()["frames"], serde_json::json!([3, 4]));
    assert!(said["summary"].as_str().unwrap().contains("twice"));
}

/// lists.netfilter.org: `SYNPROXY` before a FreeBSD host. The firewall's answers and the server's, each as it was captured.
#[test]
fn what_a_syn_proxy_spoils_is_no_full_queue() {
    let (cause, ..) = of("\
14:28:12.343459 IP 10.0.0.2.59586 > 10.0.0.1.3336: Flags [S], seq 1356993242, win 229, options [mss 1460,sackOK,TS val 1731042 ecr 1423321111,nop,wscale 7], length 0
14:28:12.343583 IP 10.0.0.1.3336 > 10.0.0.2.59586: Flags [S.], seq 1666149016, ack 1356993243, win 65535, options [mss 1460,nop,wscale 6,sackOK,TS val 109930553 ecr 1731042], length 0
14:28:12.343602 IP 10.0.0.2.59586 > 10.0.0.1.3336: Flags [.], ack 1, win 229, options [nop,nop,TS val 1731042 ecr 3091507291], length 0
14:28:12.343686 IP 10.0.0.1.3336 > 10.0.0.2.59586: Flags [R], seq 1666149017, win 0, length 0
");
    assert_eq!(cause, "unknown");
    let (cause, ..) = of("\
14:28:12.343253 IP 10.0.0.2.59586 > 10.0.0.1.3336: Flags [S], seq 1356993242, win 29200, options [mss 1460,sackOK,TS val 1731041 ecr 0,nop,wscale 7], length 0
14:28:12.343280 IP 10.0.0.1.3336 > 10.0.0.2.59586: Flags [S.], seq 2278099588, ack 1356993243, win 0, options [mss 1460,sackOK,TS val 1423321111 ecr 1731041,nop,wscale 6], length 0
14:28:12.343439 IP 10.0.0.2.59586 > 10.0.0.1.3336: Flags [.], ack 1, win 229, options [nop,nop,TS val 1731042 ecr 1423321111], length 0
14:28:12.343611 IP 10.0.0.1.3336 > 10.0.0.2.59586: Flags [.], ack 1, win 1023, options [nop,nop,TS val 1423321111 ecr 1731042], length 0
14:28:12.343692 IP 10.0.0.1.3336 > 10.0.0.2.59586: Flags [R], seq 2278099589, win 0, length 0
");
    assert_eq!(cause, "unknown");
}

/// A tutorial's `tcpdump -ttt`, its first acknowledgement as in the header, the others counted from the start.
#[test]
fn differences_from_midnight_and_numbers_of_both_kinds() {
    let document = document_of_text("\
 00:00:00.000000 IP 10.0.3.15.51992 > 10.0.4.30.8080: Flags [S],  seq 8001, length 0
 00:00:00.000420 IP 10.0.4.30.8080 > 10.0.3.15.51992: Flags [S.], seq 9001, ack 8002, length 0
 00:00:00.000090 IP 10.0.3.15.51992 > 10.0.4.30.8080: Flags [.],  ack 9002, length 0     ← handshake
 00:00:00.000300 IP 10.0.3.15.51992 > 10.0.4.30.8080: Flags [P.], seq 1:349, ack 1, length 348  ← the request
 00:05:00.400000 IP 10.0.4.30.8080 > 10.0.3.15.51992: Flags [R.], seq 1, ack 349, win 0, length 0
");
    let connection = &document["connections"][0];
    assert_eq!(connection["bytes"]["client"], 348);
    assert_eq!(connection["end_s"], 300.40081);
    let (cause, by, _) = verdict(&document, 0);
    assert_eq!((cause.as_str(), by.as_str()), ("server_abort", "server"));
}

/// tcpdump prints no number of a plain acknowledgement: probes that keep a connection alive, of which nobody answers any.
#[test]
fn acknowledgements_that_come_by_themselves_are_probes() {
    let list = |answered: bool| {
        let mut list = "\
10:00:00.000000 IP 10.0.0.1.50000 > 10.0.0.2.5432: Flags [P.], seq 1:101, ack 1, win 502, length 100
10:00:00.010000 IP 10.0.0.2.5432 > 10.0.0.1.50000: Flags [P.], seq 1:201, ack 101, win 509, length 200
10:00:00.010100 IP 10.0.0.1.50000 > 10.0.0.2.5432: Flags [.], ack 201, win 501, length 0
"
        .to_owned();
        for second in ["00", "10", "20", "30"] {
            list.push_str(&format!("10:01:{second}.100000 IP 10.0.0.1.50000 > 10.0.0.2.5432: Flags [.], ack 201, win 501, length 0\n"));
            if answered {
                list.push_str(&format!("10:01:{second}.110000 IP 10.0.0.2.5432 > 10.0.0.1.50000: Flags [.], ack 101, win 509, length 0\n"));
            }
        }
        list.push_str("10:01:40.100000 IP 10.0.0.1.50000 > 10.0.0.2.5432: Flags [R.], seq 101, ack 201, win 501, length 0\n");
        of(&list)
    };
    assert_eq!(list(false).0, "path_blackhole");
    assert_eq!(list(true).0, "benign_reset");
}

/// A display filter on `tcp.analysis.keep_alive` hides the answers.
#[test]
fn probes_whose_answers_may_be_left_out_tell_nothing() {
    let list = |frames: [u32; 3]| {
        let mut list = "\
No.     Time        Source       Destination  Protocol Length Info
      1 0.000000    192.168.1.5  203.0.113.9  TCP      74     51000 > 443 [SYN] Seq=0 Win=64240 Len=0 MSS=1460 WS=128
      2 0.020000    203.0.113.9  192.168.1.5  TCP      74     443 > 51000 [SYN, ACK] Seq=0 Ack=1 Win=65160 Len=0 MSS=1460 WS=128
      3 0.020100    192.168.1.5  203.0.113.9  TCP      66     51000 > 443 [ACK] Seq=1 Ack=1 Win=64256 Len=0
      4 0.030000    192.168.1.5  203.0.113.9  TCP      166    51000 > 443 [PSH, ACK] Seq=1 Ack=1 Win=64256 Len=100
      5 0.050000    203.0.113.9  192.168.1.5  TCP      266    443 > 51000 [PSH, ACK] Seq=1 Ack=101 Win=64256 Len=200
      6 0.050100    192.168.1.5  203.0.113.9  TCP      66     51000 > 443 [ACK] Seq=101 Ack=201 Win=64256 Len=0
"
        .to_owned();
        for (frame, second) in frames.into_iter().zip([45, 90, 135]) {
            list.push_str(&format!("  {frame:5} {second}.100000    192.168.1.5  203.0.113.9  TCP      66     [TCP Keep-Alive] 51000 > 443 [ACK] Seq=100 Ack=201 Win=64256 Len=0\n"));
        }
        of(&list)
    };
    assert_eq!(list([7, 8, 9]).0, "path_blackhole");
    let (cause, _, confidence) = list([120, 190, 230]);
    assert_eq!(cause, "unknown");
    assert!(confidence < 0.8, "{confidence}");
}

/// github.com/chassing/linux-sysadmin-interview-questions, issue 32: tcpwrappers turned the client away behind a look-up of 5 s.
#[test]
fn a_server_that_speaks_first_waits_for_no_request() {
    let rows = |port: u16| {
        format!("\
14:54:52.437735 IP client.42458 > server.{port}: Flags [S], seq 1684654810, win 14600, options [mss 1460,sackOK,TS val 145488717 ecr 0,nop,wscale 7], length 0
14:54:52.437768 IP server.{port} > client.42458: Flags [S.], seq 4232260733, ack 1684654811, win 14480, options [mss 1460,sackOK,TS val 280783227 ecr 145488717,nop,wscale 7], length 0
14:54:52.438533 IP client.42458 > server.{port}: Flags [.], ack 1, win 115, options [nop,nop,TS val 145488717 ecr 280783227], length 0
14:54:57.440473 IP server.{port} > client.42458: Flags [F.], seq 1, ack 1, win 114, options [nop,nop,TS val 280784478 ecr 145488717], length 0
14:54:57.441246 IP client.42458 > server.{port}: Flags [F.], seq 1, ack 2, win 115, options [nop,nop,TS val 145489968 ecr 280784478], length 0
14:54:57.441264 IP server.{port} > client.42458: Flags [.], ack 2, win 114, options [nop,nop,TS val 280784478 ecr 145489968], length 0
")
    };
    assert_eq!(of(&rows(21)).0, "server_abort");
    assert_eq!(of(&rows(8080)).0, "server_timeout");
}

/// github.com/kubernetes/kubernetes, issue 122174, as its author shortened it: the answer's address was not translated back.
#[test]
fn a_refused_answer_in_rows_without_options_is_no_scan_for_sure() {
    let (cause, _, confidence) = of("\
10.244.1.192.38530 > 10.244.1.189.7800: Flags [S]
10.244.1.189.7800 > 10.244.1.192.38530: Flags [S.]
10.244.1.192.38530 > 10.244.1.189.7800: Flags [R]
");
    assert_eq!(cause, "handshake_incomplete");
    assert!(confidence < 0.6, "{confidence}");
}

/// nmap's FIN and Xmas scans: segments that no TCP sends, each taken for an orderly close before.
#[test]
fn what_no_tcp_sends_is_a_scan() {
    for (rows, port) in [
        (
            "\
12:00:01.200000 IP 10.0.0.9.40000 > 10.0.0.2.80: Flags [F], seq 123456789, win 1024, length 0
12:00:01.200100 IP 10.0.0.2.80 > 10.0.0.9.40000: Flags [R.], seq 0, ack 123456790, win 0, length 0
",
            "closed",
        ),
        (
            "12:00:01.2 IP 10.0.0.9.40000 > 10.0.0.2.22: Flags [FPU], seq 1, win 1024, urg 0, length 0\n",
            "filtered",
        ),
    ] {
        let document = document_of_text(rows);
        let connection = &document["connections"][0];
        let verdict = &connection["verdict"];
        assert_eq!(
            (&verdict["cause"], &connection["outcome"]),
            (&Value::from("unknown"), &Value::from("partial"))
        );
        let summary = verdict["summary"].as_str().unwrap();
        assert!(
            summary.contains("scan") && summary.contains(port),
            "{summary}"
        );
    }
}

/// github.com/xmrig/xmrig, issue 3300: a filter was taken away while the program tried again.
#[test]
fn a_listener_that_answers_only_later_need_not_have_been_full() {
    let mut list = String::new();
    for second in ["37.93", "38.94", "40.95", "44.96", "52.97"] {
        list.push_str(&format!("18:12:{second} IP 192.168.1.50.65270 > 103.249.70.7.5354: Flags [S], seq 7, win 64240, options [mss 1460,nop,wscale 8], length 0\n"));
    }
    list.push_str("\
18:13:03.094888 IP 192.168.1.50.65271 > 103.249.70.7.5354: Flags [S], seq 9, win 64240, options [mss 1460,nop,wscale 8], length 0
18:13:03.283991 IP 103.249.70.7.5354 > 192.168.1.50.65271: Flags [S.], seq 1, ack 10, win 65535, options [mss 1396,nop,wscale 12], length 0
");
    let (cause, _, confidence) = verdict(&document_of_text(&list), 0);
    assert_eq!(cause, "no_answer");
    assert!(confidence < 0.8, "{confidence}");
}

/// What is cut out of an excerpt (`[...]`) holds the answer: neither is it missing, nor was it short.
#[test]
fn an_answer_in_rows_that_were_left_out_is_not_missing() {
    let opening = "\
      1 0.000000    192.168.1.5    203.0.113.9    TCP      74     51000 > 80 [SYN] Seq=0 Win=64240 Len=0 MSS=1460 WS=128
      2 0.020000    203.0.113.9    192.168.1.5    TCP      74     80 > 51000 [SYN, ACK] Seq=0 Ack=1 Win=65160 Len=0 MSS=1460 WS=128
      3 0.020100    192.168.1.5    203.0.113.9    TCP      66     51000 > 80 [ACK] Seq=1 Ack=1 Win=64256 Len=0
";
    let by_client = "\
[...]
    310 10.100000   192.168.1.5    203.0.113.9    TCP      66     51000 > 80 [FIN, ACK] Seq=101 Ack=200001 Win=64256 Len=0
    311 10.120000   203.0.113.9    192.168.1.5    TCP      66     80 > 51000 [FIN, ACK] Seq=200001 Ack=102 Win=64256 Len=0
    312 10.120100   192.168.1.5    203.0.113.9    TCP      66     51000 > 80 [ACK] Seq=102 Ack=200002 Win=64256 Len=0
";
    let by_server = "\
[...]
    310 10.100000   203.0.113.9    192.168.1.5    TCP      66     80 > 51000 [FIN, ACK] Seq=200001 Ack=101 Win=64256 Len=0
    311 10.120000   192.168.1.5    203.0.113.9    TCP      66     51000 > 80 [FIN, ACK] Seq=101 Ack=200002 Win=64256 Len=0
    312 10.120100   203.0.113.9    192.168.1.5    TCP      66     80 > 51000 [ACK] Seq=200002 Ack=102 Win=64256 Len=0
";
    let asked =
        "      4 0.030000    192.168.1.5    203.0.113.9    HTTP     166    GET /big HTTP/1.1\n";
    let hello = "      4 0.030000    192.168.1.5    203.0.113.9    TLSv1.2  154    Client Hello\n";
    let begun = "      5 0.050000    203.0.113.9    192.168.1.5    TCP      1514   [TCP segment of a reassembled PDU]\n";
    for (asked, begun) in [(asked, ""), (asked, begun), (hello, begun)] {
        for end in [by_client, by_server] {
            let list = format!("{opening}{asked}{begun}{end}");
            assert_eq!(of(&list).0, "none", "{list}");
        }
    }
    // Without the cut the answer is short.
    let list = format!("{opening}{asked}{begun}").replace("1514", "600") + "\
      6 0.060000    203.0.113.9    192.168.1.5    TCP      66     80 > 51000 [FIN, ACK] Seq=535 Ack=101 Win=64256 Len=0
";
    assert_ne!(of(&list).0, "none", "{list}");
}

/// What a cut hides was said there, and is no loss: neither is the turn known, nor does a large segment never arrive.
#[test]
fn talk_in_rows_that_were_left_out_leaves_the_end_open() {
    let opening = "\
22:41:55.066479 IP 10.1.64.74.42894 > 172.16.64.84.80: Flags [S], seq 3300541517, win 64240, options [mss 1460,sackOK,TS val 646807255 ecr 0,nop,wscale 10], length 0
22:41:55.066497 IP 172.16.64.84.80 > 10.1.64.74.42894: Flags [S.], seq 2342144276, ack 3300541518, win 65160, options [mss 1460,sackOK,TS val 171315531 ecr 646807255,nop,wscale 10], length 0
22:41:55.113100 IP 10.1.64.74.42894 > 172.16.64.84.80: Flags [.], ack 1, win 63, options [nop,nop,TS val 646807309 ecr 171315531], length 0
22:41:55.113477 IP 10.1.64.74.42894 > 172.16.64.84.80: Flags [P.], seq 1:74, ack 1, win 63, options [nop,nop,TS val 646807309 ecr 171315531], length 73: HTTP: GET /x HTTP/1.1
22:41:55.113490 IP 172.16.64.84.80 > 10.1.64.74.42894: Flags [.], ack 74, win 64, options [nop,nop,TS val 171315578 ecr 646807309], length 0
22:42:00.058893 IP 10.1.64.74.42894 > 172.16.64.84.80: Flags [F.], seq 74, ack 1, win 63, options [nop,nop,TS val 646812255 ecr 171315578], length 0
";
    let rest = "\
22:42:00.713905 IP 172.16.64.84.80 > 10.1.64.74.42894: Flags [F.], seq 982, ack 75, win 64, options [nop,nop,TS val 171321178 ecr 646812255], length 0
22:42:00.783183 IP 10.1.64.74.42894 > 172.16.64.84.80: Flags [R], seq 3300541592, win 0, length 0
";
    let (cause, _, confidence) = of(&format!("{opening}[...]\n{rest}"));
    assert_ne!(cause, "mtu_blackhole");
    assert!(confidence < 0.9, "{cause} {confidence}");
}

/// A list shows neither TTL nor identification: that the client had spoken a moment before is no proof that its RST was forged.
#[test]
fn a_stranger_that_had_just_spoken_may_be_the_client_in_a_list() {
    let (_, _, confidence) = of("\
22:44:50.135727 IP 10.0.0.10.34322 > 10.0.0.20.80: Flags [S], seq 2695690471, win 64800, options [mss 1440,sackOK,TS val 194 ecr 0,nop,wscale 10], length 0
22:44:50.135747 IP 10.0.0.20.80 > 10.0.0.10.34322: Flags [S.], seq 840361173, ack 2695690472, win 64260, options [mss 1440,sackOK,TS val 110 ecr 194,nop,wscale 10], length 0
22:44:50.143625 IP 10.0.0.10.34322 > 10.0.0.20.80: Flags [.], ack 1, win 64, options [nop,nop,TS val 202 ecr 110], length 0
22:44:50.143650 IP 10.0.0.10.34322 > 10.0.0.20.80: Flags [P.], seq 1:75, ack 1, win 64, options [nop,nop,TS val 202 ecr 110], length 74: HTTP: GET /events HTTP/1.1
22:44:50.146787 IP 10.0.0.20.80 > 10.0.0.10.34322: Flags [P.], seq 1:384, ack 75, win 63, options [nop,nop,TS val 123 ecr 202], length 383: HTTP: HTTP/1.1 200 OK
22:44:50.154204 IP 10.0.0.10.34322 > 10.0.0.20.80: Flags [.], ack 384, win 64, options [nop,nop,TS val 210 ecr 123], length 0
22:44:50.648217 IP 10.0.0.20.80 > 10.0.0.10.34322: Flags [P.], seq 384:684, ack 75, win 63, options [nop,nop,TS val 624 ecr 210], length 300: HTTP
22:44:50.654471 IP 10.0.0.10.34322 > 10.0.0.20.80: Flags [R], seq 2695690546, win 0, length 0
");
    assert!(confidence < 0.8, "{confidence}");
}

/// Wireshark names a request in the row of its head, and again in that of its body.
#[test]
fn a_request_with_a_body_is_one_request() {
    let (cause, _, confidence) = of("\
    3   0.000031    10.1.5.15 → 172.16.5.25  TCP 74 55282 → 8080 [SYN] Seq=0 Win=64240 Len=0 MSS=1460
    4   0.151806  172.16.5.25 → 10.1.5.15    TCP 74 8080 → 55282 [SYN, ACK] Seq=0 Ack=1 Win=65160 Len=0 MSS=1460
    5   0.151838    10.1.5.15 → 172.16.5.25  TCP 66 55282 → 8080 [ACK] Seq=1 Ack=1 Win=64512 Len=0
    6   0.152001    10.1.5.15 → 172.16.5.25  TCP 162 POST /a HTTP/1.1  [TCP segment of a reassembled PDU]
    7   0.152027    10.1.5.15 → 172.16.5.25  HTTP 156 POST /a HTTP/1.1\u{20}
   10   0.303184  172.16.5.25 → 10.1.5.15    TCP 66 8080 → 55282 [ACK] Seq=1 Ack=97 Win=65536 Len=0
   11   0.303275  172.16.5.25 → 10.1.5.15    TCP 66 8080 → 55282 [ACK] Seq=1 Ack=187 Win=65536 Len=0
   12   0.307154  172.16.5.25 → 10.1.5.15    HTTP 447 HTTP/1.1 200 OK  (text/plain)
   13   0.307174    10.1.5.15 → 172.16.5.25  TCP 66 55282 → 8080 [ACK] Seq=187 Ack=382 Win=64512 Len=0
   14   0.307323    10.1.5.15 → 172.16.5.25  TCP 66 55282 → 8080 [FIN, ACK] Seq=187 Ack=382 Win=64512 Len=0
   16   0.457947  172.16.5.25 → 10.1.5.15    TCP 66 8080 → 55282 [FIN, ACK] Seq=382 Ack=188 Win=65536 Len=0
   17   0.457977    10.1.5.15 → 172.16.5.25  TCP 66 55282 → 8080 [ACK] Seq=188 Ack=383 Win=64512 Len=0
");
    assert_eq!(cause, "none");
    assert!(confidence > 0.85, "{confidence}");
}

/// The number of a FIN is no byte of an answer, neither where the list shows the FIN nor where it leaves it out.
#[test]
fn a_fin_behind_rows_that_were_left_out_is_no_answer() {
    let opening = "\
      3 0.000000   10.1.57.67   172.16.57.77 TCP 62 58468 > 3000 [SYN] Seq=0 Win=64240 Len=0 MSS=1460 WS=1024
      4 0.106032 172.16.57.77   10.1.57.67   TCP 62 3000 > 58468 [SYN, ACK] Seq=0 Ack=1 Win=64240 Len=0 MSS=1460 WS=1024
      5 0.106064   10.1.57.67   172.16.57.77 TCP 54 58468 > 3000 [ACK] Seq=1 Ack=1 Win=64512 Len=0
      6 0.106171   10.1.57.67   172.16.57.77 HTTP 131 GET / HTTP/1.1
[...]
";
    let at_once = "\
      8 0.212240 172.16.57.77   10.1.57.67   TCP 54 3000 > 58468 [FIN, ACK] Seq=1 Ack=78 Win=64512 Len=0
      9 0.212277   10.1.57.67   172.16.57.77 TCP 54 58468 > 3000 [FIN, ACK] Seq=78 Ack=2 Win=64512 Len=0
";
    assert_eq!(of(&format!("{opening}{at_once}")).0, "server_abort");
    // The server acknowledges one number more: the client's FIN may have come first.
    let later = "\
     22 7.110620 172.16.57.77   10.1.57.67   TCP 54 3000 > 58468 [FIN, ACK] Seq=1 Ack=79 Win=64512 Len=0
     23 7.110657   10.1.57.67   172.16.57.77 TCP 54 58468 > 3000 [ACK] Seq=79 Ack=2 Win=64512 Len=0
";
    let (cause, _, confidence) = of(&format!("{opening}{later}"));
    assert!(confidence < 0.9, "{cause} {confidence}");
    assert_ne!(cause, "response_truncated");
}

/// Servers of HTTP/1 answer in turn: who was answered later was answered before, whatever of that the list leaves out.
#[test]
fn what_was_asked_before_an_answered_request_was_answered() {
    let (cause, ..) = of("\
22:43:38.498622 IP 10.1.156.76.45608 > 172.16.156.36.80: Flags [S], seq 1146012983, win 64240, options [mss 1460,nop,nop,sackOK,nop,wscale 10], length 0
22:43:38.557153 IP 172.16.156.36.80 > 10.1.156.76.45608: Flags [S.], seq 1661761448, ack 1146012984, win 64240, options [mss 1460,nop,nop,sackOK,nop,wscale 10], length 0
22:43:38.557183 IP 10.1.156.76.45608 > 172.16.156.36.80: Flags [.], ack 1, win 63, length 0
22:43:38.557401 IP 10.1.156.76.45608 > 172.16.156.36.80: Flags [P.], seq 1:77, ack 1, win 63, length 76: HTTP: GET /tiny.txt HTTP/1.1
[...]
22:43:38.615778 IP 10.1.156.76.45608 > 172.16.156.36.80: Flags [.], ack 269, win 63, length 0
22:43:38.616008 IP 10.1.156.76.45608 > 172.16.156.36.80: Flags [P.], seq 77:153, ack 269, win 63, length 76: HTTP: GET /tiny.txt HTTP/1.1
22:43:38.674340 IP 172.16.156.36.80 > 10.1.156.76.45608: Flags [P.], seq 269:537, ack 153, win 63, length 268: HTTP: HTTP/1.1 200 OK
22:43:38.718432 IP 10.1.156.76.45608 > 172.16.156.36.80: Flags [.], ack 537, win 63, length 0
22:43:41.674640 IP 10.1.156.76.45608 > 172.16.156.36.80: Flags [F.], seq 153, ack 537, win 63, length 0
22:43:41.732594 IP 172.16.156.36.80 > 10.1.156.76.45608: Flags [F.], seq 537, ack 154, win 63, length 0
22:43:41.732612 IP 10.1.156.76.45608 > 172.16.156.36.80: Flags [.], ack 538, win 63, length 0
");
    assert_eq!(cause, "none");
}

/// Behind a cut the first packet that is shown fails: how long the connection had rested does not show. And an end of which
/// numbers tell (a FIN's) is no connection that is alive.
#[test]
fn what_preceded_a_failure_behind_a_cut_is_left_open() {
    let opening = "\
22:42:27.498331 IP 10.1.92.12.54240 > 172.16.92.42.8080: Flags [S], seq 2159180187, win 64240, options [mss 1460,nop,nop,TS val 373448429 ecr 0,nop,wscale 10], length 0
22:42:27.760220 IP 172.16.92.42.8080 > 10.1.92.12.54240: Flags [S.], seq 3744322120, ack 2159180188, win 65160, options [mss 1460,nop,nop,TS val 3344785370 ecr 373448429,nop,wscale 10], length 0
22:42:27.760267 IP 10.1.92.12.54240 > 172.16.92.42.8080: Flags [.], ack 1, win 63, options [nop,nop,TS val 373448691 ecr 3344785370], length 0
22:42:27.762601 IP 10.1.92.12.54240 > 172.16.92.42.8080: Flags [P.], seq 1:77, ack 1, win 63, options [nop,nop,TS val 373448694 ecr 3344785370], length 76: HTTP: GET /tiny HTTP/1.1
22:42:28.039297 IP 172.16.92.42.8080 > 10.1.92.12.54240: Flags [P.], seq 1:237, ack 77, win 64, options [nop,nop,TS val 3344785639 ecr 373448694], length 236: HTTP: HTTP/1.1 200 OK
[...]
";
    let repeated = "\
22:42:31.539633 IP 10.1.92.12.54240 > 172.16.92.42.8080: Flags [P.], seq 77:155, ack 237, win 63, options [nop,nop,TS val 373452471 ecr 3344785639], length 78: HTTP: GET /small HTTP/1.1
22:42:32.350436 IP 10.1.92.12.54240 > 172.16.92.42.8080: Flags [P.], seq 77:155, ack 237, win 63, options [nop,nop,TS val 373453282 ecr 3344785639], length 78: HTTP: GET /small HTTP/1.1
22:42:33.950436 IP 10.1.92.12.54240 > 172.16.92.42.8080: Flags [P.], seq 77:155, ack 237, win 63, options [nop,nop,TS val 373454882 ecr 3344785639], length 78: HTTP: GET /small HTTP/1.1
";
    let closed = "\
22:42:28.339633 IP 172.16.92.42.8080 > 10.1.92.12.54240: Flags [.], ack 78, win 64, options [nop,nop,TS val 3344785939 ecr 373448994], length 0
";
    for rest in [repeated, closed] {
        let (cause, _, confidence) = of(&format!("{opening}{rest}"));
        assert!(confidence < 0.9, "{cause} {confidence}");
    }
}

/// The cut holds no word by the numbers: the handshake of TLS was never finished.
#[test]
fn a_cut_without_a_word_hides_no_handshake() {
    let (cause, ..) = of("\
    1   0.000000 fd00:1::10 fd00:2::20 TCP 94 50040 > 443 [SYN] Seq=0 Win=64729 Len=0 MSS=1321 WS=1024
    2   0.000021 fd00:2::20 fd00:1::10 TCP 94 443 > 50040 [SYN, ACK] Seq=0 Ack=1 Win=65450 Len=0 MSS=1321 WS=1024
    4   0.135251 fd00:1::10 fd00:2::20 TCP 86 50040 > 443 [ACK] Seq=1 Ack=1 Win=65536 Len=0 TSval=3041865877 TSecr=2912652360
    5   0.135737 fd00:1::10 fd00:2::20 TLSv1 603 Client Hello
[...]
    7   0.135773 fd00:2::20 fd00:1::10 TCP 86 443 > 50040 [FIN, ACK] Seq=1 Ack=518 Win=65536 Len=0 TSval=2912652496 TSecr=3041865879
    8   0.266696 fd00:1::10 fd00:2::20 TCP 86 50040 > 443 [FIN, ACK] Seq=518 Ack=2 Win=65536 Len=0 TSval=3041866010 TSecr=2912652496
    9   0.266717 fd00:2::20 fd00:1::10 TCP 86 443 > 50040 [ACK] Seq=2 Ack=519 Win=65536 Len=0 TSval=2912652627 TSecr=3041866010
");
    assert_ne!(cause, "none");
}
