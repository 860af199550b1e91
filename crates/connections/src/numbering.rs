//! Relative numbers: counted from a side's initial sequence number, and unwrapped.

/// The numbers of one direction.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Numbering {
    /// The highest relative number sent so far: what is nearest to it is meant.
    top: i64,
    /// The same as headers have it.
    wire_top: u32,
    is_set: bool,
}

impl Numbering {
    /// Sets the initial number. Whether it moved: then all that was relative to the old one is void.
    pub(crate) fn set_origin(&mut self, base: u32) -> bool {
        if self.is_set && self.origin() == base {
            return false;
        }
        let moved = self.is_set;
        if moved {
            self.top = 0;
        }
        self.wire_top = base.wrapping_add(self.top as u32);
        self.is_set = true;
        moved
    }

    /// The initial number.
    pub(crate) const fn origin(&self) -> u32 {
        self.wire_top.wrapping_sub(self.top as u32)
    }

    /// Whether the initial number is known.
    pub(crate) const fn is_set(&self) -> bool {
        self.is_set
    }

    /// A number of this direction, relative to its initial one and unwrapped: the nearest to what was sent so far. Where the initial one is
    /// not known, it is that one.
    #[inline]
    pub(crate) fn relative(&self, number: u32) -> i64 {
        let wire_top = if self.is_set {
            self.wire_top
        } else {
            number.wrapping_add(self.top as u32)
        };
        let distance = number.wrapping_sub(wire_top).cast_signed();
        // No stream is so long that it would overflow.
        self.top.wrapping_add(i64::from(distance))
    }

    /// The highest relative number sent so far.
    pub(crate) const fn top(&self) -> i64 {
        self.top
    }

    /// Something was sent up to `end`.
    #[inline]
    pub(crate) const fn sent(&mut self, end: i64) {
        if end > self.top {
            self.wire_top = self
                .wire_top
                .wrapping_add(end.wrapping_sub(self.top) as u32);
            self.top = end;
        }
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
