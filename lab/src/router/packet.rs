//! IP packets with TCP inside, as the router sees them: read, count a hop, build.
//!
//! Only what the router needs: IPv4 and IPv6 without extension headers, TCP (RFC 9293), and the
//! ICMP errors that a router or a firewall sends (RFC 792, RFC 4443).

use std::net::{IpAddr, SocketAddr};

/// TCP flag FIN.
pub const FIN: u8 = 0x01;
/// TCP flag SYN.
pub const SYN: u8 = 0x02;
/// TCP flag RST.
pub const RST: u8 = 0x04;
/// TCP flag ACK.
pub const ACK: u8 = 0x10;

/// What the router reads of a TCP packet.
#[derive(Clone, Debug)]
pub struct Tcp {
    /// Source address.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// Source port.
    pub source_port: u16,
    /// Destination port.
    pub destination_port: u16,
    /// Time to live, or hop limit.
    pub ttl: u8,
    /// IPv4 identification; 0 in IPv6.
    pub ip_id: u16,
    /// Sequence number.
    pub seq: u32,
    /// Acknowledgment number.
    pub ack: u32,
    /// Flags.
    pub flags: u8,
    /// Window as written.
    pub window: u16,
    /// Length of the payload in bytes.
    pub payload: u32,
}

impl Tcp {
    /// True when all of these flags are set.
    pub fn has(&self, flags: u8) -> bool {
        self.flags & flags == flags
    }

    /// The sequence number after this packet.
    pub fn seq_end(&self) -> u32 {
        let flags = u32::from(self.has(SYN)) + u32::from(self.has(FIN));
        self.seq.wrapping_add(self.payload).wrapping_add(flags)
    }
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    let field = bytes.get(at..at + 4)?;
    Some(u32::from_be_bytes(field.try_into().ok()?))
}

/// Reads a TCP packet from IPv4 or IPv6 bytes. `None`: something else.
pub fn read_tcp(packet: &[u8]) -> Option<Tcp> {
    let version = packet.first()? >> 4;
    let (source, destination, ttl, ip_id, start, total) = match version {
        4 => {
            if *packet.get(9)? != 6 || be16(packet, 6)? & 0x1fff != 0 {
                return None;
            }
            let source: [u8; 4] = packet.get(12..16)?.try_into().ok()?;
            let destination: [u8; 4] = packet.get(16..20)?.try_into().ok()?;
            let header = usize::from(packet.first()? & 15) * 4;
            let total = match be16(packet, 2)? {
                0 => packet.len(),
                length => usize::from(length),
            };
            let (ttl, id) = (*packet.get(8)?, be16(packet, 4)?);
            (
                IpAddr::from(source),
                IpAddr::from(destination),
                ttl,
                id,
                header,
                total,
            )
        }
        6 => {
            if *packet.get(6)? != 6 {
                return None;
            }
            let source: [u8; 16] = packet.get(8..24)?.try_into().ok()?;
            let destination: [u8; 16] = packet.get(24..40)?.try_into().ok()?;
            let total = match be16(packet, 4)? {
                0 => packet.len(),
                length => usize::from(length) + 40,
            };
            (
                IpAddr::from(source),
                IpAddr::from(destination),
                *packet.get(7)?,
                0,
                40,
                total,
            )
        }
        _ => return None,
    };
    let header = usize::from(*packet.get(start + 12)? >> 4) * 4;
    Some(Tcp {
        source,
        destination,
        source_port: be16(packet, start)?,
        destination_port: be16(packet, start + 2)?,
        ttl,
        ip_id,
        seq: be32(packet, start + 4)?,
        ack: be32(packet, start + 8)?,
        flags: *packet.get(start + 13)?,
        window: be16(packet, start + 14)?,
        payload: u32::try_from(total.saturating_sub(start + header)).ok()?,
    })
}

