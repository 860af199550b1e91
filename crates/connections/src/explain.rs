//! What one frame is and why it is there, in a few sentences: what it answers, what its sender knew, what it allows the other
//! side to do, what is odd about it and what only looks odd.
//!
//! A pure function of a connection. It sees the kept packets only: an engine that keeps all packets of a connection
//! ([`crate::EngineConfig`]) gives it the most to go by.

mod acknowledgement;
mod data;
mod kind;
mod oddities;
mod opening;
mod reset;
mod window;

use whyreset_segments::{Known, TcpFlags};

use crate::{Connection, Packet, Side};

/// What one frame is and why it is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The frame.
    pub frame: u64,
    /// Sentences, the main one first.
    pub sentences: Vec<Sentence>,
}

/// One sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// Plain English.
    pub text: String,
    /// The frames that show it.
    pub frames: Vec<u64>,
}

impl Sentence {
    fn new(text: impl Into<String>, frames: impl IntoIterator<Item = u64>) -> Self {
        let mut frames: Vec<u64> = frames.into_iter().collect();
        frames.sort_unstable();
        frames.dedup();
        Self {
            text: text.into(),
            frames,
        }
    }
}

/// Explains a frame of a connection; `None` if it is not among the connection's kept packets.
pub fn explain<X>(connection: &Connection<X>, frame: u64) -> Option<Explanation> {
    let packet = connection.packets.iter().find(|p| p.frame == frame)?;
    let scene = Scene {
        connection,
        packet,
        before: Before::of(connection, packet),
    };
    let mut sentences = vec![kind::sentence(&scene)];
    if packet.flags.is_rst() {
        sentences.extend(reset::sentences(&scene));
    } else {
        sentences.extend(opening::sentences(&scene));
        sentences.extend(data::sentences(&scene));
        sentences.extend(acknowledgement::sentences(&scene));
        sentences.extend(window::sentences(&scene));
        sentences.extend(oddities::sentences(&scene));
    }
    Some(Explanation { frame, sentences })
}

/// A packet in its connection.
struct Scene<'a, X> {
    connection: &'a Connection<X>,
    packet: &'a Packet,
    before: Before<'a>,
}

/// What had passed before a packet, as far as it was kept. RSTs left out.
struct Before<'a> {
    /// The sender's previous packet.
    own: Option<&'a Packet>,
    /// The other side's last packet with an acknowledgement.
    peer_ack: Option<&'a Packet>,
    /// All data of the other side came with its numbers.
    peer_is_numbered: bool,
    /// The relative number after the last that the other side had sent.
    peer_sent_to: Option<i64>,
}

impl<'a> Before<'a> {
    fn of<X>(connection: &'a Connection<X>, packet: &Packet) -> Self {
        let mut before = Self {
            own: None,
            peer_ack: None,
            peer_is_numbered: true,
            peer_sent_to: None,
        };
        for earlier in &connection.packets {
            if earlier.frame >= packet.frame {
                break;
            }
            if earlier.flags.is_rst() {
                continue;
            }
            let end = has_numbers(earlier).then(|| earlier.seq_end());
            if earlier.side == packet.side {
                before.own = Some(earlier);
            } else {
                before.peer_is_numbered &= end.is_some();
                before.peer_sent_to = before.peer_sent_to.max(end);
                if has_ack(earlier) {
                    before.peer_ack = Some(earlier);
                }
            }
        }
        before
    }
}

impl<X> Scene<'_, X> {
    fn side(&self) -> Side {
        self.packet.side
    }

    fn peer(&self) -> Side {
        self.packet.side.peer()
    }

    /// The packet of the other side that ends exactly at this number: what an acknowledgement of it answers last.
    fn peer_packet_ending_at(&self, number: i64) -> Option<&Packet> {
        self.connection.packets.iter().find(|p| {
            p.side == self.peer()
                && p.frame < self.packet.frame
                && has_numbers(p)
                && p.seq_end() == number
                && p.seq_end() > p.seq
        })
    }
}

fn has_ack(packet: &Packet) -> bool {
    packet.flags.contains(TcpFlags::ACK) && packet.known.has(Known::ACK)
}

fn has_numbers(packet: &Packet) -> bool {
    packet.known.has(Known::SEQ.with(Known::LEN))
}

/// `1 byte`, `14,600 bytes`.
fn bytes(count: i64) -> String {
    let unit = if count == 1 { "byte" } else { "bytes" };
    format!("{} {unit}", grouped(count))
}

/// Digits in groups of three.
fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests;
