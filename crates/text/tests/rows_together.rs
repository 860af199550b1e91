//! What rows of a list tell together: whose connection and direction each is, when it was, and from where its numbers count.

mod common;

use common::{check, rows};
use whyreset_text::{AppHint, Format, Reason, parse};

#[test]
fn differences_are_added_up() {
    let text = "1 0.000000 10.0.0.1 10.0.0.2 TCP 60 5000 > 80 [SYN] Seq=0 Win=1 Len=0
2 0.200000 10.0.0.2 10.0.0.1 TCP 60 80 > 5000 [SYN, ACK] Seq=0 Ack=1 Win=1 Len=0
3 0.001000 10.0.0.1 10.0.0.2 TCP 60 5000 > 80 [ACK] Seq=1 Ack=1 Win=1 Len=0
4 0.300000 10.0.0.1 10.0.0.2 TCP 60 5000 > 80 [FIN, ACK] Seq=1 Ack=1 Win=1 Len=0
5 0.000500 10.0.0.2 10.0.0.1 TCP 60 80 > 5000 [RST, ACK] Seq=1 Ack=2 Win=1 Len=0";
    let list = parse(text.as_bytes());
    let times: Vec<i64> = list
        .rows
        .iter()
        .map(|row| row.segment().time.nanos() / 100_000)
        .collect();
    assert_eq!(times, [0, 2000, 2010, 5010, 5015]);
}

#[test]
fn midnight_passes() {
    let text = "1 23:59:59.9 10.0.0.1 10.0.0.2 TCP 60 5000 > 80 [SYN] Seq=0 Win=1 Len=0
2 00:00:00.1 10.0.0.2 10.0.0.1 TCP 60 80 > 5000 [RST, ACK] Seq=1 Ack=1 Win=0 Len=0";
    let list = parse(text.as_bytes());
    let gap = list.rows[1].segment().time - list.rows[0].segment().time;
    assert_eq!(gap.nanos(), 200_000_000);
}

#[test]
fn packets_of_other_protocols_move_the_clock() {
    let until = |text: &str| -> Vec<Option<f64>> {
        let list = parse(text.as_bytes());
        let start = list.rows[0].segment().time;
        let seconds =
            |row: &whyreset_text::Row| Some((row.others_until? - start).nanos() as f64 / 1e9);
        list.rows.iter().map(seconds).collect()
    };
    let opened = "23:59:58.0 IP 10.0.0.1.5000 > 10.0.0.2.80: Flags [S], seq 1, win 9, length 0\n";
    let other = "00:02:00.5 ARP, Request who-has 10.0.0.9 tell 10.0.0.2, length 28\n";
    assert_eq!(until(&format!("{opened}{other}")), [Some(122.5)]);
    // Behind some words an earlier time is another list's.
    assert_eq!(
        until(&format!("{opened}\nThe next morning:\n{other}")),
        [None]
    );
    let wireshark = "1 0.0 10.0.0.1 10.0.0.2 TCP 60 5000 > 80 [SYN] Seq=0 Win=1 Len=0
2 7.5 10.0.0.1 10.0.0.53 DNS 75 Standard query 0x1 A example.org\n";
    assert_eq!(until(wireshark), [Some(7.5)]);
    let differences =
        "00:00:00.000000 IP 10.0.0.1.5000 > 10.0.0.2.80: Flags [S], seq 1, win 9, length 0
00:00:01.000000 IP 10.0.0.1.5353 > 224.0.0.251.5353: UDP, length 30
00:00:02.000000 IP 10.0.0.1.5353 > 224.0.0.251.5353: UDP, length 30
00:00:00.500000 IP 10.0.0.1.5000 > 10.0.0.2.80: Flags [S], seq 1, win 9, length 0
00:00:00.500000 IP 10.0.0.1.5000 > 10.0.0.2.80: Flags [S], seq 1, win 9, length 0
00:00:00.500000 IP 10.0.0.2.80 > 10.0.0.1.5000: Flags [R.], seq 0, ack 2, win 0, length 0\n";
    assert_eq!(until(differences), [Some(3.0), None, None, None]);
    let list = parse(differences.as_bytes());
    let last = list.rows[2].segment().time - list.rows[0].segment().time;
    assert_eq!(last.nanos(), 4_000_000_000);
}

