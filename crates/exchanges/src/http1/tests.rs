//! Whole HTTP/1 conversations.

use whyreset_connections::Side::{Client, Server};

use crate::conversation_test::Talk;
use crate::{Exchange, ExchangeList, Framing, Protocol};

const GET: &str = "GET /a HTTP/1.1\r\nHost: x.example\r\n\r\n";

fn only(talk: Talk) -> Exchange {
    let exchanges = talk.end();
    assert_eq!(exchanges.list.len(), 1, "{exchanges:#?}");
    exchanges.list.into_vec().remove(0)
}

#[test]
fn a_whole_exchange() {
    let it = only(
        Talk::default()
            .client(GET)
            .server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234")
            .acknowledge(Client, 41)
            .server("56789"),
    );
    assert_eq!(it.protocol, Protocol::Http11);
    assert_eq!(it.request.as_deref(), Some("GET /a"));
    assert_eq!(it.host.as_deref(), Some("x.example"));
    assert_eq!(it.status, Some(200));
    assert_eq!((it.body_expected, it.body_delivered), (Some(10), Some(10)));
    assert_eq!(it.body_acknowledged, Some(2));
    assert!(it.complete && it.request_complete && it.response_complete);
    assert_eq!(it.why_incomplete(), None);
    assert_eq!(it.started.unwrap().frame, 1);
    assert_eq!(it.response_started.unwrap().frame, 2);
    assert_eq!(it.ended.unwrap().frame, 4);
}

#[test]
fn a_head_that_never_ends_is_no_whole_response() {
    let it = only(
        Talk::default()
            .client(GET)
            .server("HTTP/1.1 200 OK\r\nContent-Le"),
    );
    assert_eq!(it.status, Some(200));
    assert!(!it.complete && !it.response_complete && !it.uncertain);
    assert_eq!(
        it.why_incomplete().as_deref(),
        Some("the head of the response (status 200) has no end")
    );
}

#[test]
fn a_status_line_without_a_reason() {
    let it = only(
        Talk::default()
            .client(GET)
            .server("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok"),
    );
    assert_eq!((it.status, it.body_delivered), (Some(200), Some(2)));
    assert!(it.complete);
}

#[test]
fn ten_bytes_of_an_early_answer() {
    for (line, answered) in [("HTTP/1.1 4", true), ("HTTP/1.1 1", false)] {
        let it = only(
            Talk::default()
                .client("PUT /a HTT")
                .lose(Client, 1_000)
                .server(line)
                .lose(Server, 70)
                .lose(Client, 1_000)
                .reset(Server),
        );
        assert_eq!((it.status, it.complete), (None, false));
        assert_eq!(it.response_started.is_some(), answered);
    }
}

#[test]
fn what_only_begins_like_a_status_line_is_passed_over() {
    let odd = "HTTP/1.1 200\rHTTP/1.1 200\rX\n".repeat(2_000);
    let list = Talk::default()
        .client(GET)
        .server(format!("{odd}HTTP/1.1 404 Not Found\r\n\r\n"))
        .end()
        .list;
    assert!(list.len() <= 2, "{list:#?}");
}

#[test]
fn a_cut_download() {
    let it = only(
        Talk::default()
            .client(GET)
            .server("HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n01234")
            .reset(Client),
    );
    assert!(!it.complete);
    assert_eq!(
        it.why_incomplete().as_deref(),
        Some("the response's body stops at 5 of 1048576 bytes")
    );
}

