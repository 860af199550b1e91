//! What orderly connections share: looks, and the room that those which are over have left.

use super::KEPT;
use super::look::Looks;
use super::middle::Middle;
use super::short::Short;

/// Logs and sums that are kept for the next connections: about four kilobytes a pair.
const MAX_SPARE: usize = 256;

/// All looks that were met, and room to be used again.
#[derive(Debug, Default)]
pub(crate) struct Stock {
    pub(super) looks: Looks,
    logs: Vec<Vec<Short>>,
    #[expect(clippy::vec_box, reason = "they are lent and taken back as they are")]
    middles: Vec<Box<Middle>>,
}

impl Stock {
    /// Takes back what a connection that is over has left.
    pub(super) fn take_back(&mut self, mut log: Vec<Short>, middle: Option<Box<Middle>>) {
        if log.capacity() >= KEPT && self.logs.len() < MAX_SPARE {
            log.clear();
            self.logs.push(log);
        }
        if let Some(middle) = middle
            && self.middles.len() < MAX_SPARE
        {
            self.middles.push(middle);
        }
    }

    /// An empty log with room for [`KEPT`] packets.
    pub(super) fn log(&mut self) -> Vec<Short> {
        self.logs.pop().unwrap_or_else(|| Vec::with_capacity(KEPT))
    }

    /// Sums of nothing, of a connection with this first frame.
    pub(super) fn middle(&mut self, first: u64) -> Box<Middle> {
        match self.middles.pop() {
            Some(mut middle) => {
                middle.begin_again(first);
                middle
            }
            None => Box::new(Middle::new(first)),
        }
    }
}
