//! Wireshark's packet list and tshark's rows as people post them: every order of columns.

mod common;

use common::rows;
use whyreset_text::{AppHint, Format, Reason, parse};

/// One row of text, and what it is understood as.
fn check(text: &str, expected: &str) {
    assert_eq!(rows(text), [expected], "{text}");
}

#[test]
fn the_default_columns() {
    check(
        "No.     Time           Source                Destination           Protocol Length Info
  44072 67.553776      192.168.166.91        192.168.88.168        TCP      60     80 → 62862 [RST, ACK] Seq=64527 Ack=905514 Win=4210688 Len=0",
        "44072 67.553776 192.168.166.91:80 > 192.168.88.168:62862 [RST, ACK] seq 64527 ack 905514 win 4210688* len 0",
    );
}

#[test]
fn tabs_masks_and_decimal_commas() {
    let text = "15\t1.962132\tX.X.X.X\tY.Y.Y.Y\tHTTP\t204\tCONNECT git.kernel.org:443 HTTP/1.1";
    check(
        text,
        "15 1.962132 X.X.X.X:0 > Y.Y.Y.Y:0 ~[ACK] seq - ack - win - len -",
    );
    let list = parse(text.as_bytes());
    assert!(
        matches!(&list.rows[0].app, AppHint::HttpRequest { target, .. } if &**target == "git.kernel.org:443")
    );
    assert!(
        !list.rows[0]
            .segment()
            .known
            .has(whyreset_segments::Known::PORTS)
    );
    check(
        "21346\t2024-05-23 12:55:29,776138\t140.82.121.4\t192.168.100.100\tTLSv1.3\t959\tContinuation Data",
        "21346 1716468929.776138 140.82.121.4:0 > 192.168.100.100:0 ~[ACK] seq - ack - win - len -",
    );
}

#[test]
fn fewer_columns() {
    check(
        "8     7.160482    192.168.1.2          192.168.1.1           TCP      http > apocd [FIN, ACK] Seq=1 Ack=216 Win=6864",
        "8 7.160482 192.168.1.2:80 > 192.168.1.1:3809 [FIN, ACK] seq 1 ack 216 win 6864 len -",
    );
    check(
        "192.168.1.23    192.168.3.10    TCP [TCP Port numbers reused] 60177 > 8004 [SYN] Seq=0 Win=8192 Len=0 MSS=1460 WS=8 SACK_PERM=1    ",
        "1 - 192.168.1.23:60177 > 192.168.3.10:8004 [SYN] seq 0 ack - win 8192 len 0",
    );
    check(
        "3660 6.364478 TCP 94 [TCP Dup ACK 3380#140] 37595 > http [ACK] Seq=1 Ack=3214429 Len=0",
        "3660 6.364478 ?:37595 > ?:80 [ACK] seq 1 ack 3214429 win - len 0",
    );
    check(
        "9 12.5 80 → 62862 [RST] Seq=1 Win=0 Len=0",
        "9 12.500000 ?:80 > ?:62862 [RST] seq 1 ack - win 0 len 0",
    );
}

