//! What a server says before it hangs up: the words in which it refuses its client, or takes leave of it.

mod lines;
mod packets;

use whyreset_connections::{Moment, Side};

use crate::exchange_log::ExchangeLog;

/// Longer words are cut.
const MAX_WORDS: usize = 160;
/// Who takes leave needs no more than that for it: `a001 LOGOUT`, `QUIT :bye`.
const LONGEST_FAREWELL: usize = 64;

/// A line of a program that writes whole lines: a command has four letters.
const SHORTEST_LINE: usize = 4;

/// The last words of a server, where they say something of the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastWords {
    /// What they say.
    pub says: Says,
    /// The words, without what belongs to the protocol's frames; at most 160 characters, invalid UTF-8 replaced.
    pub text: String,
    /// The packet that holds them.
    pub at: Moment,
    /// The client had spoken since the server's word before: they are an answer.
    pub asked: bool,
}

/// What a server's last words say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// It does not serve this client, or nobody at the moment: too many connections, starting up, a client that is not welcome.
    Refuses,
    /// It says no to what the client asked for, as to a wrong password: an ordinary answer.
    Declines,
    /// It has waited too long for the client.
    GaveUpWaiting,
    /// It ends a session that was open.
    Leaves,
    /// It has taken up what the client asked for, and waits for the rest: nothing is done before it has said so.
    Awaits,
}

/// Listens to a server for its last words.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Listener {
    tongue: Option<Tongue>,
    /// The server has spoken.
    begun: bool,
    /// The client has spoken since the server's last word.
    asked: bool,
    leave: Leave,
}

/// Whether the client has taken leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Leave {
    /// Nothing of it was heard, or not all.
    #[default]
    Untold,
    No,
    Taken,
}

/// How a protocol says such things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tongue {
    /// Lines with a reply code: SMTP (RFC 5321 §4.2), FTP (RFC 959 §4.2), NNTP (RFC 3977 §3.2).
    Replies,
    Imap,
    Pop3,
    Irc,
    /// Redis' protocol.
    Redis,
    MySql,
    PostgreSql,
    Rsync,
    /// Before its version, that is in its first words only.
    Ssh,
    /// memcached, and what is not recognised: in the first words only.
    Other,
}

/// What was understood of a piece of what a server says.
struct Understood {
    says: Says,
    text: String,
}

impl Listener {
    /// A listener to a protocol with this short name.
    pub(crate) fn to(protocol: &str) -> Self {
        let tongue = match protocol {
            "smtp" | "lmtp" | "ftp" | "nntp" => Tongue::Replies,
            "imap" => Tongue::Imap,
            "pop3" => Tongue::Pop3,
            "irc" => Tongue::Irc,
            "redis" => Tongue::Redis,
            "mysql" => Tongue::MySql,
            "postgresql" => Tongue::PostgreSql,
            "ssh" => Tongue::Ssh,
            "rsync" => Tongue::Rsync,
            "memcached" | "unknown" => Tongue::Other,
            _ => return Self::default(),
        };
        Self {
            tongue: Some(tongue),
            ..Self::default()
        }
    }

    /// Takes the next words of `side`.
    pub(crate) fn hear(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, bytes: &[u8]) {
        let Some(tongue) = self.tongue else {
            return;
        };
        match side {
            Side::Client => {
                self.asked = true;
                self.leave = match self.leave {
                    Leave::Taken => Leave::Taken,
                    _ if is_farewell(bytes) => Leave::Taken,
                    // Who types in a terminal says it letter by letter.
                    _ if bytes.ends_with(b"\n") && bytes.len() >= SHORTEST_LINE => Leave::No,
                    _ => Leave::Untold,
                };
            }
            Side::Server => {
                let understood = self.understand(tongue, bytes);
                log.note_last_words(understood.map(|it| LastWords {
                    says: it.says,
                    text: it.text,
                    at,
                    asked: self.asked,
                }));
                self.begun = true;
                self.asked = false;
            }
        }
    }

    /// Bytes of `side` are not in the capture.
    pub(crate) fn miss(&mut self, log: &mut ExchangeLog, side: Side) {
        match side {
            Side::Client => {
                self.asked = true;
                if self.leave != Leave::Taken {
                    self.leave = Leave::Untold;
                }
            }
            Side::Server => {
                log.note_last_words(None);
                self.begun = true;
            }
        }
    }

    fn understand(&self, tongue: Tongue, bytes: &[u8]) -> Option<Understood> {
        // A line behind others is no greeting.
        let first = !(self.begun || self.asked && lines::are_several(bytes));
        let understood = match tongue {
            Tongue::Replies => lines::reply(bytes, first),
            Tongue::Imap => lines::imap(bytes, first),
            Tongue::Pop3 => lines::pop3(bytes, first),
            Tongue::Irc => lines::irc(bytes, first),
            Tongue::Redis => lines::redis(bytes, first && !self.asked),
            Tongue::MySql => packets::mysql(bytes),
            Tongue::PostgreSql => packets::postgresql(bytes),
            Tongue::Rsync => lines::rsync(bytes),
            Tongue::Ssh | Tongue::Other if !first => None,
            Tongue::Ssh => lines::ssh(bytes),
            Tongue::Other => lines::unnamed(bytes),
        }?;
        let understood = match understood.says {
            // That was no answer.
            Says::Declines if !self.asked && speaks_of_time(understood.text.as_bytes()) => {
                Understood {
                    says: Says::GaveUpWaiting,
                    ..understood
                }
            }
            _ => understood,
        };
        // Who was asked to go says goodbye. 221 is that, unless nobody asked.
        let goodbye = understood.text.starts_with("221");
        let asked_to_go = match self.leave {
            Leave::Taken => understood.says == Says::Leaves || goodbye,
            Leave::Untold => goodbye,
            Leave::No => false,
        };
        (!asked_to_go).then_some(understood)
    }
}

impl Understood {
    fn of(says: Says, words: &[u8]) -> Self {
        let text = String::from_utf8_lossy(words.trim_ascii());
        Self {
            says,
            text: text.chars().take(MAX_WORDS).collect(),
        }
    }
}

/// A client's words in which it takes leave, in a protocol of lines.
pub(crate) fn is_farewell(bytes: &[u8]) -> bool {
    let short = bytes.len() <= LONGEST_FAREWELL;
    short && (speaks_of(bytes, "quit") || speaks_of(bytes, "logout")) || ends_with_quit(bytes)
}

/// Behind other words, as in a pipeline of commands (RFC 2920) and behind a mail.
fn ends_with_quit(bytes: &[u8]) -> bool {
    let mut lines = bytes.trim_ascii_end().rsplit(|byte| *byte == b'\n');
    let last = lines.next();
    lines.next().is_some() && last.is_some_and(|line| line.eq_ignore_ascii_case(b"quit"))
}

/// Whether these words hold this one, which is written in small letters.
pub(crate) fn speaks_of(words: &[u8], word: &str) -> bool {
    words
        .windows(word.len())
        .any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

/// It speaks of a time that is over.
fn speaks_of_time(words: &[u8]) -> bool {
    ["timeout", "timed out", "time-out", "inactiv", "idle"]
        .iter()
        .any(|word| speaks_of(words, word))
}

/// It speaks of having no room.
fn speaks_of_room(words: &[u8]) -> bool {
    [
        "too many",
        "no more connections",
        "max connections",
        "max number of clients",
        "try again later",
        "try later",
        "starting up",
        "shutting down",
    ]
    .iter()
    .any(|word| speaks_of(words, word))
}

#[cfg(test)]
mod tests;
