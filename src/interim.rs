//! Reads a whole capture into memory: stands in until the streaming input is there.

use std::path::Path;

use anyhow::{Context, Result, bail};
use whyreset_capture::{CaptureReader, Step};
use whyreset_connections::Placed;
use whyreset_reports::CaptureFacts;

use crate::Analysis;

/// Passes every record of the file to `analysis`.
pub fn read(
    path: &Path,
    analysis: &mut Analysis,
    mut placed: impl FnMut(u64, Placed),
) -> Result<CaptureFacts> {
    let bytes = std::fs::read(path).with_context(|| format!("{}", path.display()))?;
    let mut reader = CaptureReader::new();
    let mut facts = CaptureFacts {
        path: path.display().to_string(),
        bytes: bytes.len() as u64,
        ..CaptureFacts::default()
    };
    let mut at = 0usize;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let consumed = match reader.step(rest, true) {
            Step::Record(record) => {
                facts.first_time = facts.first_time.or(record.time);
                facts.last_time = record.time.or(facts.last_time);
                analysis.record(&record.record(rest), |place| placed(record.frame, place));
                u64::from(record.consumed)
            }
            Step::Counted { consumed, .. }
            | Step::Secrets { consumed, .. }
            | Step::Skip { consumed } => consumed,
            Step::NeedMore { .. } => break,
            Step::End(warning) => {
                facts
                    .warnings
                    .extend(warning.map(|warning| warning.to_string()));
                break;
            }
            Step::Refused(refusal) => bail!("{}: {refusal}", path.display()),
        };
        facts.format = reader.format().unwrap_or_default().to_owned();
        at = at.saturating_add(usize::try_from(consumed).unwrap_or(usize::MAX));
    }
    facts.packets = reader.frames();
    Ok(facts)
}