#[test]
fn more_columns() {
    check(
        "   1115 2013-09-23 09:49:48.516028000 tor1ws03415.ad.ent.ctc.com cfsecm.ctc.com      TCP      57963       http             54     57963 > http [RST, ACK] Seq=16847 Ack=108815 Win=0 Len=0",
        "1115 1379929788.516028 tor1ws03415.ad.ent.ctc.com:57963 > cfsecm.ctc.com:80 [RST, ACK] seq 16847 ack 108815 win 0 len 0",
    );
    check(
        "13      14 0.127251    209.251.44.179        25452      74.125.228.74         443        TCP      60     25452 > https [ACK] Seq=487 Ack=3930 Win=65024 Len=0",
        "14 0.127251 209.251.44.179:25452 > 74.125.228.74:443 [ACK] seq 487 ack 3930 win 65024 len 0",
    );
    check(
        "1504    19:03:23.037363 100.69.39.242   54.192.231.117  TCP 1083132728      440232376   68  [TCP Previous segment not captured] 56944 > http [FIN, ACK] Seq=1083132728 Ack=440232376 Win=42368 Len=0 TSval=660589 TSecr=3642021714  0.008494    0.008957000",
        "1504 68603.037363 100.69.39.242:56944 > 54.192.231.117:80 [FIN, ACK] seq 1083132728 ack 440232376 win 42368 len 0",
    );
    check(
        "1237\t2025-07-08 15:00:49.697580\t15.254567\t0.000088\t172.16.10.1\t172.16.20.5\tTCP\t60\t443 → 65086 [FIN, ACK] Seq=4128 Ack=2781 Win=64128 Len=0",
        "1237 1751986849.697580 172.16.10.1:443 > 172.16.20.5:65086 [FIN, ACK] seq 4128 ack 2781 win 64128 len 0",
    );
}

#[test]
fn columns_behind_the_info() {
    let text = "    5 2010-07-01 01:18:56.114892 192.168.0.126         131.107.65.14         HTTP     [TCP Retransmission] GET /c/1013 HTTP/1.1                       809";
    let list = parse(text.as_bytes());
    assert_eq!(list.rows[0].frame_len, Some(809));
    assert_eq!(list.rows[0].marks, ["TCP Retransmission".into()]);
    assert!(
        matches!(&list.rows[0].app, AppHint::HttpRequest { target, .. } if &**target == "/c/1013")
    );
    check(
        "16\t01:03:08.287478\t192.168.0.155\t131.107.65.14\tHTTP\tGET / HTTP/1.1 \t4.786837",
        "16 3788.287478 192.168.0.155:0 > 131.107.65.14:0 ~[ACK] seq - ack - win - len -",
    );
    check(
        "    7 0.039875575 192.168.54.150 → 192.168.54.151 TCP 66 11111 → 36716 [FIN, ACK] Seq=17 Ack=1 Win=29056 Len=0 11111 36716",
        "7 0.039876 192.168.54.150:11111 > 192.168.54.151:36716 [FIN, ACK] seq 17 ack 1 win 29056 len 0",
    );
}

#[test]
fn minutes_of_a_spreadsheet_and_the_day_of_the_year() {
    check(
        "5\t37:25.6\t10.0.0.1\t10.0.0.2\tTCP\t60\t80 > 5000 [RST] Seq=1 Win=0 Len=0",
        "5 2245.600000 10.0.0.1:80 > 10.0.0.2:5000 [RST] seq 1 ack - win 0 len 0",
    );
    check(
        "5 2019/272 01:23:44.758433 10.0.0.1 10.0.0.2 TCP 60 80 > 5000 [RST] Seq=1 Win=0 Len=0",
        "5 1569720224.758433 10.0.0.1:80 > 10.0.0.2:5000 [RST] seq 1 ack - win 0 len 0",
    );
}

#[test]
fn hosts_of_several_words() {
    check(
        "1   0.0   source(my pc)    destination (remote server)   TCP   66   5000 > 80 [SYN] Seq=0 Win=1 Len=0",
        "1 0.000000 source(my pc):5000 > destination (remote server):80 [SYN] seq 0 ack - win 1 len 0",
    );
}

#[test]
fn rows_run_together_on_one_line() {
    assert_eq!(
        rows(
            "760 10:11:22.438873 10.2.248.47 10.110.64.48    TCP 58  [TCP ACKed unseen segment] 42161→3200 [RST, ACK] Seq=322 Ack=2420 Win=0 Len=0 761 10:11:22.438878 10.110.64.48 10.2.248.47 TCP 54 3200→42161 [ACK] Seq=2420 Ack=322 Win=5 Len=0 762 10:11:22.5 10.110.64.48 10.2.248.47 TCP 54 3200→42161 [RST] Seq=2420 Win=0 Len=0"
        ),
        [
            "760 36682.438873 10.2.248.47:42161 > 10.110.64.48:3200 [RST, ACK] seq 322 ack 2420 win 0 len 0",
            "761 36682.438878 10.110.64.48:3200 > 10.2.248.47:42161 [ACK] seq 2420 ack 322 win 5 len 0",
            "762 36682.500000 10.110.64.48:3200 > 10.2.248.47:42161 [RST] seq 2420 ack - win 0 len 0",
        ]
    );
}

