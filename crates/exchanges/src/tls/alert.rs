//! Alert names (RFC 8446 §6, RFC 5246 §7.2).

/// The names of alerts.
pub(crate) struct AlertName;

const NAMES: [(u8, &str); 35] = [
    (0, "close_notify"),
    (10, "unexpected_message"),
    (20, "bad_record_mac"),
    (21, "decryption_failed"),
    (22, "record_overflow"),
    (30, "decompression_failure"),
    (40, "handshake_failure"),
    (41, "no_certificate"),
    (42, "bad_certificate"),
    (43, "unsupported_certificate"),
    (44, "certificate_revoked"),
    (45, "certificate_expired"),
    (46, "certificate_unknown"),
    (47, "illegal_parameter"),
    (48, "unknown_ca"),
    (49, "access_denied"),
    (50, "decode_error"),
    (51, "decrypt_error"),
    (52, "too_many_cids_requested"),
    (60, "export_restriction"),
    (70, "protocol_version"),
    (71, "insufficient_security"),
    (80, "internal_error"),
    (86, "inappropriate_fallback"),
    (90, "user_canceled"),
    (100, "no_renegotiation"),
    (109, "missing_extension"),
    (110, "unsupported_extension"),
    (111, "certificate_unobtainable"),
    (112, "unrecognized_name"),
    (113, "bad_certificate_status_response"),
    (114, "bad_certificate_hash_value"),
    (115, "unknown_psk_identity"),
    (116, "certificate_required"),
    (120, "no_application_protocol"),
];

impl AlertName {
    /// By its number; `unknown` where the number has no name.
    pub(crate) fn of(code: u8) -> &'static str {
        NAMES
            .iter()
            .find(|(number, _)| *number == code)
            .map_or("unknown", |(_, name)| name)
    }

    /// By the form that Wireshark's Info column has: `Unknown CA`.
    pub(crate) fn from_display(text: &str) -> Option<&'static str> {
        let folded = text.trim().to_ascii_lowercase().replace([' ', '-'], "_");
        NAMES
            .iter()
            .find(|(_, name)| *name == folded)
            .map(|(_, name)| *name)
    }
}

#[cfg(test)]
mod tests {
    use super::AlertName;

    #[test]
    fn names() {
        assert_eq!(AlertName::of(48), "unknown_ca");
        assert_eq!(AlertName::of(250), "unknown");
        assert_eq!(AlertName::from_display("Unknown CA"), Some("unknown_ca"));
        assert_eq!(
            AlertName::from_display("Close Notify"),
            Some("close_notify")
        );
        assert_eq!(AlertName::from_display("nonsense"), None);
    }
}
