//! What a record of an encrypted session is, by its length: frames of HTTP/2 have lengths of their own (RFC 9113 §6).

/// What one record is, by its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// Flow control, settings, keys, keep-alive.
    Control,
    /// A request, a response, or part of one.
    Speech,
    /// Either.
    Unsure,
}

/// A frame of PING, or of its acknowledgement (RFC 9113 §6.7).
pub(super) const PING: u16 = 17;

/// A frame of RST_STREAM (RFC 9113 §6.4), or of WINDOW_UPDATE.
pub(super) const RST_STREAM: u16 = 13;

/// SETTINGS' acknowledgement, alone and with one or two of WINDOW_UPDATE.
pub(super) const ACKNOWLEDGEMENT: [u16; 3] = [9, 22, 35];

/// A server's first frames, SETTINGS and perhaps WINDOW_UPDATE, with an acknowledgement among them.
pub(super) fn may_acknowledge(len: u16) -> bool {
    let mut with = [9, 22].into_iter();
    with.any(|more| holds_settings(len, more))
}

/// Bytes of SETTINGS with up to eight entries, with or without WINDOW_UPDATE and an acknowledgement behind it, and Java's
/// padding.
pub(super) fn is_settings(len: u16) -> bool {
    [0, 13, 9, 22, 16, 29, 25, 38]
        .into_iter()
        .any(|more| holds_settings(len, more))
}

/// The client's first record holds the preface of 24 bytes, SETTINGS, some WINDOW_UPDATEs, of some browsers five or six
/// PRIORITY frames; and with some clients the first request as well.
pub(super) fn opening_of_client(content: u16) -> Reading {
    let Some(frames) = content.checked_sub(24).filter(|frames| *frames >= 9) else {
        return Reading::Control;
    };
    let windows = [0, 13, 26].into_iter();
    let mut others = windows.flat_map(|windows| [0, 70, 84].map(|priorities| windows + priorities));
    if others.any(|more| holds_settings(frames, more)) {
        Reading::Unsure
    } else {
        Reading::Speech
    }
}

/// Whether some of WINDOW_UPDATE are as long.
pub(super) const fn are_windows(len: u16) -> bool {
    len > 0 && len.is_multiple_of(RST_STREAM)
}

/// Whether some of PING and WINDOW_UPDATE are as long.
pub(super) fn are_frames_of_control(len: u16) -> bool {
    let mut pings = (0..=3_u16).map(|count| count * PING);
    pings.any(|pings| {
        len.checked_sub(pings)
            .is_some_and(|rest| rest.is_multiple_of(RST_STREAM))
    })
}

/// Whether SETTINGS with up to eight entries and `more` bytes of other frames are as long.
fn holds_settings(len: u16, more: u16) -> bool {
    let entries = len.checked_sub(more.saturating_add(9));
    entries.is_some_and(|entries| entries <= 48 && entries.is_multiple_of(6))
}

/// SETTINGS' acknowledgement takes 9 bytes, WINDOW_UPDATE and RST_STREAM 13, PING and GOAWAY 17; a HEADERS frame is hardly
/// as short, but as long as two or three of them, or as one with the 16 bytes of padding that Java adds; an alert with these leaves 18.
pub(super) const fn later_frames(content: u16) -> Reading {
    match content {
        0..=17 => Reading::Control,
        18 | 22 | 25 | 26 | 29 | 30 | 33 | 35 | 39 => Reading::Unsure,
        _ => Reading::Speech,
    }
}
