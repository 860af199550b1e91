//! Hex dumps below a row: `tcpdump -X`, `tshark -x`. They hold the headers, so TTL and IP ID, and the payload.

use whyreset_segments::TcpFlags;

use crate::raw_row::{Numbering, RawRow};
use crate::tokens::tokens;

/// Bytes of one packet that are kept.
const MAX_BYTES: usize = 64 << 10;

/// The bytes of a packet as far as they have been printed.
#[derive(Clone, Debug, Default)]
pub(crate) struct HexDump {
    bytes: Vec<u8>,
}

impl HexDump {
    /// Takes a line; whether it continues the dump.
    pub fn read_line(&mut self, line: &str) -> bool {
        let Some((offset, bytes)) = dump_line(line) else {
            return false;
        };
        if offset != self.bytes.len() || offset >= MAX_BYTES {
            // Another dump (a reassembled message) or one that is cut: what is there already counts.
            return true;
        }
        self.bytes.extend(bytes);
        true
    }

    /// Fills the row that the dump belongs to.
    pub fn complete(&self, row: &mut RawRow) {
        let Some(ip) = ip_header(&self.bytes) else {
            return;
        };
        let tcp = match ip {
            [first, _, len_a, len_b, id_a, id_b, flags, _, ttl, 6, ..] if first >> 4 == 4 => {
                row.ttl = Some(*ttl);
                row.ip_id = Some(u16::from_be_bytes([*id_a, *id_b]));
                row.dont_fragment = flags & 0x40 != 0;
                let len = usize::from(u16::from_be_bytes([*len_a, *len_b]));
                let whole = if len == 0 {
                    ip
                } else {
                    ip.get(..len).unwrap_or(ip)
                };
                whole.get(usize::from(first & 15).saturating_mul(4)..)
            }
            [first, _, _, _, len_a, len_b, 6, ttl, ..] if first >> 4 == 6 => {
                row.ttl = Some(*ttl);
                let len = usize::from(u16::from_be_bytes([*len_a, *len_b])).saturating_add(40);
                ip.get(..len).unwrap_or(ip).get(40..)
            }
            _ => return,
        };
        let Some(tcp) = tcp else { return };
        let header_len = tcp
            .get(12)
            .map_or(0, |byte| usize::from(byte >> 4).saturating_mul(4));
        if header_len < 20 {
            return;
        }
        if let [_, _, _, _, s0, s1, s2, s3, a0, a1, a2, a3, ..] = tcp {
            row.seq = Some(u32::from_be_bytes([*s0, *s1, *s2, *s3]));
            let acknowledges = row.flags.is_some_and(|flags| flags.contains(TcpFlags::ACK));
            row.ack = acknowledges.then(|| u32::from_be_bytes([*a0, *a1, *a2, *a3]));
            row.numbering = Numbering::Absolute;
        }
        if let Some(options) = tcp.get(20..header_len) {
            row.options = whyreset_segments::TcpOptions::parse(options);
            row.some_options = true;
            row.all_options = true;
        }
        row.payload = tcp.get(header_len..).unwrap_or(&[]).to_vec();
    }

    /// Nothing was printed.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// The IP header: at once (`-X`), or behind an Ethernet header (`-XX`, tshark).
fn ip_header(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [_, _, _, _, _, _, _, _, _, _, _, _, 0x08, 0x00, ip @ ..]
            if ip.first().is_some_and(|b| b >> 4 == 4) =>
        {
            Some(ip)
        }
        [_, _, _, _, _, _, _, _, _, _, _, _, 0x86, 0xdd, ip @ ..] => Some(ip),
        [first, ..] if matches!(first >> 4, 4 | 6) => Some(bytes),
        _ => None,
    }
}

/// `0x0010:  4500 003c …  E..<`, `0010  45 00 00 3c …   E..<`: offset and bytes.
fn dump_line(line: &str) -> Option<(usize, Vec<u8>)> {
    if line.len() > 200 {
        return None;
    }
    let digits = line.split_whitespace().next()?.trim_end_matches(':');
    let digits = digits.strip_prefix("0x").unwrap_or(digits);
    if digits.len() < 4 || digits.len() > 6 {
        return None;
    }
    let offset = usize::from_str_radix(digits, 16)
        .ok()
        .filter(|offset| offset.is_multiple_of(16))?;
    let words = tokens(line);
    let (_, groups) = words.split_first()?;
    let mut bytes = Vec::with_capacity(16);
    for (at, group) in groups.iter().enumerate() {
        // The text column stands behind a gap; some dumps have one between the halves as well.
        let gap = at > 0 && group.wide_gap && !(bytes.len() == 8 && group.text.len() == 2);
        if gap || bytes.len() >= 16 || !matches!(group.text.len(), 2 | 4) {
            break;
        }
        let group = crate::fields::hex_bytes(group.text);
        if group.is_empty() {
            break;
        }
        bytes.extend(group);
    }
    (!bytes.is_empty()).then_some((offset, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_payload() {
        let mut dump = HexDump::default();
        assert!(
            dump.read_line("\t0x0000:  4500 002c 1c46 4000 4006 0000 0a00 0001  E..,.F@.@.......")
        );
        assert!(
            dump.read_line("\t0x0010:  0a00 0002 0050 1234 0000 0001 0000 0002  .....P.4........")
        );
        assert!(dump.read_line("\t0x0020:  5018 0200 0000 0000 4745 5420            P.......GET."));
        let mut row = RawRow::default();
        dump.complete(&mut row);
        assert_eq!(
            (row.ttl, row.ip_id, row.dont_fragment),
            (Some(64), Some(0x1c46), true)
        );
        assert_eq!(row.payload, b"GET ");
        assert!(!dump.read_line("12:00:00.5 IP a > b"));
    }

    #[test]
    fn bytes_in_two_halves() {
        let (offset, bytes) =
            dump_line("0010  45 00 00 2c 1c 46 40 00  40 06 00 00 0a 00 00 01   E..,.F@. @.......")
                .unwrap();
        assert_eq!((offset, bytes.len()), (16, 16));
    }
}
