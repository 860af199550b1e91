//! Java's own TLS on either side: it pads its records of TLS 1.3, and its tickets are long.

use std::path::Path;

use whyreset_exchanges::CloseNotify;

use crate::capture::{Keys, fresh, kept, read, session};

#[test]
fn the_captures_that_are_kept() {
    check(&kept());
}

#[test]
fn fresh_captures() {
    let tools = ["javac", "nginx", "curl", "openssl", "tcpdump", "ss"];
    if let Some(folder) = fresh("make_java.sh", &tools) {
        check(&folder);
    }
}

fn check(folder: &Path) {
    // A ticket is no answer; where it comes behind the request it may be one. The goodbye behind the wait is padded.
    let both = &read(folder, "java_both_slow", Keys::Unused)[0];
    let tls = session(both);
    assert!(tls.request_outstanding == Some(true) || tls.perhaps_ticket);
    assert_eq!(tls.close_notify, CloseNotify::Client);

    // The answer ends with the connection, and the client acknowledged no SETTINGS: HTTP/1, whatever it had offered.
    let closes = &read(folder, "java_server_closes", Keys::Unused)[0];
    let tls = session(closes);
    assert_eq!(tls.alpn, None);
    assert_ne!(tls.request_outstanding, Some(true));

    // It may leave without a word as well.
    let given_up = &read(folder, "java_h2_slow", Keys::Unused)[0];
    let tls = session(given_up);
    assert_eq!(tls.alpn.as_deref(), Some("h2"));
    assert!(tls.given_up.is_some() || tls.request_outstanding == Some(true));
    assert!(!given_up.list[0].complete);
}

/// Here it came before the request.
#[test]
fn a_ticket_is_no_answer() {
    let both = &read(&kept(), "java_both_slow", Keys::Unused)[0];
    assert_eq!(session(both).request_outstanding, Some(true));
    assert!(!both.list[0].complete);
}

/// RST_STREAM after a silence: no window is to be opened where nothing came.
#[test]
fn a_request_of_http2_that_is_given_up() {
    let given_up = &read(&kept(), "java_h2_slow", Keys::Unused)[0];
    let asked = given_up.list[0].request_ended.unwrap();
    let gave_up = session(given_up).given_up.unwrap();
    assert!((gave_up.time - asked.time).as_secs_f64() > 1.5);
}
