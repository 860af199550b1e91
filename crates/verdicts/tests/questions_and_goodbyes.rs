//! Protocols that are only recognised, or not even that: what a client said last may be a question or a goodbye.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use talk::{ACK, FIN_ACK, PSH_ACK, RST, RST_ACK, Talk};
use told::{expect_by, told};
use whyreset_connections::Side;
use whyreset_verdicts::{Cause, EndedBy, Outcome, Verdict};

/// A conversation in turns, half a second apart.
struct Turns {
    talk: Talk,
    up: u32,
    down: u32,
    at: f64,
}

const GREETING: &[u8] = b"\x4a\0\0\0\x0a8.0.33\0abcdefgh\x01\x02\x03\x04\x05\x06\x07\x08\0\xff\xf7\xff\x02\0\xff\xc1\x15\0\0\0\0\0\0\0\0\0\0abcdefghijkl\0mysql_native\0";
const QUERY: &[u8] = b"\x09\0\0\0\x03SELECT 1";
const ROW: &[u8] = b"\x07\0\0\x01\0\0\0\x02\0\0\0";
const COM_QUIT: &[u8] = b"\x01\0\0\0\x01";

impl Turns {
    fn open(port: u16) -> Self {
        let mut talk = Talk::new();
        talk.port = port;
        talk.handshake();
        Self {
            talk,
            up: 1,
            down: 1,
            at: 0.1,
        }
    }

    /// The client says this, and its host has the acknowledgement a round trip later.
    fn client(&mut self, words: &[u8]) {
        let at = self.at;
        self.talk.client(at, PSH_ACK, self.up, self.down, words);
        self.up += words.len() as u32;
        self.talk.server(at + 0.04, ACK, self.down, self.up, b"");
        self.at += 0.05;
    }

    fn server(&mut self, words: &[u8]) {
        let at = self.at;
        self.talk.server(at, PSH_ACK, self.down, self.up, words);
        self.down += words.len() as u32;
        self.talk.client(at + 0.0001, ACK, self.up, self.down, b"");
        self.at += 0.45;
    }

    fn asked(mut self, question: &[u8], answer: &[u8], times: u32) -> Self {
        for _ in 0..times {
            self.client(question);
            self.server(answer);
        }
        self
    }

    /// A session of MySQL with some queries.
    fn mysql() -> Self {
        let mut it = Self::open(3306);
        it.server(GREETING);
        it.client(&[b"\x30\0\0\x01", &[7; 48][..]].concat());
        it.server(b"\x07\0\0\x02\0\0\0\x02\0\0\0");
        it.asked(QUERY, ROW, 2)
    }

    /// The server closes in order after a pause, and the client after it.
    fn server_closes(mut self, pause: f64) -> Verdict {
        let at = self.at + pause;
        self.talk.server(at, FIN_ACK, self.down, self.up, b"");
        self.talk
            .client(at + 0.0001, FIN_ACK, self.up, self.down + 1, b"");
        self.talk
            .server(at + 0.041, ACK, self.down + 1, self.up + 1, b"");
        self.talk.verdict(at + 5.0)
    }

    /// The same the other way round.
    fn client_closes(mut self, pause: f64) -> Verdict {
        let at = self.at + pause;
        self.talk.client(at, FIN_ACK, self.up, self.down, b"");
        self.talk
            .server(at + 0.04, FIN_ACK, self.down, self.up + 1, b"");
        self.talk
            .client(at + 0.041, ACK, self.up + 1, self.down + 1, b"");
        self.talk.verdict(at + 5.0)
    }

    /// The server closes in order; the client says this long after it, and is refused.
    fn asked_behind_close(mut self, words: &[u8]) -> Verdict {
        let at = self.at + 5.0;
        self.talk.server(at, FIN_ACK, self.down, self.up, b"");
        let down = self.down + 1;
        self.talk.client(at + 0.04, ACK, self.up, down, b"");
        self.talk.client(at + 8.0, PSH_ACK, self.up, down, words);
        self.talk
            .stranger(at + 8.04, Side::Server, RST, down, self.talk.ttl.1);
        self.talk.verdict(at + 12.0)
    }

    fn server_resets(mut self) -> Verdict {
        let at = self.at;
        self.talk.server(at, RST_ACK, self.down, self.up, b"");
        self.talk.verdict(at + 3.0)
    }
}