#[test]
fn rows_cut_out_before_another_protocol_are_missing() {
    let text = "1 0.0 10.0.0.1 10.0.0.2 TCP 60 5000 > 80 [SYN] Seq=0 Win=1 Len=0
...
9 7.5 10.0.0.1 10.0.0.53 DNS 75 Standard query 0x1 A example.org
10 8.0 10.0.0.2 10.0.0.1 TCP 60 80 > 5000 [RST] Seq=1 Win=0 Len=0\n";
    let list = parse(text.as_bytes());
    assert!(list.rows[1].gap_before);
    assert_eq!(list.elisions[0].frames_cut, Some(7));
}

#[test]
fn two_captures_in_one_post_are_two_lists() {
    let list = "1 0.0 10.0.0.1 10.0.0.2 TCP 60 5000 > 80 [SYN] Seq=0 Win=1 Len=0
2 0.1 10.0.0.2 10.0.0.1 TCP 60 80 > 5000 [RST, ACK] Seq=1 Ack=1 Win=0 Len=0";
    let post = format!(
        "On the client:\n{list}\nand on the server:\n{}",
        list.replace("0.1 ", "0.0001 ")
    );
    let lists: Vec<u32> = parse(post.as_bytes())
        .rows
        .iter()
        .map(|row| row.list)
        .collect();
    assert_eq!(lists, [0, 0, 1, 1]);
    let quoted = format!(
        "{list}\nSo what does this row mean?\n{}",
        list.lines().last().unwrap()
    );
    assert_eq!(parse(quoted.as_bytes()).rows.len(), 2);
}

#[test]
fn absolute_numbers_stay_absolute_and_relative_ones_are_marked() {
    use whyreset_segments::Known;
    let relative = |text: &str| {
        parse(text.as_bytes()).rows[0]
            .segment()
            .known
            .has(Known::RELATIVE)
    };
    assert!(relative(
        "8 7.1 192.168.1.2 192.168.1.1 TCP 80 > 90 [FIN, ACK] Seq=1 Ack=216 Win=6864"
    ));
    assert!(!relative(
        "8 7.1 192.168.1.2 192.168.1.1 TCP 80 > 90 [FIN, ACK] Seq=1083132728 Ack=440232376 Win=6864"
    ));
}

#[test]
fn numbers_tell_which_of_two_connections_a_row_belongs_to() {
    let text = "1 0.0 10.0.0.1 10.0.0.2 TCP 66 5000 > 80 [SYN] Seq=0 Win=1 Len=0 MSS=1460 WS=4 SACK_PERM=1
2 0.1 10.0.0.2 10.0.0.1 TCP 66 80 > 5000 [SYN, ACK] Seq=0 Ack=1 Win=1 Len=0 MSS=1460 WS=4 SACK_PERM=1
3 0.1 10.0.0.1 10.0.0.2 TCP 54 5000 > 80 [ACK] Seq=1 Ack=1 Win=1 Len=0
4 0.1 10.0.0.1 10.0.0.2 TCP 66 5001 > 80 [SYN] Seq=0 Win=1 Len=0 MSS=1460 WS=4 SACK_PERM=1
5 0.2 10.0.0.2 10.0.0.1 TCP 66 80 > 5001 [SYN, ACK] Seq=0 Ack=1 Win=1 Len=0 MSS=1460 WS=4 SACK_PERM=1
6 0.2 10.0.0.1 10.0.0.2 TCP 54 5001 > 80 [ACK] Seq=1 Ack=1 Win=1 Len=0
7 0.3 10.0.0.1 10.0.0.2 HTTP 154 GET /a HTTP/1.1
8 0.3 10.0.0.1 10.0.0.2 HTTP 254 GET /b HTTP/1.1
9 0.4 10.0.0.2 10.0.0.1 TCP 54 80 > 5000 [ACK] Seq=1 Ack=201 Win=1 Len=0
10 0.4 10.0.0.2 10.0.0.1 TCP 54 80 > 5001 [ACK] Seq=1 Ack=101 Win=1 Len=0
11 0.5 10.0.0.1 10.0.0.2 TCP 54 5000 > 80 [ACK] Seq=201 Ack=1 Win=1 Len=0
12 0.5 10.0.0.1 10.0.0.2 TCP 54 5001 > 80 [ACK] Seq=101 Ack=1 Win=1 Len=0";
    let list = parse(text.as_bytes());
    // The shorter request fits into both, the longer one only into the first.
    let lines: Vec<u32> = list.unread.iter().map(|line| line.line).collect();
    assert_eq!(lines, [7]);
    let row = list.rows.iter().find(|row| row.line == 8).unwrap();
    assert_eq!(row.segment().source.port, 5000);
}

