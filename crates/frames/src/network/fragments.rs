//! Putting fragmented IP datagrams together, with what Wireshark makes of overlaps, duplicates and reused ids.

use std::collections::{HashMap, VecDeque};

use whyreset_segments::Host;

/// At most this many datagrams are kept incomplete; beyond it the oldest gives way.
const MAX_DATAGRAMS: usize = 1024;

/// At most this many bytes of fragments are kept, their bookkeeping included.
const MAX_BYTES: usize = 4 << 20;

/// At most this many fragments of one datagram are kept: as many as fit into the largest one without overlap.
const MAX_PIECES: usize = 8192;

/// What a fragment costs beyond its bytes.
const FRAGMENT_OVERHEAD: usize = 64;

/// What the fragments of one datagram have in common (RFC 791 §3.2, RFC 8200 §4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// Source address.
    pub(crate) source: Host,
    /// Destination address.
    pub(crate) destination: Host,
    /// Protocol number; 0 with IPv6.
    pub(crate) protocol: u8,
    /// VLAN id; 0 with IPv6.
    pub(crate) vlan: u16,
    /// Identification.
    pub(crate) id: u32,
}

/// A fragment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fragment<'a> {
    /// Number of the frame that it is in.
    pub(crate) frame: u64,
    /// Where in the datagram it belongs.
    pub(crate) offset: usize,
    /// Its bytes, all of them.
    pub(crate) bytes: &'a [u8],
    /// More fragments follow.
    pub(crate) more: bool,
}

/// The fragments of datagrams that are not complete yet.
#[derive(Debug, Default)]
pub(crate) struct Fragments {
    datagrams: HashMap<Key, Incomplete>,
    /// The keys in the order in which their first fragment came; completed ones may linger.
    order: VecDeque<(Key, u64)>,
    started: u64,
    bytes: usize,
    latest: Latest,
}

/// What the latest frame with a fragment brought.
#[derive(Debug, Default)]
struct Latest {
    frame: u64,
    /// The frames whose fragments made up the datagrams that it completed.
    completed_from: Vec<u64>,
}

#[derive(Debug)]
struct Incomplete {
    number: u64,
    /// By offset; of equal offset the earlier one first.
    pieces: Vec<Piece>,
    /// How many pieces, from the first on, follow each other without a gap, and where they end.
    joined: usize,
    end: usize,
    /// The datagram's length, as the first tail says.
    len: Option<usize>,
}

#[derive(Debug)]
struct Piece {
    frame: u64,
    offset: usize,
    bytes: Box<[u8]>,
}

impl Fragments {
    /// Takes a fragment, and gives back the payload of the datagram if it is complete now. It is then forgotten:
    /// a late duplicate starts a datagram of its own.
    pub(crate) fn add(&mut self, key: Key, fragment: Fragment<'_>) -> Option<Vec<u8>> {
        self.begin(fragment.frame);
        let datagram = self.datagrams.entry(key).or_insert_with(|| {
            self.started += 1;
            self.order.push_back((key, self.started));
            Incomplete {
                number: self.started,
                pieces: Vec::new(),
                joined: 0,
                end: 0,
                len: None,
            }
        });
        datagram.insert(fragment);
        self.bytes += fragment.bytes.len() + FRAGMENT_OVERHEAD;
        let whole = datagram.complete();
        if whole.is_some() {
            let frames = datagram.pieces.iter().map(|piece| piece.frame);
            self.latest.completed_from.extend(frames);
        }
        if whole.is_some() || datagram.pieces.len() >= MAX_PIECES {
            self.forget(key);
        }
        self.make_room();
        whole
    }

    fn begin(&mut self, frame: u64) {
        if self.latest.frame != frame {
            self.latest.frame = frame;
            self.latest.completed_from.clear();
        }
    }

    /// Whether the frame held a fragment, as long as no later one has.
    pub(crate) const fn in_frame(&self, frame: u64) -> bool {
        self.latest.frame == frame
    }

    /// The frames whose fragments made up the datagrams that this frame completed, as long as no later frame has one.
    pub(crate) fn completed_from(&self, frame: u64) -> &[u64] {
        if self.in_frame(frame) {
            &self.latest.completed_from
        } else {
            &[]
        }
    }

    fn forget(&mut self, key: Key) {
        if let Some(datagram) = self.datagrams.remove(&key) {
            self.bytes = self.bytes.saturating_sub(datagram.cost());
        }
    }

    fn make_room(&mut self) {
        while self.datagrams.len() > MAX_DATAGRAMS
            || self.bytes > MAX_BYTES
            || self.order.len() > 2 * MAX_DATAGRAMS
        {
            let Some((key, number)) = self.order.pop_front() else {
                return;
            };
            if self.datagrams.get(&key).is_some_and(|d| d.number == number) {
                self.forget(key);
            }
        }
    }
}

impl Incomplete {
    fn insert(&mut self, fragment: Fragment<'_>) {
        let at = self
            .pieces
            .partition_point(|piece| piece.offset <= fragment.offset);
        if !fragment.more && self.len.is_none() {
            self.len = Some(fragment.offset.saturating_add(fragment.bytes.len()));
        }
        let piece = Piece {
            frame: fragment.frame,
            offset: fragment.offset,
            bytes: fragment.bytes.into(),
        };
        if at < self.joined {
            self.joined += 1;
            self.end = self.end.max(piece.end());
        }
        self.pieces.insert(at, piece);
        while let Some(next) = self.pieces.get(self.joined)
            && next.offset <= self.end
        {
            self.end = self.end.max(next.end());
            self.joined += 1;
        }
    }