/// Takes `hops` off the time to live (and mends the IPv4 header checksum). `false`: it has run out.
pub fn count_hops(packet: &mut [u8], hops: u8) -> bool {
    let at = match packet.first().map(|byte| byte >> 4) {
        Some(4) => 8,
        Some(6) => 7,
        _ => return false,
    };
    let Some(ttl) = packet.get_mut(at) else {
        return false;
    };
    if *ttl <= hops {
        return false;
    }
    *ttl -= hops;
    if at == 8 {
        mend_ipv4_checksum(packet);
    }
    true
}

fn mend_ipv4_checksum(packet: &mut [u8]) {
    let header = usize::from(packet.first().copied().unwrap_or(0) & 15) * 4;
    if let Some(field) = packet.get_mut(10..12) {
        field.copy_from_slice(&[0, 0]);
    }
    let sum = packet.get(..header).map_or(0, |bytes| !fold(add(0, bytes)));
    if let Some(field) = packet.get_mut(10..12) {
        field.copy_from_slice(&sum.to_be_bytes());
    }
}

/// Adds bytes to a ones' complement sum (RFC 1071).
fn add(mut sum: u32, bytes: &[u8]) -> u32 {
    for pair in bytes.chunks(2) {
        let high = u32::from(pair.first().copied().unwrap_or(0)) << 8;
        let low = u32::from(pair.get(1).copied().unwrap_or(0));
        sum = sum.wrapping_add(high | low);
    }
    sum
}

fn fold(mut sum: u32) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    u16::try_from(sum).unwrap_or(0)
}

fn address_bytes(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    }
}

/// Builds a TCP packet without options and without payload.
pub fn build_tcp(tcp: &Tcp) -> Vec<u8> {
    let mut segment = Vec::with_capacity(20);
    segment.extend(tcp.source_port.to_be_bytes());
    segment.extend(tcp.destination_port.to_be_bytes());
    segment.extend(tcp.seq.to_be_bytes());
    segment.extend(tcp.ack.to_be_bytes());
    segment.extend([0x50, tcp.flags]);
    segment.extend(tcp.window.to_be_bytes());
    segment.extend([0, 0, 0, 0]);
    build_ip(
        tcp.source,
        tcp.destination,
        6,
        tcp.ttl,
        tcp.ip_id,
        segment,
        16,
    )
}

/// Wraps a payload in IP; `checksum_at` is where the transport's checksum sits in it.
fn build_ip(
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    ttl: u8,
    ip_id: u16,
    mut payload: Vec<u8>,
    checksum_at: usize,
) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
    let mut sum = 0;
    if protocol != 1 {
        sum = add(sum, &address_bytes(source));
        sum = add(sum, &address_bytes(destination));
        sum = sum
            .wrapping_add(u32::from(protocol))
            .wrapping_add(u32::from(length));
    }
    let check = !fold(add(sum, &payload));
    if let Some(field) = payload.get_mut(checksum_at..checksum_at + 2) {
        field.copy_from_slice(&check.to_be_bytes());
    }
    let mut packet = Vec::with_capacity(payload.len() + 40);
    if source.is_ipv4() {
        packet.extend([0x45, 0]);
        packet.extend((length + 20).to_be_bytes());
        packet.extend(ip_id.to_be_bytes());
        packet.extend([0, 0, ttl, protocol, 0, 0]);
        packet.extend(address_bytes(source));
        packet.extend(address_bytes(destination));
        mend_ipv4_checksum(&mut packet);
    } else {
        packet.extend([0x60, 0, 0, 0]);
        packet.extend(length.to_be_bytes());
        packet.extend([protocol, ttl]);
        packet.extend(address_bytes(source));
        packet.extend(address_bytes(destination));
    }
    packet.extend(payload);
    packet
}

/// Which ends of a packet are replaced.
#[derive(Clone, Copy, Debug)]
pub struct Ends {
    source: Option<SocketAddr>,
    destination: Option<SocketAddr>,
}

