//! Lists the frames of a capture file: `cargo run -p whyreset-capture --example records -- [-q] FILE...`
//!
//! With `-q`, only a line per file: its format, frames, and what is wrong with it.

use std::fs::File;
use std::io::{self, Read, Write};

use whyreset_capture::{CaptureReader, Step};

/// Bytes that are read at a time, at least.
const CHUNK: usize = 512 * 1024;

fn main() -> io::Result<()> {
    let mut quiet = false;
    for argument in std::env::args().skip(1) {
        if argument == "-q" {
            quiet = true;
        } else {
            list(&argument, quiet)?;
        }
    }
    Ok(())
}

fn list(path: &str, quiet: bool) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let file = File::open(path)?;
    let mut reader = CaptureReader::new();
    let mut buffer = Vec::new();
    let (mut start, mut at_end) = (0_usize, false);
    let end = loop {
        let unread = buffer.get(start..).unwrap_or_default();
        let consumed = match reader.step(unread, at_end) {
            Step::Record(at) => {
                if !quiet {
                    let record = at.record(unread);
                    writeln!(
                        out,
                        "{} {} {} {} {}",
                        record.frame,
                        record.time.map_or(0, |time| time.nanos()),
                        record.link.0,
                        record.bytes.len(),
                        record.wire_len
                    )?;
                }
                u64::from(at.consumed)
            }
            Step::Counted { consumed, .. }
            | Step::Secrets { consumed, .. }
            | Step::Skip { consumed } => consumed,
            Step::NeedMore { at_least } => {
                buffer.drain(..start);
                start = 0;
                let wanted = at_least.saturating_sub(buffer.len()).max(CHUNK) as u64;
                at_end = (&file).take(wanted).read_to_end(&mut buffer)? == 0;
                continue;
            }
            Step::End(warning) => break warning.map_or(String::new(), |w| w.to_string()),
            Step::Refused(refusal) => break refusal.to_string(),
        };
        start += consumed as usize;
    };
    writeln!(
        out,
        "{path}\t{}\t{}\t{end}",
        reader.format().unwrap_or("-"),
        reader.frames()
    )
}
