//! Commands in messages, with the names of the files that they are about.

use std::path::Path;

use super::error::printable;
use super::source::is_standard_input;

/// Puts the file's name for `IN`, and a name like it for `OUT`, into the commands between backticks.
///
/// Standard input has no name, and was read: there the words stay.
pub(super) fn about(text: &str, path: &Path) -> String {
    if is_standard_input(path) {
        return text.to_owned();
    }
    text.split('`')
        .enumerate()
        .map(|(index, part)| match index % 2 {
            0 => part.to_owned(),
            _ => format!("`{}`", with_names(part, path)),
        })
        .collect()
}

fn with_names(command: &str, path: &Path) -> String {
    command
        .split(' ')
        .map(|word| match word.strip_prefix("OUT") {
            _ if word == "IN" => quoted(&printable(path)),
            Some(extension) => quoted(&output(path, extension)),
            None => word.to_owned(),
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// The file's name with another extension; never the file itself.
fn output(path: &Path, extension: &str) -> String {
    let with = |middle: &str| {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        path.with_file_name(format!("{stem}{middle}{extension}"))
    };
    let out = with("");
    let out = if out == path { with("-converted") } else { out };
    printable(&out)
}

/// A word of a command as a POSIX shell reads it.
fn quoted(word: &str) -> String {
    let word = match word.strip_prefix('-') {
        Some(_) => format!("./{word}"),
        None => word.to_owned(),
    };
    let plain = |character: char| character.is_alphanumeric() || "/._-+:,@%=".contains(character);
    if word.chars().all(plain) {
        return word;
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADVICE: &str = "is old: `editcap -F pcapng IN OUT.pcapng`, or `x IN` IN";

    fn about_file(path: &str) -> String {
        about(ADVICE, Path::new(path))
    }

    #[test]
    fn commands_can_be_copied() {
        assert_eq!(
            about_file("logs/old.cap"),
            "is old: `editcap -F pcapng logs/old.cap logs/old.pcapng`, or `x logs/old.cap` IN"
        );
        assert_eq!(about_file("-"), ADVICE);
    }

    #[test]
    fn odd_names_are_quoted_and_no_file_is_written_over_itself() {
        assert_eq!(
            about_file("it's old.cap"),
            r"is old: `editcap -F pcapng 'it'\''s old.cap' 'it'\''s old.pcapng'`, or `x 'it'\''s old.cap'` IN"
        );
        assert!(about_file("-x.cap").contains(" ./-x.cap ./-x.pcapng`"));
        assert!(about_file("a\x1b[2J").contains(r"'a\u{1b}[2J' 'a\u{1b}[2J.pcapng'`"));
        assert!(about_file("a.pcapng").contains(" a.pcapng a-converted.pcapng`"));
    }
}
