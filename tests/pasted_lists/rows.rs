//! How rows are written: by which tool or hand, in which table, with what between them.

use crate::common::document_of_text;
use crate::{EXCHANGE, of, verdict};

use serde_json::Value;

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

/// A clock of whole seconds shows a pause of a moment as one second.
#[test]
fn a_pause_of_one_second_is_none_where_the_clock_counts_whole_seconds() {
    let idle = |later: &str| {
        let next = format!(
            "      7 {later}.000000       10.0.0.2              10.0.0.9              HTTP     154    GET /next.html HTTP/1.1
      8 {later}.000000       10.0.0.9              10.0.0.2              TCP      54     80 → 40000 [RST] Seq=501 Win=0 Len=0
"
        );
        let coarse = EXCHANGE.replace("0.020", "0.000").replace("0.060", "0.000");
        let coarse = coarse
            .replace("0.000100", "0.000000")
            .replace("0.000300", "0.000000");
        let document = document_of_text(&[coarse.as_str(), &next].concat());
        document["connections"][0]["verdict"]
            .to_string()
            .contains("idle_before_failure")
    };
    assert!(!idle("1"));
    assert!(idle("9"));
}

/// A list of NFS over jumbo frames, whose replies never got through: what another dissector says stands before TCP's markers.
#[test]
fn what_is_sent_again_is_known_behind_other_dissectors_markers() {
    let document = document_of_text(
        "\
  19  47.294770 x.2 -> x.4 TCP 66 netconfsoaphttp > nfs [ACK] Seq=1 Ack=1 Win=17920 Len=0 TSval=1578371716 TSecr=2837548831
  20  47.294794 x.2 -> x.4 NFS 270 V4 Call READDIR FH:0xcb5e6e28
  21  47.294802 x.4 -> x.2 TCP 66 nfs > netconfsoaphttp [ACK] Seq=1 Ack=205 Win=19072 Len=0 TSval=2837548831 TSecr=1578371716
  22  47.294975 x.4 -> x.2 NFS 4034 V4 Reply (Call In 20) READDIR
  23  47.495918 x.4 -> x.2 NFS 4034 [RPC duplicate of #22][TCP Retransmission] V4 Reply (Call In 20) READDIR
  24  47.897918 x.4 -> x.2 NFS 4034 [RPC duplicate of #22][TCP Retransmission] V4 Reply (Call In 20) READDIR
  25  48.701955 x.4 -> x.2 NFS 4034 [RPC duplicate of #22][TCP Retransmission] V4 Reply (Call In 20) READDIR
",
    );
    assert_eq!(document["connections"][0]["bytes"]["server"], 3968);
    assert_ne!(document["connections"][0]["outcome"], "open");
}

/// tshark 3 and 4 in issues on GitHub: a SYN that is sent again, on ports that they take for used again.
#[test]
fn a_syn_that_is_sent_again_opens_no_other_connection() {
    let document = document_of_text(
        "\
    2   0.083122  10.244.0.13 → 10.244.1.9   TCP 74 54292 → 5000 [SYN] Seq=0 Win=64240 Len=0 MSS=1460 SACK_PERM TSval=1056154647 TSecr=0 WS=128
    3   1.088024  10.244.0.13 → 10.244.1.9   TCP 74 [TCP Retransmission] [TCP Port numbers reused] 54292 → 5000 [SYN] Seq=0 Win=64240 Len=0 MSS=1460 SACK_PERM TSval=1056155652 TSecr=0 WS=128
",
    );
    assert_eq!(document["connections"].as_array().unwrap().len(), 1);
    assert_eq!(document["connections"][0]["frames"]["count"], 2);
}

/// A question on ask.wireshark.org: two times, names for the addresses, port columns.
#[test]
fn ports_stand_behind_names() {
    let document = document_of_text(
        "\
19452   0.000270000 5.730763000 SRC DST 64569   25000   TCP 64569 > 25000 [SYN, ECN, CWR] Seq=0 Win=8192 Len=0 MSS=1460 WS=256 SACK_PERM=1  19452
29753   0.000484000 8.849849000 DST SRC 25000   64569   TCP 25000 > 64569 [ACK] Seq=1 Ack=1 Win=32775 Len=0 29753
",
    );
    let connection = &document["connections"][0];
    assert_eq!(document["connections"].as_array().unwrap().len(), 1);
    assert_eq!(connection["client"]["ip"], "SRC");
    assert_eq!(connection["server"]["port"], 25000);
}

/// A mail to netfilter-devel numbers its rows with colons, and leaves the addresses out.
#[test]
fn a_rows_number_may_end_in_a_colon() {
    let document = document_of_text(
        "\
2: 703 → 2049 [SYN] Seq=1433611541
4: 2049 → 703 [RST, ACK] Seq=0 Ack=1433611542
",
    );
    assert_eq!(document["connections"][0]["frames"]["last"], 4);
    assert_eq!(verdict(&document, 0).0, "port_closed");
}

/// A page saved as a whole: its list is read like one that was copied.
#[test]
fn a_list_in_a_saved_page_is_read() {
    let (cause, ..) = of("\
<!DOCTYPE html>
<html><head><title>Refused</title></head><body>
<p>telnet says: connection refused.</p><pre><code>14:44:43.508869 IP 10.0.0.1.57958 &gt; 10.0.0.2.4444: Flags [S], seq 1221156848, win 43690, length 0
14:44:43.508883 IP 10.0.0.2.4444 &gt; 10.0.0.1.57958: Flags [R.], seq 0, ack 1221156849, win 0, length 0</code></pre>
</body></html>
");
    assert_eq!(cause, "port_closed");
}
