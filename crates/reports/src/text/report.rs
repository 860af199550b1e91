//! The whole report on a capture: the overview, then the connections that matter.

use std::io::{self, Write};

use whyreset_capture::Timestamp;
use whyreset_connections::{Brief, LoneSyn};
use whyreset_segments::HostNames;
use whyreset_verdicts::{Cause, Stories, Verdict};

use super::format::{count, endpoint};
use super::one::item;
use super::style::{self, paint};
use super::{Layout, Summary, one_connection, weighing};
use crate::Judged;

/// Connections that are shown in full; the others are counted. Bounds memory as well.
const SHOWN: usize = 100;
/// Stories that are told.
const STORIES: usize = 12;

/// Collects connections as they end, and writes the report.
#[derive(Debug)]
pub struct Report {
    /// Show connections that did not fail as well.
    pub show_healthy: bool,
    /// Show how the causes were weighed.
    pub show_weighing: bool,
    layout: Layout,
    summary: Summary,
    stories: Stories,
    /// Each with the time that its times count from.
    shown: Vec<(Judged, Timestamp)>,
    /// What is less telling than this is not shown: there are enough others.
    bar: Option<Rank>,
    left_out: u64,
}

/// Its place in the order of telling, the most telling first ([`rank`]).
type Rank = (bool, bool, u64, u64);

impl Report {
    /// An empty report.
    pub fn new(layout: Layout) -> Self {
        Self {
            show_healthy: false,
            show_weighing: false,
            layout,
            summary: Summary::default(),
            stories: Stories::new(),
            shown: Vec::new(),
            bar: None,
            left_out: 0,
        }
    }

    /// Takes a connection. `origin` is the time of the first frame of its capture, or of its list.
    pub fn add(&mut self, judged: Judged, origin: Timestamp) {
        self.summary.add(&judged.verdict, judged.connection.stream);
        self.stories.add(&judged.connection, &judged.verdict);
        if self.is_to_show(&judged.verdict, judged.connection.stream) {
            self.show(judged, origin);
        }
    }

    /// Takes a connection that is one SYN, with its verdict; `judge` gives all of it, where it is to be shown.
    pub fn add_lone_syn(
        &mut self,
        syn: &LoneSyn,
        verdict: &Verdict,
        origin: Timestamp,
        judge: impl FnOnce() -> Judged,
    ) {
        self.summary.add(verdict, syn.stream());
        self.stories.add_lone_syn(syn, verdict);
        if self.is_to_show(verdict, syn.stream()) {
            self.show(judge(), origin);
        }
    }

    /// Whether a connection may belong to the most telling; those that do not are counted here.
    fn is_to_show(&mut self, verdict: &Verdict, stream: u64) -> bool {
        if !verdict.failed && !self.show_healthy {
            return false;
        }
        let telling = self.bar.is_none_or(|bar| rank(verdict, stream) <= bar);
        self.left_out = self.left_out.saturating_add(u64::from(!telling));
        telling
    }

    fn show(&mut self, judged: Judged, origin: Timestamp) {
        self.shown.push((judged, origin));
        if self.shown.len() >= SHOWN * 2 {
            self.keep_the_most_telling();
        }
    }

    /// Takes a connection that is told in brief: it is only counted.
    pub fn add_brief<X>(&mut self, connection: &Brief<X>) {
        self.summary.add_well(connection.stream);
    }

    /// Writes the report.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn write<W: Write>(mut self, out: &mut W, names: &HostNames) -> io::Result<()> {
        self.keep_the_most_telling();
        if self.summary.connections() != 1 || self.shown.is_empty() {
            write!(out, "{}", self.summary.render())?;
            write!(out, "{}", self.tell_stories(names))?;
        }
        for (index, (judged, origin)) in self.shown.iter().enumerate() {
            if index > 0 || self.summary.connections() != 1 {
                writeln!(out, "\n{}\n", "─".repeat(self.layout.width))?;
            }
            write!(
                out,
                "{}",
                one_connection(judged, *origin, names, self.layout)
            )?;
            if self.show_weighing {
                write!(out, "{}", weighing(&judged.verdict, self.layout))?;
            }
        }
        if self.left_out > 0 {
            writeln!(
                out,
                "\n{} more connections are not shown: `--stream N`, `--cause` and `--filter` choose, `--json` has them all.",
                count(self.left_out)
            )?;
        }
        Ok(())
    }

    /// Several failures with one reason are one story.
    fn tell_stories(&self, names: &HostNames) -> String {
        let stories = self.stories.list();
        if stories.is_empty() {
            return String::new();
        }
        let mut out = format!("\n{}\n", paint(style::BOLD, "What they have in common"));
        for story in stories.iter().take(STORIES) {
            let streams: Vec<_> = story.streams.iter().take(5).map(u64::to_string).collect();
            let more = if story.count > 5 { ", …" } else { "" };
            let text = format!(
                "{} [streams {}{more}]",
                story.sentence(&endpoint(story.server, names)),
                streams.join(", ")
            );
            out.push_str(&item(&text, &[], self.layout));
        }
        out
    }

    fn keep_the_most_telling(&mut self) {
        self.shown
            .sort_by_key(|(judged, _)| rank(&judged.verdict, judged.connection.stream));
        let over = self.shown.len().saturating_sub(SHOWN);
        self.left_out = self.left_out.saturating_add(over as u64);
        self.shown.truncate(SHOWN);
        let last = self.shown.get(SHOWN - 1);
        self.bar = last.map(|(judged, _)| rank(&judged.verdict, judged.connection.stream));
    }
}

/// Failures before the rest, what is known before what is not, the surer first, then in the order of the capture.
fn rank(verdict: &Verdict, stream: u64) -> Rank {
    let doubt = ((1.0 - verdict.confidence.clamp(0.0, 1.0)) * 1e3) as u64;
    (
        !verdict.failed,
        verdict.cause == Cause::Unknown,
        doubt,
        stream,
    )
}
