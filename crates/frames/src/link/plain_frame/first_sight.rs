//! A usual segment in the frame that most are: Ethernet without a tag, IPv4 without options or fragments, TCP with no options but
//! the timestamps.
//!
//! Its headers are always as long, so that they are one piece. It is read by a few wide numbers, and what has to be so is compared
//! by several fields at once. Everything else is left to the second sight, and what is read here reads the same there.

use whyreset_capture::{LinkType, Record};
use whyreset_segments::{AddressesV4, BytesAt, EndV4, LinkLook, Look, PlainLook, TcpFlags};
use whyreset_segments::{Timestamps, Usual};

/// The headers without TCP's options; where IPv4 and TCP begin in them.
const HEADERS: usize = 54;
const IP_AT: u32 = 14;
const TCP_AT: u32 = 34;
const TCP_LEN: u32 = 20;
/// Two NOPs and the timestamps option (RFC 7323, appendix A).
const TIMESTAMPS: usize = 12;
/// Two NOPs, and kind and length of the timestamps option.
const BEFORE_TIMESTAMPS: u32 = 0x0101_080a;

/// IPv4, and its version and a header of five words.
const IPV4: u32 = 0x08_0045;
/// No fragment, and TCP: the flags begin these bits.
const FRAGMENT_AND_PROTOCOL: u32 = 0x3fff_00ff;
const WHOLE_TCP: u32 = 6;
/// The header's length, and the control bits but PSH and FIN: the length begins these bits.
const LEN_AND_CONTROL: u32 = 0xf1f6_0000;
/// ACK: without options and with three words of them.
const ACK: u32 = 0x5010_0000;
const ACK_WITH_OPTIONS: u32 = 0x8010_0000;

/// Reads a usual segment, whose frame begins `at` this place in what holds it; gives its ends. `None` where the frame is any other:
/// what was written then says nothing. Each number is written as soon as it is read: there are too many of them for registers.
#[inline(always)]
pub(crate) fn usual(record: &Record<'_>, at: u32, usual: &mut Usual) -> Option<AddressesV4> {
    if record.link != LinkType::ETHERNET || record.fcs_len != 0 {
        return None;
    }
    usual.frame = record.frame;
    usual.time = record.time?;
    let (headers, options) = record.bytes.split_first_chunk::<HEADERS>()?;
    let (carried, hops) = (u32_at(headers, 12), u32_at(headers, 20));
    if carried >> 8 != IPV4 || hops & FRAGMENT_AND_PROTOCOL != WHOLE_TCP {
        return None;
    }
    let look = look(record, headers);
    let control = u32_at(headers, 46);
    match control & LEN_AND_CONTROL {
        ACK_WITH_OPTIONS => {
            usual.timestamps = timestamps(options)?;
            usual.look = look.with_timestamps();
            read_numbers::<{ HEADERS + TIMESTAMPS }>(record, headers, at, usual)?;
        }
        ACK => {
            usual.timestamps = Usual::NO_TIMESTAMPS;
            usual.look = look;
            read_numbers::<HEADERS>(record, headers, at, usual)?;
        }
        _ => return None,
    }
    usual.flags = TcpFlags(u16_at(headers, 46) & 0xff);
    usual.window = control as u16;
    if control as u16 == 0 || u16_at(headers, 52) != 0 {
        return None;
    }
    Some(ends(headers))
}

/// How the packet looks whose headers these are, but for its options.
#[inline(always)]
fn look(record: &Record<'_>, headers: &[u8; HEADERS]) -> Look {
    Look::plain(&PlainLook {
        link: LinkLook::ethernet(u64_at(headers, 6) >> 16, 0),
        interface: record.interface,
        hops: u32_at(headers, 20),
        ecn: u32_at(headers, 12) as u8,
    })
}

/// The control bits that tell a SYN, and the one that is it.
const OPENS_OR_ENDS: u32 = 0x0007_0000;
const SYN: u32 = 0x0002_0000;