#[test]
fn tables_of_markdown_html_and_csv() {
    check(
        "| No. | Source | Destination | Protocol | Info |\n|---|---|---|---|---|\n| 1 | 192.168.1.42 | 93.184.216.34 | TCP | 51334 → 443 [SYN] |",
        "1 - 192.168.1.42:51334 > 93.184.216.34:443 [SYN] seq - ack - win - len ~0",
    );
    check(
        "<table><tr><td>1</td><td>0.5</td><td>10.0.0.1</td><td>10.0.0.2</td><td>TCP</td><td>60</td><td>80 &gt; 90 [RST] Seq=1 Win=0 Len=0</td></tr></table>",
        "1 0.500000 10.0.0.1:80 > 10.0.0.2:90 [RST] seq 1 ack - win 0 len 0",
    );
    let csv = "No.,\"Time\",\"Source\",\"Destination\",\"Protocol\",\"Length\",\"Info\"
1,\"0.000000\",\"10.251.151.32\",\"10.2.230.48\",\"TCP\",\"66\",\"64484 > http [SYN] Seq=0 Win=49640 Len=0 MSS=1460 WS=1 SACK_PERM=1\"
\"2\",\"0.5\",\"10.2.230.48\",\"10.251.151.32\",\"TCP\",\"60\",\"http > 64484 [RST, ACK] Seq=1 Ack=1 Win=0 Len=0\" \"3\",\"0.6\",\"10.2.230.48\",\"10.251.151.32\",\"TCP\",\"60\",\"http > 64484 [RST] Seq=1 Win=0 Len=0\"";
    let expected = [
        "1 0.000000 10.251.151.32:64484 > 10.2.230.48:80 [SYN] seq 0 ack - win 49640 len 0",
        "2 0.500000 10.2.230.48:80 > 10.251.151.32:64484 [RST, ACK] seq 1 ack 1 win 0* len 0",
        "3 0.600000 10.2.230.48:80 > 10.251.151.32:64484 [RST] seq 1 ack - win 0* len 0",
    ];
    assert_eq!(rows(csv), expected);
    let (_, without_titles) = csv.split_once('\n').unwrap();
    assert_eq!(rows(without_titles), expected);
    check(
        "\"18766\",\"11:58:13.253584000\",\"167.16.161.16\",\"170.186.153.151\",\"TCP\",\"60\",\"https > 60406 [ACK] Seq=1784558668 Ack=207907348 Win=64245 Len=0\"",
        "18766 43093.253584 167.16.161.16:443 > 170.186.153.151:60406 [ACK] seq 1784558668 ack 207907348 win 64245 len 0",
    );
}

#[test]
fn titles_in_another_order() {
    check(
        "\"Info\",\"Destination\",\"Source\",\"Time\",\"No.\"\n\"80 > 90 [RST] Seq=7 Win=0 Len=0\",\"10.0.0.2\",\"10.0.0.1\",\"1.5\",\"12\"",
        "12 1.500000 10.0.0.1:80 > 10.0.0.2:90 [RST] seq 7 ack - win 0 len 0",
    );
}