#[test]
fn pipelined_requests_are_matched_in_order() {
    let talk = Talk::default()
        .client(format!("{GET}HEAD /b HTTP/1.1\r\n\r\nGET /c HTTP/1.1\r\n\r\n"))
        .server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")
        .server("HTTP/1.1 304 Not Modified\r\n\r\n");
    let list = talk.end().list;
    let told: Vec<_> = list
        .iter()
        .map(|it| {
            (
                it.request.as_deref().unwrap(),
                it.status.unwrap(),
                it.body_delivered,
                it.complete,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("GET /a", 200, Some(2), true),
            ("HEAD /b", 200, Some(0), true),
            ("GET /c", 304, Some(0), true)
        ]
    );
    assert_eq!(list[1].body_expected, None);
}

#[test]
fn chunks_end_with_the_last_chunk() {
    let talk = |tail: &str| {
        only(Talk::default().client(GET).server(format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n{tail}"
        )))
    };
    let whole = talk("0\r\n\r\n");
    assert!(whole.complete);
    assert_eq!((whole.body_expected, whole.body_delivered), (None, Some(5)));
    let cut = talk("9\r\nab");
    assert!(!cut.complete);
    assert_eq!(cut.body_delivered, Some(7));
    assert_eq!(
        cut.why_incomplete().as_deref(),
        Some("the response's last chunk is missing: 7 bytes were sent")
    );
}

#[test]
fn a_request_of_one_line_that_a_search_found() {
    let talk = |pieces: &[&str]| {
        let mut talk = Talk::default().lose(Client, 160);
        for piece in pieces {
            talk = talk.client(piece);
        }
        let list = talk.end().list;
        list.into_iter().map(|it| it.request).collect::<Vec<_>>()
    };
    let whole = talk(&["GET HTTP/a\r\nGET /b"]);
    assert_eq!(whole, talk(&["GET HTTP/a\r\n", "G", "ET /b"]));
    assert_eq!(whole.last().unwrap().as_deref(), Some("GET /b…"));
}

#[test]
fn lines_between_responses_that_are_none() {
    let piece = "HTTP/1.1 204 No\r\n\r\nHTTP/1.1 2000\nHTTP/1.1 200\rx\n";
    let it = Talk::default().server(piece.repeat(1_200)).end();
    assert!(it.list.iter().all(|it| it.status == Some(204)));
    let piece = "GET / HTTP/1.1\r\n\r\nno\nGET\n";
    let it = Talk::default().client(piece.repeat(2_000)).end();
    assert!(
        it.list
            .iter()
            .all(|it| it.request.as_deref() == Some("GET /"))
    );
}

#[test]
fn a_body_until_the_close_needs_the_close() {
    let talk = || {
        Talk::default()
            .client("GET / HTTP/1.0\r\n\r\n")
            .server("HTTP/1.0 200 OK\r\n\r\nsome text")
    };
    let closed = only(talk().close(Server));
    assert!(closed.complete);
    assert_eq!(closed.protocol, Protocol::Http10);
    assert_eq!(closed.framing, Framing::UntilClose);
    assert_eq!(closed.body_delivered, Some(9));
    assert!(!only(talk().reset(Server)).complete);
    assert!(!only(talk().close(Client)).complete);
}

#[test]
fn an_upload_with_100_continue() {
    let it = only(
        Talk::default()
            .client("PUT /u HTTP/1.1\r\nContent-Length: 6\r\nExpect: 100-continue\r\n\r\n")
            .server("HTTP/1.1 100 Continue\r\n\r\n")
            .client("abcdef")
            .server("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"),
    );
    assert_eq!(it.interim, [100]);
    assert_eq!(it.status, Some(201));
    assert!(it.complete && it.expects_continue);
    assert_eq!(
        (it.request_body_expected, it.request_body_delivered),
        (Some(6), Some(6))
    );
    assert_eq!(it.body_expected, Some(0));
}