#[test]
fn numbers_tell_the_direction_within_one_host() {
    let text = "1 0.0 127.0.0.1 127.0.0.1 TCP 68 5000 > 110 [SYN] Seq=0 Win=1 Len=0 MSS=1460 WS=4 SACK_PERM=1 TSval=1 TSecr=0
2 0.1 127.0.0.1 127.0.0.1 TCP 68 110 > 5000 [SYN, ACK] Seq=0 Ack=1 Win=1 Len=0 MSS=1460 WS=4 SACK_PERM=1 TSval=1 TSecr=1
3 0.1 127.0.0.1 127.0.0.1 TCP 56 5000 > 110 [ACK] Seq=1 Ack=1 Win=1 Len=0 TSval=1 TSecr=1
4 0.2 127.0.0.1 127.0.0.1 POP 163 S: +OK ready
5 0.3 127.0.0.1 127.0.0.1 TCP 56 5000 > 110 [ACK] Seq=1 Ack=108 Win=1 Len=0 TSval=1 TSecr=1
6 0.4 127.0.0.1 127.0.0.1 POP 62 C: STLS
7 0.5 127.0.0.1 127.0.0.1 TCP 56 110 > 5000 [FIN, ACK] Seq=108 Ack=7 Win=1 Len=0 TSval=1 TSecr=1
8 0.5 127.0.0.1 127.0.0.1 TCP 56 5000 > 110 [ACK] Seq=7 Ack=109 Win=1 Len=0 TSval=1 TSecr=1";
    let rows = rows(text);
    assert_eq!(
        rows[3],
        "4 0.200000 127.0.0.1:110 > 127.0.0.1:5000 ~[ACK] seq ~1 ack ~1 win - len ~107"
    );
    assert_eq!(
        rows[5],
        "6 0.400000 127.0.0.1:5000 > 127.0.0.1:110 ~[ACK] seq ~1 ack ~108 win - len ~6"
    );
}

