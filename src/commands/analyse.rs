//! `whyreset CAPTURE...`: what failed, and why.

use std::io::{BufWriter, Write, stdout};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::CommandFactory;
use whyreset::connections::{Brief, LoneSyn};
use whyreset::exchanges::Exchanges;
use whyreset::input::{Counts, Input, InputOptions, Progress};
use whyreset::reading::{self, Reader};
use whyreset::reports::json::Document;
use whyreset::reports::text::Report;
use whyreset::reports::{CaptureFacts, LoneSyns};
use whyreset::{Analysis, Judged};

use super::{layout, warn};
use crate::cli::{AnalyseArgs, Cli};
use crate::selection::Selection;

/// Runs the command.
pub fn run(args: &AnalyseArgs) -> Result<ExitCode> {
    if args.captures.is_empty() {
        Cli::command().print_help()?;
        bail!("no capture was named; `-` reads standard input");
    }
    let selection = Selection::new(&args.selection)?;
    let mut analysis = Analysis::of_verdicts();
    if let Some(path) = &args.keys.keylog {
        let secrets = std::fs::read(path).with_context(|| format!("{}", path.display()))?;
        analysis.add_secrets(&secrets);
    }
    let mut input = Input::open(&args.captures, InputOptions::default())?;
    let failed = if args.json {
        json(&mut input, &mut analysis, &selection)?
    } else {
        people(args, &mut input, &mut analysis, &selection)?
    };
    Ok(if failed > 0 && args.exit_code {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    })
}

/// Writes the document; gives the number of failed connections.
fn json(input: &mut Input, analysis: &mut Analysis, selection: &Selection) -> Result<u64> {
    let document = Document::new(stdout().lock());
    let mut sink = Sink::new(Output::Json(document), selection, input);
    reading::read(input, analysis, &mut sink)?;
    sink.progress.finish();
    let failed = sink.counts.failures;
    let facts = facts(input)?;
    if let Output::Json(document) = sink.output {
        drop(document.end(&facts)?);
    }
    Ok(failed)
}

/// Prints the report; gives the number of failed connections.
fn people(
    args: &AnalyseArgs,
    input: &mut Input,
    analysis: &mut Analysis,
    selection: &Selection,
) -> Result<u64> {
    let mut report = Report::new(layout::of_terminal());
    report.show_healthy = args.all || selection.is_one_stream();
    report.show_weighing = args.why;
    let mut sink = Sink::new(Output::<std::io::Stdout>::Report(report), selection, input);
    reading::read(input, analysis, &mut sink)?;
    sink.progress.finish();
    let failed = sink.counts.failures;
    facts(input)?;
    if let Output::Report(report) = sink.output {
        let mut out = BufWriter::new(anstream::stdout().lock());
        report.write(&mut out, analysis.names())?;
        out.flush()?;
    }
    Ok(failed)
}

/// What is known of the inputs, their warnings shown.
fn facts(input: &mut Input) -> Result<Vec<CaptureFacts>> {
    let facts = reading::capture_facts(input);
    let nothing = reading::nothing_in(&facts);
    // A single warning is the reason itself.
    let told = matches!(facts.as_slice(), [only] if nothing.is_some() && only.warnings.len() == 1);
    if !told {
        warn::about(&facts);
    }
    match nothing {
        Some(why) => bail!(why),
        None => Ok(facts),
    }
}

enum Output<W> {
    Json(Document<W>),
    Report(Report),
}

struct Sink<'a, W> {
    output: Output<W>,
    selection: &'a Selection,
    progress: Progress,
    counts: Counts,
    lone_syns: LoneSyns,
}

impl<'a, W> Sink<'a, W> {
    fn new(output: Output<W>, selection: &'a Selection, input: &Input) -> Self {
        Self {
            output,
            selection,
            progress: Progress::new(input.bytes_total()),
            counts: Counts::default(),
            lone_syns: LoneSyns::default(),
        }
    }
}

impl<W: Write> Sink<'_, W> {
    /// Shows the connection, if it is asked for.
    fn show(&mut self, judged: Judged, analysis: &Analysis) -> Result<()> {
        let (origin, names) = (analysis.origin(), analysis.names());
        if !self.selection.takes(&judged, origin, names) {
            return Ok(());
        }
        self.counts.failures += u64::from(judged.verdict.failed);
        match &mut self.output {
            Output::Json(document) => document.connection(&judged, origin, names)?,
            Output::Report(report) => report.add(judged, origin),
        }
        Ok(())
    }
}

impl<W: Write> Reader for Sink<'_, W> {
    type Error = anyhow::Error;

    fn judged(&mut self, judged: Judged, analysis: &Analysis) -> Result<()> {
        self.counts.connections += 1;
        self.show(judged, analysis)
    }

    fn lone_syn(&mut self, syn: &LoneSyn, analysis: &Analysis) -> Result<()> {
        let (origin, names) = (analysis.origin(), analysis.names());
        self.counts.connections += 1;
        if !self.selection.takes_lone_syn(syn, origin, names) {
            return Ok(());
        }
        let judge = |syn: &LoneSyn| analysis.judged(syn);
        let Some(findings) = self.lone_syns.findings(syn, analysis.neighbours(), judge) else {
            return self.show(analysis.judged(syn), analysis);
        };
        let verdict = &findings.verdict;
        if !self.selection.takes_verdict(verdict.cause, verdict.failed) {
            return Ok(());
        }
        self.counts.failures += u64::from(verdict.failed);
        match &mut self.output {
            Output::Json(document) => document.lone_syn(syn, findings, origin, names)?,
            Output::Report(report) => report.add_lone_syn(syn, verdict, origin, || judge(syn)),
        }
        Ok(())
    }

    /// The report for people shows in full what it shows, and only counts the rest.
    fn wants_brief(&self) -> bool {
        match &self.output {
            Output::Json(_) => true,
            Output::Report(report) => !report.show_healthy,
        }
    }

    fn brief(&mut self, connection: &Brief<Exchanges>, analysis: &Analysis) -> Result<()> {
        let (origin, names) = (analysis.origin(), analysis.names());
        self.counts.connections += 1;
        if !self.selection.takes_brief(connection, origin, names) {
            return Ok(());
        }
        match &mut self.output {
            Output::Json(document) => document.brief(connection, origin, names)?,
            Output::Report(report) => report.add_brief(connection),
        }
        Ok(())
    }

    fn progress(&mut self, input: &Input) {
        self.progress.update(|| input.bytes_read(), self.counts);
    }
}
