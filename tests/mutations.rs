//! The fuzz targets' checks on mutated seeds: deterministic, and with the stable toolchain.
//!
//! `cargo fuzz` finds more, but needs a nightly toolchain. Here every run makes the same mutations; the variable
//! `MUTATIONS` says how many for each target (3,000 without it).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../fuzz/entries/capture_file.rs"]
mod capture_file;
#[path = "../fuzz/entries/exchanges.rs"]
mod exchanges;
#[path = "../fuzz/entries/filter.rs"]
mod filter;
#[path = "../fuzz/entries/layers.rs"]
mod layers;
#[path = "../fuzz/entries/text.rs"]
mod text;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

/// Larger seeds slow it down and show nothing that smaller ones do not.
const MAX_SEED: u64 = 8 * 1024;
/// Longer than this no input may take, in a build without optimisation on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

const CAPTURES: &[&str] = &[
    "crates/capture/tests/fixtures",
    "crates/frames/tests/fixtures",
];

#[test]
fn capture_files() {
    mutate(&seeds(CAPTURES), capture_file::run);
}

#[test]
fn layers_of_frames() {
    mutate(&seeds(CAPTURES), layers::run);
}

#[test]
fn pasted_texts() {
    mutate(&seeds(&["fuzz/seeds/text", "examples"]), text::run);
}

#[test]
fn filters() {
    mutate(&seeds(&["fuzz/seeds/filter"]), |bytes| {
        filter::run(&String::from_utf8_lossy(bytes));
    });
}

#[test]
fn conversations() {
    mutate(&seeds(&["fuzz/seeds/exchanges"]), exchanges::run);
}

/// The files of these folders that are small enough, in the order of their names.
fn seeds(folders: &[&str]) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> = folders
        .iter()
        .flat_map(|folder| fs::read_dir(Path::new(folder)).unwrap())
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.metadata().unwrap().is_file())
        .filter(|entry| entry.metadata().unwrap().len() <= MAX_SEED)
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no seeds in {folders:?}");
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Runs `check` on every seed, then on mutations of them.
fn mutate(seeds: &[Vec<u8>], check: impl Fn(&[u8])) {
    let count = std::env::var("MUTATIONS").map_or(3_000, |count| count.parse().unwrap());
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for seed in seeds {
        try_one(seed, &check);
    }
    for _ in 0..count {
        let mut bytes = random.one_of(seeds).clone();
        for _ in 0..=random.below(4) {
            random.change(&mut bytes, seeds);
        }
        try_one(&bytes, &check);
    }
}

fn try_one(bytes: &[u8], check: &impl Fn(&[u8])) {
    let started = Instant::now();
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| check(bytes))) {
        let path = std::env::temp_dir().join(format!("finding-{}", std::process::id()));
        let kept = fs::write(&path, bytes);
        eprintln!("the input is in {} ({kept:?})", path.display());
        std::panic::resume_unwind(panic);
    }
    assert!(started.elapsed() < PATIENCE, "hangs on {bytes:x?}");
}

/// Marsaglia's xorshift with 64 bits (Journal of Statistical Software, 2003).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 11).unwrap() % limit.max(1)
    }

    fn one_of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// A part of the bytes, mostly a short one.
    fn part(&mut self, bytes: &[u8]) -> std::ops::Range<usize> {
        let start = self.below(bytes.len() + 1);
        let longest = if self.below(4) == 0 { bytes.len() } else { 16 };
        let len = self.below(longest.min(bytes.len() - start) + 1);
        start..start + len
    }

    /// Makes one change, of the kinds that fuzzers make.
    fn change(&mut self, bytes: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        let at = self.below(bytes.len());
        match self.below(8) {
            _ if bytes.is_empty() => bytes.push(self.next() as u8),
            0 => bytes[at] ^= 1 << self.below(8),
            1 => bytes[at] = self.next() as u8,
            2 => self.set_number(&mut bytes[at..]),
            3 => bytes.truncate(at),
            4 => {
                let part = self.part(bytes);
                bytes.drain(part);
            }
            5 => {
                let copy = bytes[self.part(bytes)].to_vec();
                bytes.splice(at..at, copy);
            }
            6 => {
                let other = self.one_of(seeds);
                let piece = other[self.part(other)].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => {
                let other = self.one_of(seeds);
                let piece = other[self.part(other)].to_vec();
                let end = (at + piece.len()).min(bytes.len());
                bytes.splice(at..end, piece);
            }
        }
    }

    /// Writes a number that lies at some edge, in one of the usual widths and both byte orders.
    fn set_number(&mut self, bytes: &mut [u8]) {
        let edges: [u64; 12] = [
            0,
            1,
            0x7f,
            0x80,
            0xff,
            0x100,
            0x7fff,
            0x8000,
            0xffff,
            0x7fff_ffff,
            0x8000_0000,
            u64::MAX,
        ];
        let number = self
            .one_of(&edges)
            .wrapping_add(self.next() % 3)
            .wrapping_sub(1);
        let width = *self.one_of(&[1, 2, 4, 8]);
        let width = width.min(bytes.len());
        let little = number.to_le_bytes();
        for (index, byte) in bytes.iter_mut().take(width).enumerate() {
            *byte = little[index];
        }
        if self.below(2) == 0 {
            bytes[..width].reverse();
        }
    }
}
