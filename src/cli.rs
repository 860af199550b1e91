//! The command line.

use std::path::PathBuf;

use clap::{Args, ColorChoice, Parser, Subcommand, ValueHint};

/// Why did this TCP connection end, who ended it, and how do we know?
///
/// Reads packet captures (pcap, pcapng, snoop; bare or gzip, zstd, lz4) and pasted packet lists (Wireshark, tshark,
/// tcpdump), and says of each connection that failed why it did, with the frames that show it.
#[derive(Debug, Parser)]
#[command(
    name = "whyreset",
    version,
    args_conflicts_with_subcommands = true,
    max_term_width = 100,
    after_help = EXAMPLES,
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,

    #[command(flatten)]
    pub analyse: AnalyseArgs,

    /// When to use colours; NO_COLOR is respected.
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    pub color: ColorChoice,
}

const EXAMPLES: &str = "\
Examples:
  whyreset server.pcapng                        what failed, and why
  whyreset --all server.pcapng                  healthy connections too
  whyreset client.pcap server.pcap              the same traffic, captured at both ends
  whyreset --stream 7 --why server.pcapng       one connection, with the whole weighing
  whyreset --json *.pcap.gz | jq .connections   for scripts
  tcpdump -w - port 443 | whyreset -            from a pipe
  whyreset pasted.txt                           a packet list out of a ticket
  whyreset --filter 'net 10.0.0.0/8 and port 8080' --failed x.pcap
  whyreset explain x.pcap --frame 31            what is this frame, and why is it there
  whyreset slice --stream 7 x.pcap -o 7.pcapng  one connection as a capture of its own
  whyreset causes client_abort                  all about one cause

Exit status: 0 the analysis ran; 1 with --exit-code, if a connection failed; 2 the input could not be read.";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the frames that sequence analysis flags, with Wireshark's names for the flags
    Events(EventsArgs),
    /// Explain one frame: what it answers, what its sender knew, what is odd about it
    Explain(ExplainArgs),
    /// Write one connection, with the ICMP errors about it, as a pcapng file
    Slice(SliceArgs),
    /// List the causes, or show all about one
    Causes(CausesArgs),
}

#[derive(Debug, Args)]
pub struct AnalyseArgs {
    /// Captures or packet lists, read as one in the order of time; `-` is standard input
    #[arg(value_name = "CAPTURE", value_hint = ValueHint::FilePath)]
    pub captures: Vec<PathBuf>,

    /// Print one JSON document instead of a report
    #[arg(long)]
    pub json: bool,

    /// Show healthy connections as well
    #[arg(long)]
    pub all: bool,

    /// Show how the causes were weighed
    #[arg(long)]
    pub why: bool,

    /// Exit with status 1 if a connection failed
    #[arg(long)]
    pub exit_code: bool,

    #[command(flatten)]
    pub selection: SelectionArgs,

    #[command(flatten)]
    pub keys: KeyArgs,
}

/// Which connections a command is about.
#[derive(Clone, Debug, Default, Args)]
pub struct SelectionArgs {
    /// Only this connection: Wireshark's tcp.stream number
    #[arg(long, value_name = "N", help_heading = "Selection")]
    pub stream: Option<u64>,

    /// Only connections of this address (or name, in a pasted list)
    #[arg(long, value_name = "ADDRESS", help_heading = "Selection")]
    pub host: Option<String>,

    /// Only connections with this port (number or service)
    #[arg(long, value_name = "PORT", help_heading = "Selection")]
    pub port: Option<String>,

    /// Only connections with this cause; `whyreset causes` lists them
    #[arg(long, value_name = "CAUSE", help_heading = "Selection")]
    pub cause: Vec<String>,

    /// Only connections that failed
    #[arg(long, help_heading = "Selection")]
    pub failed: bool,

    /// Only connections that were alive at or after this time: seconds from the start (12.5), a time of day in UTC
    /// (17:30:01), or a date and time (2014-01-04T17:30:01Z)
    #[arg(long, value_name = "TIME", help_heading = "Selection")]
    pub since: Option<String>,

    /// Only connections that were alive at or before this time
    #[arg(long, value_name = "TIME", help_heading = "Selection")]
    pub until: Option<String>,

    /// Only connections that match a tcpdump expression (host, net, port, portrange, src, dst, and, or, not)
    #[arg(
        short = 'f',
        long,
        value_name = "EXPRESSION",
        help_heading = "Selection"
    )]
    pub filter: Option<String>,
}

/// Keys for TLS.
#[derive(Clone, Debug, Default, Args)]
pub struct KeyArgs {
    /// TLS secrets as SSLKEYLOGFILE writes them; those inside a pcapng are used by themselves
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub keylog: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct EventsArgs {
    /// Captures or packet lists; `-` is standard input
    #[arg(value_name = "CAPTURE", required = true, value_hint = ValueHint::FilePath)]
    pub captures: Vec<PathBuf>,

    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The capture or packet list
    #[arg(value_name = "CAPTURE", value_hint = ValueHint::FilePath)]
    pub capture: PathBuf,

    /// The frame's number, as Wireshark counts
    #[arg(long, value_name = "N")]
    pub frame: u64,
}

#[derive(Debug, Args)]
pub struct SliceArgs {
    /// The connection: Wireshark's tcp.stream number
    #[arg(long, value_name = "N")]
    pub stream: u64,

    /// The captures to take it from
    #[arg(value_name = "CAPTURE", required = true, value_hint = ValueHint::FilePath)]
    pub captures: Vec<PathBuf>,

    /// The file to write; `-` is standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: PathBuf,
}

#[derive(Debug, Args)]
pub struct CausesArgs {
    /// The cause to show
    #[arg(value_name = "CAUSE")]
    pub cause: Option<String>,
}
