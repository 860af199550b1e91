//! Packet lists that show a part of what the packets say: no sequence numbers, no lengths, no control bits, no times. What a list does not
//! tell must not become a confident wrong answer. Each list is made of every fixture of the lab, and judged by the truth that the lab knows.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;

use common::document_of_text;
use common::lab::{Record, VANTAGES, cases, records, surely_wrong, tcp};

/// What all lists show.
const ALWAYS: [&str; 4] = ["ip.src", "tcp.srcport", "ip.dst", "tcp.dstport"];

/// What else each list shows.
const LISTS: &[&[&str]] = &[
    &["frame.time_relative", "tcp.len"],
    &["frame.time_relative", "tcp.flags"],
    &["frame.time_relative", "tcp.flags", "tcp.len"],
    &["frame.time_relative", "tcp.flags", "tcp.ack", "tcp.len"],
    &["frame.time_relative", "tcp.flags", "tcp.seq", "tcp.len"],
    &["frame.time_relative", "tcp.flags", "tcp.seq", "tcp.ack"],
    &["tcp.flags", "tcp.seq", "tcp.ack", "tcp.len"],
    &[
        "frame.time_relative",
        "tcp.flags",
        "tcp.len",
        "tcp.window_size_value",
    ],
];

/// What a packet says, by the names of tshark's fields.
type Row = HashMap<&'static str, String>;

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |n, byte| (n << 8) | u32::from(*byte))
}

/// The rows of a capture; sequence numbers count from each sender's first.
fn rows(records: &[Record]) -> Vec<Row> {
    let mut starts: HashMap<Vec<u8>, u32> = HashMap::new();
    let mut first = None;
    let mut rows = Vec::new();
    for (header, frame) in records {
        let Some(at) = tcp(frame) else { continue };
        let field = |from: usize, len: usize| number(&frame[at + from..at + from + len]);
        let time = u32::from_le_bytes(header[..4].try_into().unwrap());
        let micros = u32::from_le_bytes(header[4..8].try_into().unwrap());
        let time = f64::from(time) + f64::from(micros) / 1e6;
        let (source, destination, ip_len) = match at {
            34 => (
                Ipv4Addr::from_octets(frame[26..30].try_into().unwrap()).to_string(),
                Ipv4Addr::from_octets(frame[30..34].try_into().unwrap()).to_string(),
                number(&frame[16..18]) - 20,
            ),
            _ => (
                Ipv6Addr::from_octets(frame[22..38].try_into().unwrap()).to_string(),
                Ipv6Addr::from_octets(frame[38..54].try_into().unwrap()).to_string(),
                number(&frame[18..20]),
            ),
        };
        let own = [source.as_bytes(), &frame[at..at + 4]].concat();
        let peer = [
            destination.as_bytes(),
            &frame[at + 2..at + 4],
            &frame[at..at + 2],
        ]
        .concat();
        let (seq, ack, flags) = (field(4, 4), field(8, 4), field(13, 1));
        let start = *starts.entry(own).or_insert(seq);
        let ack = match flags & 0x10 {
            0 => 0,
            _ => ack.wrapping_sub(*starts.entry(peer).or_insert(ack.wrapping_sub(1))),
        };
        rows.push(Row::from([
            (
                "frame.time_relative",
                format!("{:.6}", time - *first.get_or_insert(time)),
            ),
            ("ip.src", source),
            ("tcp.srcport", field(0, 2).to_string()),
            ("ip.dst", destination),
            ("tcp.dstport", field(2, 2).to_string()),
            ("tcp.flags", format!("0x{flags:04x}")),
            ("tcp.seq", seq.wrapping_sub(start).to_string()),
            ("tcp.ack", ack.to_string()),
            ("tcp.len", (ip_len - (field(12, 1) >> 4) * 4).to_string()),
            ("tcp.window_size_value", field(14, 2).to_string()),
        ]));
    }
    rows
}