#[test]
fn tshark_of_every_age() {
    check(
        "  3   0.078255 107.20.89.142 -> 192.168.0.14 TCP 68 40943 > http [ACK] Seq=1 Ack=1 Win=14624 Len=0 TSval=1239877065 TSecr=3112352",
        "3 0.078255 107.20.89.142:40943 > 192.168.0.14:80 [ACK] seq 1 ack 1 win 14624 len 0",
    );
    check(
        "3113700 215.885984 ip-backend → ip-proxy TCP 56 80 → 49092 [RST] Seq=1 Win=0 Len=0",
        "3113700 215.885984 ip-backend:80 > ip-proxy:49092 [RST] seq 1 ack - win 0 len 0",
    );
    check(
        "1   2   0.000048 192.168.0.14 -> 107.20.89.142 TCP 80 > 40943 [ACK] Seq=1 Ack=1 Win=5 Len=0",
        "2 0.000048 192.168.0.14:80 > 107.20.89.142:40943 [ACK] seq 1 ack 1 win 5 len 0",
    );
    check(
        "192.168.0.14 -> 107.20.89.142 TCP 80 > 40943 [ACK] Seq=1 Ack=1 Win=5 Len=0",
        "1 - 192.168.0.14:80 > 107.20.89.142:40943 [ACK] seq 1 ack 1 win 5 len 0",
    );
}

#[test]
fn wrapped_quoted_and_quoted_printable() {
    let expected = "256 1696328284.341041 192.168.1.134:909 > 192.168.1.106:2049 [ACK] seq 1500 ack 1113 win 32000 len 0";
    let wrapped = "  256 2023-10-03 10:18:04.341041 192.168.1.134 → 192.168.1.106 TCP 66
[TCP Keep-Alive] 909 → 2049 [ACK] Seq=1500 Ack=1113 Win=32000 Len=0
TSval=3081660681 TSecr=3542359002";
    check(wrapped, expected);
    let list = parse(wrapped.as_bytes());
    assert_eq!(
        list.rows[0].segment().options.timestamps.unwrap().echo,
        3_542_359_002
    );
    check(
        &wrapped
            .lines()
            .map(|line| format!("> > {line}\n"))
            .collect::<String>(),
        expected,
    );
    check(
        "> 256 2023-10-03 10:18:04.341041 192.168.1.134 =E2=86=92 192.168.1.106 TCP 66 =\n> [TCP Keep-Alive] 909 =E2=86=92 2049 [ACK] Seq=3D1500 Ack=3D1113 Win=3D32000 Len=3D0",
        expected,
    );
}