fn request(n: u8) -> Vec<u8> {
    [&[0, 0, 0, 40][..], &[n; 40]].concat()
}

#[test]
fn a_server_that_leaves_a_query_without_an_answer_has_failed() {
    let mut it = Turns::mysql();
    it.client(QUERY);
    let verdict = it.server_closes(0.3);
    expect_by(&verdict, Cause::ServerAbort, EndedBy::Server);
    assert!(verdict.failed, "{}", told(&verdict));
    let mut it = Turns::open(6379).asked(b"*1\r\n$4\r\nPING\r\n", b"+PONG\r\n", 1);
    it.client(b"*3\r\n$5\r\nBLPOP\r\n$1\r\nq\r\n$1\r\n0\r\n");
    let verdict = it.server_closes(4.0);
    expect_by(&verdict, Cause::ServerAbort, EndedBy::Server);
}

#[test]
fn a_server_that_ends_a_session_which_clients_end_has_a_reason() {
    expect_by(
        &Turns::mysql().server_closes(0.3),
        Cause::ServerAbort,
        EndedBy::Server,
    );
    expect_by(
        &Turns::mysql().server_closes(19.55),
        Cause::ServerTimeout,
        EndedBy::Server,
    );
    let mut it = Turns::mysql();
    it.client(COM_QUIT);
    let verdict = it.server_closes(0.0);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
}

#[test]
fn who_speaks_right_before_its_close_may_have_said_why() {
    // A pipelined QUIT, answered behind the mail that it came with.
    let mail = [
        (Side::Server, &b"220 mail ESMTP\r\n"[..]),
        (Side::Client, b"EHLO x\r\n"),
        (Side::Server, b"250 ok\r\n"),
        (
            Side::Client,
            b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n",
        ),
        (
            Side::Server,
            b"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 End data\r\n",
        ),
        (Side::Client, b"text\r\n.\r\nQUIT\r\n"),
        (Side::Server, b"250 2.0.0 Ok: queued\r\n221 2.0.0 Bye\r\n"),
    ];
    let mut talk = Talk::new();
    talk.port = 25;
    talk.handshake();
    let (mut at, mut up, mut down) = (0.1, 1, 1);
    for (side, said) in mail {
        at += 0.05;
        if side == Side::Client {
            talk.client(at, PSH_ACK, up, down, said);
            up += said.len() as u32;
        } else {
            talk.server(at, PSH_ACK, down, up, said);
            down += said.len() as u32;
        }
    }
    talk.server(at + 0.0001, FIN_ACK, down, up, b"");
    talk.client(at + 0.05, FIN_ACK, up, down + 1, b"");
    talk.server(at + 0.09, ACK, down + 1, up + 1, b"");
    let verdict = talk.verdict(2.0);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
}

#[test]
fn what_is_like_answered_questions_is_one() {
    let mut it = Turns::open(9042).asked(&request(1), &[9; 200], 3);
    it.client(&request(2));
    let verdict = it.server_closes(0.3);
    expect_by(&verdict, Cause::ServerAbort, EndedBy::Server);
    assert!(verdict.confidence < 0.9, "{}", told(&verdict));
    let mut it = Turns::open(9042).asked(&request(1), &[9; 200], 3);
    it.client(b"\0\0\0\x01Q");
    let verdict = it.server_closes(0.01);
    expect_by(&verdict, Cause::None, EndedBy::Server);
}

#[test]
fn a_client_with_the_last_word_is_not_certain_to_have_had_all() {
    let mut it = Turns::open(9042).asked(&request(1), &[9; 200], 1);
    it.client(b"\0\0\0\x0cQ is there one");
    let verdict = it.server_closes(4.0);
    assert!(verdict.confidence < 0.9, "{}", told(&verdict));
}

#[test]
fn a_query_on_a_connection_that_the_server_had_closed_is_a_race() {
    let verdict = Turns::mysql().asked_behind_close(QUERY);
    expect_by(&verdict, Cause::KeepaliveRace, EndedBy::Server);
    assert_eq!(verdict.outcome, Outcome::Aborted);
    let it = Turns::open(9042).asked(&request(1), &[9; 200], 3);
    let verdict = it.asked_behind_close(&request(3));
    expect_by(&verdict, Cause::KeepaliveRace, EndedBy::Server);
}

