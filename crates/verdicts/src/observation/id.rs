//! The names of observations as numbers, and sets of them.

use std::fmt;

use crate::observations::ids;

/// What was observed, told by its name's place in the list of all names ([`ids`]).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Id(u16);

impl Id {
    /// The name at this place of [`ids::ALL`].
    pub(crate) const fn at(place: u16) -> Self {
        Self(place)
    }

    /// The stable name.
    pub fn name(self) -> &'static str {
        let name = ids::ALL.get(usize::from(self.0));
        name.copied().unwrap_or_default()
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of observations: a bit for each name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ids([u64; WORDS]);

const WORDS: usize = 5;
const _: () = assert!(ids::ALL.len() <= WORDS * u64::BITS as usize);

impl Ids {
    /// None.
    pub(crate) const NONE: Self = Self([0; WORDS]);

    /// These.
    pub(crate) const fn of(ids: &[Id]) -> Self {
        let (mut set, mut rest) = (Self::NONE, ids);
        while let [id, others @ ..] = rest {
            set = set.with(*id);
            rest = others;
        }
        set
    }

    /// The same and this one.
    pub(crate) const fn with(self, id: Id) -> Self {
        let bit = 1 << (id.0 % 64);
        let Self([a, b, c, d, e]) = self;
        Self(match id.0 / 64 {
            0 => [a | bit, b, c, d, e],
            1 => [a, b | bit, c, d, e],
            2 => [a, b, c | bit, d, e],
            3 => [a, b, c, d | bit, e],
            _ => [a, b, c, d, e | bit],
        })
    }

    /// The same and all of these.
    pub(crate) const fn and(self, other: Self) -> Self {
        let Self([a, b, c, d, e]) = self;
        let Self([v, w, x, y, z]) = other;
        Self([a | v, b | w, c | x, d | y, e | z])
    }

    pub(crate) fn add(&mut self, id: Id) {
        if let Some(word) = self.0.get_mut(usize::from(id.0 / 64)) {
            *word |= 1 << (id.0 % 64);
        }
    }

    #[inline(always)]
    pub(crate) fn has(&self, id: Id) -> bool {
        let word = self.0.get(usize::from(id.0 / 64));
        word.is_some_and(|word| word >> (id.0 % 64) & 1 != 0)
    }

    /// Whether any is in both.
    #[inline(always)]
    pub(crate) fn meet(&self, other: &Self) -> bool {
        let both = self.0.iter().zip(&other.0);
        both.fold(0, |met, (own, other)| met | own & other) != 0
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::NONE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> impl Iterator<Item = Id> {
        (0..ids::ALL.len()).map(|place| Id::at(u16::try_from(place).unwrap()))
    }

    #[test]
    fn a_set_holds_what_was_put_in_and_nothing_else() {
        for one in all() {
            let mut added = Ids::NONE;
            added.add(one);
            assert_eq!(added, Ids::NONE.with(one));
            for other in all() {
                assert_eq!(added.has(other), one == other);
                assert_eq!(added.meet(&Ids::of(&[other])), one == other);
                let both = added.and(Ids::of(&[other]));
                assert_eq!(both, Ids::of(&[other, one]));
            }
        }
    }

    #[test]
    fn every_name_is_there_once() {
        for (place, id) in all().enumerate() {
            assert_eq!(
                ids::ALL.iter().position(|name| *name == id.name()),
                Some(place)
            );
        }
    }
}