/// A list with these columns, as `tshark -T fields -E header=y` prints it.
fn list(rows: &[Row], columns: &[&str]) -> String {
    let columns = [&ALWAYS[..], columns].concat();
    let line = |row: &Row| -> String {
        let values: Vec<&str> = columns.iter().map(|name| row[name].as_str()).collect();
        values.join("\t") + "\n"
    };
    let lines: String = rows.iter().map(line).collect();
    columns.join("\t") + "\n" + &lines
}

/// The verdicts on a list of one capture that are wrong, and sure of it.
fn wrong_of_the_list(case: &Path, vantage: &str, columns: &[&str]) -> Vec<String> {
    let Ok(pcap) = std::fs::read(case.join(format!("{vantage}.pcap"))) else {
        return Vec::new();
    };
    let rows = rows(&records(&pcap));
    if rows.is_empty() {
        return Vec::new();
    }
    let document = document_of_text(&list(&rows, columns));
    surely_wrong(case, vantage, &columns.join(" "), &document)
}

#[test]
fn what_a_list_does_not_tell_does_not_become_a_confident_wrong_answer() {
    let mut wrong = Vec::new();
    for case in cases() {
        for columns in LISTS {
            for vantage in VANTAGES {
                wrong.extend(wrong_of_the_list(&case, vantage, columns));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// `tcpdump -q` shows neither control bits nor numbers.
#[test]
fn without_control_bits_no_end_is_claimed() {
    let text = "\
22:42:52.770271 IP 10.1.0.1.46034 > 10.2.0.2.3000: tcp 0
22:42:52.920801 IP 10.2.0.2.3000 > 10.1.0.1.46034: tcp 0
22:42:52.920817 IP 10.1.0.1.46034 > 10.2.0.2.3000: tcp 0
22:42:52.920936 IP 10.1.0.1.46034 > 10.2.0.2.3000: tcp 76
22:42:53.086733 IP 10.2.0.2.3000 > 10.1.0.1.46034: tcp 0
22:42:53.086760 IP 10.2.0.2.3000 > 10.1.0.1.46034: tcp 550
22:42:53.086774 IP 10.1.0.1.46034 > 10.2.0.2.3000: tcp 0
22:42:55.520733 IP 10.1.0.1.46034 > 10.2.0.2.3000: tcp 69
22:42:55.584275 IP 10.2.0.2.3000 > 10.1.0.1.46034: tcp 0
";
    let connection = &document_of_text(text)["connections"][0];
    assert_eq!(connection["verdict"]["cause"], "unknown", "{connection:#}");
    for side in ["client", "server"] {
        assert!(connection["bytes"][side].is_null(), "{connection:#}");
    }
}

/// A list of a connection with these rows behind a request and its answer: seconds, sender, bits, bytes.
fn list_behind_an_answer(rows: &[(f64, &str, u8, u32)]) -> String {
    let begun = [
        (0.0, "client", 0x02, 0),
        (0.01, "server", 0x12, 0),
        (0.02, "client", 0x10, 0),
        (0.03, "client", 0x18, 69),
        (0.04, "server", 0x18, 881),
        (0.05, "client", 0x10, 0),
    ];
    let head =
        "frame.time_relative\tip.src\ttcp.srcport\tip.dst\ttcp.dstport\ttcp.flags\ttcp.len\n";
    let line = |(time, sender, flags, len): &(f64, &str, u8, u32)| {
        let ends = match *sender {
            "client" => "10.1.0.1\t4444\t10.2.0.2\t443",
            _ => "10.2.0.2\t443\t10.1.0.1\t4444",
        };
        format!("{time:.6}\t{ends}\t0x{flags:04x}\t{len}\n")
    };
    let rows: String = begun.iter().chain(rows).map(line).collect();
    head.to_owned() + &rows
}

#[test]
fn a_segment_that_is_sent_again_shows_by_its_size_and_its_times() {
    let text = list_behind_an_answer(&[
        (1.0, "client", 0x18, 69),
        (1.2, "client", 0x18, 69),
        (1.65, "client", 0x18, 69),
        (2.6, "client", 0x18, 69),
        (4.5, "client", 0x18, 69),
        (8.3, "client", 0x18, 69),
    ]);
    let verdict = &document_of_text(&text)["connections"][0]["verdict"];
    assert_eq!(verdict["cause"], "path_blackhole", "{verdict:#}");
    assert!(
        verdict["confidence"].as_f64().unwrap() < 0.95,
        "{verdict:#}"
    );
}

/// As close_notify is.
#[test]
fn a_short_word_right_before_the_fin_is_no_request() {
    let text = list_behind_an_answer(&[
        (3.0, "client", 0x18, 24),
        (3.0, "client", 0x11, 0),
        (3.01, "server", 0x11, 0),
        (3.02, "client", 0x10, 0),
    ]);
    let verdict = &document_of_text(&text)["connections"][0]["verdict"];
    assert_eq!(verdict["cause"], "none", "{verdict:#}");
}

/// The numbers count from a beginning that the list does not show: what was said before its first row is no answer to what follows.
#[test]
fn what_was_said_before_the_first_row_is_no_answer() {
    let text = "\
    8   2.377914 10.2.0.2 → 10.1.0.1  TCP 52 3000 → 48836 [FIN, ACK] Seq=1051 Ack=70 Win=65536 Len=0
    9   2.477111 10.1.0.1 → 10.2.0.2  TCP 52 48836 → 3000 [ACK] Seq=70 Ack=1052 Win=63488 Len=0
   10   3.126458 10.1.0.1 → 10.2.0.2  HTTP 352 POST /b HTTP/1.1 
   12   3.126550 10.1.0.1 → 10.2.0.2  TCP 52 48836 → 3000 [FIN, ACK] Seq=370 Ack=1052 Win=63488 Len=0
   13   3.181720 10.2.0.2 → 10.1.0.1  TCP 40 3000 → 48836 [RST] Seq=1052 Win=0 Len=0
   14   3.181723 10.2.0.2 → 10.1.0.1  TCP 40 3000 → 48836 [RST] Seq=1052 Win=0 Len=0
";
    let verdict = &document_of_text(text)["connections"][0]["verdict"];
    assert_eq!(verdict["cause"], "keepalive_race", "{verdict:#}");
}

/// Wireshark shows a message's first line in each row of it, and puts it together in the last.
#[test]
fn rows_of_one_answer_are_one_answer() {
    let head = "\
1 0.000000 10.1.0.1 → 10.2.0.2 TCP 66 5000 → 80 [SYN] Seq=0 Win=64240 Len=0 MSS=1460
2 0.010000 10.2.0.2 → 10.1.0.1 TCP 66 80 → 5000 [SYN, ACK] Seq=0 Ack=1 Win=65160 Len=0 MSS=1460
3 0.010010 10.1.0.1 → 10.2.0.2 TCP 54 5000 → 80 [ACK] Seq=1 Ack=1 Win=64240 Len=0
4 0.010100 10.1.0.1 → 10.2.0.2 HTTP 127 GET /x HTTP/1.1 
5 0.020000 10.2.0.2 → 10.1.0.1 TCP 1514 HTTP/1.1 200 OK  [TCP segment of a reassembled PDU]
6 0.020010 10.2.0.2 → 10.1.0.1 TCP 1514 HTTP/1.1 200 OK  [TCP segment of a reassembled PDU]
7 0.020020 10.1.0.1 → 10.2.0.2 TCP 54 5000 → 80 [ACK] Seq=74 Ack=2921 Win=64240 Len=0
";
    let whole = "\
8 0.030000 10.2.0.2 → 10.1.0.1 HTTP 354 HTTP/1.1 200 OK 
9 0.030010 10.2.0.2 → 10.1.0.1 TCP 54 80 → 5000 [FIN, ACK] Seq=3221 Ack=74 Win=65160 Len=0
10 0.030020 10.1.0.1 → 10.2.0.2 TCP 54 5000 → 80 [FIN, ACK] Seq=74 Ack=3222 Win=64240 Len=0
11 0.040000 10.2.0.2 → 10.1.0.1 TCP 54 80 → 5000 [ACK] Seq=3222 Ack=75 Win=65160 Len=0
";
    let cut = "\
8 0.030000 10.2.0.2 → 10.1.0.1 TCP 354 HTTP/1.1 200 OK  [TCP segment of a reassembled PDU]
9 0.030010 10.2.0.2 → 10.1.0.1 TCP 54 80 → 5000 [FIN, ACK] Seq=3221 Ack=74 Win=65160 Len=0
10 0.030020 10.1.0.1 → 10.2.0.2 TCP 54 5000 → 80 [FIN, ACK] Seq=74 Ack=3222 Win=64240 Len=0
11 0.040000 10.2.0.2 → 10.1.0.1 TCP 54 80 → 5000 [ACK] Seq=3222 Ack=75 Win=65160 Len=0
";
    for (rest, cause) in [(whole, "none"), (cut, "response_truncated")] {
        let connection = &document_of_text(&format!("{head}{rest}"))["connections"][0];
        assert_eq!(connection["verdict"]["cause"], cause, "{connection:#}");
        let exchanges = connection["exchanges"].as_array().unwrap();
        assert_eq!(exchanges.len(), 1, "{connection:#}");
    }
}

/// `tcpdump` shows the first line of a segment, not of each answer in it.
#[test]
fn requests_before_one_that_is_answered_are_answered() {
    let text = "\
22:07:46.945793 IP 10.1.0.1.5000 > 10.2.0.2.80: Flags [S], seq 3903593217, win 64240, options [mss 1460], length 0
22:07:46.945813 IP 10.2.0.2.80 > 10.1.0.1.5000: Flags [S.], seq 1068942829, ack 3903593218, win 65160, options [mss 1460], length 0
22:07:46.985052 IP 10.1.0.1.5000 > 10.2.0.2.80: Flags [.], ack 1, win 64240, length 0
22:07:46.985497 IP 10.1.0.1.5000 > 10.2.0.2.80: Flags [P.], seq 1:70, ack 1, win 64240, length 69: HTTP: GET /a HTTP/1.1
22:07:46.985554 IP 10.1.0.1.5000 > 10.2.0.2.80: Flags [P.], seq 70:139, ack 1, win 64240, length 69: HTTP: GET /b HTTP/1.1
22:07:46.985624 IP 10.2.0.2.80 > 10.1.0.1.5000: Flags [P.], seq 1:1084, ack 139, win 65160, length 1083: HTTP: HTTP/1.1 200 OK
22:07:47.025624 IP 10.1.0.1.5000 > 10.2.0.2.80: Flags [.], ack 1084, win 64240, length 0
22:07:47.025634 IP 10.1.0.1.5000 > 10.2.0.2.80: Flags [F.], seq 139, ack 1084, win 64240, length 0
22:07:47.025690 IP 10.2.0.2.80 > 10.1.0.1.5000: Flags [F.], seq 1084, ack 140, win 65160, length 0
22:07:47.065624 IP 10.1.0.1.5000 > 10.2.0.2.80: Flags [.], ack 1085, win 64240, length 0
";
    let verdict = &document_of_text(text)["connections"][0]["verdict"];
    assert_eq!(verdict["cause"], "none", "{verdict:#}");
}

/// Frames of others lie between the rows; that the request was sent before shows by what is sent again.
#[test]
fn a_request_whose_row_hides_its_number_is_what_is_sent_again() {
    let text = "\
1 0.000000 10.1.0.1 → 10.2.0.2 TCP 74 5000 → 80 [SYN] Seq=0 Win=64240 Len=0 MSS=1460
2 0.010000 10.2.0.2 → 10.1.0.1 TCP 74 80 → 5000 [SYN, ACK] Seq=0 Ack=1 Win=65160 Len=0 MSS=1460
3 0.010010 10.1.0.1 → 10.2.0.2 TCP 54 5000 → 80 [ACK] Seq=1 Ack=1 Win=64240 Len=0
4 0.010100 10.1.0.1 → 10.2.0.2 HTTP 123 GET /a HTTP/1.1 
5 0.020000 10.2.0.2 → 10.1.0.1 HTTP 254 HTTP/1.1 200 OK 
6 0.020020 10.1.0.1 → 10.2.0.2 TCP 54 5000 → 80 [ACK] Seq=70 Ack=201 Win=64240 Len=0
12 300.020020 10.1.0.1 → 10.2.0.2 HTTP 123 GET /b HTTP/1.1 
15 300.220020 10.1.0.1 → 10.2.0.2 TCP 123 [TCP Retransmission] 5000 → 80 [PSH, ACK] Seq=70 Ack=201 Win=64240 Len=69
16 300.620020 10.1.0.1 → 10.2.0.2 TCP 123 [TCP Retransmission] 5000 → 80 [PSH, ACK] Seq=70 Ack=201 Win=64240 Len=69
19 301.420020 10.1.0.1 → 10.2.0.2 TCP 123 [TCP Retransmission] 5000 → 80 [PSH, ACK] Seq=70 Ack=201 Win=64240 Len=69
22 303.020020 10.1.0.1 → 10.2.0.2 TCP 123 [TCP Retransmission] 5000 → 80 [PSH, ACK] Seq=70 Ack=201 Win=64240 Len=69
30 306.220020 10.1.0.1 → 10.2.0.2 TCP 123 [TCP Retransmission] 5000 → 80 [PSH, ACK] Seq=70 Ack=201 Win=64240 Len=69
";
    let verdict = &document_of_text(text)["connections"][0]["verdict"];
    assert_eq!(verdict["cause"], "idle_state_lost", "{verdict:#}");
}

#[test]
fn a_server_that_speaks_first_is_none_of_http() {
    let text = "\
2 0.067948 10.1.0.1 → 10.2.0.2 TCP 94 33106 → 2222 [SYN] Seq=0 Win=64800 Len=0 MSS=1440
3 0.067972 10.2.0.2 → 10.1.0.1 TCP 94 2222 → 33106 [SYN, ACK] Seq=0 Ack=1 Win=64260 Len=0 MSS=1440
4 0.120124 10.1.0.1 → 10.2.0.2 TCP 86 33106 → 2222 [ACK] Seq=1 Ack=1 Win=65536 Len=0
5 0.120941 10.2.0.2 → 10.1.0.1 TCP 104 2222 → 33106 [PSH, ACK] Seq=1 Ack=1 Win=64512 Len=18
6 0.126960 10.1.0.1 → 10.2.0.2 HTTP 163 GET / HTTP/1.1 
7 0.126969 10.2.0.2 → 10.1.0.1 TCP 86 2222 → 33106 [ACK] Seq=19 Ack=78 Win=64512 Len=0
8 0.127068 10.2.0.2 → 10.1.0.1 TCP 86 2222 → 33106 [FIN, ACK] Seq=19 Ack=78 Win=64512 Len=0
9 0.147520 10.1.0.1 → 10.2.0.2 TCP 86 33106 → 2222 [ACK] Seq=78 Ack=19 Win=65536 Len=0
10 0.148823 10.1.0.1 → 10.2.0.2 TCP 86 33106 → 2222 [FIN, ACK] Seq=78 Ack=20 Win=65536 Len=0
11 0.148830 10.2.0.2 → 10.1.0.1 TCP 86 2222 → 33106 [ACK] Seq=20 Ack=79 Win=64512 Len=0
";
    let verdict = &document_of_text(text)["connections"][0]["verdict"];
    assert_eq!(verdict["cause"], "protocol_mismatch", "{verdict:#}");
}

/// The first rows of an answer of which Wireshark shows the first line once, and with it that it goes on.
const ANSWER_IN_PARTS: &str = "\
1 0.000000 10.1.0.1 → 10.2.0.2 TCP 66 5000 → 80 [SYN] Seq=0 Win=64240 Len=0 MSS=1460
2 0.010000 10.2.0.2 → 10.1.0.1 TCP 66 80 → 5000 [SYN, ACK] Seq=0 Ack=1 Win=65160 Len=0 MSS=1460
3 0.010010 10.1.0.1 → 10.2.0.2 TCP 54 5000 → 80 [ACK] Seq=1 Ack=1 Win=64240 Len=0
4 0.010100 10.1.0.1 → 10.2.0.2 HTTP 127 GET /x HTTP/1.1
5 0.020000 10.2.0.2 → 10.1.0.1 TCP 1514 HTTP/1.1 200 OK  [TCP segment of a reassembled PDU]
";

/// The rest of its rows, and the server's close: as they were sent, with one that was late, and with one cut short by the capture.
#[test]
fn an_answer_in_parts_ends_with_a_row_of_its_own() {
    let close = "\
8 0.030010 10.2.0.2 → 10.1.0.1 TCP 54 80 → 5000 [FIN, ACK] Seq=4381 Ack=74 Win=65160 Len=0
9 0.030020 10.1.0.1 → 10.2.0.2 TCP 54 5000 → 80 [FIN, ACK] Seq=74 Ack=4382 Win=64240 Len=0
10 0.040000 10.2.0.2 → 10.1.0.1 TCP 54 80 → 5000 [ACK] Seq=4382 Ack=75 Win=65160 Len=0
";
    let second = "10.2.0.2 → 10.1.0.1 TCP 1514 80 → 5000 [ACK] Seq=1461 Ack=74 Win=65160 Len=1460";
    let third =
        "10.2.0.2 → 10.1.0.1 TCP 1514 80 → 5000 [PSH, ACK] Seq=2921 Ack=74 Win=65160 Len=1460";
    let short = "10.2.0.2 → 10.1.0.1 HTTP 1514 Continuation[Packet size limited during capture]";
    for (rows, cause) in [
        ([second, third], "response_truncated"),
        ([third, second], "none"),
        ([second, short], "none"),
    ] {
        let [first, last] = rows;
        let text = format!("{ANSWER_IN_PARTS}6 0.020010 {first}\n7 0.020020 {last}\n{close}");
        let verdict = &document_of_text(&text)["connections"][0]["verdict"];
        assert_eq!(verdict["cause"], cause, "{verdict:#}");
    }
}

/// Wireshark names a request in each row of its head: one that goes on behind the answer is no second one.
#[test]
fn a_request_in_parts_is_one_request() {
    let text = "\
1 0.000000 10.1.0.1 → 10.2.0.2 TCP 66 5000 → 80 [SYN] Seq=0 Win=64240 Len=0 MSS=1460
2 0.010000 10.2.0.2 → 10.1.0.1 TCP 66 80 → 5000 [SYN, ACK] Seq=0 Ack=1 Win=65160 Len=0 MSS=1460
3 0.010010 10.1.0.1 → 10.2.0.2 TCP 54 5000 → 80 [ACK] Seq=1 Ack=1 Win=64240 Len=0
4 0.010100 10.1.0.1 → 10.2.0.2 TCP 1514 GET /x HTTP/1.1  [TCP segment of a reassembled PDU]
5 0.020000 10.2.0.2 → 10.1.0.1 HTTP 354 HTTP/1.1 400 Bad Request
6 0.020010 10.2.0.2 → 10.1.0.1 TCP 54 80 → 5000 [FIN, ACK] Seq=301 Ack=1461 Win=65160 Len=0
7 0.020020 10.1.0.1 → 10.2.0.2 TCP 1514 GET /x HTTP/1.1  [TCP segment of a reassembled PDU]
8 0.030020 10.1.0.1 → 10.2.0.2 TCP 54 5000 → 80 [FIN, ACK] Seq=2921 Ack=302 Win=64240 Len=0
9 0.040000 10.2.0.2 → 10.1.0.1 TCP 54 80 → 5000 [ACK] Seq=302 Ack=2922 Win=65160 Len=0
";
    let connection = &document_of_text(text)["connections"][0];
    let cause = &connection["verdict"]["cause"];
    assert_eq!(cause, "request_rejected_early", "{connection:#}");
    assert_eq!(connection["exchanges"].as_array().unwrap().len(), 1);
}