#[test]
fn a_goodbye_on_a_closed_connection_is_harmless() {
    let verdict = Turns::mysql().asked_behind_close(COM_QUIT);
    expect_by(&verdict, Cause::BenignReset, EndedBy::Server);
    assert!(!verdict.failed);
}

#[test]
fn nobody_lost_anything_when_a_goodbye_is_answered_with_a_reset() {
    let mut it = Turns::mysql();
    it.client(COM_QUIT);
    let verdict = it.server_resets();
    expect_by(&verdict, Cause::BenignReset, EndedBy::Server);
    let mut it = Turns::mysql();
    it.client(QUERY);
    let verdict = it.server_resets();
    expect_by(&verdict, Cause::ServerAbort, EndedBy::Server);
}

#[test]
fn an_answer_that_the_client_did_not_wait_for_is_none() {
    let mut it = Turns::mysql();
    it.client(QUERY);
    let at = it.at + 5.0;
    it.talk.client(at, FIN_ACK, it.up, it.down, b"");
    it.talk.server(at + 0.04, ACK, it.down, it.up + 1, b"");
    it.talk.server(at + 3.0, PSH_ACK, it.down, it.up + 1, ROW);
    it.talk
        .stranger(at + 3.0001, Side::Client, RST, it.up + 1, 64);
    let verdict = it.talk.verdict(at + 6.0);
    expect_by(&verdict, Cause::ClientTimeout, EndedBy::Client);
}

#[test]
fn nobody_who_asks_by_the_protocol_s_words_leaves_at_once_with_all_he_wanted() {
    let mut it = Turns::mysql();
    it.client(QUERY);
    let verdict = it.client_closes(0.1);
    expect_by(&verdict, Cause::ClientAbort, EndedBy::Client);
    let mut it = Turns::mysql();
    it.client(COM_QUIT);
    expect_by(&it.client_closes(0.1), Cause::None, EndedBy::Client);
}

#[test]
fn who_was_never_heard_has_not_had_everything() {
    let verdict = Turns::open(22).asked_behind_close(b"SSH-2.0-OpenSSH_9.2p1\r\n");
    assert_ne!(verdict.cause, Cause::BenignReset, "{}", told(&verdict));
}

#[test]
fn a_word_right_before_the_close_may_have_been_the_answer() {
    let mut it = Turns::open(7050);
    it.at = 4.3;
    it.server(b"hello\n");
    it.at -= 0.44;
    let verdict = it.server_closes(0.0);
    assert!(verdict.confidence < 0.6, "{}", told(&verdict));
}

#[test]
fn who_only_delivers_is_owed_nothing() {
    let mut it = Turns::open(2003);
    for _ in 0..8 {
        it.client(b"servers.web01.load.5 0.5 1700000000\n");
        it.at += 0.3;
    }
    let verdict = it.server_closes(0.05);
    expect_by(&verdict, Cause::None, EndedBy::Server);
    let mut it = Turns::open(2003);
    it.client(b"is there anybody?\n");
    let verdict = it.server_closes(0.05);
    assert_ne!(verdict.cause, Cause::None, "{}", told(&verdict));
}

/// The server reports of its own accord, and the client confirms each report in a few bytes: the last confirmation asks for nothing.
#[test]
fn a_confirmation_has_no_answer() {
    let closed_behind = |word: &[u8]| {
        let mut it = Turns::open(20_000).asked(word, &[0x64; 17], 4);
        it.client(word);
        let (at, up, down) = (it.at, it.up, it.down);
        it.talk.server(at, FIN_ACK, down, up, b"");
        it.talk.client(at + 0.000_1, FIN_ACK, up, down + 1, b"");
        it.talk.server(at + 0.04, ACK, down + 1, up + 1, b"");
        it.talk.verdict(at + 2.0)
    };
    let confirmed = closed_behind(b"\x05\x64\x08\xc4confirm\x01\x02\x03\x04");
    assert_eq!(confirmed.cause, Cause::None, "{}", told(&confirmed));
    let asked = closed_behind(&[0x51; 60]);
    assert_eq!(asked.cause, Cause::ServerAbort, "{}", told(&asked));
}

/// FTP's control connection, of which the server's last words are these when `side` closes.
fn ftp(words: &[u8], side: Side) -> Verdict {
    let talk = ftp_at(words);
    match side {
        Side::Client => talk.client_closes(3.0),
        Side::Server => talk.server_closes(3.0),
    }
}

