//! What was passed over of a connection, while nobody looks at it.

use super::middle::Middle;
use super::rest::Rest;
use crate::Moment;

/// What was passed over of a connection; nothing yet where it is empty.
#[derive(Debug, Default)]
pub(super) struct PassedOver {
    pub(super) middle: Option<Box<Middle>>,
    /// The rest, packed: as much of this as is needed.
    rest: Box<[u8]>,
}

/// Room is taken in steps of so many bytes: it is seldom moved, and seldom more than is needed.
const STEP: usize = 64;

impl PassedOver {
    /// Nothing was passed over.
    pub(super) const fn is_empty(&self) -> bool {
        self.middle.is_none()
    }

    /// Nothing is passed over any more.
    #[inline]
    pub(super) fn clear(&mut self) {
        if !self.is_empty() {
            *self = Self::default();
        }
    }

    /// Takes the rest up; `start` is the connection's first packet.
    pub(super) fn take_up(&self, rest: &mut Rest, start: Moment) -> Option<&Middle> {
        let middle = self.middle.as_deref()?;
        rest.take_up(&self.rest, start, middle);
        Some(middle)
    }

    /// Keeps the rest.
    pub(super) fn put_down(&mut self, rest: &mut Rest) {
        let Some(middle) = &mut self.middle else {
            return;
        };
        let packed = rest.put_down(middle);
        if let Some(room) = self.rest.get_mut(..packed.len()) {
            room.copy_from_slice(packed);
        } else {
            self.rest = roomy(packed);
        }
    }

    /// Bytes that it holds.
    pub(super) fn size(&self) -> usize {
        let middle = if self.is_empty() {
            0
        } else {
            size_of::<Middle>()
        };
        middle + self.rest.len()
    }

    /// Asks for all of it.
    pub(super) fn fetch(&self) {
        if let Some(middle) = &self.middle {
            whyreset_prefetch::fetch_all(&**middle);
        }
        whyreset_prefetch::fetch_bytes(&self.rest);
    }
}

/// A copy, and some room behind it. It is not made of zeros first: memory that is to be zero takes a longer way to be found.
fn roomy(packed: &[u8]) -> Box<[u8]> {
    let size = packed.len().next_multiple_of(STEP);
    let mut room = Vec::with_capacity(size);
    room.extend_from_slice(packed);
    room.resize(size, 0);
    room.into()
}
