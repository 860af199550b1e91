//! HTTP/1.0 and HTTP/1.1 (RFC 9112): both directions of a connection.

mod body;
mod chunked;
mod delivery;
mod downloads;
mod fields;
mod head;
mod heads;
mod lost;
mod needs;
mod orphans;
mod pairing;
mod plain_fields;
mod reader;
mod rest;
mod start_line;
#[cfg(test)]
mod tests;
mod withheld;

pub(crate) use downloads::{Cut, Downloads, Unfolded};
pub(crate) use pairing::Http1;
pub(crate) use rest::Rest;
pub(crate) use start_line::{Likeness, is_plainly_request, request_likeness, response_likeness};

use compact_str::CompactString;

use crate::Protocol;

/// A row's text as a request: its protocol, and method, blank, target.
pub(crate) fn request_line(line: &str) -> Option<(Protocol, CompactString)> {
    let with_end = format!("{line}\n");
    if !start_line::is_request_line(line.as_bytes()) {
        return None;
    }
    let head = head::request_head(with_end.as_bytes())?;
    Some((head.version.protocol(), head.line))
}

/// A row's text as a response: its protocol and status.
pub(crate) fn response_line(line: &str) -> Option<(Protocol, u16)> {
    let (version, status) = head::status_line(head::first_line(line.as_bytes()).0)?;
    Some((version.protocol(), status))
}
