//! Unique payload bytes of one direction: the union of the ranges that carried payload.

/// More separate ranges than this, and the lowest is settled: what fills a hole below it later no longer counts.
const MAX_SPANS: usize = 64;

/// A union of ranges over unwrapped sequence numbers, relative to the side's initial number.
#[derive(Clone, Debug, Default)]
pub(crate) struct UniqueBytes {
    /// The range that grows: empty while nothing was seen.
    last: Span,
    /// The ranges below it, sorted and disjoint.
    below: Vec<Span>,
    /// Bytes of ranges that were given up to save memory, and where the last of them ends.
    settled: u64,
    settled_to: Option<i64>,
    /// The first number that can hold data: known when a SYN was seen.
    floor: Option<i64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Span {
    start: i64,
    end: i64,
}

impl Span {
    const fn is_empty(self) -> bool {
        self.start >= self.end
    }

    /// Bytes at or above `floor`.
    fn bytes_from(self, floor: Option<i64>) -> u64 {
        let start = floor.map_or(self.start, |floor| self.start.max(floor));
        u64::try_from(self.end.saturating_sub(start)).unwrap_or(0)
    }
}

impl UniqueBytes {
    /// Data cannot begin below `floor` (the number behind the SYN). The first SYN decides.
    pub(crate) fn set_floor(&mut self, floor: i64) {
        self.floor.get_or_insert(floor);
    }

    /// Adds a range. Returns how many of its bytes are new.
    pub(crate) fn add(&mut self, start: i64, len: u32) -> u64 {
        let end = start.saturating_add(i64::from(len));
        let start = self.settled_to.map_or(start, |to| start.max(to));
        let span = Span { start, end };
        if span.is_empty() {
            return 0;
        }
        if self.last.end == start && !self.last.is_empty() {
            self.last.end = end;
            return span.bytes_from(self.floor);
        }
        if self.last.is_empty() {
            self.last = span;
            return span.bytes_from(self.floor);
        }
        let before = self.total();
        self.merge(span);
        self.total().saturating_sub(before)
    }

    fn merge(&mut self, span: Span) {
        self.below.push(self.last);
        let spans = &mut self.below;
        let from = spans.partition_point(|known| known.end < span.start);
        let mut merged = span;
        let mut to = from;
        while let Some(known) = spans.get(to)
            && known.start <= span.end
        {
            merged.start = merged.start.min(known.start);
            merged.end = merged.end.max(known.end);
            to += 1;
        }
        spans.splice(from..to, [merged]);
        self.last = spans.pop().unwrap_or_default();
        if self.below.len() >= MAX_SPANS {
            let lowest = self.below.remove(0);
            self.settled = self.settled.saturating_add(lowest.bytes_from(self.floor));
            self.settled_to = Some(lowest.end);
        }
    }

    /// How many bytes were seen.
    pub(crate) fn total(&self) -> u64 {
        self.below
            .iter()
            .chain([&self.last])
            .map(|span| span.bytes_from(self.floor))
            .fold(self.settled, u64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn overlaps_count_once() {
        let mut bytes = UniqueBytes::default();
        assert_eq!(bytes.add(1, 100), 100);
        assert_eq!(bytes.add(101, 100), 100);
        assert_eq!(bytes.add(51, 100), 0);
        assert_eq!(bytes.add(301, 100), 100);
        assert_eq!(bytes.add(151, 200), 100);
        assert_eq!(bytes.total(), 400);
    }

    #[test]
    fn nothing_lies_on_the_syn() {
        let mut bytes = UniqueBytes::default();
        bytes.set_floor(1);
        assert_eq!(bytes.add(0, 1), 0);
        assert_eq!(bytes.add(1, 10), 10);
        assert_eq!(bytes.total(), 10);
    }

    proptest! {
        #[test]
        fn counts_as_a_bit_map_does(ranges in prop::collection::vec((0_i64..500, 0_u32..40), 0..60)) {
            let mut bytes = UniqueBytes::default();
            let mut map = [false; 600];
            for (start, len) in ranges {
                let fresh = (start..start + i64::from(len))
                    .filter(|n| !std::mem::replace(&mut map[*n as usize], true))
                    .count();
                prop_assert_eq!(bytes.add(start, len), fresh as u64);
            }
            prop_assert_eq!(bytes.total(), map.iter().filter(|set| **set).count() as u64);
        }

        #[test]
        fn stays_bounded(ranges in prop::collection::vec((any::<i32>(), any::<u32>()), 0..400)) {
            let mut bytes = UniqueBytes::default();
            for (start, len) in ranges {
                bytes.add(i64::from(start), len);
                prop_assert!(bytes.below.len() <= MAX_SPANS);
            }
        }
    }
}
