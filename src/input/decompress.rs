//! Decompression, in a thread of its own: it is most of the work of reading a compressed capture.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use whyreset_capture::Compression;

use super::buffer::Bytes;
use super::lz4_frames::Lz4Frames;

/// Bytes that are handed over at a time.
const CHUNK_LEN: usize = 256 * 1024;
/// Chunks that wait to be read, at most: with the two in use, 1.5 MiB for each compressed file that is open.
const CHUNKS: usize = 4;

/// Begins to decompress; reading from what is returned gives the decompressed bytes.
///
/// Several members or frames one after the other are one file, as their tools have it. Damage is an error behind the
/// bytes that could be decompressed.
pub(super) fn decompress(how: Compression, from: Bytes) -> io::Result<Bytes> {
    let decoder: Bytes = match how {
        Compression::Gzip => Box::new(flate2::read::MultiGzDecoder::new(from)),
        Compression::Zstd => Box::new(zstd::stream::read::Decoder::new(from)?),
        Compression::Lz4 => Box::new(Lz4Frames::new(from)),
    };
    let (chunks, received) = sync_channel(CHUNKS);
    let (give_back, used) = channel();
    thread::Builder::new()
        .name(format!("decompress {}", how.name()))
        .spawn(move || send_chunks(decoder, &chunks, &used))?;
    Ok(Box::new(Chunks {
        received,
        give_back,
        current: Vec::new(),
        at: 0,
    }))
}

/// Decompresses until the end, or until nobody listens any more.
fn send_chunks(
    mut decoder: Bytes,
    chunks: &SyncSender<io::Result<Vec<u8>>>,
    used: &Receiver<Vec<u8>>,
) {
    loop {
        let mut chunk = used.try_recv().unwrap_or_default();
        chunk.clear();
        let result = decoder
            .by_ref()
            .take(CHUNK_LEN as u64)
            .read_to_end(&mut chunk);
        let ended = chunk.is_empty();
        if !ended && chunks.send(Ok(chunk)).is_err() {
            return;
        }
        if let Err(error) = result {
            // Nobody listening is no problem here.
            let _ = chunks.send(Err(error));
            return;
        }
        if ended {
            return;
        }
    }
}

/// The reading end.
struct Chunks {
    received: Receiver<io::Result<Vec<u8>>>,
    give_back: Sender<Vec<u8>>,
    current: Vec<u8>,
    at: usize,
}

impl Read for Chunks {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.current.len() {
            match self.received.recv() {
                Ok(chunk) => {
                    let used = std::mem::replace(&mut self.current, chunk?);
                    // The thread may have ended: then the chunk is not needed.
                    let _ = self.give_back.send(used);
                    self.at = 0;
                }
                Err(_) => return Ok(0),
            }
        }
        let mut rest = self.current.get(self.at..).unwrap_or_default();
        let count = rest.read(out)?;
        self.at = self.at.saturating_add(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// Bytes that do not shrink much.
    fn plain() -> Vec<u8> {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 26) as u8
        };
        (0..600_000).map(|_| next()).collect()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn lz4(bytes: &[u8]) -> Vec<u8> {
        let small_blocks =
            lz4_flex::frame::FrameInfo::new().block_size(lz4_flex::frame::BlockSize::Max64KB);
        let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(small_blocks, Vec::new());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn read(how: Compression, packed: Vec<u8>) -> (Vec<u8>, io::Result<usize>) {
        let mut out = Vec::new();
        let result = decompress(how, Box::new(io::Cursor::new(packed)))
            .and_then(|mut bytes| bytes.read_to_end(&mut out));
        (out, result)
    }

    #[test]
    fn members_and_frames_follow_each_other() {
        let plain = plain();
        let (first, second) = plain.split_at(200_000);
        let zstd = |bytes: &[u8]| zstd::stream::encode_all(bytes, 1).unwrap();
        for (how, packed) in [
            (Compression::Gzip, [gzip(first), gzip(second)].concat()),
            (Compression::Zstd, [zstd(first), zstd(second)].concat()),
            (Compression::Lz4, [lz4(first), lz4(second)].concat()),
        ] {
            let (out, result) = read(how, packed);
            assert!(result.is_ok(), "{how:?} {result:?}");
            assert!(out == plain, "{how:?}");
        }
    }

    #[test]
    fn cut_files_give_what_is_there_and_an_error() {
        let plain = plain();
        let zstd = zstd::stream::encode_all(plain.as_slice(), 1).unwrap();
        for (how, packed) in [
            (Compression::Gzip, gzip(&plain)),
            (Compression::Zstd, zstd),
            (Compression::Lz4, lz4(&plain)),
        ] {
            let half = packed[..packed.len() / 2].to_vec();
            let (out, result) = read(how, half);
            assert!(result.is_err(), "{how:?}");
            assert!(!out.is_empty() && plain.starts_with(&out), "{how:?}");
        }
    }

    #[test]
    fn an_lz4_frame_without_its_end_is_cut() {
        let packed = lz4(&plain());
        for missing in 1..=4 {
            let cut = packed[..packed.len() - missing].to_vec();
            let (out, result) = read(Compression::Lz4, cut);
            assert!(result.is_err() && out == plain(), "{missing}");
        }
    }

    #[test]
    fn an_unread_rest_holds_nobody_up() {
        let mut bytes =
            decompress(Compression::Gzip, Box::new(io::Cursor::new(gzip(&plain())))).unwrap();
        let mut some = [0; 10];
        assert_eq!(bytes.read(&mut some).unwrap(), 10);
    }
}
