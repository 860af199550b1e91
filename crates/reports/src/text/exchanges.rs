//! The exchanges of one connection as a table.

use comfy_table::{ContentArrangement, Table, presets};
use whyreset_exchanges::{Exchange, Exchanges, Protocol, StreamReset};

use super::format::count;
use super::layout::Layout;
use super::untrusted::printable;

/// How many exchanges a table shows: the last ones, since they tell of the end.
const ROWS: usize = 8;

/// Characters of a request that are shown.
const TARGET: usize = 90;

/// One row an exchange; empty where there is none.
pub(super) fn table(exchanges: &Exchanges, layout: Layout) -> String {
    let known: Vec<&Exchange> = exchanges
        .list
        .iter()
        .filter(|exchange| exchange.protocol != Protocol::Unknown)
        .collect();
    if known.is_empty() {
        return String::new();
    }
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(layout.width).unwrap_or(100))
        .set_header(["frames", "what", "status", "sent up", "sent down", "whole"]);
    let skipped = known.len().saturating_sub(ROWS);
    for exchange in known.iter().skip(skipped) {
        table.add_row(row(exchange));
    }
    let mut out = table.trim_fmt();
    out.push('\n');
    let hidden = u64::try_from(skipped).unwrap_or(u64::MAX) + exchanges.left_out;
    if hidden > 0 {
        out.push_str(&format!("({} earlier ones are not shown)\n", count(hidden)));
    }
    out
}

fn row(exchange: &Exchange) -> [String; 6] {
    let first = exchange.started.map(|at| at.frame.to_string());
    let last = exchange.ended.map(|at| at.frame.to_string());
    [
        match (first, last) {
            (Some(first), Some(last)) if first == last => first,
            (Some(first), Some(last)) => format!("{first}–{last}"),
            (first, last) => first.or(last).unwrap_or_default(),
        },
        what(exchange),
        exchange
            .status
            .map_or_else(|| "–".to_owned(), |status| status.to_string()),
        part(
            exchange.request_body_delivered,
            exchange.request_body_expected,
        ),
        part(exchange.body_delivered, exchange.body_expected),
        whole(exchange),
    ]
}

/// Whether it is whole; of an HTTP/2 stream also who cut it, and how.
fn whole(exchange: &Exchange) -> String {
    match exchange.reset() {
        _ if exchange.complete => "yes".to_owned(),
        Some(StreamReset { by, code, .. }) => format!("no: {} by the {by}", printable(code)),
        None => "no".to_owned(),
    }
}

fn what(exchange: &Exchange) -> String {
    if let Some(tls) = &exchange.tls {
        let name = tls.server_name.as_deref().unwrap_or("(no server name)");
        let version = match exchange.protocol {
            Protocol::Tls(Some(version)) => version,
            _ => "",
        };
        return format!("TLS {version} {}", printable(name));
    }
    if let Some(request) = &exchange.request {
        let text = excerpt(&printable(request));
        return match &exchange.host {
            Some(host) => format!("{text} ({})", printable(host)),
            None => text,
        };
    }
    match exchange.protocol {
        Protocol::Other(name) => name.to_owned(),
        Protocol::Http10 | Protocol::Http11 | Protocol::Http2 => {
            "HTTP, request not seen".to_owned()
        }
        _ => String::new(),
    }
}

/// A target as long as a few words: the whole of it is in the JSON document.
fn excerpt(text: &str) -> String {
    match text.char_indices().nth(TARGET) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}

/// `14,600 of 1,048,576 (1.4 %)`.
fn part(delivered: Option<u64>, expected: Option<u64>) -> String {
    match (delivered, expected) {
        (None | Some(0), None) => "–".to_owned(),
        (Some(delivered), None) => count(delivered),
        (delivered, Some(0)) => count(delivered.unwrap_or(0)),
        (delivered, Some(expected)) => {
            let delivered = delivered.unwrap_or(0);
            if delivered == expected {
                return count(expected);
            }
            let share = delivered as f64 * 100.0 / expected as f64;
            format!("{} of {} ({share:.1} %)", count(delivered), count(expected))
        }
    }
}
