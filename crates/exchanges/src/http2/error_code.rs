//! Error codes (RFC 9113 §7).

/// Nothing is wrong.
pub(crate) const NO_ERROR: u32 = 0;

const NAMES: [&str; 14] = [
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
];

/// The code's name, or its number where it has none.
pub(crate) fn name(code: u32) -> String {
    usize::try_from(code)
        .ok()
        .and_then(|code| NAMES.get(code))
        .map_or_else(|| format!("0x{code:x}"), |name| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn names() {
        assert_eq!(super::name(8), "CANCEL");
        assert_eq!(super::name(7), "REFUSED_STREAM");
        assert_eq!(super::name(99), "0x63");
    }
}