/// The same before anybody closes.
fn ftp_at(words: &[u8]) -> Turns {
    let mut talk = Turns::open(21);
    talk.server(b"220 (FTP)\r\n");
    for (command, reply) in [
        ("USER u\r\n", "331 Please specify the password.\r\n"),
        ("PASS p\r\n", "230 Login successful.\r\n"),
        (
            "EPSV\r\n",
            "229 Entering Extended Passive Mode (|||40012|)\r\n",
        ),
    ] {
        talk.client(command.as_bytes());
        talk.server(reply.as_bytes());
    }
    talk.client(b"RETR a.iso\r\n");
    talk.server(words);
    talk
}

/// 150 only announces the transfer (RFC 959 §4.2.1): 226, or why it failed, comes behind it. Meanwhile nobody waits for a word here.
#[test]
fn a_transfer_of_ftp_that_is_announced_has_an_end_to_come() {
    let announced = b"150 Opening BINARY mode data connection.\r\n";
    let done = b"150 Opening BINARY mode data connection.\r\n226 Transfer complete.\r\n";
    assert_eq!(ftp(announced, Side::Server).cause, Cause::ServerAbort);
    assert_eq!(ftp(announced, Side::Client).cause, Cause::ClientAbort);
    assert_eq!(ftp(done, Side::Client).cause, Cause::None);
    // Nor does the capture's end say how it ended.
    let open = |words: &[u8]| ftp_at(words).talk.verdict(2.6);
    let (begun, over) = (open(announced), open(done));
    assert!(begun.confidence < over.confidence, "{}", told(&begun));
    // Nothing is owed any more, but it is the client that ends a session.
    assert_eq!(ftp(done, Side::Server).cause, Cause::ServerTimeout);
}

#[test]
fn a_transfer_that_the_end_of_the_capture_cuts_does_not_rest() {
    let mut it = Turns::open(9000);
    it.client(b"\x01give");
    for _ in 0..8 {
        it.talk.server(it.at, ACK, it.down, it.up, &[7; 1448]);
        it.down += 1448;
    }
    let verdict = it.talk.verdict(it.at + 0.01);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
    assert!(verdict.confidence < 0.8, "{}", told(&verdict));
}

/// Two people, or a person and a program, that take their time.
#[test]
fn who_leaves_sooner_than_answers_used_to_come_has_not_waited() {
    let leaves = |at: f64| {
        let mut talk = Talk::open();
        talk.client(1.0, PSH_ACK, 1, 1, b"hello");
        talk.server(1.04, ACK, 1, 6, b"");
        talk.server(6.0, PSH_ACK, 1, 6, b"and good morning\n");
        talk.client(6.000_1, ACK, 6, 18, b"");
        talk.client(9.0, PSH_ACK, 6, 18, &[b'?'; 300]);
        talk.server(9.04, ACK, 18, 306, b"");
        talk.client(at, FIN_ACK, 306, 18, b"");
        talk.server(at + 0.04, FIN_ACK, 18, 307, b"");
        talk.client(at + 0.040_1, ACK, 307, 19, b"");
        talk.verdict(60.0)
    };
    let verdict = leaves(11.0);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
    assert_ne!(leaves(39.0).cause, Cause::None);
}

/// As SSH 1 ends: the server tells the exit status, the client confirms it, and both close at once.
#[test]
fn a_last_word_with_which_both_leave_is_no_question() {
    let mut talk = Talk::open();
    talk.port = 22;
    talk.server(0.1, PSH_ACK, 1, 1, b"SSH-1.5-1.2.26\n");
    talk.client(0.100_1, PSH_ACK, 1, 16, b"SSH-1.5-1.2.26\n");
    talk.server(0.2, PSH_ACK, 16, 16, &[7; 20]);
    talk.client(0.201, PSH_ACK, 16, 36, &[9; 12]);
    talk.client(0.230, FIN_ACK, 28, 36, b"");
    talk.server(0.243, FIN_ACK, 36, 28, b"");
    talk.client(0.243_1, ACK, 29, 37, b"");
    talk.server(0.271, ACK, 37, 29, b"");
    let verdict = talk.verdict(2.0);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
}

