//! What the fixtures hold, as Wireshark 4.0 shows it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod reading;

use std::collections::BTreeSet;

use whyreset_frames::Found;

/// Captures of the same connection: eight frames, one segment each, 58 bytes of payload, whatever lies around them.
const WHOLE_CONNECTION: &[&str] = &[
    "ah4",
    "erspan1",
    "erspan2",
    "eth_padding",
    "eth_padding_fcs",
    "etherip",
    "fourinsix",
    "geneve",
    "gre",
    "gre_in_vxlan",
    "gre_key_seq",
    "gtpu",
    "gtpu_extension",
    "ip4_options",
    "ip6_extension_headers",
    "ip_total_too_long",
    "ip_total_zero",
    "ipip",
    "l2tpv2",
    "link_80211",
    "link_80211_qos",
    "link_chdlc",
    "link_enc",
    "link_fcs_bits",
    "link_frelay",
    "link_ip_over_fc",
    "link_ipv4_228",
    "link_ipv6_229",
    "link_loop",
    "link_mpls",
    "link_nflog",
    "link_null",
    "link_null_be_family",
    "link_null_v6_families",
    "link_pktap",
    "link_ppp",
    "link_ppp_compressed",
    "link_ppp_dir",
    "link_prism_ppi",
    "link_radiotap",
    "link_raw_12",
    "link_raw_14",
    "link_sll",
    "link_sll2",
    "link_sll_vlan",
    "mpls",
    "mpls_in_gre",
    "nvgre",
    "pbb",
    "pppoe",
    "pptp",
    "qinq",
    "sixinfour",
    "snap",
    "snap_in_options",
    "snap_tcp_16",
    "teredo",
    "tzsp",
    "version_mismatch",
    "vlan",
    "vlan_llc_snap",
    "vxlan",
    "wire_shorter_than_captured",
];

/// Which frames count to a stream, and how many bytes of payload they carry.
const COUNTED: &[(&str, &[u64], u64)] = &[
    ("data_offset_0", &[1, 2, 3, 4, 5, 6, 7, 8, 9], 58),
    ("data_offset_15", &[1, 2, 3, 4, 5, 6, 7, 8, 9], 58),
    ("data_offset_4", &[1, 2, 3, 4, 5, 6, 7, 8, 9], 58),
    ("data_offset_4_first", &[1, 2, 3, 4, 5, 6, 7, 8, 9], 58),
    ("ethertype_unknown", &[], 0),
    ("frag6", &[1, 2, 3, 5], 1000),
    ("frag_bad_ip_checksum", &[1, 2, 3, 5, 6], 1000),
    ("frag_duplicate", &[1, 2, 3, 6, 8], 1000),
    ("frag_first_only", &[1, 2, 3, 5], 0),
    ("frag_id_reused", &[1, 2, 3, 6, 7], 1000),
    ("frag_in_order", &[1, 2, 3, 5, 6], 1000),
    ("frag_last_only", &[1, 2, 3, 5], 0),
    ("frag_overlap", &[1, 2, 3, 5, 6], 1000),
    ("frag_reversed", &[1, 2, 3, 5, 6], 1000),
    ("frag_snaplen", &[1, 2, 3, 4, 6], 0),
    ("frag_tiny", &[1, 2, 3, 8], 20),
    ("icmp6_unreachable", &[1, 2], 0),
    ("icmp_echo_with_tcp_text", &[], 0),
    ("icmp_quotes_full_header", &[1, 2], 0),
    ("ip6_plen_zero", &[1, 2, 3, 5, 6, 7, 8], 40),
    ("ip_total_15", &[1, 2, 3, 5, 6, 7, 8], 40),
    ("ip_total_too_short", &[1, 2, 3, 4, 5, 6, 7, 8], 53),
    ("link_fcs_bits_but_none", &[1, 2, 3, 4, 5, 6, 7, 8], 50),
    (
        "link_raw_101",
        &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
        116,
    ),
    ("link_unknown_147", &[], 0),
    ("short_tcp", &[2, 3, 4, 5, 6, 7, 8, 9], 58),
    ("snap_96", &[1, 2, 3, 4, 5], 1700),
    ("snap_in_ip", &[], 0),
    ("snap_tcp_12", &[], 0),
    ("version_mismatch_4_in_6", &[], 0),
    ("vxlan_8472", &[], 0),
];

/// The frames that count to a stream, and the bytes of payload in them.
fn counted(name: &str) -> (Vec<u64>, u64) {
    let mut frames = Vec::new();
    let mut bytes = 0;
    let file = reading::fixture(&format!("{name}.pcap"));
    reading::dissect_file(&file, &mut |found| match found {
        Found::Segment(segment) => {
            frames.push(segment.frame);
            bytes += u64::from(segment.payload_len);
        }
        Found::Quote(quote) if quote.quoted_bytes >= 16 => frames.push(quote.segment.frame),
        Found::Quote(_) => {}
    });
    (frames, bytes)
}

#[test]
fn every_layer_leads_to_the_connection() {
    for name in WHOLE_CONNECTION {
        assert_eq!(counted(name), ((1..=8).collect(), 58), "{name}");
    }
}

#[test]
fn frames_and_bytes_are_those_of_wireshark() {
    for (name, frames, bytes) in COUNTED {
        assert_eq!(counted(name), (frames.to_vec(), *bytes), "{name}");
    }
}

#[test]
fn every_layer_shows_the_same_ends() {
    for name in WHOLE_CONNECTION {
        let mut ports = BTreeSet::new();
        let file = reading::fixture(&format!("{name}.pcap"));
        reading::dissect_file(&file, &mut |found| {
            if let Found::Segment(segment) = found {
                ports.insert((segment.source.port, segment.destination.port));
            }
        });
        let expected = BTreeSet::from([(40000, 80), (80, 40000)]);
        assert_eq!(ports, expected, "{name}");
    }
}

#[test]
fn a_short_quote_is_told_but_marked() {
    let mut quoted = Vec::new();
    let file = reading::fixture("icmp_quotes_8_bytes.pcap");
    reading::dissect_file(&file, &mut |found| {
        if let Found::Quote(quote) = found {
            quoted.push((quote.segment.frame, quote.quoted_bytes));
        }
    });
    assert_eq!(quoted, [(2, 8)]);
}