    /// The payload, if no byte is missing. Where fragments overlap, the one that starts first gives the bytes.
    fn complete(&self) -> Option<Vec<u8>> {
        let len = self.len?;
        if self.end < len {
            return None;
        }
        let mut whole = Vec::with_capacity(len);
        for piece in &self.pieces {
            let Some(known) = whole.len().checked_sub(piece.offset) else {
                break;
            };
            whole.extend_from_slice(piece.bytes.get(known..).unwrap_or_default());
        }
        whole.truncate(len);
        Some(whole)
    }

    fn cost(&self) -> usize {
        let cost = |piece: &Piece| piece.bytes.len() + FRAGMENT_OVERHEAD;
        self.pieces.iter().map(cost).sum()
    }
}

impl Piece {
    fn end(&self) -> usize {
        self.offset.saturating_add(self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn key(id: u32) -> Key {
        Key {
            source: Host::V4(Ipv4Addr::LOCALHOST),
            destination: Host::V4(Ipv4Addr::BROADCAST),
            protocol: 6,
            vlan: 0,
            id,
        }
    }

    fn add(fragments: &mut Fragments, offset: usize, bytes: &[u8], more: bool) -> Option<Vec<u8>> {
        let fragment = Fragment {
            frame: offset as u64 + 1,
            offset,
            bytes,
            more,
        };
        fragments.add(key(1), fragment)
    }

    #[test]
    fn the_last_missing_piece_completes() {
        let mut fragments = Fragments::default();
        assert_eq!(add(&mut fragments, 16, b"tail", false), None);
        assert_eq!(add(&mut fragments, 0, b"01234567", true), None);
        let whole = add(&mut fragments, 8, b"89abcdef", true);
        assert_eq!(whole.unwrap(), b"0123456789abcdeftail");
        assert_eq!((fragments.datagrams.len(), fragments.bytes), (0, 0));
        assert_eq!(fragments.completed_from(9), [1, 9, 17]);
        assert!(fragments.completed_from(17).is_empty());
    }

    #[test]
    fn pieces_join_in_any_order() {
        let text = b"0123456789abcdefghijklmnopqrstuvwxyz....";
        let mut orders = vec![vec![0, 1, 2, 3, 4]];
        for rotation in 1..5 {
            let mut order = orders[0].clone();
            order.rotate_left(rotation);
            orders.push(order.clone());
            order.swap(0, 3);
            orders.push(order);
        }
        for order in orders {
            let mut fragments = Fragments::default();
            let mut whole = None;
            for part in order {
                let bytes = &text[part * 8..part * 8 + 8];
                whole = add(&mut fragments, part * 8, bytes, part < 4).or(whole);
            }
            assert_eq!(whole.unwrap(), text);
        }
    }

    #[test]
    fn a_datagram_of_endless_fragments_gives_way() {
        let mut fragments = Fragments::default();
        for frame in 0..50_000_u64 {
            let fragment = Fragment {
                frame,
                offset: 65_528 - (frame as usize % 8191) * 8,
                bytes: b"12345678",
                more: true,
            };
            assert_eq!(fragments.add(key(1), fragment), None);
            let kept = fragments.datagrams.values().map(|d| d.pieces.len()).max();
            assert!(kept.unwrap_or(0) < MAX_PIECES);
        }
    }

    #[test]
    fn where_fragments_overlap_the_one_that_starts_first_wins() {
        let mut fragments = Fragments::default();
        add(&mut fragments, 8, b"LATEtail", false);
        let whole = add(&mut fragments, 0, b"01234567EARL", true);
        assert_eq!(whole.unwrap(), b"01234567EARLtail");
    }

    #[test]
    fn of_two_that_start_together_the_earlier_one_wins() {
        let mut fragments = Fragments::default();
        add(&mut fragments, 0, b"first...", true);
        add(&mut fragments, 0, b"second..", true);
        assert_eq!(add(&mut fragments, 8, b"x", false).unwrap(), b"first...x");
    }

    #[test]
    fn a_late_duplicate_starts_anew() {
        let mut fragments = Fragments::default();
        add(&mut fragments, 0, b"01234567", true);
        assert!(add(&mut fragments, 8, b"x", false).is_some());
        assert_eq!(add(&mut fragments, 8, b"y", false), None);
        // The id is used again, and the old end is still there.
        assert_eq!(
            add(&mut fragments, 0, b"abcdefgh", true).unwrap(),
            b"abcdefghy"
        );
    }

    #[test]
    fn memory_is_bounded() {
        let mut fragments = Fragments::default();
        let bytes = vec![0; 60_000];
        for id in 0..5_000 {
            let len = if id % 2 == 0 { 60_000 } else { 8 };
            let fragment = Fragment {
                frame: id.into(),
                offset: 0,
                bytes: &bytes[..len],
                more: true,
            };
            assert_eq!(fragments.add(key(id), fragment), None);
            assert!(fragments.bytes <= MAX_BYTES);
            assert!(fragments.datagrams.len() <= MAX_DATAGRAMS);
            assert!(fragments.order.len() <= 2 * MAX_DATAGRAMS);
        }
        let kept: usize = fragments.datagrams.values().map(Incomplete::cost).sum();
        assert_eq!(kept, fragments.bytes);
    }
}
