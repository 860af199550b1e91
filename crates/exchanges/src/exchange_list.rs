//! The exchanges of a connection, as they are handed on.

use std::fmt::{self, Debug, Formatter};
use std::ops::{Deref, DerefMut};

use crate::Exchange;
use crate::http1::Downloads;

/// Exchanges in the order in which they began: a slice of them.
///
/// Most connections are for one download. That one stays in the memory where it was followed.
#[derive(Default)]
pub struct ExchangeList(Place);

/// Where they lie.
enum Place {
    List(Vec<Exchange>),
    /// The last of them, and only that.
    Last(Box<Downloads>),
}

impl Default for Place {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

impl ExchangeList {
    /// The last of these downloads alone.
    pub(crate) const fn of_last(downloads: Box<Downloads>) -> Self {
        Self(Place::Last(downloads))
    }

    /// As a slice.
    #[inline]
    pub fn as_slice(&self) -> &[Exchange] {
        match &self.0 {
            Place::List(list) => list,
            Place::Last(downloads) => std::slice::from_ref(downloads.last()),
        }
    }

    /// As a list that can be changed.
    pub fn into_vec(self) -> Vec<Exchange> {
        match self.0 {
            Place::List(list) => list,
            Place::Last(downloads) => vec![downloads.into_last()],
        }
    }
}

impl From<Vec<Exchange>> for ExchangeList {
    fn from(list: Vec<Exchange>) -> Self {
        Self(Place::List(list))
    }
}

impl Deref for ExchangeList {
    type Target = [Exchange];

    #[inline]
    fn deref(&self) -> &[Exchange] {
        self.as_slice()
    }
}

impl DerefMut for ExchangeList {
    fn deref_mut(&mut self) -> &mut [Exchange] {
        match &mut self.0 {
            Place::List(list) => list,
            Place::Last(downloads) => std::slice::from_mut(downloads.last_mut()),
        }
    }
}

impl<'e> IntoIterator for &'e ExchangeList {
    type Item = &'e Exchange;
    type IntoIter = std::slice::Iter<'e, Exchange>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for ExchangeList {
    type Item = Exchange;
    type IntoIter = std::vec::IntoIter<Exchange>;

    fn into_iter(self) -> Self::IntoIter {
        self.into_vec().into_iter()
    }
}

impl Clone for ExchangeList {
    fn clone(&self) -> Self {
        self.to_vec().into()
    }
}

impl Debug for ExchangeList {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}