impl Ends {
    /// Only the source.
    pub fn source(end: SocketAddr) -> Self {
        Self {
            source: Some(end),
            destination: None,
        }
    }

    /// Only the destination.
    pub fn destination(end: SocketAddr) -> Self {
        Self {
            source: None,
            destination: Some(end),
        }
    }
}

/// Where the addresses of an IP packet lie, their length, the protocol, and where the payload begins.
fn layout(packet: &[u8]) -> Option<(usize, usize, u8, usize)> {
    match packet.first()? >> 4 {
        4 => Some((
            12,
            4,
            *packet.get(9)?,
            usize::from(packet.first()? & 15) * 4,
        )),
        6 => Some((8, 16, *packet.get(6)?, 40)),
        _ => None,
    }
}

/// Replaces addresses, and ports where the packet has any, and makes the checksums right again.
pub fn rewrite(packet: &mut [u8], ends: Ends) {
    let Some((addresses, length, protocol, payload)) = layout(packet) else {
        return;
    };
    let tcp = protocol == 6;
    for (place, end) in [(0, ends.source), (1, ends.destination)] {
        let Some(end) = end else { continue };
        let address = address_bytes(end.ip());
        if address.len() != length {
            return;
        }
        let port = end.port().to_be_bytes();
        let sum_at = payload + 16;
        let places = [
            (addresses + place * length, address.as_slice()),
            (payload + place * 2, port.as_slice()),
        ];
        for (at, bytes) in places.into_iter().take(if tcp { 2 } else { 1 }) {
            replace(packet, at, bytes, tcp.then_some(sum_at));
        }
    }
    if length == 4 {
        mend_ipv4_checksum(packet);
    }
    if protocol == 58 {
        mend_icmp_checksum(packet);
    }
}

/// Writes bytes of even length, and takes the difference into the checksum at `sum_at` (RFC 1624).
fn replace(packet: &mut [u8], at: usize, bytes: &[u8], sum_at: Option<usize>) {
    let Some(field) = packet.get_mut(at..at + bytes.len()) else {
        return;
    };
    let before: Vec<u8> = field.iter().map(|byte| !byte).collect();
    field.copy_from_slice(bytes);
    let Some(old) = sum_at.and_then(|at| be16(packet, at)) else {
        return;
    };
    let sum = add(add(u32::from(!old), &before), bytes);
    let new = !fold(sum);
    if let Some(field) = sum_at.and_then(|at| packet.get_mut(at..at + 2)) {
        field.copy_from_slice(&new.to_be_bytes());
    }
}

fn mend_icmp_checksum(packet: &mut [u8]) {
    let Some((addresses, length, protocol, payload)) = layout(packet) else {
        return;
    };
    if let Some(field) = packet.get_mut(payload + 2..payload + 4) {
        field.copy_from_slice(&[0, 0]);
    }
    let Some(body) = packet.get(payload..) else {
        return;
    };
    let mut sum = add(0, body);
    if protocol == 58 {
        let pseudo = packet.get(addresses..addresses + 2 * length).unwrap_or(&[]);
        let body = u32::try_from(body.len()).unwrap_or(0);
        sum = add(sum, pseudo).wrapping_add(58).wrapping_add(body);
    }
    let new = !fold(sum);
    if let Some(field) = packet.get_mut(payload + 2..payload + 4) {
        field.copy_from_slice(&new.to_be_bytes());
    }
}

/// An ICMP error with the packet that it quotes rewritten. `pick` gets the quoted packet's source and
/// destination and says what to replace. `None`: no such error, or nothing to replace.
pub fn rewrite_quoted(
    packet: &[u8],
    pick: impl FnOnce(SocketAddr, SocketAddr) -> Option<Ends>,
) -> Option<Vec<u8>> {
    let (_, _, protocol, payload) = layout(packet)?;
    if protocol != 1 && protocol != 58 {
        return None;
    }
    let mut whole = packet.to_vec();
    let quoted = whole.get_mut(payload + 8..)?;
    let about = read_tcp(quoted)?;
    let ends = pick(
        SocketAddr::new(about.source, about.source_port),
        SocketAddr::new(about.destination, about.destination_port),
    )?;
    rewrite(quoted, ends);
    mend_icmp_checksum(&mut whole);
    Some(whole)
}

