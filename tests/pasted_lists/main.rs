//! Packet lists as people paste them: the verdict must be an expert's, and what a list does not show must not make it
//! surer. The lists are our own, in the shapes of public posts.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "../common/mod.rs"]
mod common;
mod devices;
mod hidden_numbers;
mod left_out;
mod posts;
mod resets;
mod rows;

use common::document_of_text;
use serde_json::Value;

/// Cause, side, and how sure the verdict is of the connection with this number.
fn verdict(document: &Value, stream: usize) -> (String, String, f64) {
    let verdict = &document["connections"][stream]["verdict"];
    let text = |name: &str| verdict[name].as_str().unwrap().to_owned();
    let confidence = verdict["confidence"].as_f64().unwrap();
    (text("cause"), text("ended_by"), confidence)
}

fn of(text: &str) -> (String, String, f64) {
    let document = document_of_text(text);
    assert_eq!(document["connections"].as_array().unwrap().len(), 1);
    verdict(&document, 0)
}

/// A whole exchange, up to the acknowledgement of the answer.
const EXCHANGE: &str = "\
No.     Time           Source                Destination           Protocol Length Info
      1 0.000000       10.0.0.2              10.0.0.9              TCP      74     40000 → 80 [SYN] Seq=0 Win=64240 Len=0 MSS=1460
      2 0.020000       10.0.0.9              10.0.0.2              TCP      74     80 → 40000 [SYN, ACK] Seq=0 Ack=1 Win=65160 Len=0 MSS=1460
      3 0.020100       10.0.0.2              10.0.0.9              TCP      54     40000 → 80 [ACK] Seq=1 Ack=1 Win=64256 Len=0
      4 0.020300       10.0.0.2              10.0.0.9              HTTP     154    GET /index.html HTTP/1.1
      5 0.060000       10.0.0.9              10.0.0.2              HTTP     554    HTTP/1.1 200 OK  (text/html)
      6 0.060100       10.0.0.2              10.0.0.9              TCP      54     40000 → 80 [ACK] Seq=101 Ack=501 Win=64256 Len=0
";
