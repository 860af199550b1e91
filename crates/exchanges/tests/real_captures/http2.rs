//! HTTP/2 that goes wrong, made by node, nginx and curl: streams that are reset in a connection that lives on, and GOAWAY.

use std::path::Path;

use whyreset_connections::Side::{self, Client, Server};
use whyreset_exchanges::{Exchange, Protocol};

use crate::capture::{Keys, fresh, kept, read, told};

#[test]
fn the_captures_that_are_kept() {
    check(&kept());
}

#[test]
fn fresh_captures() {
    let tools = ["node", "nginx", "curl", "openssl", "tcpdump", "ss"];
    if let Some(folder) = fresh("make_http2.sh", &tools) {
        check(&folder);
    }
}

fn check(folder: &Path) {
    streams(&read(folder, "h2c_streams", Keys::Unused)[0].list);
    streams(&read(folder, "h2_streams", Keys::Used)[0].list[1..]);
    goaways(folder);
    nginx(folder);
}

fn reset(it: &Exchange) -> Option<(Side, &str)> {
    it.reset().map(|reset| (reset.by, reset.code.as_str()))
}

/// The same nine streams in the clear and decrypted.
fn streams(list: &[Exchange]) {
    let asked = [
        ("GET /", Some(200)),
        ("GET /slow", Some(200)),
        ("GET /refused", None),
        ("GET /broken", Some(200)),
        ("GET /grpc", Some(200)),
        ("GET /silent", None),
        ("POST /slow", Some(200)),
        ("POST /early", Some(413)),
        ("GET /", Some(200)),
    ];
    assert_eq!(told(list), asked);
    assert!(list.iter().all(|it| it.protocol == Protocol::Http2));
    let numbers: Vec<_> = list
        .iter()
        .filter_map(|it| Some(it.http2.as_ref()?.id))
        .collect();
    assert_eq!(numbers, [1, 3, 5, 7, 9, 11, 13, 15, 17]);
    assert!(list[0].complete && list[4].complete && list[8].complete);
    assert_eq!(list[4].http2.as_ref().unwrap().grpc_status, Some(14));

    let cancelled = &list[1];
    assert_eq!(reset(cancelled), Some((Client, "CANCEL")));
    assert_eq!(cancelled.body_expected, Some(100_000));
    assert!(cancelled.body_delivered >= Some(5_000) && cancelled.body_delivered < Some(6_000));
    assert_eq!(reset(&list[2]), Some((Server, "REFUSED_STREAM")));
    assert_eq!(reset(&list[3]), Some((Server, "INTERNAL_ERROR")));
    assert_eq!(list[3].body_delivered, Some(8_000));
    assert_eq!(reset(&list[5]), Some((Client, "CANCEL")));
    // Which of the two gives this one up first is a matter of chance: its client ends it short of its promise.
    assert!(reset(&list[6]).is_some());
    assert_eq!(list[6].request_body_expected, Some(300_000));
    assert_eq!(list[6].request_body_delivered, Some(20_000));
    let early = &list[7];
    assert_eq!(reset(early), Some((Server, "NO_ERROR")));
    assert!(early.response_complete && !early.request_complete);
    assert!(early.request_body_delivered < Some(300_000));
    for it in &list[1..4] {
        assert!(!it.complete && it.why_incomplete().is_some());
    }
    assert!(!list[5].complete && !list[6].complete && !early.complete);
}

fn goaways(folder: &Path) {
    let last = &read(folder, "h2c_goaway", Keys::Unused)[0];
    assert_eq!(
        told(&last.list),
        [("GET /", Some(200)), ("GET /last", Some(200))]
    );
    assert!(last.list.iter().all(|it| it.complete));
    let goaway = last.findings.iter().find(|it| it.id == "goaway").unwrap();
    assert_eq!(goaway.side, Some(Server));
    assert!(
        goaway
            .text
            .contains("GOAWAY NO_ERROR: it takes no stream after 3")
    );

    let calm = &read(folder, "h2_calm", Keys::Used)[0];
    let thrown_out = &calm.list[2];
    assert_eq!(reset(thrown_out), Some((Server, "ENHANCE_YOUR_CALM")));
    assert_eq!(
        (thrown_out.body_expected, thrown_out.body_delivered),
        (Some(50_000), Some(3_000))
    );
    assert!(!thrown_out.complete);
}

fn nginx(folder: &Path) {
    let cancelled = &read(folder, "h2_nginx_cancel", Keys::Used)[0].list[1..];
    assert_eq!(
        told(cancelled),
        [
            ("GET /slow/mid.bin", Some(200)),
            ("GET /mid.bin", Some(200))
        ]
    );
    assert_eq!(reset(&cancelled[0]), Some((Client, "CANCEL")));
    assert!(cancelled[0].body_delivered < Some(20_000) && !cancelled[0].complete);
    assert!(cancelled[1].complete);

    let timed_out = &read(folder, "h2_curl_timeout", Keys::Used)[0].list[1];
    assert_eq!(timed_out.body_expected, Some(20_000));
    assert!(!timed_out.complete && timed_out.body_delivered < Some(20_000));

    // Two requests a connection: the second is the last, and the third opens another.
    let two = read(folder, "h2_nginx_requests", Keys::Used);
    assert_eq!(two.len(), 2);
    assert_eq!((two[0].list.len(), two[1].list.len()), (3, 2));
    assert!(
        two[0]
            .findings
            .iter()
            .any(|it| it.id == "goaway" && it.side == Some(Server))
    );

    let refused = &read(folder, "h2_nginx_413", Keys::Used)[0].list[1];
    assert_eq!(
        (refused.status, reset(refused)),
        (Some(413), Some((Server, "NO_ERROR")))
    );
    assert_eq!(refused.request_body_expected, Some(200_000));
    assert!(refused.request_body_delivered < Some(200_000) && refused.response_complete);

    let plain = &read(folder, "h2c_curl", Keys::Unused)[0].list;
    assert_eq!(told(plain), [("GET /mid.bin", Some(200))]);
    assert!(plain[0].complete && plain[0].body_acknowledged == Some(20_000));
}