/// An ICMP error's type and code in both families, and the MTU for "too big".
#[derive(Clone, Copy, Debug)]
pub struct IcmpError {
    /// Type and code in ICMP (RFC 792).
    pub v4: (u8, u8),
    /// Type and code in ICMPv6 (RFC 4443).
    pub v6: (u8, u8),
    /// The next hop's MTU where the error carries one, else 0.
    pub mtu: u16,
}

/// Builds the ICMP error that `from` sends about `packet` to its source.
pub fn build_icmp_error(from: IpAddr, error: IcmpError, packet: &[u8], ttl: u8) -> Option<Vec<u8>> {
    let about = read_tcp(packet)?;
    let v4 = about.source.is_ipv4();
    let (kind, code) = if v4 { error.v4 } else { error.v6 };
    let mut message = vec![kind, code, 0, 0, 0, 0];
    message.extend(error.mtu.to_be_bytes());
    let quote = if v4 { 548 } else { 1232 };
    message.extend(packet.get(..quote.min(packet.len()))?);
    let protocol = if v4 { 1 } else { 58 };
    Some(build_ip(
        from,
        about.source,
        protocol,
        ttl,
        fastrand::u16(..),
        message,
        2,
    ))
}

/// True when the checksums of a whole packet are right.
#[cfg(test)]
pub fn sums_hold(packet: &[u8]) -> bool {
    let Some((addresses, length, protocol, payload)) = layout(packet) else {
        return false;
    };
    let body = packet.get(payload..).unwrap_or(&[]);
    let mut sum = add(0, body);
    if protocol != 1 {
        sum = add(sum, &packet[addresses..addresses + 2 * length]);
        sum += u32::from(protocol) + u32::try_from(body.len()).unwrap_or(0);
    }
    fold(sum) == 0xffff && (length == 16 || fold(add(0, &packet[..payload])) == 0xffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(v6: bool) -> Tcp {
        let (source, destination) = if v6 {
            ("fd00::1".parse().unwrap(), "fd00::2".parse().unwrap())
        } else {
            ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap())
        };
        Tcp {
            source,
            destination,
            source_port: 4000,
            destination_port: 80,
            ttl: 61,
            ip_id: if v6 { 0 } else { 77 },
            seq: 5,
            ack: 9,
            flags: RST | ACK,
            window: 3,
            payload: 0,
        }
    }

    #[test]
    fn what_is_built_can_be_read_again() {
        for v6 in [false, true] {
            let packet = build_tcp(&sample(v6));
            let read = read_tcp(&packet).unwrap();
            assert_eq!(
                (read.seq, read.ack, read.flags, read.ttl),
                (5, 9, RST | ACK, 61)
            );
            assert_eq!(read.payload, 0);
        }
    }

    #[test]
    fn a_header_checksum_stays_right_when_hops_are_counted() {
        let mut packet = build_tcp(&sample(false));
        assert!(count_hops(&mut packet, 4));
        assert_eq!(fold(add(0, &packet[..20])), 0xffff);
        assert_eq!(read_tcp(&packet).unwrap().ttl, 57);
        assert!(!count_hops(&mut packet, 57));
    }

    #[test]
    fn an_icmp_error_quotes_the_packet() {
        let packet = build_tcp(&sample(true));
        let error = IcmpError {
            v4: (3, 4),
            v6: (2, 0),
            mtu: 1400,
        };
        let icmp = build_icmp_error("fd00::9".parse().unwrap(), error, &packet, 64).unwrap();
        assert_eq!(&icmp[48..48 + packet.len()], &packet[..]);
    }
}
