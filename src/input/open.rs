//! Opening all inputs of an analysis.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::buffer::ReadBuffer;
use super::error::{InputError, InputErrorCause};
use super::info::CaptureInfo;
use super::merge::{Merge, Waiting};
use super::source::{self, Opened, Source};
use super::{Captures, Input, InputOptions};

/// Opens the inputs; see [`Input::open`].
pub(super) fn open<P: AsRef<Path>>(
    paths: &[P],
    options: InputOptions,
) -> Result<Input, InputError> {
    let mut opening = Opening {
        single: paths.len() == 1,
        ..Opening::default()
    };
    for path in paths {
        opening.add(path.as_ref(), options)?;
    }
    opening.check(paths)?;
    opening.merge.set_clocks(&mut opening.infos);
    let captures = match opening.only {
        Some((capture, source)) => Captures::One(capture, source),
        None => Captures::Many(opening.merge),
    };
    Ok(Input {
        infos: opening.infos,
        counts: opening.counts,
        total: total_len(paths),
        texts: opening.texts,
        text_used: 0,
        captures,
        frame: 0,
    })
}

/// The inputs that were opened so far.
#[derive(Default)]
struct Opening {
    single: bool,
    infos: Vec<CaptureInfo>,
    counts: Vec<Arc<AtomicU64>>,
    texts: VecDeque<(usize, ReadBuffer)>,
    only: Option<(usize, Box<Source>)>,
    merge: Merge,
    refused: Option<InputError>,
}

impl Opening {
    fn add(&mut self, path: &Path, options: InputOptions) -> Result<(), InputError> {
        let index = self.infos.len();
        let mut info = CaptureInfo {
            path: path.to_path_buf(),
            ..CaptureInfo::default()
        };
        let buffer_len = if self.single {
            options.buffer_len
        } else {
            options.merge_buffer_len
        };
        let count = Arc::default();
        match source::open(path, buffer_len, &count, &mut info) {
            Ok(Opened::Capture(source)) if self.single => self.only = Some((index, source)),
            Ok(Opened::Capture(source)) if file_len(path).is_some() => {
                let waiting = Waiting {
                    path: path.to_path_buf(),
                    buffer_len,
                    count: Arc::clone(&count),
                };
                self.merge.add_waiting(index, waiting, *source);
            }
            Ok(Opened::Capture(source)) => self.merge.add_open(index, source, &mut info),
            Ok(Opened::Text(buffer)) => self.texts.push_back((index, *buffer)),
            Err(cause @ InputErrorCause::NotACapture(_)) => {
                info.format = "unknown";
                info.warnings
                    .push(format!("left out: it {}", cause.about(path)));
                self.refused.get_or_insert_with(|| error(path, cause));
            }
            Err(cause) => return Err(error(path, cause)),
        }
        self.infos.push(info);
        self.counts.push(count);
        Ok(())
    }

    /// Something has to be left to read.
    fn check<P: AsRef<Path>>(&mut self, paths: &[P]) -> Result<(), InputError> {
        if paths.is_empty() {
            return Err(error(Path::new("-"), InputErrorCause::Nothing));
        }
        let nothing = self.only.is_none() && self.merge.is_empty() && self.texts.is_empty();
        match self.refused.take() {
            Some(refused) if nothing => Err(refused),
            _ => Ok(()),
        }
    }
}

fn error(path: &Path, cause: InputErrorCause) -> InputError {
    InputError {
        path: path.to_path_buf(),
        cause,
    }
}

/// The sizes of all inputs together, if all are files.
fn total_len<P: AsRef<Path>>(paths: &[P]) -> Option<u64> {
    paths
        .iter()
        .map(|path| file_len(path.as_ref()))
        .try_fold(0_u64, |total, len| Some(total.saturating_add(len?)))
}

/// The length of a file; `None` for standard input and everything else that can be read only once.
fn file_len(path: &Path) -> Option<u64> {
    if source::is_standard_input(path) {
        return None;
    }
    let metadata = std::fs::metadata(path).ok()?;
    metadata.is_file().then_some(metadata.len())
}
