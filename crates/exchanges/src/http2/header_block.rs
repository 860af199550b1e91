//! Header blocks (RFC 9113 §4.3), decoded by HPACK (RFC 7541) with bounds.

use loona_hpack::Decoder;
use whyreset_capture::Span;

/// A header block may be this long, and its fields together this many times as long.
pub(crate) const MAX_BLOCK: usize = 65_536;
const MAX_FIELDS_LEN: usize = 4 * MAX_BLOCK;

/// A dynamic table may not grow beyond this, whatever the two sides agreed on.
const MAX_TABLE: usize = 65_536;

/// Header blocks of one direction are decoded up to so many bytes in all: decoding takes time.
const MAX_DECODED: usize = 4 * 1_024 * 1_024;

/// The fields that matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    pub(crate) method: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) status: Option<u16>,
    pub(crate) content_length: Option<u64>,
    pub(crate) grpc_status: Option<u32>,
    pub(crate) deadline: Option<Span>,
}

/// One direction's decoder.
pub(crate) struct HeaderDecoder {
    decoder: Decoder<'static>,
    decoded: usize,
    /// A block was missing or wrong: the table is not what the sender thinks.
    lost: bool,
}

impl Default for HeaderDecoder {
    fn default() -> Self {
        let mut decoder = Decoder::new();
        decoder.set_max_allowed_table_size(MAX_TABLE);
        Self {
            decoder,
            decoded: 0,
            lost: false,
        }
    }
}

impl std::fmt::Debug for HeaderDecoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HeaderDecoder {{ lost: {} }}", self.lost)
    }
}

impl HeaderDecoder {
    /// A block cannot be read: the ones behind it cannot either.
    pub(crate) const fn lose(&mut self) {
        self.lost = true;
    }

    /// Decodes a whole block; `None` where that is not possible (any more).
    pub(crate) fn decode(&mut self, block: &[u8]) -> Option<Fields> {
        self.decoded = self.decoded.saturating_add(block.len());
        if self.lost || block.len() > MAX_BLOCK || self.decoded > MAX_DECODED {
            self.lost = true;
            return None;
        }
        let mut fields = Fields::default();
        let mut len = 0usize;
        let result = self.decoder.decode_with_cb(block, |name, value| {
            len = len.saturating_add(name.len()).saturating_add(value.len());
            if len <= MAX_FIELDS_LEN {
                fields.take(&name, &value);
            }
        });
        if result.is_err() {
            self.lost = true;
            return None;
        }
        Some(fields)
    }
}

impl Fields {
    fn take(&mut self, name: &[u8], value: &[u8]) {
        match name {
            b":method" => self.method = Some(text(value, 32)),
            b":path" => self.path = Some(text(value, 2_000)),
            b":authority" => self.host = Some(text(value, 255)),
            b"host" if self.host.is_none() => self.host = Some(text(value, 255)),
            b":status" => self.status = number(value),
            b"content-length" => self.content_length = number(value),
            b"grpc-status" => self.grpc_status = number(value),
            b"grpc-timeout" => self.deadline = deadline(value),
            _ => {}
        }
    }
}

fn text(value: &[u8], most: usize) -> String {
    String::from_utf8_lossy(value.get(..most).unwrap_or(value)).into_owned()
}

fn number<T: std::str::FromStr>(value: &[u8]) -> Option<T> {
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}

/// gRPC's `Timeout`: at most eight digits and a unit (its PROTOCOL-HTTP2.md).
fn deadline(value: &[u8]) -> Option<Span> {
    let (unit, digits) = value.split_last().filter(|_| value.len() <= 9)?;
    let unit: i64 = match unit {
        b'H' => 3_600_000_000_000,
        b'M' => 60_000_000_000,
        b'S' => 1_000_000_000,
        b'm' => 1_000_000,
        b'u' => 1_000,
        b'n' => 1,
        _ => return None,
    };
    let count: u32 = number(digits)?;
    Some(Span::from_nanos(i64::from(count).saturating_mul(unit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_the_request_of_the_standard() {
        // RFC 7541 appendix C.4.1.
        let block = [
            0x82, 0x86, 0x84, 0x41, 0x8c, 0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab,
            0x90, 0xf4, 0xff,
        ];
        let fields = HeaderDecoder::default().decode(&block).unwrap();
        assert_eq!(fields.method.as_deref(), Some("GET"));
        assert_eq!(fields.path.as_deref(), Some("/"));
        assert_eq!(fields.host.as_deref(), Some("www.example.com"));
    }

    proptest::proptest! {
        #[test]
        fn any_blocks_are_survived(blocks in proptest::collection::vec(
            proptest::collection::vec(proptest::prelude::any::<u8>(), 0..60), 1..6,
        )) {
            let mut decoder = HeaderDecoder::default();
            for block in blocks {
                let _ = decoder.decode(&block);
            }
        }
    }

    #[test]
    fn a_table_cannot_be_asked_to_grow_without_bound() {
        let mut decoder = HeaderDecoder::default();
        assert!(decoder.decode(&[0x3f, 0xff, 0xff, 0x7f, 0x82]).is_none());
        assert!(decoder.decode(&[0x82]).is_none());
    }
}
