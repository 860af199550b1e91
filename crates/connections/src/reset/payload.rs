//! Text and diagnoses that a RST carries (RFC 9293 SHLD-2 allows data in a RST;
//! draft-ietf-tcpm-rst-diagnostic-payload gives it a form).

/// The magic number that begins a diagnostic payload.
const MAGIC: [u8; 2] = [0x33, 0xaa];

/// Causes of the registry "TCP Failure Causes" as the draft lists them, 1 to 17.
const CAUSES: [&str; 17] = [
    "an option with an illegal length",
    "the connection is desynchronised",
    "data came after the program had closed the connection",
    "the program aborted the connection",
    "an unexpected ACK came while the connection was being opened",
    "a SYN came inside the window",
    "the security compartment does not match",
    "a malformed message",
    "not authorised",
    "resources are exceeded",
    "the network failed",
    "the other end sent a RST",
    "the destination cannot be reached",
    "the connection timed out",
    "too much unacknowledged data is outstanding",
    "unacceptable performance",
    "a middlebox does not support it",
];

/// What the payload of a RST says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResetReason {
    /// A diagnostic payload of the registered kind.
    Cause {
        /// Its number.
        code: u16,
        /// Its meaning; `None` for a number that the draft does not know.
        meaning: Option<&'static str>,
    },
    /// A diagnostic payload with a vendor's own number.
    VendorCause {
        /// The vendor: an IANA private enterprise number.
        enterprise: u32,
        /// The vendor's number.
        code: u16,
    },
    /// Text.
    Text(String),
    /// Bytes that are neither.
    Bytes(usize),
}

/// Reads the payload of a RST. `None` if there is none, or if it has the magic number and is malformed (the draft wants it
/// ignored then).
pub fn decode(payload: &[u8]) -> Option<ResetReason> {
    match *payload {
        [] => None,
        [m0, m1, c0, c1, p0, p1, p2, p3] if [m0, m1] == MAGIC => {
            let code = u16::from_be_bytes([c0, c1]);
            let enterprise = u32::from_be_bytes([p0, p1, p2, p3]);
            Some(if enterprise == 0 {
                let meaning = usize::from(code)
                    .checked_sub(1)
                    .and_then(|index| CAUSES.get(index))
                    .copied();
                ResetReason::Cause { code, meaning }
            } else {
                ResetReason::VendorCause { enterprise, code }
            })
        }
        [m0, m1, ..] if [m0, m1] == MAGIC => None,
        _ => Some(text(payload).map_or(ResetReason::Bytes(payload.len()), ResetReason::Text)),
    }
}

/// The payload as text, if nearly all of it is printable.
fn text(payload: &[u8]) -> Option<String> {
    let text: String = String::from_utf8_lossy(payload)
        .trim_end_matches(['\0', '\r', '\n', ' '])
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let odd = text.chars().filter(|c| *c == '\u{fffd}').count();
    (!text.trim().is_empty() && odd * 8 <= text.chars().count()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registered_cause() {
        assert_eq!(
            decode(&[0x33, 0xaa, 0, 4, 0, 0, 0, 0]),
            Some(ResetReason::Cause {
                code: 4,
                meaning: Some("the program aborted the connection")
            })
        );
        assert_eq!(
            decode(&[0x33, 0xaa, 0x12, 0x34, 0, 0, 0, 0]),
            Some(ResetReason::Cause {
                code: 0x1234,
                meaning: None
            })
        );
    }

    #[test]
    fn a_vendors_cause_and_a_malformed_one() {
        assert_eq!(
            decode(&[0x33, 0xaa, 0, 9, 0, 0, 1, 0]),
            Some(ResetReason::VendorCause {
                enterprise: 256,
                code: 9
            })
        );
        assert_eq!(decode(&[0x33, 0xaa, 0]), None);
        assert_eq!(decode(&[0x33, 0xaa, 0, 1, 0, 0, 0, 0, 0]), None);
    }

    #[test]
    fn text_is_shown_and_noise_is_counted() {
        assert_eq!(
            decode(b"Go away, we're not home\0"),
            Some(ResetReason::Text("Go away, we're not home".to_owned()))
        );
        assert_eq!(decode(&[0xff; 9]), Some(ResetReason::Bytes(9)));
        assert_eq!(decode(&[]), None);
    }
}