#[test]
fn rows_of_higher_protocols_find_their_connection() {
    let text = "1 0.0 10.0.0.1 10.0.0.2 TCP 74 5000 > 443 [SYN] Seq=0 Win=1 Len=0 MSS=1460 SACK_PERM=1 TSval=1 TSecr=0 WS=128
2 0.1 10.0.0.2 10.0.0.1 TCP 74 443 > 5000 [SYN, ACK] Seq=0 Ack=1 Win=1 Len=0 MSS=1460 SACK_PERM=1 TSval=1 TSecr=1 WS=128
3 0.2 10.0.0.1 10.0.0.2 TCP 66 5000 > 443 [ACK] Seq=1 Ack=1 Win=1 Len=0 TSval=1 TSecr=1
4 0.2 10.0.0.1 10.0.0.2 TLSv1.2 583 Client Hello
5 0.3 10.0.0.2 10.0.0.1 TLSv1.2 1514 Server Hello, Certificate
6 0.4 10.0.0.2 10.0.0.1 TLSv1.2 73 Alert (Level: Fatal, Description: Unknown CA)
7 0.4 10.0.0.2 10.0.0.1 TCP 66 443 > 5000 [FIN, ACK] Seq=1456 Ack=518 Win=1 Len=0 TSval=1 TSecr=1
8 0.5 10.0.0.9 10.0.0.2 ICMP 98 Echo (ping) request  id=0x1";
    let rows = rows(text);
    assert_eq!(
        rows[3],
        "4 0.200000 10.0.0.1:5000 > 10.0.0.2:443 ~[ACK] seq ~1 ack ~1 win - len ~517"
    );
    assert_eq!(
        rows[4],
        "5 0.300000 10.0.0.2:443 > 10.0.0.1:5000 ~[ACK] seq ~1 ack - win - len ~1448"
    );
    assert_eq!(
        rows[5],
        "6 0.400000 10.0.0.2:443 > 10.0.0.1:5000 ~[ACK] seq ~1449 ack - win - len ~7"
    );
    assert_eq!(rows.len(), 7);
}

#[test]
fn a_row_that_fits_several_connections_is_reported() {
    let text = "1 0.0 10.0.0.1 10.0.0.2 TCP 60 5000 > 80 [ACK] Seq=1 Ack=1 Win=1 Len=0
2 0.1 10.0.0.1 10.0.0.2 TCP 60 5001 > 80 [ACK] Seq=1 Ack=1 Win=1 Len=0
3 0.2 10.0.0.1 10.0.0.2 HTTP 612 GET / HTTP/1.1
4 0.3 10.0.0.1 10.0.0.2 TCP 60 5000 > 80 [ACK] Seq=1 Ack=1 Win=1 Len=0
5 0.4 10.0.0.1 10.0.0.2 TCP 60 5001 > 80 [ACK] Seq=1 Ack=1 Win=1 Len=0";
    let list = parse(text.as_bytes());
    assert_eq!(list.rows.len(), 4);
    assert_eq!(list.unread.len(), 1);
    assert_eq!(
        (list.unread[0].line, list.unread[0].reason),
        (3, Reason::SeveralConnections)
    );
    let alone = text
        .lines()
        .filter(|line| !line.contains("5001"))
        .collect::<Vec<_>>()
        .join("\n");
    assert_eq!(parse(alone.as_bytes()).rows[1].segment().source.port, 5000);
}

#[test]
fn a_hidden_fin_shows_in_the_numbers() {
    let text = "1 0.0 10.0.0.1 10.0.0.2 TCP 60 5000 > 80 [SYN] Seq=0 Win=1 Len=0 MSS=1460
2 0.1 10.0.0.2 10.0.0.1 TCP 60 80 > 5000 [SYN, ACK] Seq=0 Ack=1 Win=1 Len=0 MSS=1360
3 0.1 10.0.0.1 10.0.0.2 TCP 60 5000 > 80 [ACK] Seq=1 Ack=1 Win=1 Len=0
4 0.2 10.0.0.1 10.0.0.2 HTTP 567 GET /x HTTP/1.1
5 0.3 10.0.0.2 10.0.0.1 HTTP 162 HTTP/1.0 200 OK  (text/html)
6 0.4 10.0.0.1 10.0.0.2 TCP 60 5000 > 80 [FIN, ACK] Seq=514 Ack=110 Win=1 Len=0
7 0.5 10.0.0.2 10.0.0.1 TCP 60 80 > 5000 [ACK] Seq=110 Ack=515 Win=1 Len=0";
    let rows = rows(text);
    assert_eq!(
        rows[3],
        "4 0.200000 10.0.0.1:5000 > 10.0.0.2:80 ~[ACK] seq ~1 ack ~1 win - len ~513"
    );
    assert_eq!(
        rows[4],
        "5 0.300000 10.0.0.2:80 > 10.0.0.1:5000 ~[FIN, ACK] seq ~1 ack ~514 win - len ~108"
    );
}

