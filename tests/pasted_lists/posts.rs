//! Lists in the shapes of public posts whose threads tell the cause: questions on ask.wireshark.org, a report of a censorship
//! observatory, a web framework's issue.

use crate::common::document_of_text;
use crate::{of, verdict};

use serde_json::Value;

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
        (
            "12:00:01.2 IP 10.0.0.9.40000 > 10.0.0.2.22: Flags [FSPU], seq 1, win 256, urg 0, length 0\n",
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
