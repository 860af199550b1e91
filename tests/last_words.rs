//! Servers that say why they hang up: see `tests/fixtures/last_words/README.md`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::document;
use serde_json::Value;

fn judged(capture: &str) -> Value {
    let path = format!("tests/fixtures/last_words/{capture}.pcapng");
    document(&[&path])["connections"][0].clone()
}

/// The verdict is this one, and not too sure; its summary quotes the words.
fn expect(capture: &str, cause: &str, outcome: &str, words: &str) {
    let connection = judged(capture);
    let verdict = &connection["verdict"];
    assert_eq!(verdict["cause"], cause, "{capture}: {verdict:#}");
    assert_eq!(connection["outcome"], outcome, "{capture}");
    let summary = verdict["summary"].as_str().unwrap();
    assert!(summary.contains(words), "{capture}: {summary}");
    let evidence = verdict["evidence"].as_array().unwrap();
    let quoted = |e: &Value| e["text"].as_str().unwrap().contains(words);
    assert!(evidence.iter().any(quoted), "{capture}: {verdict:#}");
}

#[test]
fn a_refusal_in_words_is_the_servers_doing() {
    for (capture, outcome, words) in [
        ("ssh_maxstartups", "aborted", "“Exceeded MaxStartups”"),
        (
            "redis_max",
            "aborted",
            "“ERR max number of clients reached”",
        ),
        (
            "redis_max2",
            "aborted",
            "“ERR max number of clients reached”",
        ),
        (
            "redis_denied",
            "aborted",
            "“DENIED Redis is running in protected mode",
        ),
        ("mysql_many", "truncated", "“Too many connections”"),
        (
            "smtp_421_many",
            "truncated",
            "“421 Too many concurrent SMTP connections",
        ),
        (
            "smtp_550_greet_ehlo",
            "aborted",
            "“550 Go away, your host is on our list”",
        ),
        (
            "ftp_421_many",
            "truncated",
            "“421 There are too many connected users",
        ),
        (
            "imap_bye_many",
            "truncated",
            "“a NO [LIMIT] Maximum number of connections",
        ),
        (
            "pop3_many",
            "truncated",
            "“-ERR [IN-USE] Maximum number of connections",
        ),
        (
            "pg_many",
            "truncated",
            "“remaining connection slots are reserved",
        ),
        (
            "pg_shutdown",
            "truncated",
            "“the database system is shutting down”",
        ),
        (
            "irc_many",
            "truncated",
            "“ERROR :Connection refused, too many connections",
        ),
        (
            "rsync_many",
            "truncated",
            "“@ERROR: max connections (1) reached",
        ),
    ] {
        expect(capture, "server_abort", outcome, words);
        assert_eq!(
            judged(capture)["verdict"]["ended_by"],
            "server",
            "{capture}"
        );
    }
}

#[test]
fn a_time_out_in_words_is_one() {
    for (capture, words) in [
        (
            "smtp_421_timeout",
            "SMTP command timeout - closing connection”",
        ),
        ("ftp_421_timeout", "“421 Timeout.”"),
        (
            "pg_idle",
            "“terminating connection due to idle-session timeout”",
        ),
        ("irc_ping", "“ERROR :Ping timeout: 5 seconds”"),
    ] {
        expect(capture, "server_timeout", "timed_out", words);
    }
}

#[test]
fn a_session_that_the_server_ends_in_words() {
    let words = "“terminating connection due to administrator command”";
    expect("pg_admin_busy", "server_abort", "truncated", words);
    expect("pg_admin_idle", "server_abort", "aborted", words);
    expect(
        "imap_shutdown",
        "server_abort",
        "truncated",
        "“* BYE Server shutting down.”",
    );
    // Nothing was asked at that moment: perhaps nobody misses it.
    let verdict = judged("imap_shutdown")["verdict"].clone();
    assert!(verdict["confidence"].as_f64().unwrap() < 0.7, "{verdict:#}");
}

#[test]
fn an_answer_that_is_a_no_is_an_answer() {
    for (capture, words) in [
        ("mysql_denied", "“Access denied for user 'u'@'10.78.0.1'"),
        ("ftp_530", "“530 Login incorrect.”"),
        ("pg_auth", "“password authentication failed for user"),
    ] {
        expect(capture, "none", "completed", words);
    }
}