#[test]
fn details_fill_what_the_list_hides() {
    let text = "No.     Time        Source                Destination           Protocol Length Info
    104 21.554174   192.168.4.114         192.168.4.101         HTTP     874    GET / HTTP/1.1

Frame 104: 874 bytes on wire (6992 bits), 874 bytes captured (6992 bits)
Internet Protocol Version 4, Src: 192.168.4.114 (192.168.4.114), Dst: 192.168.4.101 (192.168.4.101)
    Time to live: 128
Transmission Control Protocol, Src Port: data-port (3578), Dst Port: 57856 (57856), Seq: 118, Ack: 17399, Len: 820
    Flags: 0x018 (PSH, ACK)
    Window size value: 256
    [Calculated window size: 65536]

No.     Time        Source                Destination           Protocol Length Info
    105 21.6        192.168.4.101         192.168.4.114         TCP      54     57856 > data-port [RST] Seq=17399 Win=0 Len=0";
    assert_eq!(
        rows(text),
        [
            "104 21.554174 192.168.4.114:3578 > 192.168.4.101:57856 [PSH, ACK] seq 118 ack 17399 win 256 len 820",
            "105 21.600000 192.168.4.101:57856 > 192.168.4.114:3578 [RST] seq 17399 ack - win 0 len 0",
        ]
    );
    let list = parse(text.as_bytes());
    assert_eq!(list.formats, [Format::WiresharkList, Format::Details]);
    assert_eq!(list.rows[0].segment().ip.ttl, 128);
    assert!(matches!(list.rows[0].app, AppHint::HttpRequest { .. }));
}

#[test]
fn details_alone() {
    check(
        "Transmission Control Protocol, Src Port: 62887, Dst Port: 80, Seq: 1, Ack: 1, Len: 820
    Flags: 0x018 (PSH, ACK)
    Window size value: 256
    [Calculated window size: 65536]",
        "1 - ?:62887 > ?:80 [PSH, ACK] seq 1 ack 1 win 256 len 820",
    );
}

#[test]
fn the_scale_of_old_and_new_releases() {
    let shift = |info: &str| {
        let text = format!(
            "1 0.5 10.0.0.1 10.0.0.2 TCP 74 5000 > 80 [SYN] Seq=0 Win=5840 Len=0 MSS=1460 {info}"
        );
        parse(text.as_bytes()).rows[0]
            .segment()
            .options
            .window_scale
    };
    assert_eq!(shift("SACK_PERM=1 TSval=1 TSecr=0 WS=128"), Some(7));
    assert_eq!(shift("WS=8"), Some(3));
    assert_eq!(shift("TSV=1 TSER=0 WS=7"), Some(7));
    assert_eq!(shift("WS=2 TSV=1 TSER=0"), Some(2));
}

/// Of two ports of one host the one that hosts give to callers asks.
#[test]
fn a_request_to_the_host_itself() {
    let text = "43\t26.386912\t::1\t::1\tHTTP\t299\tGET /x HTTP/1.1
44\t26.386921\t::1\t::1\tTCP\t76\t8080 → 62694 [ACK] Seq=1 Ack=224 Win=407552 Len=0";
    let first = rows(text).swap_remove(0);
    assert!(
        first.starts_with("43 26.386912 ::1:62694 > ::1:8080"),
        "{first}"
    );
}

#[test]
fn other_protocols_of_a_firewalls_sniffer_move_the_clock() {
    let text = "1.5 port1 in 10.0.0.1.5000 -> 10.0.0.2.80: syn 77
3.5 port1 in 10.0.0.1.53 -> 10.0.0.2.1234: udp 40
9.5 port1 in 10.0.0.1 -> 10.0.0.2: icmp: echo request\n";
    let list = parse(text.as_bytes());
    let others = list.rows[0].others_until.unwrap() - list.rows[0].segment().time;
    assert_eq!(others.nanos(), 8_000_000_000);
}
