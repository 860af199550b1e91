//! `whyreset CAPTURE...`: what failed, and why.

use std::io::{BufWriter, Write, stdout};
use std::process::ExitCode;

use anyhow::Result;
use whyreset::Analysis;
use whyreset_reports::json::Document;
use whyreset_reports::text::{Layout, Summary, one_connection, weighing};
use whyreset_reports::{CaptureFacts, Judged};

use crate::cli::AnalyseArgs;
use crate::selection::Selection;

/// Runs the command.
pub fn run(args: &AnalyseArgs) -> Result<ExitCode> {
    let selection = Selection::new(&args.selection)?;
    let mut analysis = Analysis::default();
    let mut captures: Vec<CaptureFacts> = Vec::new();
    for path in &args.captures {
        captures.push(whyreset::interim::read(path, &mut analysis, |_, _| {})?);
    }
    analysis.finish();
    let mut failed = false;
    if args.json {
        let mut document = Document::begin(BufWriter::new(stdout().lock()))?;
        while let Some(judged) = analysis.next_judged() {
            failed |= judged.verdict.failed;
            if selection.takes(&judged, analysis.origin(), analysis.names()) {
                document.connection(&judged, analysis.origin(), analysis.names())?;
            }
        }
        document.end(&captures)?;
    } else {
        failed = report(args, &selection, &mut analysis)?;
    }
    Ok(if failed && args.exit_code {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    })
}

fn report(args: &AnalyseArgs, selection: &Selection, analysis: &mut Analysis) -> Result<bool> {
    let mut out = anstream::stdout().lock();
    let layout = Layout::default();
    let mut summary = Summary::default();
    let mut shown: Vec<Judged> = Vec::new();
    while let Some(judged) = analysis.next_judged() {
        if !selection.takes(&judged, analysis.origin(), analysis.names()) {
            continue;
        }
        summary.add(&judged.verdict, judged.connection.stream);
        if args.all || judged.verdict.failed || selection.is_one_stream() {
            shown.push(judged);
        }
    }
    if summary.connections() != 1 {
        writeln!(out, "{}", summary.render())?;
    }
    for judged in &shown {
        let origin = analysis.origin();
        writeln!(
            out,
            "{}",
            one_connection(judged, origin, analysis.names(), layout)
        )?;
        if args.why {
            writeln!(out, "{}", weighing(&judged.verdict, layout))?;
        }
    }
    Ok(summary.failed() > 0)
}
