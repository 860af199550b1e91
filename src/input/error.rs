//! Why an input is not read: one line each, with what to do.

use std::path::{Path, PathBuf};

use thiserror::Error;
use whyreset_capture::Refusal;

use super::commands;

/// An input that cannot be read. Its display is one line that names the file, what is wrong, and what to do.
#[derive(Debug, Error)]
#[error("{}: {}", printable(path), cause.about(path))]
pub struct InputError {
    /// The file; `-` is standard input.
    pub path: PathBuf,
    /// What is wrong with it.
    pub cause: InputErrorCause,
}

/// What is wrong with an input.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InputErrorCause {
    /// There is no such file.
    #[error("there is no such file: check its name")]
    Missing,
    /// A folder.
    #[error("is a folder: name the capture files in it")]
    Folder,
    /// The operating system does not allow to read it.
    #[error(
        "may not be read by this user: run as its owner, or change its permissions with `chmod +r`"
    )]
    NotAllowed,
    /// Reading failed.
    #[error("cannot be read: {0}")]
    Read(std::io::Error),
    /// It could not be unpacked.
    #[error("the {0} data is cut or damaged ({1}): copy the file again")]
    Unpack(&'static str, std::io::Error),
    /// It was read, and is not a capture.
    #[error("{0}")]
    NotACapture(Refusal),
    /// It was compressed again and again.
    #[error("is compressed more than {0} times over: unpack it first")]
    CompressedTooOften(usize),
    /// No input was named.
    #[error("no capture was named")]
    Nothing,
}

impl InputErrorCause {
    /// What is wrong with the file at `path`; the commands in it are ready to be copied.
    pub(super) fn about(&self, path: &Path) -> String {
        let text = self.to_string();
        match self {
            Self::NotACapture(_) => commands::about(&text, path),
            _ => text,
        }
    }

    /// From an error of the operating system.
    pub(super) fn from_io(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::NotFound => Self::Missing,
            std::io::ErrorKind::PermissionDenied => Self::NotAllowed,
            std::io::ErrorKind::IsADirectory => Self::Folder,
            _ => Self::Read(error),
        }
    }
}

/// A path for people: control characters and the like are escaped, so that a name cannot steer the terminal.
pub fn printable(path: &Path) -> String {
    path.to_string_lossy()
        .chars()
        .flat_map(|character| {
            let plain = !character.is_control() && !is_direction_mark(character);
            let escaped = (!plain).then(|| character.escape_unicode());
            plain
                .then_some(character)
                .into_iter()
                .chain(escaped.into_iter().flatten())
        })
        .collect()
}

/// Characters that change the direction of the text around them.
const fn is_direction_mark(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_steer_the_terminal() {
        let error = InputError {
            path: PathBuf::from("a\x1b[2Jb\u{202e}\n.pcap"),
            cause: InputErrorCause::Missing,
        };
        assert_eq!(
            error.to_string(),
            "a\\u{1b}[2Jb\\u{202e}\\u{a}.pcap: there is no such file: check its name"
        );
    }
}
