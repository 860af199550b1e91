//! How wide the report may be, and how its paragraphs are set.

use textwrap::Options;

/// The width and the choices that a report is set with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Columns of a line.
    pub width: usize,
}

impl Default for Layout {
    fn default() -> Self {
        Self { width: 100 }
    }
}

impl Layout {
    /// For a terminal of `columns`; narrow ones still get lines of 50, wide ones no more than 120.
    pub fn for_columns(columns: usize) -> Self {
        Self {
            width: columns.clamp(50, 120),
        }
    }

    /// `text` wrapped to the width: `first` in front of its first line, `rest` in front of the others.
    pub(super) fn paragraph(&self, text: &str, first: &str, rest: &str) -> String {
        textwrap::fill(
            text,
            Options::new(self.width)
                .initial_indent(first)
                .subsequent_indent(rest)
                .word_splitter(textwrap::WordSplitter::NoHyphenation),
        )
    }
}
