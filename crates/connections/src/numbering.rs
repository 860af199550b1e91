//! Relative numbers: counted from a side's initial sequence number, and unwrapped.

/// The numbers of one direction.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Numbering {
    origin: Option<u32>,
    /// The highest relative number sent so far: what is nearest to it is meant.
    top: i64,
}

impl Numbering {
    /// Sets the initial number. Whether it moved: then all that was relative to the old one is void.
    pub(crate) fn set_origin(&mut self, base: u32) -> bool {
        if self.origin == Some(base) {
            return false;
        }
        let moved = self.origin.replace(base).is_some();
        if moved {
            self.top = 0;
        }
        moved
    }

    /// Whether the initial number is known.
    pub(crate) const fn is_set(&self) -> bool {
        self.origin.is_some()
    }

    /// A number of this direction, relative to its initial one and unwrapped: the nearest to what was sent so far.
    pub(crate) fn relative(&self, number: u32) -> i64 {
        let origin = self.origin.unwrap_or(number);
        let reference = origin.wrapping_add((self.top & 0xffff_ffff) as u32);
        let distance = number.wrapping_sub(reference).cast_signed();
        self.top.saturating_add(i64::from(distance))
    }

    /// The highest relative number sent so far.
    pub(crate) const fn top(&self) -> i64 {
        self.top
    }

    /// Something was sent up to `end`.
    pub(crate) fn sent(&mut self, end: i64) {
        self.top = self.top.max(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_grow_past_the_wrap() {
        let mut numbering = Numbering::default();
        numbering.set_origin(u32::MAX - 9);
        assert_eq!(numbering.relative(u32::MAX - 9), 0);
        for step in 1..=5_i64 {
            let number = (u32::MAX - 9).wrapping_add((step as u32).wrapping_mul(1 << 30));
            assert_eq!(numbering.relative(number), step << 30);
            numbering.sent(step << 30);
        }
        assert_eq!(numbering.relative(u32::MAX - 10), (1 << 32) - 1);
    }
}