#[test]
fn oddities_of_the_info_column() {
    let ends = "10.0.0.1 10.0.0.2 TCP 60";
    for (info, expected) in [
        (
            "43721 ? 8080 [ACK] Seq=1 Ack=2 Win=3 Len=0",
            "10.0.0.1:43721 > 10.0.0.2:8080 [ACK] seq 1 ack 2 win 3 len 0",
        ),
        (
            "autonoc -> http [ack] seq=597 ack=672 win=67000",
            "10.0.0.1:1140 > 10.0.0.2:80 [ACK] seq 597 ack 672 win 67000* len -",
        ),
        (
            "9100→60156 [ECN] Seq=1 Win=3 Len=0",
            "10.0.0.1:9100 > 10.0.0.2:60156 [ECE] seq 1 ack - win 3 len 0",
        ),
        (
            "http(80) → 5000 [PSH, ACK] Seq=1 Ack=2 Win=3 Len=10 [Packet size limited during capture]",
            "10.0.0.1:80 > 10.0.0.2:5000 [PSH, ACK] seq 1 ack 2 win 3 len 10",
        ),
        (
            "80 &gt; 5000 [ACK] Seq=1 Ack=2 Win=3 Len=0 SLE=238306 SRE=238407",
            "10.0.0.1:80 > 10.0.0.2:5000 [ACK] seq 1 ack 2 win 3 len 0",
        ),
        (
            "[TCP ZeroWindow] [TCP ACKed lost segment] data-port > 57856 [ACK] Seq=1 Ack=2 Win=0 Len=0",
            "10.0.0.1:3578 > 10.0.0.2:57856 [ACK] seq 1 ack 2 win 0 len 0",
        ),
        (
            "80 > 5000 [<None>] Seq=1 Win=3 Len=0",
            "10.0.0.1:80 > 10.0.0.2:5000 [<None>] seq 1 ack - win 3 len 0",
        ),
    ] {
        check(
            &format!("7 0.5 {ends} {info}"),
            &format!("7 0.500000 {expected}"),
        );
    }
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
fn prose_is_left_alone() {
    let text = "I see a RST from the server at 12:30:01. Why?\n$ ping 10.0.0.1\nPING 10.0.0.1 (10.0.0.1) 56(84) bytes of data.\n64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=0.5 ms\n2023-01-01 10:00:00,123 ERROR Connection reset by peer\n";
    let list = parse(text.as_bytes());
    assert!(
        list.rows.is_empty() && list.unread.is_empty(),
        "{:?}",
        list.unread
    );
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

// After a table in a public project's write-up: every cell is made to stand out.
#[test]
fn cells_of_a_table_in_bold_and_as_code() {
    check(
        "| **9** | `0.004493` | `10.0.0.1` | `10.0.0.2` | **TCP** | 54 | `49844 -> 8080 [ACK] Seq=78 Ack=234` | acknowledged |",
        "9 0.004493 10.0.0.1:49844 > 10.0.0.2:8080 [ACK] seq 78 ack 234 win - len -",
    );
    check(
        "| 9 | 0.5 | 10.0.*.* | **10.1.*.*** | TCP | 54 | 49844 -> 8080 [ACK] Seq=78 Ack=234 |",
        "9 0.500000 10.0.*.*:49844 > **10.1.*.***:8080 [ACK] seq 78 ack 234 win - len -",
    );
}

// The same write-up: rows told by hand, with Wireshark's marker before the flags.
#[test]
fn numbered_by_hand_with_a_marker() {
    let text = "\
No. 23 (147.319569): 10.0.0.1 -> 10.0.0.2  [FIN, ACK] Seq=78 Ack=235
No. 24 (147.526343): 10.0.0.1 -> 10.0.0.2  [TCP Retransmission] [FIN, ACK] Seq=78 Ack=235
No. 25 (147.526499): 10.0.0.2 -> 10.0.0.1  [ACK] Seq=235 Ack=79
";
    assert_eq!(
        rows(text),
        [
            "23 147.319569 10.0.0.1:0 > 10.0.0.2:0 [FIN, ACK] seq 78 ack 235 win - len -",
            "24 147.526343 10.0.0.1:0 > 10.0.0.2:0 [FIN, ACK] seq 78 ack 235 win - len -",
            "25 147.526499 10.0.0.2:0 > 10.0.0.1:0 [ACK] seq 235 ack 79 win - len -",
        ]
    );
}

// After a question on ask.wireshark.org: the file's name stands before the first row.
#[test]
fn words_before_the_number_are_no_part_of_the_address() {
    check(
        "client_10.0.0.1_52393   1 0.000000000 10.0.0.1 -> 10.0.0.2 TCP 82 52393 > http [SYN] Seq=0 Win=37500 Len=0",
        "1 0.000000 10.0.0.1:52393 > 10.0.0.2:80 [SYN] seq 0 ack - win 37500 len 0",
    );
}

#[test]
fn a_row_with_flags_that_cannot_be_read_is_reported() {
    let list = parse(
        b"1 0.1 10.0.0.1 10.0.0.2 TCP 60 5000 > 80 [SYN] Seq=0 Win=1 Len=0 MSS=1460
10.0.0.2 -> 10.0.0.1 then it says [RST, ACK]",
    );
    assert_eq!(list.unread.len(), 1);
}

// After a question on ask.wireshark.org, copied with its tags.
#[test]
fn tags_before_an_address_are_no_part_of_it() {
    check(
        "<pre><code>10.0.0.106 10.0.0.222 TCP 60 [TCP ZeroWindowProbeAck] [TCP ZeroWindow] http &gt; ldxp [ACK]</code></pre><p>I tried</p>",
        "1 - 10.0.0.106:80 > 10.0.0.222:4042 [ACK] seq - ack - win - len -",
    );
    // Columns without addresses, and an Info without flags.
    let list = parse(
        b"3660 6.364478 TCP 94 [TCP Dup ACK 3380#140] 37595 > http [ACK] Seq=1 Ack=3214429 Len=0
3661 6.365102 HTTP 1494 [TCP Fast Retransmission] http > 37595 Seq=3214429 Ack=1 Len=1428",
    );
    let ends: Vec<String> = list
        .rows
        .iter()
        .map(|row| list.names.display(row.segment().source.host))
        .collect();
    assert!(!ends.iter().any(|name| name.contains("Fast")), "{ends:?}");
}

// After a question on ask.wireshark.org: a spreadsheet's export, and a tag before the first number.
#[test]
fn times_like_thousands_and_a_tag_before_the_number() {
    let text = "\
<pre><code>1611    21.736.504  10.0.18.127    10.0.37.2  TCP 445 1641    [Continuation to #1590] 445 &gt; 1641 [ACK] Seq=1387288 Ack=7262 Win=65535 Len=1380    1387288 1380    1388668
1613    21.736.718  10.0.37.2  10.0.18.127    TCP 1641    445 1641 &gt; 445 [ACK] Seq=7262 Ack=1361068 Win=65535 Len=0   7262    0   7262
";
    assert_eq!(
        rows(text),
        [
            "1611 21.736504 10.0.18.127:445 > 10.0.37.2:1641 [ACK] seq 1387288 ack 7262 win 65535 len 1380",
            "1613 21.736718 10.0.37.2:1641 > 10.0.18.127:445 [ACK] seq 7262 ack 1361068 win 65535 len 0",
        ]
    );
}

/// A row whose numbers were cut off is no beginning of the next one.
#[test]
fn an_abridged_row_stands_alone() {
    let text = "10.0.0.4    192.0.2.4    TCP    42225 > https [ACK] Seq=1 Ack=1
10.0.0.4    192.0.2.4    TLSv1        Client Hello
192.0.2.4    10.0.0.4    TCP    https > 42225 [ACK] Seq=1 Ack=398
me          server       TLSv1        Client Hello";
    assert_eq!(parse(text.as_bytes()).rows.len(), 3);
    assert_eq!(rows(text)[0].split(" > ").count(), 2);
}

#[test]
fn numbers_with_a_title() {
    check(
        "Frame 42:  10.0.0.1 → 10.0.0.5   TCP  80 → 52345 [RST,ACK]  # port closed",
        "42 - 10.0.0.1:80 > 10.0.0.5:52345 [RST, ACK] seq - ack - win - len ~0",
    );
}

/// A web log that draws its hosts: cells of a table become words.
#[test]
fn names_without_ports() {
    check(
        "<tr><td class=\"x\">💻 → 🌍</td><td>SSHv2</td><td>87</td><td><code>[TCP Retransmission] [PSH, ACK] Seq=1 Ack=1 Win=132096 Len=33</code></td></tr>",
        "1 - 💻:0 > 🌍:0 [PSH, ACK] seq 1 ack 1 win 132096 len 33",
    );
}

#[test]
fn titles_of_other_languages() {
    for titles in [
        "Nr.\tZeit\tQuelle\tZiel\tProtokoll\tLänge\tInfo",
        "N°\tTemps\tSource\tDestination\tProtocole\tLongueur\tInfo",
        "No.\t时间\t源地址\t目标地址\t协议\t长度\t信息",
    ] {
        let text = format!(
            "{titles}\n7\t0,5\tmein haus\tserver\tTCP\t60\t80 → 5000 [RST] Seq=1 Win=0 Len=0"
        );
        check(
            &text,
            "7 0.500000 mein haus:80 > server:5000 [RST] seq 1 ack - win 0 len 0",
        );
    }
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
