//! How large a record may be: the bounds that keep hostile lengths from taking memory.

use crate::LinkType;

/// The largest frame of nearly every link type, as Wireshark has it (`WTAP_MAX_PACKET_SIZE_STANDARD`).
pub const MAX_FRAME_LEN: u32 = 262_144;

/// The largest frame of D-Bus and USBPcap captures (`WTAP_MAX_PACKET_SIZE_DBUS`, `…_USBPCAP`).
pub const MAX_LARGE_FRAME_LEN: u32 = 128 * 1024 * 1024;

/// The largest frame of Elektrobit high speed captures (`WTAP_MAX_PACKET_SIZE_EBHSCR`).
const MAX_EBHSCR_FRAME_LEN: u32 = 32 * 1024 * 1024;

/// The largest pcapng block that is looked into; larger ones without link data are skipped unread.
pub const MAX_BLOCK_LEN: u32 = 16 * 1024 * 1024;

/// The largest pcapng block of all, as in Wireshark: a longer one is damage.
pub(crate) const MAX_SKIPPED_LEN: u32 = MAX_LARGE_FRAME_LEN + 131_104;

/// How much a caller's buffer may have to hold at most: the largest record, its headers and options.
///
/// Only the link types named above ever need more than [`MAX_BLOCK_LEN`], and only when such a record is really there.
pub const MAX_BUFFER_LEN: usize = MAX_LARGE_FRAME_LEN as usize + 1024 * 1024;

/// Interfaces per pcapng section; a section with more is damaged.
pub(crate) const MAX_INTERFACES: usize = 65_536;

/// The largest captured length that a record of this link type may claim.
pub(crate) const fn max_frame_len(link: LinkType) -> u32 {
    match link.0 {
        231 | 249 => MAX_LARGE_FRAME_LEN,
        279 => MAX_EBHSCR_FRAME_LEN,
        _ => MAX_FRAME_LEN,
    }
}
