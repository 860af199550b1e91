//! pwru, which shows one packet at every function of the kernel that it passes, with the address of its buffer in front:
//! `0xffff91e7cf0a3e00 6 <empty>:0 … 192.168.241.1:8080->192.168.241.133:32956(tcp:RST|ACK) tcp_gro_receive`.

use crate::points::Points;
use crate::raw_row::RawRow;
use crate::read::Read;
use crate::tokens::shorten;

/// The row, or that its packet was shown at the function before.
pub(crate) fn complete(row: Box<RawRow>, line: &str, points: &mut Points) -> Read {
    let line = shorten(line, MAX_LEN);
    let mut words = line.split_whitespace();
    let (buffer, function) = (words.next(), words.next_back());
    let is_buffer = |word: &str| word.strip_prefix("0x").is_some_and(|hex| hex.len() == 16);
    match (buffer.filter(|word| is_buffer(word)), function) {
        (Some(buffer), Some(function)) if line.contains("(tcp:") => {
            let packet = (buffer, row.source, row.destination, row.flags);
            match points.is_again(packet, function, row.time) {
                true => Read::Again(row),
                false => Read::Row(row),
            }
        }
        _ => Read::Row(row),
    }
}

/// Longer lines are no rows of it.
const MAX_LEN: usize = 1_024;
