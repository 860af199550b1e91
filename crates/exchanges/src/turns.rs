//! Turns of a protocol that is only recognised: whether what a client said last asks for an answer.

mod questions;

pub(crate) use questions::is_stun;

use whyreset_connections::{Moment, Side};

use crate::last_words;

/// As much of a turn's beginning is kept.
const HEAD: usize = 24;
/// Shorter words tell nothing by being alike: `QUIT` is as long as `NOOP`.
const SHORTEST: u64 = 8;
/// Nobody needs more for a goodbye: what is longer, and as long as the question before, is one too.
const LONGEST_FAREWELL: u64 = 40;
/// From so many answered questions on they make a habit.
const HABIT: u8 = 2;

/// What a client said last, in a protocol of which only the turns are followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientsLast {
    /// Whether it asks for an answer is not known.
    #[default]
    Untold,
    /// By its protocol it asks for an answer: a query, a command.
    Asks,
    /// It is like the question before, which was answered like those before it: as long, and beginning like it or longer than a goodbye.
    AskedAsBefore,
    /// It takes leave: nothing is to be answered.
    Farewell,
    /// By its protocol it asks for nothing: it answers the server, reports, or says what it takes from now on.
    Tells,
}

/// Follows the turns of a conversation.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Turns {
    /// What the client has said since the server's last word.
    asked: Option<Said>,
    /// The last question that was answered.
    answered: Option<Said>,
    /// How many were answered.
    questions: u8,
    /// What the client said last, and where the server first spoke after it.
    last: Option<(ClientsLast, Option<Moment>)>,
}

/// One turn of the client.
#[derive(Clone, Copy, Debug, Default)]
struct Said {
    len: u64,
    head: [u8; HEAD],
    held: u8,
}

impl Turns {
    /// The next words of `side`, of which the capture holds these bytes.
    pub(crate) fn say(&mut self, protocol: &str, side: Side, at: Moment, bytes: &[u8]) {
        match side {
            Side::Client => {
                let first = self.asked.is_none();
                let asked = self.asked.get_or_insert_default();
                asked.add(bytes);
                let asked = *asked;
                let told = questions::read(protocol, bytes, first && self.questions == 0);
                self.note(protocol, asked, told.or_else(|| farewell(protocol, bytes)));
            }
            Side::Server if promises_more(protocol, bytes) || self.goes_on(protocol, bytes) => {
                self.last = Some((ClientsLast::Asks, None));
            }
            Side::Server => self.answer(at),
        }
    }

    /// `len` bytes of `side` are not in the capture.
    pub(crate) fn miss(&mut self, protocol: &str, side: Side, at: Moment, len: u64) {
        match side {
            Side::Client => {
                let asked = self.asked.get_or_insert_default();
                asked.len = asked.len.saturating_add(len);
                let asked = *asked;
                self.note(protocol, asked, None);
            }
            Side::Server => self.answer(at),
        }
    }

    /// How many questions of the client were answered.
    pub(crate) const fn answered(&self) -> u8 {
        self.questions
    }

    /// What the client said last, and the server's first word after it.
    pub(crate) fn last(&self) -> (ClientsLast, Option<Moment>) {
        self.last.unwrap_or_default()
    }

    fn note(&mut self, protocol: &str, asked: Said, told: Option<ClientsLast>) {
        // What goes on, or is cut short, still asks for what it began with.
        let asks = self.last == Some((ClientsLast::Asks, None));
        if asks && told.is_none() {
            return;
        }
        // Ciphers that pad give different words one length.
        let padded = matches!(protocol, "ssh" | "openvpn");
        let habit = self.questions >= HABIT && !padded;
        let habit = habit && self.answered.is_some_and(|it| it.is_like(&asked));
        let last = told.unwrap_or(if habit {
            ClientsLast::AskedAsBefore
        } else {
            ClientsLast::Untold
        });
        self.last = Some((last, None));
    }

    /// Of an answer of POP3 in several lines the last is a dot (RFC 1939 §3): it has not come yet.
    fn goes_on(&self, protocol: &str, bytes: &[u8]) -> bool {
        let asked = self.asked.filter(|_| protocol == "pop3");
        let lines = asked.is_some_and(|it| it.asks_for_lines());
        lines && !bytes.starts_with(b"-ERR") && !ends_with_dot(bytes)
    }

    /// The server answers.
    pub(crate) fn answer(&mut self, at: Moment) {
        if let Some(asked) = self.asked.take() {
            self.answered = Some(asked);
            self.questions = self.questions.saturating_add(1);
        }
        if let Some((_, answer)) = &mut self.last {
            answer.get_or_insert(at);
        }
    }
}

impl Said {
    fn add(&mut self, bytes: &[u8]) {
        // Behind a gap the beginning is over.
        if self.len == u64::from(self.held) {
            let held = usize::from(self.held);
            let room = self.head.get_mut(held..).unwrap_or_default();
            let taken = room.len().min(bytes.len());
            for (to, from) in room.iter_mut().zip(bytes) {
                *to = *from;
            }
            self.held = u8::try_from(held.saturating_add(taken)).unwrap_or(self.held);
        }
        self.len = self.len.saturating_add(bytes.len() as u64);
    }

    /// Commands of POP3 whose answer has several lines: LIST and UIDL of all messages, RETR, TOP (RFC 1939 §5, §7), CAPA (RFC 2449 §5).
    fn asks_for_lines(&self) -> bool {
        let held = self.head.get(..usize::from(self.held)).unwrap_or_default();
        let mut words = held.trim_ascii_end().splitn(2, |byte| *byte == b' ');
        let command = words.next().map(<[u8]>::to_ascii_uppercase);
        match command.as_deref() {
            Some(b"LIST" | b"UIDL" | b"CAPA") => words.next().is_none(),
            Some(b"RETR" | b"TOP") => true,
            _ => false,
        }
    }

    /// Equally long, and too long for a goodbye; or of what is held of both three quarters are the same: the rest counts, or names
    /// what is asked for.
    fn is_like(&self, other: &Self) -> bool {
        if self.len != other.len || self.len < SHORTEST {
            return false;
        }
        let both = usize::from(self.held.min(other.held));
        let pairs = self.head.iter().zip(&other.head).take(both);
        let same = pairs.filter(|(a, b)| a == b).count();
        let begins_so = both > 0 && same.saturating_mul(4) >= both.saturating_mul(3);
        begins_so || self.len > LONGEST_FAREWELL
    }
}

/// FTP's preliminary replies (1yz): another reply follows once the file has been transferred (RFC 959 §4.2.1).
fn promises_more(protocol: &str, bytes: &[u8]) -> bool {
    let lines = bytes.strip_suffix(b"\r\n").unwrap_or(bytes);
    let last = lines.rsplit(|byte| *byte == b'\n').next();
    protocol == "ftp" && matches!(last, Some([b'1', b'0'..=b'9', b'0'..=b'9', b' ', ..]))
}

/// A line of a dot alone; it may come in a piece of its own.
fn ends_with_dot(bytes: &[u8]) -> bool {
    bytes.ends_with(b"\r\n.\r\n") || matches!(bytes, b".\r\n" | b"\r\n" | b"\n")
}

/// The words of line protocols in which a client takes leave.
fn farewell(protocol: &str, bytes: &[u8]) -> Option<ClientsLast> {
    let lines = matches!(
        protocol,
        "smtp" | "lmtp" | "ftp" | "nntp" | "imap" | "pop3" | "irc" | "redis" | "memcached"
    );
    (lines && last_words::is_farewell(bytes)).then_some(ClientsLast::Farewell)
}

#[cfg(test)]
mod tests;