#[test]
fn an_early_answer_to_an_upload() {
    let it = only(
        Talk::default()
            .client("POST /u HTTP/1.1\r\nContent-Length: 600\r\n\r\nabc")
            .server("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .client("def")
            .reset(Server),
    );
    assert_eq!(it.status, Some(413));
    assert!(it.response_complete && !it.request_complete && !it.complete);
    assert_eq!(it.close_announced, Some(Server));
    assert_eq!(
        it.why_incomplete().as_deref(),
        Some("the request's body stops at 6 of 600 bytes")
    );
}

#[test]
fn a_withheld_body_does_not_swallow_the_next_request() {
    let talk = Talk::default()
        .client("PUT /u HTTP/1.1\r\nContent-Length: 6\r\nExpect: 100-continue\r\n\r\n")
        .server("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")
        .client(GET)
        .server("HTTP/1.1 204 No Content\r\n\r\n");
    let list = talk.end().list;
    assert_eq!(list.len(), 2);
    assert!(!list[0].complete);
    assert!(list[1].complete);
}

#[test]
fn a_gap_in_a_body_keeps_in_step() {
    let talk = Talk::default()
        .client(GET)
        .server("HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n")
        .lose(Server, 2999)
        .server("xHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        .client(GET);
    let list = talk.end().list;
    assert_eq!(list[0].body_delivered, Some(3000));
    assert_eq!(list[0].body_uncaptured, 2999);
    assert!(list[0].complete && !list[0].estimated);
}

#[test]
fn a_gap_in_a_head_leaves_unknowns() {
    let talk = Talk::default()
        .client(GET)
        .server("HTTP/1.1 200 OK\r\nContent-Le")
        .lose(Server, 500)
        .client("GET /next HTTP/1.1\r\nHo")
        .lose(Client, 100)
        .server("HTTP/1.1 206 Partial Content\r\nContent-Length: 4000\r\nDa")
        .lose(Server, 3000)
        .reset(Client);
    let list = talk.end().list;
    assert_eq!(list.len(), 2, "{list:#?}");
    assert_eq!(list[0].body_expected, None);
    assert!(list[0].complete && list[0].uncertain);
    assert_eq!(list[1].status, Some(206));
    assert_eq!(list[1].body_expected, Some(4000));
    assert_eq!(list[1].body_delivered, Some(3000));
    assert!(list[1].estimated && !list[1].complete && !list[1].uncertain);
}

#[test]
fn a_gap_across_chunks_ends_the_numbers() {
    let talk = Talk::default()
        .client(GET)
        .server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        .lose(Server, 100)
        .server("tail\r\n0\r\n\r\n")
        .client(GET)
        .server("HTTP/1.1 204 No Content\r\n\r\n");
    let list = talk.end().list;
    assert!(list[0].estimated && list[0].complete);
    assert_eq!(list[1].status, Some(204));
    assert!(list[1].complete);
}

#[test]
fn a_head_without_end_is_a_finding() {
    let mut talk = Talk::default().client("GET / HTTP/1.1\r\n");
    for _ in 0..80 {
        talk = talk.client(format!("X-Long: {}\r\n", "y".repeat(1000)));
    }
    let exchanges = talk.end();
    assert!(exchanges.findings.iter().any(|it| it.id == "head_too_long"));
    assert_eq!(exchanges.list[0].request.as_deref(), Some("GET /"));
}

#[test]
fn a_websocket_is_a_tunnel() {
    let talk = Talk::default()
        .client("GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        .server("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")
        .server([0x81, 2, b'h', b'i', 0x88, 2, 3, 0xe8]);
    let exchanges = talk.end();
    assert_eq!(exchanges.list[0].framing, Framing::Tunnel);
    assert!(exchanges.list[0].complete);
    assert_eq!(exchanges.list[1].protocol, Protocol::Other("websocket"));
    assert!(exchanges.findings[0].text.contains("1000"));
}

#[test]
fn a_websocket_is_whole_with_a_close_frame_before_the_first_fin() {
    let upgraded = || {
        Talk::default()
            .client("GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
            .server("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")
    };
    let last = |talk: Talk| {
        let exchange = talk.end().list.into_vec().pop().expect("a WebSocket");
        assert_eq!(exchange.protocol, Protocol::Other("websocket"));
        (exchange.complete, exchange.uncertain)
    };
    let close = [0x88, 0x82, 0, 0, 0, 0, 3, 0xe8];
    assert_eq!(last(upgraded().client(close).close(Client)), (true, false));
    assert_eq!(last(upgraded().close(Server).client(close)), (false, false));
    assert_eq!(last(upgraded().close(Server)), (false, false));
    let unasked =
        Talk::default().server("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
    assert_eq!(last(unasked.close(Server)), (false, false));
    // What is no frame hides those behind it.
    let odd = upgraded().server([0xff, 2]).close(Server);
    assert_eq!(last(odd), (false, true));
}

#[test]
fn a_tunnel_is_looked_into() {
    let talk = Talk::default()
        .client("CONNECT a:22 HTTP/1.1\r\n\r\n")
        .server("HTTP/1.1 200 Connection established\r\n\r\n")
        .server("SSH-2.0-x\r\n");
    let exchanges = talk.end();
    assert_eq!(exchanges.list[1].protocol, Protocol::Other("ssh"));
}

#[test]
fn an_upgrade_to_http2() {
    let response = [
        &b"\0\0\x01\x01\x04\0\0\0\x01\x88"[..],
        b"\0\0\x02\0\x01\0\0\0\x01ok",
    ];
    let exchanges = Talk::default()
        .client("GET /u HTTP/1.1\r\nUpgrade: h2c\r\n\r\n")
        .server("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n")
        .client(crate::banner::HTTP2_PREFACE)
        .server(response.concat())
        .end();
    let it = &exchanges.list[1];
    assert_eq!(it.request.as_deref(), Some("GET /u"));
    assert_eq!((it.status, it.body_delivered), (Some(200), Some(2)));
    assert!(it.complete);
}

#[test]
fn an_answer_before_the_gap_that_held_its_request() {
    let it = only(
        Talk::default()
            .server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            .lose(Client, 300)
            .close(Server),
    );
    assert_eq!(it.status, Some(200));
    assert!(it.complete);
}

#[test]
fn requests_that_are_read_later_than_their_answers() {
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let list = Talk::default()
        .server(ok)
        .at_frame(3)
        .server(ok)
        // What the gap held was sent before either answer; the request behind it came in between.
        .at_frame(2)
        .lose(Client, 300)
        .at_frame(2)
        .client(GET)
        .at_frame(4)
        .client("GET /b HTTP/1.1\r\n\r\n")
        .server("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
        .end()
        .list;
    let told: Vec<_> = list
        .iter()
        .map(|it| (it.request.as_deref(), it.status, it.complete))
        .collect();
    assert_eq!(
        told,
        [
            (None, Some(200), true),
            (Some("GET /a"), Some(200), true),
            (Some("GET /b"), Some(404), true)
        ]
    );
}

#[test]
fn a_gap_that_holds_several_answers() {
    let talk = || {
        Talk::default()
            .client(GET)
            .client("GET /b HTTP/1.1\r\n\r\n")
            .client("GET /c HTTP/1.1\r\n\r\n")
            .lose(Server, 400)
    };
    let list = talk()
        .server("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
        .end()
        .list;
    assert_eq!(list[2].status, Some(404));
    assert!(list.iter().all(|it| it.complete));
    assert!(list[1].uncertain && list[1].status.is_none());
    // Without another answer, none of them is known to be unanswered.
    assert!(talk().end().list.iter().all(|it| it.uncertain));
}

#[test]
fn rows_of_tls_and_other_protocols() {
    let list = Talk::default()
        .row(Client, 300, "TLSv1.2 Client Hello (SNI=a.example)")
        .row(Server, 7, "TLSv1.2 Alert (Description: Handshake Failure)")
        .end()
        .list;
    assert_eq!(list[0].protocol, Protocol::Tls(Some("1.2")));
    let tls = list[0].tls.as_ref().unwrap();
    assert_eq!(tls.server_name.as_deref(), Some("a.example"));
    assert_eq!(tls.alert.as_ref().unwrap().description, "handshake_failure");
    assert_eq!(tls.handshake, crate::TlsHandshake::Failed);
    let list = Talk::default()
        .row(Server, 90, "MySQL: Server Greeting")
        .end()
        .list;
    assert_eq!(list[0].protocol, Protocol::Other("mysql"));
}

#[test]
fn a_proxy_line_names_the_client() {
    let talk = Talk::default()
        .client(format!("PROXY TCP4 192.0.2.7 192.0.2.1 5000 80\r\n{GET}"))
        .server("HTTP/1.1 204 No Content\r\n\r\n");
    let exchanges = talk.end();
    assert_eq!(exchanges.proxied_client.as_deref(), Some("192.0.2.7:5000"));
    assert_eq!(exchanges.list[0].request.as_deref(), Some("GET /a"));
}

#[test]
fn the_middle_of_a_connection() {
    let talk = Talk::default()
        .server("...the end of some body")
        .client(GET)
        .server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let list = talk.end().list;
    let it = list.last().unwrap();
    assert_eq!(it.status, Some(200));
    assert!(it.complete);
}

#[test]
fn rows_of_a_list() {
    let it = only(
        Talk::default()
            .row(Client, 558, "GET /download?o=abee HTTP/1.1 ")
            .lose(Server, 1460)
            .acknowledge(Client, 11681 - 1)
            .acknowledge(Client, 14600)
            .reset(Client),
    );
    assert_eq!(it.request.as_deref(), Some("GET /download?o=abee"));
    assert!(it.from_list && !it.complete);
    assert_eq!((it.status, it.body_expected), (None, None));
    assert_eq!(it.body_delivered, Some(14600));
}

#[test]
fn rows_with_an_answer() {
    let it = only(Talk::default().row(Client, 400, "GET /x HTTP/1.1").row(
        Server,
        180,
        "HTTP/1.1 304 Not Modified",
    ));
    assert_eq!(it.status, Some(304));
    assert!(it.complete);
}

#[test]
fn what_comes_behind_a_close_is_read_as_if_there_were_none() {
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let begin = || {
        Talk::default()
            .client(GET)
            .server(ok)
            .acknowledge(Client, ok.len() as u64)
    };
    let closed = || begin().close(Client).close(Server);
    let go_on = |talk: Talk| {
        let talk = talk.at_frame(9).acknowledge(Client, 3 * ok.len() as u64);
        let talk = talk.lose(Client, 60).client(GET).server([ok, ok].concat());
        format!("{:?}", talk.close(Client).end())
    };
    assert_eq!(go_on(closed()), go_on(begin()));
    let end = |talk: Talk| format!("{:?}", talk.end());
    assert_eq!(end(closed()), end(begin()));
}

#[test]
fn a_start_line_is_judged_alike_whether_its_head_comes_at_once_or_in_pieces() {
    for line in ["ODD /b \tHTTP/1.1", "ODD /b HTTP/1.1", "GET /b \tHTTP/1.1"] {
        let second = format!("{line}\r\n\r\n");
        let at_once = Talk::default().client(GET).client(&second).end();
        let in_pieces = second
            .bytes()
            .fold(Talk::default().client(GET).at_frame(2), |talk, byte| {
                talk.client([byte]).at_frame(2)
            });
        let lines = |list: ExchangeList| list.into_iter().map(|it| it.request).collect::<Vec<_>>();
        assert_eq!(lines(at_once.list), lines(in_pieces.end().list), "{line:?}");
    }
}

#[test]
fn a_lost_request_is_answered_by_the_response_whose_head_was_lost() {
    let list = Talk::default()
        .client(GET)
        .server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        .lose(Server, 500)
        .server("the rest of it")
        .lose(Client, 75)
        .client(GET.replace("/a", "/c"))
        .server("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes")
        .end()
        .list;
    let last = list.last().unwrap();
    assert_eq!(last.request.as_deref(), Some("GET /c"), "{list:#?}");
    assert_eq!((last.status, last.body_expected), (Some(200), Some(3)));
    assert!(last.complete);
    assert!(list.iter().all(|it| it.complete || it.uncertain));
}
