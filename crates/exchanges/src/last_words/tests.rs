use super::Says::{Declines, GaveUpWaiting, Leaves, Refuses};
use super::*;

/// What the server's last words say, after the two spoke so: `>` the client, `<` the server.
fn says(protocol: &str, talk: &[&str]) -> Option<(Says, String)> {
    let mut log = ExchangeLog::default();
    let mut listener = Listener::to(protocol);
    for (frame, line) in talk.iter().enumerate() {
        let (side, words) = line.split_at(1);
        let side = if side == ">" {
            Side::Client
        } else {
            Side::Server
        };
        let at = Moment {
            frame: frame as u64 + 1,
            ..Moment::default()
        };
        let bytes: Vec<u8> = words.chars().map(|c| c as u8).collect();
        listener.hear(&mut log, side, at, &bytes);
    }
    log.take().last_words.map(|it| (it.says, it.text))
}

fn expect(protocol: &str, talk: &[&str], says_so: Says, words: &str) {
    assert_eq!(
        says(protocol, talk),
        Some((says_so, words.to_owned())),
        "{talk:?}"
    );
}

#[test]
fn replies_are_told_by_their_codes_and_their_place() {
    let many = "421 4.3.2 Too many connections";
    expect(
        "smtp",
        &["<421 4.3.2 Too many connections\r\n"],
        Refuses,
        many,
    );
    expect(
        "smtp",
        &["<554-no\r\n554 go away\r\n"],
        Refuses,
        "554 go away",
    );
    let greeted = "<220 ready\r\n";
    expect(
        "smtp",
        &[greeted, ">RCPT\r\n", "<421 closing\r\n"],
        Leaves,
        "421 closing",
    );
    let idle = "421 No transfer timeout (600 seconds): closing";
    expect(
        "ftp",
        &[greeted, &format!("<{idle}\r\n")],
        GaveUpWaiting,
        idle,
    );
    expect(
        "ftp",
        &[greeted, ">PASS x\r\n", "<530 no\r\n"],
        Declines,
        "530 no",
    );
    let unknown = "550 unknown user";
    let asked = [greeted, ">RCPT\r\n", "<550 unknown user\r\n"];
    expect("smtp", &asked, Declines, unknown);
    expect(
        "smtp",
        &[greeted, ">BDAT 5 X\r\n", "<521 5.5.4 Syntax\r\n"],
        Leaves,
        "521 5.5.4 Syntax",
    );
    let waited = "451 4.7.0 Timeout waiting for client input";
    let silent = [
        greeted,
        ">RCPT\r\n",
        "<250 ok\r\n",
        &format!("<{waited}\r\n"),
    ];
    expect("smtp", &silent, GaveUpWaiting, waited);
    let rules = "221 2.7.0 Error: I can break rules, too. Goodbye.";
    let broken = [greeted, ">GET / HTTP/1.1\r\n", &format!("<{rules}\r\n")];
    expect("smtp", &broken, Leaves, rules);
    assert_eq!(says("smtp", &["<421 busy\r\n", "<220 ready\r\n"]), None);
}

#[test]
fn who_was_asked_to_go_says_goodbye() {
    let greeted = "<* OK ready\r\n";
    assert_eq!(
        says("imap", &[greeted, ">a LOGOUT\r\n", "<* BYE bye\r\n"]),
        None
    );
    let many = ">MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\nQUIT\r\n";
    let bye = "<250 ok\r\n554 no\r\n554 no\r\n221 bye\r\n";
    assert_eq!(says("smtp", &["<220 ready\r\n", many, bye]), None);
    let typed = [
        "<220 ready\r\n",
        ">Q",
        ">U",
        ">I",
        ">T",
        ">\r\n",
        "<221 bye\r\n",
    ];
    assert_eq!(says("smtp", &typed), None);
    // Of whom nothing was captured it may have been asked.
    assert_eq!(says("smtp", &["<220 ready\r\n", "<221 bye\r\n"]), None);
    expect("imap", &["<* BYE full\r\n"], Refuses, "* BYE full");
    let idle = "* BYE Autologout; idle for too long";
    expect(
        "imap",
        &[greeted, &format!("<{idle}\r\n")],
        GaveUpWaiting,
        idle,
    );
    let link = "<ERROR :Closing Link: a[b] (Quit: a)\r\n";
    assert_eq!(says("irc", &["<:x 001 a :hi\r\n", ">QUIT\r\n", link]), None);
}

#[test]
fn packets_are_told_by_their_numbers() {
    let blocked = "Host 'a' is blocked because of many connection errors";
    let packet = format!("<8\0\0\0\u{ff}\u{69}\u{4}{blocked}");
    expect("mysql", &[&packet], Refuses, blocked);
    let idle = "<\u{15}\0\0\0\u{ff}\u{bf}\u{f}#HY000disconnected";
    expect(
        "mysql",
        &["<greeting", ">login", idle],
        GaveUpWaiting,
        "disconnected",
    );
    let busy = "<E\0\0\0\x2aSFATAL\0VFATAL\0C53300\0Msorry, too many\0\0";
    expect(
        "postgresql",
        &[">startup", busy],
        Refuses,
        "sorry, too many",
    );
    let crash = "<T\0\0\0\x05xN\0\0\0\x25SWARNING\0VWARNING\0C57P02\0Mcrash\0\0";
    expect("postgresql", &[">query", crash], Leaves, "crash");
    let error = "<E\0\0\0\x1eSERROR\0VERROR\0C42601\0Mno\0\0Z\0\0\0\x05I";
    assert_eq!(says("postgresql", &[">query", error]), None);
}

#[test]
fn lines_before_the_version_of_ssh() {
    let said = "Not allowed at this time";
    expect(
        "ssh",
        &[">SSH-2.0-x\r\n", &format!("<{said}\r\n")],
        Refuses,
        said,
    );
    expect("unknown", &[&format!("<{said}\r\n")], Refuses, said);
    assert_eq!(says("ssh", &["<welcome\r\nSSH-2.0-y\r\n"]), None);
    assert_eq!(says("ssh", &["<welcome\r\n", "<SSH-2.0-y\r\n"]), None);
}

#[test]
fn an_error_behind_another_answer_is_no_greeting() {
    let error = "-ERR Protocol error: unbalanced quotes";
    expect(
        "pop3",
        &[">set a \"\r\n", &format!("<+OK\r\n{error}\r\n")],
        Declines,
        error,
    );
    assert_eq!(says("memcached", &[">get a\r\n", "<END\r\n"]), None);
}
