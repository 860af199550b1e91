//! Rows that were left out, before the first, behind the last, or in between: what they may have held is no evidence.

use crate::common::document_of_text;
use crate::{EXCHANGE, of, verdict};

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
fn a_list_that_ends_with_the_answer_shows_no_unfinished_handshake() {
    let (cause, ..) = of("\
12:59:16.064262 IP 10.0.0.1.51131 > 10.0.0.2.22: Flags [SEW], seq 1496490971, win 8192, length 0
12:59:16.064305 IP 10.0.0.2.22 > 10.0.0.1.51131: Flags [S.], seq 288649560, ack 1496490972, win 64240, length 0
");
    assert_eq!(cause, "unknown");
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

#[test]
fn an_upload_whose_promise_no_row_shows_may_not_have_been_whole() {
    let mut text = "\
1 0.000000 10.0.0.1 10.0.0.2 TCP 66 50000 → 80 [SYN] Seq=0 Win=64240 Len=0 MSS=1460
2 0.024000 10.0.0.2 10.0.0.1 TCP 66 80 → 50000 [SYN, ACK] Seq=0 Ack=1 Win=65160 Len=0 MSS=1460
3 0.024100 10.0.0.1 10.0.0.2 TCP 54 50000 → 80 [ACK] Seq=1 Ack=1 Win=64240 Len=0
4 0.024200 10.0.0.1 10.0.0.2 HTTP 254 PUT /u HTTP/1.1
"
    .to_owned();
    for n in 0..20 {
        let seq = 201 + n * 1460;
        text += &format!(
            "{} 0.0{} 10.0.0.1 10.0.0.2 TCP 1514 50000 → 80 [ACK] Seq={seq} Ack=1 Win=64240 Len=1460\n",
            5 + n,
            300 + n
        );
    }
    text += "25 0.070000 10.0.0.2 10.0.0.1 TCP 54 80 → 50000 [ACK] Seq=1 Ack=29401 Win=65160 Len=0
26 2.070000 10.0.0.2 10.0.0.1 TCP 54 80 → 50000 [RST, ACK] Seq=1 Ack=29401 Win=65160 Len=0
";
    let (cause, _, confidence) = of(&text);
    assert!(cause == "server_abort" || cause == "server_timeout");
    assert!(confidence < 0.75, "{confidence}");
}