/// Reads the numbers of a segment that opens a connection, in a frame as most are but for that; gives its ends. `None` where the frame
/// is any other: what was written then says nothing.
#[inline(always)]
pub(crate) fn opening(record: &Record<'_>, at: u32, usual: &mut Usual) -> Option<AddressesV4> {
    if record.link != LinkType::ETHERNET || record.fcs_len != 0 {
        return None;
    }
    let headers = record.bytes.first_chunk::<HEADERS>()?;
    let (carried, hops) = (u32_at(headers, 12), u32_at(headers, 20));
    let control = u32_at(headers, 46);
    if carried >> 8 != IPV4
        || hops & FRAGMENT_AND_PROTOCOL != WHOLE_TCP
        || control & OPENS_OR_ENDS != SYN
        || u16_at(headers, 52) != 0
    {
        return None;
    }
    usual.frame = record.frame;
    usual.time = record.time?;
    let options = (control >> 28 << 2).checked_sub(TCP_LEN)?;
    let lens = u32_at(headers, 16);
    let frame_len = IP_AT + (lens >> 16);
    if frame_len != HEADERS as u32 + options || (frame_len as usize) > record.bytes.len() {
        return None;
    }
    let look = look(record, headers);
    usual.look = look.with_options(options);
    let numbers = u64_at(headers, 38);
    usual.ack = numbers as u32;
    usual.seq = (numbers >> 32) as u32;
    usual.timestamps = Usual::NO_TIMESTAMPS;
    usual.payload_len = 0;
    usual.flow_label = 0;
    usual.ip_id = lens as u16;
    usual.flags = TcpFlags((control >> 16) as u16 & 0x1ff);
    usual.window = control as u16;
    usual.at = BytesAt {
        tcp: at + TCP_AT,
        payload: at + frame_len,
        end: at + frame_len,
    };
    Some(ends(headers))
}

/// Who sent it to whom.
#[inline(always)]
fn ends(headers: &[u8; HEADERS]) -> AddressesV4 {
    let (hosts, ports) = (u64_at(headers, 26), u32_at(headers, 34));
    AddressesV4 {
        source: EndV4::new((hosts >> 32) as u32, (ports >> 16) as u16),
        destination: EndV4::new(hosts as u32, ports as u16),
    }
}

/// Reads what is alike with options and without: all headers are so long together.
#[inline(always)]
fn read_numbers<const LEN: usize>(
    record: &Record<'_>,
    headers: &[u8; HEADERS],
    at: u32,
    usual: &mut Usual,
) -> Option<()> {
    let numbers = u64_at(headers, 38);
    usual.ack = numbers as u32;
    usual.seq = (numbers >> 32) as u32;
    let lens = u32_at(headers, 16);
    usual.ip_id = lens as u16;
    usual.flow_label = 0;
    let frame_len = IP_AT + (lens >> 16);
    usual.payload_len = frame_len.checked_sub(LEN as u32)?;
    let captured = record.bytes.len() as u32;
    usual.at = BytesAt {
        tcp: at + TCP_AT,
        payload: at + LEN as u32,
        end: at + captured.min(frame_len),
    };
    // Where less was on the wire than was captured, the second sight tells.
    (frame_len <= record.wire_len).then_some(())
}

/// The timestamps, where they are what TCP's options begin with.
#[inline(always)]
fn timestamps(options: &[u8]) -> Option<Timestamps> {
    let options = options.first_chunk::<TIMESTAMPS>()?;
    let numbers = u64_at(options, 4);
    (u32_at(options, 0) == BEFORE_TIMESTAMPS).then_some(Timestamps {
        echo: numbers as u32,
        value: (numbers >> 32) as u32,
    })
}

/// The number of two bytes that begins at a place in headers: a place that is known when this is compiled.
#[inline(always)]
fn u16_at<const LEN: usize>(headers: &[u8; LEN], at: usize) -> u16 {
    let bytes = headers.get(at..).and_then(|bytes| bytes.first_chunk());
    bytes.map_or(0, |bytes| u16::from_be_bytes(*bytes))
}

/// The same of four bytes.
#[inline(always)]
fn u32_at<const LEN: usize>(headers: &[u8; LEN], at: usize) -> u32 {
    let bytes = headers.get(at..).and_then(|bytes| bytes.first_chunk());
    bytes.map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

/// The same of eight.
#[inline(always)]
fn u64_at<const LEN: usize>(headers: &[u8; LEN], at: usize) -> u64 {
    let bytes = headers.get(at..).and_then(|bytes| bytes.first_chunk());
    bytes.map_or(0, |bytes| u64::from_be_bytes(*bytes))
}
