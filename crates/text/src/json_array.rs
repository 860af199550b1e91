//! An array of packets (`tshark -T json`) that comes in pieces: each packet is read where its text ends.

use crate::hosts::Names;
use crate::read::{Read, Reason};
use crate::tshark_json::read_packet;

/// Reads the array.
#[derive(Debug, Default)]
pub(crate) struct ArrayReader {
    place: Place,
    /// The packet's text, as far as it is there.
    packet: Vec<u8>,
    /// Brackets and braces that are open within the packet.
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// The packet's text is longer than is kept.
    too_long: bool,
    /// How many lines of the array have ended, and how many had where the packet begins.
    line: u32,
    begins: u32,
}

/// Where in the array the next byte stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// Before the opening bracket.
    #[default]
    Before,
    /// Behind the bracket, where a packet or the end may follow.
    First,
    /// Behind a comma.
    Next,
    Within,
    /// Behind a packet.
    Behind,
    /// Behind the closing bracket, or behind what is not well formed.
    Over,
}

/// Bytes of one packet's text that are kept; a longer one is reported and passed over.
const MAX_PACKET: usize = 16 << 20;

/// The array is no longer well formed on this line, counted from 1 at the bracket.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub u32);

impl ArrayReader {
    /// Reads the packets that end in the next piece, one call of `take` for each. Behind an error, or the end, nothing is
    /// read.
    pub fn read(
        &mut self,
        text: &str,
        names: &mut Names,
        take: &mut dyn FnMut(Read),
    ) -> Result<(), Malformed> {
        let mut rest = text.as_bytes();
        while let Some((byte, behind)) = rest.split_first() {
            match self.place {
                Place::Over => break,
                Place::Within => {
                    let end = self.pass_within(rest);
                    let (mine, behind) = rest.split_at_checked(end).unwrap_or((rest, &[]));
                    self.keep(mine);
                    rest = behind;
                    if self.place == Place::Behind {
                        self.end_packet(names, take)?;
                    }
                }
                _ => {
                    self.step(*byte)?;
                    // The first byte of a packet belongs to it.
                    if self.place != Place::Within {
                        self.line = self.line.saturating_add(u32::from(*byte == b'\n'));
                        rest = behind;
                    }
                }
            }
        }
        Ok(())
    }

    /// The text has ended.
    pub fn finish(&mut self) -> Result<(), Malformed> {
        match self.place {
            Place::Over => Ok(()),
            _ => self.fail(),
        }
    }

    /// A byte between the packets.
    fn step(&mut self, byte: u8) -> Result<(), Malformed> {
        self.place = match (self.place, byte) {
            (place, b' ' | b'\t' | b'\r' | b'\n') => place,
            (Place::Before, b'[') => Place::First,
            (Place::First | Place::Behind, b']') => Place::Over,
            (Place::Behind, b',') => Place::Next,
            (Place::Before | Place::Behind, _) | (_, b',' | b']' | b'}' | b':') => {
                return self.fail();
            }
            _ => {
                self.begins = self.line;
                Place::Within
            }
        };
        Ok(())
    }

    /// Moves to the end of the packet, or of the bytes. Gives how many were passed.
    fn pass_within(&mut self, bytes: &[u8]) -> usize {
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = self.in_string,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => {}
                b'{' | b'[' => self.depth = self.depth.saturating_add(1),
                b',' | b']' | b'}' if self.depth == 0 => {
                    self.place = Place::Behind;
                    return at;
                }
                b']' | b'}' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        self.place = Place::Behind;
                        return at.saturating_add(1);
                    }
                }
                _ => {}
            }
        }
        bytes.len()
    }

    fn keep(&mut self, bytes: &[u8]) {
        let lines = memchr::memchr_iter(b'\n', bytes).count();
        self.line = self
            .line
            .saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.too_long |= self.packet.len().saturating_add(bytes.len()) > MAX_PACKET;
        if !self.too_long {
            self.packet.extend_from_slice(bytes);
        }
    }

    fn end_packet(
        &mut self,
        names: &mut Names,
        take: &mut dyn FnMut(Read),
    ) -> Result<(), Malformed> {
        let read = match std::mem::take(&mut self.too_long) {
            true => Ok(Read::Unread(Reason::Malformed)),
            false => read_packet(&self.packet, names),
        };
        self.packet.clear();
        match read {
            Ok(read) => take(read),
            Err(line) => {
                let behind = u32::try_from(line.saturating_sub(1)).unwrap_or(u32::MAX);
                self.line = self.begins.saturating_add(behind);
                return self.fail();
            }
        }
        Ok(())
    }

    fn fail(&mut self) -> Result<(), Malformed> {
        self.place = Place::Over;
        Err(Malformed(self.line.saturating_add(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many packets there are, and where the array is no longer well formed.
    fn read(text: &str, piece: usize) -> (usize, Option<u32>) {
        let mut reader = ArrayReader::default();
        let mut names = Names::default();
        let mut count = 0;
        let pieces: Vec<char> = text.chars().collect();
        for piece in pieces.chunks(piece) {
            let piece: String = piece.iter().collect();
            if let Err(Malformed(line)) = reader.read(&piece, &mut names, &mut |_| count += 1) {
                return (count, Some(line));
            }
        }
        (count, reader.finish().err().map(|Malformed(line)| line))
    }

    #[test]
    fn packets_end_where_their_text_ends() {
        for (text, packets) in [
            (
                "[\n  {\"a\": \"]},[\\\"\"},\n  {\"b\": [1, {}]}\n]\n",
                (2, None),
            ),
            ("[]", (0, None)),
            ("[1,\"x\"] [2]", (2, None)),
            ("[\n{},\n]", (1, Some(3))),
            ("[\n{}\n{}]", (1, Some(3))),
            ("[\n{},\n{\"a\":\n x}]", (1, Some(4))),
            ("[{}", (1, Some(1))),
            ("[{},\n{\"a\"", (1, Some(2))),
            ("[{}}]", (1, Some(1))),
        ] {
            for piece in [1, 2, 3, 100] {
                assert_eq!(read(text, piece), packets, "{text}");
            }
        }
    }

    #[test]
    fn a_packet_that_is_too_long_is_passed_over() {
        let long = "x".repeat(MAX_PACKET);
        let text = format!("[{{\"a\":\"{long}\"}},{{}}]");
        assert_eq!(read(&text, 1 << 20), (2, None));
    }
}
