//! Wireshark's packet list and tshark's rows as people post them: every order of columns, and what stands in them.

mod common;

use common::check;
use whyreset_text::{AppHint, parse};

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
fn a_row_with_flags_that_cannot_be_read_is_reported() {
    let list = parse(
        b"1 0.1 10.0.0.1 10.0.0.2 TCP 60 5000 > 80 [SYN] Seq=0 Win=1 Len=0 MSS=1460
10.0.0.2 -> 10.0.0.1 then it says [RST, ACK]",
    );
    assert_eq!(list.unread.len(), 1);
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
