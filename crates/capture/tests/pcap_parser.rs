//! The same frames as another reader, pcap-parser, finds.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // tests may panic

mod reading;

use pcap_parser::traits::PcapReaderIterator;
use pcap_parser::{Block, LegacyPcapReader, PcapBlockOwned, PcapError, PcapNGReader};
use reading::{fixtures, read};
use whyreset_capture::Step;

/// The captured bytes of every packet, by pcap-parser; `None` where it does not read the file to its end.
fn frames(reader: &mut dyn PcapReaderIterator) -> Option<Vec<Vec<u8>>> {
    let mut frames = Vec::new();
    loop {
        match reader.next() {
            Ok((consumed, block)) => {
                frames.extend(frame(&block));
                reader.consume(consumed);
            }
            Err(PcapError::Eof) => return Some(frames),
            Err(PcapError::Incomplete(_)) => reader.refill().ok()?,
            Err(_) => return None,
        }
    }
}

fn frame(block: &PcapBlockOwned<'_>) -> Option<Vec<u8>> {
    match block {
        PcapBlockOwned::Legacy(packet) => Some(packet.data.to_vec()),
        PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
            Some(packet.data[..packet.caplen as usize].to_vec())
        }
        // The padding is part of what it calls data.
        PcapBlockOwned::NG(Block::SimplePacket(packet)) => {
            let len = packet.data.len().min(packet.origlen as usize);
            Some(packet.data[..len].to_vec())
        }
        _ => None,
    }
}

#[test]
fn finds_the_same_frames() {
    let mut compared = 0;
    for (name, file) in fixtures() {
        // pcap-parser does not know the modified headers, obsolete packet blocks and odd block lengths.
        if ["file_modified", "ng_opb", "ng_odd_block_length"]
            .iter()
            .any(|unknown| name.starts_with(unknown))
        {
            continue;
        }
        let ours = read(&file, 64);
        // Where reading ends in damaged files follows Wireshark.
        if ours.end != Step::End(None) {
            continue;
        }
        let size = 1 << 20;
        let legacy = LegacyPcapReader::new(size, file.as_slice())
            .ok()
            .and_then(|mut reader| frames(&mut reader));
        let found = legacy.or_else(|| {
            PcapNGReader::new(size, file.as_slice())
                .ok()
                .and_then(|mut reader| frames(&mut reader))
        });
        let Some(found) = found else {
            continue;
        };
        let ours: Vec<_> = ours.records.into_iter().map(|record| record.4).collect();
        assert_eq!(ours, found, "{name}");
        compared += 1;
    }
    assert!(compared >= 8, "only {compared} files compared");
}
