//! Rings: files that a capturing program writes one after another (`tcpdump -C` or `-G`, `dumpcap -b`). They are called alike but for
//! counters and times, and one begins when the one before has ended.
//!
//! Their interfaces are the same ones. Numbered anew, every connection that goes on from one file to the next would seem to have moved to
//! another interface, where its packets may be copies of others.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The numbers of a capture's interfaces, by those in its file.
pub(super) type Interfaces = Vec<Option<u32>>;

/// The latest file of each ring that has ended, while no other goes on with it.
#[derive(Default)]
pub(super) struct Rings(HashMap<PathBuf, Interfaces>);

impl Rings {
    /// A file has ended.
    pub(super) fn end(&mut self, path: &Path, interfaces: Interfaces) {
        if let Some(ring) = ring_of(path) {
            self.0.insert(ring, interfaces);
        }
    }

    /// The interfaces of a file that begins.
    pub(super) fn begin(&mut self, path: &Path) -> Interfaces {
        let before = ring_of(path).and_then(|ring| self.0.remove(&ring));
        before.unwrap_or_default()
    }
}

/// Whether these are files of one ring, as far as their names tell.
pub(super) fn are_one(paths: &[&Path]) -> bool {
    let mut rings = paths.iter().map(|path| ring_of(path));
    let Some(Some(first)) = rings.next() else {
        return false;
    };
    rings.all(|ring| ring.as_ref() == Some(&first))
}

/// Where a file is and what it is called, without counters, times and what stands between them; `None` where nothing is left.
fn ring_of(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_string_lossy();
    let kept: String = name.chars().filter(|it| it.is_alphabetic()).collect();
    let kept = ["gz", "zst", "lz"]
        .iter()
        .find_map(|packed| kept.strip_suffix(packed))
        .unwrap_or(&kept);
    (!kept.is_empty()).then(|| path.with_file_name(kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_and_times_tell_no_ring_from_another() {
        let ring = |name: &str| ring_of(Path::new(name));
        for (one, other) in [
            ("a/eth.pcap", "a/eth.pcap1"),
            (
                "cap_00001_20231114221320.pcapng",
                "cap_00002_20231114231320.pcapng",
            ),
            ("web-2026-11-27_17.pcap", "web-2026-11-27_18.pcap.gz"),
            ("x.pcap.lz4", "x2.pcap"),
        ] {
            assert_eq!(ring(one), ring(other));
        }
        assert_ne!(ring("client.pcap"), ring("server.pcap"));
        assert_ne!(ring("client/1.pcap"), ring("server/2.pcap"));
        assert_eq!(ring("1"), None);
    }

    #[test]
    fn files_of_two_rings_are_not_one() {
        let one = |names: &[&str]| are_one(&names.iter().map(Path::new).collect::<Vec<_>>());
        assert!(one(&["x1.pcap", "x2.pcap"]));
        assert!(!one(&["x1.pcap", "y2.pcap"]));
        assert!(!one(&["1", "2"]));
    }

    #[test]
    fn one_file_alone_goes_on_with_the_one_that_ended() {
        let mut rings = Rings::default();
        let [first, second, third] = ["x1.pcap", "x2.pcap", "x3.pcap"].map(Path::new);
        assert_eq!(rings.begin(first), []);
        rings.end(first, vec![Some(4)]);
        assert_eq!(rings.begin(second), [Some(4)]);
        assert_eq!(rings.begin(third), []);
    }
}
