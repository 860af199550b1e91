//! What goes by the book is followed in short: every capture gives the same connections as if all packets were looked at.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::convert::Infallible;
use std::path::{Path, PathBuf};

use serde_json::Value;
use whyreset::connections::Brief;
use whyreset::exchanges::Exchanges;
use whyreset::input::{Input, InputOptions};
use whyreset::reading::{self, Reader};
use whyreset::reports::json::Document;
use whyreset::{Analysis, Judged};

/// All captures below some folders.
fn captures<P: Into<PathBuf> + Clone>(folders: &[P]) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = folders.iter().cloned().map(Into::into).collect();
    let mut captures = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if is_capture(&path) {
                captures.push(path);
            }
        }
    }
    captures.sort();
    captures
}

fn is_capture(path: &Path) -> bool {
    let kinds = ["pcap", "pcapng", "cap", "trace", "snoop"];
    path.extension()
        .is_some_and(|kind| kinds.iter().any(|known| kind == *known))
}

/// `brief`: connections that ended well are taken in brief.
struct Lines {
    lines: Vec<(u64, String)>,
    brief: bool,
    told_in_brief: u64,
}

impl Reader for Lines {
    type Error = Infallible;

    fn judged(&mut self, judged: Judged, analysis: &Analysis) -> Result<(), Infallible> {
        let line =
            line(|document| document.connection(&judged, analysis.origin(), analysis.names()));
        self.lines.push((judged.connection.stream, line));
        Ok(())
    }

    fn wants_brief(&self) -> bool {
        self.brief
    }

    fn brief(
        &mut self,
        connection: &Brief<Exchanges>,
        analysis: &Analysis,
    ) -> Result<(), Infallible> {
        let line = line(|document| document.brief(connection, analysis.origin(), analysis.names()));
        self.lines.push((connection.stream, line));
        self.told_in_brief += 1;
        Ok(())
    }
}

fn line(write: impl FnOnce(&mut Document<Vec<u8>>) -> std::io::Result<()>) -> String {
    let mut document = Document::new(Vec::new());
    write(&mut document).unwrap();
    String::from_utf8(document.end(&[]).unwrap()).unwrap()
}

/// One line for each connection; `None` where the file is no capture.
fn lines(capture: &Path, analysis: Analysis) -> Option<Vec<(u64, String)>> {
    read(capture, analysis, false).map(|lines| lines.lines)
}

fn read(capture: &Path, mut analysis: Analysis, brief: bool) -> Option<Lines> {
    let mut input = Input::open(&[capture], InputOptions::default()).ok()?;
    let mut lines = Lines {
        lines: Vec::new(),
        brief,
        told_in_brief: 0,
    };
    let Ok(()) = reading::read(&mut input, &mut analysis, &mut lines);
    lines.lines.sort();
    Some(lines)
}

/// What was judged: sums and bounds may tell a little less sharply how sure that is.
fn essence(line: &str) -> String {
    let document: Value = serde_json::from_str(line).unwrap();
    let connection = &document["connections"][0];
    let verdict = &connection["verdict"];
    let told = ["outcome", "vantage", "bytes", "frames"].map(|field| connection[field].to_string());
    let judged = ["cause", "ended_by"].map(|field| verdict[field].to_string());
    format!("{judged:?} {told:?}")
}

#[test]
fn both_ways_give_the_same_document() {
    let (mut compared, mut told_in_brief) = (0, 0);
    for capture in captures(&["tests/fixtures", "crates", "examples"]) {
        let in_short = lines(&capture, Analysis::of_verdicts());
        let in_full = lines(&capture, Analysis::default());
        for (one, other) in in_short.iter().flatten().zip(in_full.iter().flatten()) {
            assert_eq!(one, other, "{}", capture.display());
        }
        if let Some(in_brief) = read(&capture, Analysis::of_verdicts(), true) {
            told_in_brief += in_brief.told_in_brief;
            assert_eq!(in_brief.lines, in_short.clone().unwrap());
        }
        compared += in_short.map_or(0, |lines| lines.len());
    }
    assert!(compared > 200, "only {compared} connections");
    assert!(told_in_brief > 20, "only {told_in_brief} in brief");
}

/// For captures of any length, in the folder that `WHYRESET_CAPTURES` names.
#[test]
fn both_ways_give_the_same_verdicts() {
    let Some(folder) = std::env::var_os("WHYRESET_CAPTURES") else {
        println!("SKIPPED: WHYRESET_CAPTURES names no folder of captures");
        return;
    };
    let mut differing = Vec::new();
    for capture in captures(&[folder]) {
        let in_short = lines(&capture, Analysis::of_verdicts());
        let in_full = lines(&capture, Analysis::default());
        for (one, other) in in_short.iter().flatten().zip(in_full.iter().flatten()) {
            if one != other && essence(&one.1) != essence(&other.1) {
                let name = capture.display();
                let (short, full) = (essence(&one.1), essence(&other.1));
                differing.push(format!("{name} stream {}\n  {short}\n  {full}", one.0));
            }
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn a_download_whose_heads_are_cut_is_told_in_brief() {
    let capture = Path::new("tests/fixtures/short_snapshots/download.pcap");
    let in_brief = read(capture, Analysis::of_verdicts(), true).unwrap();
    assert_eq!(in_brief.told_in_brief, 1);
    let [(_, line)] = in_brief.lines.as_slice() else {
        panic!("{} connections", in_brief.lines.len());
    };
    let document: Value = serde_json::from_str(line).unwrap();
    let verdict = &document["connections"][0]["verdict"];
    assert_eq!(verdict["cause"], "none");
    // Nobody can know that it was whole.
    assert!(verdict["confidence"].as_f64().unwrap() < 0.95);
    assert_eq!(verdict["alternatives"][0]["cause"], "response_truncated");
}
