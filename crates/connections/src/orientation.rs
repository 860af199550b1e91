//! Which end is the client, as far as the first packet tells.

use whyreset_segments::{Endpoint, Segment};

use crate::pairs::End;

/// Ports below this one belong to services.
const SERVICE_PORTS: u16 = 1024;
/// Services that are no system's own mostly take one below this; what NATs and old systems hand out to clients lies anywhere.
const HIGH_PORTS: u16 = 10_000;

/// The client: who sent the SYN; without one by the ports, or else the sender of the first packet.
pub(crate) fn guess(segment: &Segment<'_>, from: End) -> End {
    if segment.flags.is_opening_syn() && !segment.flags.is_rst() {
        return from;
    }
    let (own, peer) = (segment.source.port, segment.destination.port);
    match (kind(own), kind(peer)) {
        (0, 1) if peer == NFS => from,
        (1, 0) if own == NFS => from.other(),
        (a, b) if a < b => from.other(),
        _ => from,
    }
}

/// Clients of NFS bind a port of services, to show that they are root (the "secure" of exports(5)).
const NFS: u16 = 2049;

/// The smaller, the more it looks like a server's.
const fn kind(port: u16) -> u8 {
    match port {
        0 => 1,
        1..SERVICE_PORTS => 0,
        SERVICE_PORTS..HIGH_PORTS => 1,
        HIGH_PORTS..Endpoint::CLIENT_PORTS => 2,
        Endpoint::CLIENT_PORTS.. => 3,
    }
}

#[cfg(test)]
mod tests {
    use whyreset_segments::TcpFlags;

    use super::*;
    use crate::test_segments::{A, B, data, endpoint};

    #[test]
    fn a_service_port_names_the_server() {
        assert_eq!(guess(&data(B, A, 1, 1, b""), End::High), End::Low);
        assert_eq!(guess(&data(A, B, 1, 1, b""), End::Low), End::Low);
        let mut syn = data(B, A, 1, 0, b"");
        syn.flags = TcpFlags::SYN;
        assert_eq!(guess(&syn, End::High), End::High);
        let (client, nfs) = (endpoint(1, 909), endpoint(2, 2049));
        assert_eq!(guess(&data(client, nfs, 1, 1, b""), End::Low), End::Low);
        assert_eq!(guess(&data(nfs, client, 1, 1, b""), End::High), End::Low);
        let (web, nat) = (endpoint(1, 8_080), endpoint(2, 21_400));
        assert_eq!(guess(&data(web, nat, 1, 1, b""), End::Low), End::High);
        let (a, b) = (endpoint(1, 50_000), endpoint(2, 60_000));
        assert_eq!(guess(&data(b, a, 1, 1, b""), End::High), End::High);
    }
}