/// The capture begins with the answer to the password.
#[test]
fn a_no_that_the_client_walks_away_from_was_no_hanging_up() {
    let mut talk = Talk::new();
    talk.port = 21;
    let no = b"530 Login incorrect.\r\n";
    let down = 1 + no.len() as u32;
    talk.server(0.0, PSH_ACK, 1, 1, no);
    talk.client(0.012, FIN_ACK, 1, down, b"");
    talk.server(0.05, FIN_ACK, down, 2, b"");
    talk.client(0.050_1, ACK, 2, down + 1, b"");
    let verdict = talk.verdict(2.0);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
}

/// A session of SMTP that the client closes.
fn mail(goodbye: &[(&[u8], &[u8])]) -> Verdict {
    let mut it = Turns::open(25);
    it.server(b"220 mail.example.test ESMTP ready\r\n");
    let hello: (&[u8], &[u8]) = (b"EHLO lab.test\r\n", b"250 mail.example.test\r\n");
    for (asked, answered) in [&[hello], goodbye].concat() {
        it.client(asked);
        it.server(answered);
    }
    it.client_closes(1.0)
}

#[test]
fn a_client_of_mail_that_leaves_without_quit_may_have_been_stopped() {
    let stopped = mail(&[]);
    assert_eq!(stopped.cause, Cause::None, "{}", told(&stopped));
    assert!(
        (0.7..0.9).contains(&stopped.confidence),
        "{}",
        told(&stopped)
    );
    let left = mail(&[(b"QUIT\r\n", b"221 Bye\r\n")]);
    assert!(left.confidence > 0.93, "{}", told(&left));
    // What only looks like POP3, where the server would have greeted.
    let looks = Turns::open(6379).asked(b"PING\r\n", b"+OK\r\n", 1);
    let looks = looks.client_closes(1.0);
    assert!(looks.confidence > 0.93, "{}", told(&looks));
}

/// QUIT and FIN come together; what the server says to the QUIT finds nobody.
#[test]
fn an_answer_to_a_goodbye_is_not_missed() {
    let left_with = |word: &[u8]| {
        let mut it = Turns::open(25);
        it.server(b"220 mail.example.test ESMTP ready\r\n");
        it.client(b"EHLO lab.test\r\n");
        it.server(b"250 mail.example.test\r\n");
        let (talk, up, down) = (&mut it.talk, it.up, it.down);
        let left = up + word.len() as u32;
        talk.client(2.0, PSH_ACK, up, down, word);
        talk.client(2.000_01, FIN_ACK, left, down, b"");
        talk.server(2.04, PSH_ACK, down, left + 1, &[b'2'; 93]);
        talk.server(2.040_1, FIN_ACK, down + 93, left + 1, b"");
        talk.stranger(2.040_2, Side::Client, RST, left + 1, 64);
        it.talk.verdict(5.0)
    };
    let left = left_with(b"QUIT\r\n");
    assert_eq!(left.cause, Cause::BenignReset, "{}", told(&left));
    let asked = left_with(b"HELP\r\n");
    assert!(asked.failed, "{}", told(&asked));
}

/// Who was never answered has not had all, though it says goodbye in the end.
#[test]
fn a_goodbye_behind_questions_in_vain_is_no_good_end() {
    let mut it = Turns::open(6379);
    it.client(b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n");
    it.client(b"*1\r\n$4\r\nQUIT\r\n");
    let (talk, up) = (&mut it.talk, it.up);
    talk.client(5.0, RST_ACK, up, 1, b"");
    let verdict = it.talk.verdict(8.0);
    assert!(verdict.failed, "{}", told(&verdict));
}

/// The goodbye follows the server's close: what the client had asked before is without an answer all the same.
#[test]
fn a_goodbye_behind_a_close_does_not_answer_for_the_server() {
    let mut it = Turns::open(5222);
    it.client(b"<stream:stream to='lab.test' version='1.0'>");
    let (talk, up) = (&mut it.talk, it.up);
    talk.server(0.2, FIN_ACK, 1, up, b"");
    talk.client(0.200_1, PSH_ACK, up, 2, b"</stream:stream>");
    talk.client(0.200_2, FIN_ACK, up + 16, 2, b"");
    talk.stranger(0.24, Side::Server, RST, 2, 57);
    let verdict = it.talk.verdict(3.0);
    assert_eq!(verdict.cause, Cause::ServerAbort, "{}", told(&verdict));
}
