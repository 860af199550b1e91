//! Resets whose reason the rows show in part.

use crate::common::document_of_text;
use crate::{EXCHANGE, of, verdict};

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
fn a_pause_behind_a_whole_answer_is_no_wait_for_the_rest_of_it() {
    let text = format!(
        "{EXCHANGE}\
      7 2.060200       10.0.0.2              10.0.0.9              HTTP     154    GET /next.html HTTP/1.1
      8 2.080300       10.0.0.9              10.0.0.2              TCP      54     80 → 40000 [ACK] Seq=501 Ack=201 Win=64128 Len=0
      9 2.120000       10.0.0.2              10.0.0.9              TCP      54     40000 → 80 [FIN, ACK] Seq=201 Ack=501 Win=64256 Len=0
     10 2.140000       10.0.0.9              10.0.0.2              TCP      54     80 → 40000 [ACK] Seq=501 Ack=202 Win=64128 Len=0
     11 2.440000       10.0.0.9              10.0.0.2              HTTP     554    HTTP/1.1 200 OK  (text/html)
     12 2.440100       10.0.0.2              10.0.0.9              TCP      54     40000 → 80 [RST] Seq=202 Win=0 Len=0
"
    );
    let (cause, by, _) = of(&text);
    assert_eq!((cause.as_str(), by.as_str()), ("client_abort", "client"));
}

#[test]
fn a_server_that_resets_just_behind_a_slow_answer_had_not_idled() {
    let (cause, _, confidence) = of("\
00:16:40.000000 IP 203.0.113.7.40000 > 198.51.100.1.80: Flags [S], seq 1111111111, win 64240, options [mss 1460], length 0
00:16:40.000050 IP 198.51.100.1.80 > 203.0.113.7.40000: Flags [S.], seq 3333333333, ack 1111111112, win 65160, options [mss 1460], length 0
00:16:40.040050 IP 203.0.113.7.40000 > 198.51.100.1.80: Flags [.], ack 1, win 502, length 0
00:16:40.040250 IP 203.0.113.7.40000 > 198.51.100.1.80: Flags [P.], seq 1:87, ack 1, win 502, length 86: HTTP: GET /file.bin HTTP/1.1
00:16:40.040300 IP 198.51.100.1.80 > 203.0.113.7.40000: Flags [.], ack 87, win 501, length 0
00:16:45.040300 IP 198.51.100.1.80 > 203.0.113.7.40000: Flags [P.], seq 1:999, ack 87, win 501, length 998: HTTP: HTTP/1.1 200 OK
00:16:45.060300 IP 198.51.100.1.80 > 203.0.113.7.40000: Flags [R.], seq 999, ack 87, win 501, length 0
");
    assert!(
        cause != "benign_reset" || confidence < 0.5,
        "{cause} {confidence}"
    );
}
