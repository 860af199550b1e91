//! The explanation of one frame.

use whyreset_capture::Timestamp;
use whyreset_connections::Explanation;
use whyreset_segments::HostNames;

use super::format::endpoint;
use super::ladder;
use super::layout::Layout;
use super::one::item;
use super::style::{self, paint};
use super::untrusted::printable;
use crate::Judged;

/// What the frame is, why it is there, and the packets around it.
pub fn explanation(
    explanation: &Explanation,
    judged: &Judged,
    origin: Timestamp,
    names: &HostNames,
    layout: Layout,
) -> String {
    let connection = &judged.connection;
    let mut sentences = explanation.sentences.iter();
    let mut out = String::new();
    if let Some(first) = sentences.next() {
        let text = layout.paragraph(&printable(&first.text), "", "");
        out.push_str(&format!("{}\n", paint(style::BOLD, &text)));
    }
    out.push_str(&format!(
        "stream {}, client {} → server {}\n\n",
        connection.stream,
        endpoint(connection.ends.client, names),
        endpoint(connection.ends.server, names),
    ));
    for sentence in sentences {
        out.push_str(&item(&sentence.text, &sentence.frames, layout));
    }
    out.push_str(&format!("\n{}\n", paint(style::BOLD, "Around it")));
    out.push_str(&ladder::around(
        connection,
        explanation.frame,
        origin,
        layout,
    ));
    out
}
