//! Files without a magic number, recognised by how their first fields hang together.

use crate::endian::ByteOrder;
use crate::foreign::ForeignKind;
use crate::foreign::magics::{EDITCAP, EDITCAP_ETHERNET};

static ETL: ForeignKind = ForeignKind {
    name: "a Windows event trace (ETL)",
    advice: "which Microsoft's tool converts: `etl2pcapng IN OUT.pcapng` (for Packet Monitor: `pktmon etl2pcap IN --out OUT.pcapng`)",
};
static ERF: ForeignKind = ForeignKind {
    name: "an Endace ERF capture",
    advice: EDITCAP,
};
static PEEK_CLASSIC: ForeignKind = ForeignKind {
    name: "a classic Peek capture (EtherPeek, AiroPeek)",
    advice: "which Wireshark's tools convert: `editcap -F pcapng IN OUT.pcapng` (with `-T ether` if it refuses)",
};
static LANALYZER: ForeignKind = ForeignKind {
    name: "a Novell LANalyzer capture",
    advice: EDITCAP,
};
static COMMVIEW: ForeignKind = ForeignKind {
    name: "a CommView capture",
    advice: EDITCAP_ETHERNET,
};
/// The kind whose first fields fit.
pub(super) fn recognise(head: &[u8]) -> Option<&'static ForeignKind> {
    if is_etl(head) {
        Some(&ETL)
    } else if is_peek_classic(head) {
        Some(&PEEK_CLASSIC)
    } else if is_lanalyzer(head) {
        Some(&LANALYZER)
    } else if is_commview(head) {
        Some(&COMMVIEW)
    } else if is_erf(head) {
        Some(&ERF)
    } else {
        None
    }
}

fn le32(head: &[u8], at: usize) -> Option<u32> {
    ByteOrder::Little.u32(head, at)
}

fn be16(head: &[u8], at: usize) -> Option<u16> {
    ByteOrder::Big.u16(head, at)
}

/// The buffer size stands in the buffer's head and again in the log file's head (`WMI_BUFFER_HEADER`, `TRACE_LOGFILE_HEADER`).
fn is_etl(head: &[u8]) -> bool {
    let size = le32(head, 0);
    size.is_some_and(|size| size >= 1024 && size.is_multiple_of(512))
        && size == le32(head, 0x68)
        && head.get(0x4b) == Some(&0xc0)
}

/// Versions 5 to 7: sizes and times, then reserved numbers that are zero.
fn is_peek_classic(head: &[u8]) -> bool {
    matches!(head, [5..=7, 0, ..])
        && head
            .get(22..34)
            .is_some_and(|reserved| reserved.iter().all(|byte| *byte == 0))
        && ByteOrder::Big
            .u32(head, 2)
            .is_some_and(|length| length >= 58)
}

/// A trace header record (0x1001, or 0x1007 for a cyclic one) of its usual length.
fn is_lanalyzer(head: &[u8]) -> bool {
    matches!(head, [0x01 | 0x07, 0x10, 0x4c, 0x00, ..])
}

/// The first record has a length and a date: NCF with the length twice and version 0, NCFX with a length of 32 bits.
fn is_commview(head: &[u8]) -> bool {
    let ncf =
        matches!(head, [l0, l1, s0, s1, 0, ..] if (l0, l1) == (s0, s1) && (l0, l1) != (&0, &0));
    let ncfx = matches!(head, [l0, l1, 0, 0, ..] if (l0, l1) != (&0, &0));
    ncf && has_date(head, 5) || ncfx && has_date(head, 4)
}

/// A little-endian year, month, day, hour, minute and second.
fn has_date(head: &[u8], at: usize) -> bool {
    let Some([y0, y1, month, day, hour, minute, second]) =
        head.get(at..).and_then(|rest| rest.first_chunk())
    else {
        return false;
    };
    let year = u16::from_le_bytes([*y0, *y1]);
    (1999..2100).contains(&year)
        && (1..=12).contains(month)
        && (1..=31).contains(day)
        && *hour < 24
        && *minute < 60
        && *second < 60
}

/// Records that have to follow each other for a file to be ERF.
const ERF_RECORDS: usize = 3;

/// A chain of records with known types, lengths that fit, and times that do not run backwards.
fn is_erf(head: &[u8]) -> bool {
    let mut at = 0_usize;
    let mut seconds_before = 0;
    for _ in 0..ERF_RECORDS {
        let (Some(seconds), Some(kind), Some(len)) = (
            le32(head, at.saturating_add(4)),
            head.get(at.saturating_add(8)),
            be16(head, at.saturating_add(10)),
        ) else {
            return false;
        };
        if !matches!(kind & 0x7f, 1..=48) || len < 16 || seconds < seconds_before || seconds == 0 {
            return false;
        }
        seconds_before = seconds;
        at = at.saturating_add(usize::from(len));
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn etl() {
        let mut head = vec![0; 256];
        head[..4].copy_from_slice(&0x1_0000_u32.to_le_bytes());
        head[0x68..0x6c].copy_from_slice(&0x1_0000_u32.to_le_bytes());
        head[0x4b] = 0xc0;
        assert_eq!(recognise(&head), Some(&ETL));
    }

    #[test]
    fn erf() {
        let mut head = Vec::new();
        for second in 1..5_u32 {
            head.extend([0; 4]);
            head.extend((1_700_000_000 + second).to_le_bytes());
            head.extend([2, 4, 0, 80, 0, 0, 0, 60]);
            head.extend([0; 64]);
        }
        assert_eq!(recognise(&head), Some(&ERF));
        assert_eq!(recognise(&head[..100]), None);
    }

    #[test]
    fn commview() {
        let head = [60, 0, 60, 0, 0, 0xe8, 0x07, 5, 17, 12, 30, 1, 0, 0];
        assert_eq!(recognise(&head), Some(&COMMVIEW));
        let ncfx = [60, 0, 0, 0, 0xe8, 0x07, 5, 17, 12, 30, 1, 0, 0, 0, 0];
        assert_eq!(recognise(&ncfx), Some(&COMMVIEW));
        assert_eq!(
            recognise(&[60, 0, 0, 0, 0xe8, 0x07, 13, 17, 12, 30, 1]),
            None
        );
    }
}
