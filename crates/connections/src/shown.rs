//! The frames that show something.

use std::ops::Deref;

/// Frame numbers: mostly one or two, which take no memory of their own.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown {
    /// One.
    One([u64; 1]),
    /// Two.
    Two([u64; 2]),
    /// Others.
    Others(Vec<u64>),
}

impl Deref for Shown {
    type Target = [u64];

    fn deref(&self) -> &[u64] {
        match self {
            Self::One(frames) => frames,
            Self::Two(frames) => frames,
            Self::Others(frames) => frames,
        }
    }
}

impl From<[u64; 1]> for Shown {
    fn from(frames: [u64; 1]) -> Self {
        Self::One(frames)
    }
}

impl From<[u64; 2]> for Shown {
    fn from(frames: [u64; 2]) -> Self {
        Self::Two(frames)
    }
}

impl From<&[u64]> for Shown {
    fn from(frames: &[u64]) -> Self {
        match *frames {
            [one] => Self::One([one]),
            [one, other] => Self::Two([one, other]),
            _ => Self::Others(frames.to_vec()),
        }
    }
}

impl From<Vec<u64>> for Shown {
    fn from(frames: Vec<u64>) -> Self {
        Self::Others(frames)
    }
}
