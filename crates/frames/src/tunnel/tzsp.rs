//! TaZmen Sniffer Protocol: remote captures of access points and routers.

use crate::link::{avs, ethernet, ieee80211, ppp, prism, raw_ip};
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// From this type on a packet holds no frame: keep-alives and port announcements.
const KEEP_ALIVE: u8 = 4;

/// Tags without a length.
const PADDING: u8 = 0;
const END: u8 = 1;

/// Reads the header, its tags and the frame.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let kind = packet.u8(1)?;
    let encapsulation = packet.u16(2)?;
    let mut rest = packet.skip(4)?;
    if kind >= KEEP_ALIVE {
        return Ok(());
    }
    loop {
        match rest.u8(0)? {
            END => break,
            PADDING => rest = rest.skip(1)?,
            _ => rest = rest.skip(2 + usize::from(rest.u8(1)?))?,
        }
    }
    let frame = rest.skip(1)?;
    let outer = outer.deeper()?;
    match encapsulation {
        1 => ethernet::dissect(walk, frame, &outer),
        4 => ppp::dissect_hdlc(walk, frame, &outer),
        7 => raw_ip::dissect(walk, frame, &outer),
        18 => ieee80211::dissect(walk, frame, &outer),
        119 => prism::dissect(walk, frame, &outer),
        127 => avs::dissect(walk, frame, &outer),
        _ => Ok(()),
    }
}
