//! Warnings about the inputs, on standard error.

use whyreset::reports::CaptureFacts;
use whyreset::reports::text::printable;

/// No more warnings than this are shown for one input.
const SHOWN: usize = 20;

/// Prints each input's warnings, a line each.
pub fn about(captures: &[CaptureFacts]) {
    for capture in captures {
        for warning in capture.warnings.iter().take(SHOWN) {
            eprintln!("whyreset: {}: {}", capture.path, printable(warning));
        }
        let hidden = capture.warnings.len().saturating_sub(SHOWN);
        if hidden > 0 {
            eprintln!("whyreset: {}: {hidden} more warnings", capture.path);
        }
    }
}
