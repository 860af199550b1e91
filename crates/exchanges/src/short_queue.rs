//! A queue that mostly holds one item, or none.

use std::collections::VecDeque;

/// First in, first out. One item lies in the queue itself; only further ones take up memory of their own.
#[derive(Clone, Debug)]
pub(crate) struct ShortQueue<T> {
    first: Option<T>,
    /// Empty while there is no first.
    #[expect(
        clippy::box_collection,
        reason = "most queues have no rest: a pointer is smaller than an empty queue"
    )]
    rest: Option<Box<VecDeque<T>>>,
}

impl<T> Default for ShortQueue<T> {
    fn default() -> Self {
        Self {
            first: None,
            rest: None,
        }
    }
}

impl<T> ShortQueue<T> {
    pub(crate) fn len(&self) -> usize {
        let rest = self.rest.as_ref().map_or(0, |rest| rest.len());
        usize::from(self.first.is_some()).saturating_add(rest)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub(crate) const fn front(&self) -> Option<&T> {
        self.first.as_ref()
    }

    pub(crate) const fn front_mut(&mut self) -> Option<&mut T> {
        self.first.as_mut()
    }

    /// The item behind the front.
    pub(crate) fn second(&self) -> Option<&T> {
        self.rest.as_ref()?.front()
    }

    pub(crate) fn back(&self) -> Option<&T> {
        let rest = self.rest.as_ref().and_then(|rest| rest.back());
        rest.or(self.first.as_ref())
    }

    pub(crate) fn back_mut(&mut self) -> Option<&mut T> {
        let rest = self.rest.as_mut().and_then(|rest| rest.back_mut());
        rest.or(self.first.as_mut())
    }

    pub(crate) fn push_back(&mut self, item: T) {
        if self.first.is_none() {
            self.first = Some(item);
        } else {
            self.rest.get_or_insert_default().push_back(item);
        }
    }

    pub(crate) fn pop_front(&mut self) -> Option<T> {
        let next = self.rest.as_mut().and_then(|rest| rest.pop_front());
        std::mem::replace(&mut self.first, next)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.first
            .iter()
            .chain(self.rest.iter().flat_map(|rest| rest.iter()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_a_queue(steps in prop::collection::vec(any::<bool>(), 0..60)) {
            let (mut short, mut usual) = (ShortQueue::default(), VecDeque::new());
            for (n, push) in steps.into_iter().enumerate() {
                if push {
                    short.push_back(n);
                    usual.push_back(n);
                } else {
                    prop_assert_eq!(short.pop_front(), usual.pop_front());
                }
                prop_assert_eq!((short.front(), short.back()), (usual.front(), usual.back()));
                prop_assert_eq!(short.second(), usual.get(1));
                prop_assert_eq!((short.len(), short.is_empty()), (usual.len(), usual.is_empty()));
                prop_assert!(short.iter().eq(usual.iter()));
            }
        }
    }
}
