//! Interface description blocks: link type, snapshot length, clock.

use crate::limits::{MAX_FRAME_LEN, MAX_INTERFACES, max_frame_len};
use crate::pcapng::options::Options;
use crate::pcapng::{Block, PcapngReader};
use crate::warning::Damage;
use crate::{LinkType, Timestamp};

/// One interface of the current section.
#[derive(Debug)]
pub(super) struct Interface {
    pub(super) link: LinkType,
    /// 0: no limit.
    pub(super) snaplen: u32,
    pub(super) max_len: u32,
    pub(super) fcs_len: u8,
    pub(super) clock: Clock,
    /// Packets dropped, as the latest statistics block says.
    pub(super) dropped: Option<u64>,
    /// What the interface is called, cut after [`MAX_NAME_LEN`] bytes.
    pub(super) name: Box<str>,
    /// What it is, likewise.
    pub(super) description: Box<str>,
}

/// Bytes of a name or description that are kept.
const MAX_NAME_LEN: usize = 256;
/// Interfaces of a section whose names are kept: half a megabyte at most.
const MAX_NAMED: usize = 1024;

impl Interface {
    /// Whether its frames can be larger than any network's.
    pub(super) fn has_large_frames(&self) -> bool {
        self.max_len > MAX_FRAME_LEN
    }
}

/// How an interface counts time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clock {
    unit: Unit,
    /// Seconds to add.
    offset: i64,
}

/// The unit of a time stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// So many nanoseconds.
    Nanos(u64),
    /// So many units are a nanosecond.
    PerNano(u64),
    /// Two to the power of so many units are a second.
    PowerOfTwo(u32),
    /// Finer than any number can hold: every time is 0.
    None,
}

const NANOS_PER_SEC: i64 = 1_000_000_000;

impl Clock {
    /// Microseconds, unless the block says otherwise.
    const DEFAULT: Self = Self {
        unit: Unit::Nanos(1_000),
        offset: 0,
    };

    /// A time stamp in nanoseconds; what cannot be expressed saturates.
    #[inline]
    pub(super) fn time(self, ticks: u64) -> Timestamp {
        let nanos = match self.unit {
            Unit::Nanos(each) => i64::try_from(ticks.saturating_mul(each)).unwrap_or(i64::MAX),
            Unit::PerNano(count) => {
                i64::try_from(ticks.checked_div(count).unwrap_or(0)).unwrap_or(i64::MAX)
            }
            Unit::PowerOfTwo(exponent) => power_of_two_nanos(ticks, exponent),
            Unit::None => 0,
        };
        if self.offset == 0 {
            return Timestamp::from_nanos(nanos);
        }
        Timestamp::from_nanos(nanos.saturating_add(self.offset.saturating_mul(NANOS_PER_SEC)))
    }
}

fn power_of_two_nanos(ticks: u64, exponent: u32) -> i64 {
    let nanos = u128::from(ticks).saturating_mul(NANOS_PER_SEC as u128) >> exponent.min(127);
    i64::try_from(nanos).unwrap_or(i64::MAX)
}

/// The unit that `if_tsresol` means: a power of ten, or of two where the highest bit is set.
fn unit(resolution: u8) -> Unit {
    let exponent = u32::from(resolution & 0x7f);
    if resolution & 0x80 != 0 {
        return if exponent < 64 {
            Unit::PowerOfTwo(exponent)
        } else {
            Unit::None
        };
    }
    match exponent {
        0..=9 => Unit::Nanos(10_u64.pow(9_u32.saturating_sub(exponent))),
        10..=19 => Unit::PerNano(10_u64.pow(exponent.saturating_sub(9))),
        _ => Unit::None,
    }
}

/// Type, length, link type, reserved, snapshot length, length.
const LEAST_LEN: u32 = 20;

/// Options of the block (section 4.2).
mod option {
    pub(super) const NAME: u16 = 2;
    pub(super) const DESCRIPTION: u16 = 3;
    pub(super) const RESOLUTION: u16 = 9;
    pub(super) const FCS_LEN: u16 = 13;
    pub(super) const OFFSET: u16 = 14;
}

/// Describes one more interface.
pub(super) fn read(reader: &mut PcapngReader, block: &Block<'_>) -> Result<(), Damage> {
    block.check_least(LEAST_LEN)?;
    if reader.interfaces.len() >= MAX_INTERFACES {
        return Err(Damage::TooManyInterfaces);
    }
    let link = LinkType(block.u16(0));
    let mut interface = Interface {
        link,
        snaplen: block.u32(4),
        max_len: max_frame_len(link),
        fcs_len: 0,
        clock: Clock::DEFAULT,
        dropped: None,
        name: Box::default(),
        description: Box::default(),
    };
    let named = reader.interfaces.len() < MAX_NAMED;
    for option in Options::new(block.order, block.body_from(8)) {
        let option = option?;
        // An option of the wrong length is as good as none, as in Wireshark.
        match option.code {
            option::NAME if named => interface.name = name(option.value),
            option::DESCRIPTION if named => interface.description = name(option.value),
            option::RESOLUTION => {
                if let Ok([resolution]) = option.exactly() {
                    interface.clock.unit = unit(resolution);
                }
            }
            option::FCS_LEN => {
                if let Ok([len]) = option.exactly() {
                    interface.fcs_len = fcs_bytes(len);
                }
            }
            option::OFFSET if option.value.len() == 8 => {
                let seconds = block.order.u64(option.value, 0).unwrap_or_default();
                interface.clock.offset = seconds as i64;
            }
            _ => {}
        }
    }
    reader.interfaces.push(interface);
    Ok(())
}

fn name(value: &[u8]) -> Box<str> {
    let value = value.get(..MAX_NAME_LEN).unwrap_or(value);
    let text = String::from_utf8_lossy(value);
    text.trim_end_matches('\0').into()
}

/// The draft counts bytes; programs that wrote bits wrote 16 or 32.
fn fcs_bytes(len: u8) -> u8 {
    if len >= 16 { len / 8 } else { len }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(resolution: u8, offset: i64, ticks: u64) -> i64 {
        let unit = unit(resolution);
        Clock { unit, offset }.time(ticks).nanos()
    }

    #[test]
    fn powers_of_ten() {
        assert_eq!(time(6, 0, 5), 5_000);
        assert_eq!(time(9, 0, 5), 5);
        assert_eq!(time(0, 0, 5), 5_000_000_000);
        assert_eq!(time(12, 0, 5_999), 5);
        assert_eq!(time(20, 0, u64::MAX), 0);
    }

    #[test]
    fn powers_of_two() {
        assert_eq!(time(0x80 | 20, 0, 1 << 20), 1_000_000_000);
        assert_eq!(time(0x80 | 20, 0, 1 << 19), 500_000_000);
        assert_eq!(time(0x80, 0, 3), 3_000_000_000);
        assert_eq!(time(0x80 | 64, 0, u64::MAX), 0);
    }

    #[test]
    fn offsets_and_hostile_values_saturate() {
        assert_eq!(time(6, -1_000, 1_000), -999_999_000_000);
        assert_eq!(time(6, i64::MIN, 0), i64::MIN);
        assert_eq!(time(0, i64::MAX, u64::MAX), i64::MAX);
        assert_eq!(time(0x80 | 1, 0, u64::MAX), i64::MAX);
    }
}
