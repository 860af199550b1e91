//! Lists in tables, quotes, mails and prose, or copied by hand.

mod common;

use common::{check, rows};
use whyreset_text::parse;

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
fn a_spreadsheet_with_semicolons_and_escaped_arrows() {
    let csv = "\"No.\";\"Temps\";\"Source\";\"Destination\";\"Protocole\";\"Longueur\";\"Info\"
\"7\";\"0,000312\";\"10.0.0.2\";\"10.0.0.1\";\"TCP\";\"60\";\"80 → 5000 [RST, ACK] Seq=1 Ack=1 Win=0 Len=0\"";
    check(
        csv,
        "7 0.000312 10.0.0.2:80 > 10.0.0.1:5000 [RST, ACK] seq 1 ack 1 win 0 len 0",
    );
    let wrapped =
        "2024-12-08 12:34:56.123456 port1 in 10.0.0.1.5000 -\\>\n10.0.0.2.80: syn 1234567890\n";
    assert_eq!(rows(wrapped).len(), 1);
    let by_hand = "Packet 1: 10.0.0.1.5000 > 10.0.0.2.80: SYN (it begins)
Packet 2: 10.0.0.1.5000 > 10.0.0.2.80: HTTP GET request";
    let ends = |row: &String| row.contains("10.0.0.1:5000 > 10.0.0.2:80");
    assert!(rows(by_hand).iter().all(ends), "{:?}", rows(by_hand));
}
