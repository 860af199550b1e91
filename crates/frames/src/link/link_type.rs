//! Which layer a frame starts with, by its link-layer type (<https://www.tcpdump.org/linktypes.html>).

use whyreset_capture::LinkType;

use crate::link::{
    arcnet, avs, cisco_hdlc, enc, erf, ethernet, fddi, frame_relay, ieee80211, ip_over_atm,
    ip_over_fc, ip_over_firewire, ip_over_infiniband, juniper, linux_cooked, llc, mpacket, mpls,
    nflog, null_loopback, pflog, pktap, ppi, ppp, pppoe, prism, radiotap, raw_ip, token_ring,
};
use crate::network::{ipv4, ipv6};
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads a frame of the given type. Nothing is found in frames of types not listed here.
pub(crate) fn dissect(
    walk: &mut Walk<'_>,
    link: LinkType,
    packet: Packet<'_>,
    outer: &Outer,
) -> Walked {
    match link.0 {
        0 => null_loopback::dissect(walk, packet, outer),
        1 => ethernet::dissect(walk, packet, outer),
        6 => token_ring::dissect(walk, packet, outer),
        7 => arcnet::dissect(walk, packet, outer),
        9 | 50 => ppp::dissect_hdlc(walk, packet, outer),
        10 => fddi::dissect(walk, packet, outer),
        11 | 100 => llc::dissect(walk, packet, outer),
        12 | 14 | 101 => raw_ip::dissect(walk, packet, outer),
        16 | 18 | 19 | 106 => ip_over_atm::dissect_clip(walk, packet, outer),
        51 => pppoe::dissect(walk, packet, outer),
        104 | 112 => cisco_hdlc::dissect(walk, packet, outer),
        105 => ieee80211::dissect(walk, packet, outer),
        107 => frame_relay::dissect(walk, packet, outer),
        108 => null_loopback::dissect_openbsd(walk, packet, outer),
        109 => enc::dissect(walk, packet, outer),
        113 => linux_cooked::dissect_v1(walk, packet, outer),
        117 => pflog::dissect(walk, packet, outer),
        119 => prism::dissect(walk, packet, outer),
        122 => ip_over_fc::dissect(walk, packet, outer),
        123 => ip_over_atm::dissect_sun_atm(walk, packet, outer),
        127 => radiotap::dissect(walk, packet, outer),
        129 => arcnet::dissect_linux(walk, packet, outer),
        138 => ip_over_firewire::dissect(walk, packet, outer),
        163 => avs::dissect(walk, packet, outer),
        166 | 204 => ppp::dissect_with_direction(walk, packet, outer),
        130 | 133 | 135..=137 | 167 | 178..=181 | 183 => {
            juniper::dissect(walk, link.0, packet, outer)
        }
        192 => ppi::dissect(walk, packet, outer),
        197 => erf::dissect(walk, packet, outer),
        205 => cisco_hdlc::dissect_with_direction(walk, packet, outer),
        206 => frame_relay::dissect_with_direction(walk, packet, outer),
        219 => mpls::dissect(walk, packet, outer),
        228 => ipv4::dissect_any_version(walk, packet, outer),
        229 => ipv6::dissect(walk, packet, outer),
        239 => nflog::dissect(walk, packet, outer),
        242 => ip_over_infiniband::dissect(walk, packet, outer),
        258 => pktap::dissect(walk, packet, outer),
        274 => mpacket::dissect(walk, packet, outer),
        276 => linux_cooked::dissect_v2(walk, packet, outer),
        _ => Ok(()),
    }
}
