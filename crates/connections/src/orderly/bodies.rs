//! Room for what few packets touch of a connection: those that are over leave it to those that begin. It is near the processor then,
//! and no memory has to be looked for.

use super::Body;
use crate::StreamSink;

/// Bodies that are kept for the next connections: about seven hundred bytes each.
const MAX_SPARE: usize = 32;

/// Bodies to be used again.
#[derive(Debug, Default)]
pub(crate) struct Bodies<X> {
    spare: Vec<Box<Body<X>>>,
}

impl<X: StreamSink> Bodies<X> {
    /// Room for a connection. Whatever is in it is none of its.
    pub(super) fn take(&mut self) -> Box<Body<X>> {
        self.spare.pop().unwrap_or_default()
    }

    /// Takes back the body of a connection that was told of.
    pub(super) fn take_back(&mut self, mut body: Box<Body<X>>) {
        if self.spare.len() < MAX_SPARE {
            body.passed.clear();
            self.spare.push(body);
        }
    }
}
