//! Next steps that several causes share: what to look at, or to capture, to settle the rest.

use whyreset_connections::{Place, Side};
use whyreset_exchanges::Exchange;
use whyreset_segments::Host;

use crate::case::Case;
use crate::observations::ids;
use crate::{Observations, wording};

/// A capture where it would tell most, unless this one was taken there.
pub(crate) fn capture_at(case: &Case<'_>, side: Side) -> Option<String> {
    let here = match case.connection.vantage.place {
        Place::Client => Some(Side::Client),
        Place::Server => Some(Side::Server),
        Place::Path | Place::Unknown => None,
    };
    (here != Some(side)).then(|| {
        // The same address at both places: the server's.
        let only = match case.connection.ends.server.host {
            // A name in a list need not be one that resolves.
            Host::Name(_) => String::new(),
            host => format!(" host {host}"),
        };
        format!(
            "Capture at {} as well (tcpdump -s 128{only}): only there does it show whether its host sent the closing packet itself.",
            wording::side(side),
        )
    })
}

/// How to tell the two apart that answer one SYN.
pub(crate) const TWO_ANSWERS: &str = "Compare link address, TTL, window and options of the two SYN/ACKs. Where they differ, two hosts have the server's address: a duplicate address, a load balancer that sends a repeated SYN to another server, or a SYN proxy beside its server. Where they are alike, one host has taken two copies of the SYN for two (a bond, a mirror or a bridge that doubles packets).";

/// TTL and IP identification of the RST against the packets before it.
pub(crate) fn compare_fields(case: &Case<'_>) -> Option<String> {
    let reset = case.fatal?;
    let before = case
        .connection
        .packets
        .iter()
        .rev()
        .find(|p| p.side == reset.by && p.frame < reset.at.frame && !p.flags.is_rst())?;
    Some(format!(
        "Compare the IP TTL (hop limit) and IP identification of frames {} and {}: the same TTL and the next identification vouch for {}'s own host, a jump betrays a device.",
        before.frame,
        reset.at.frame,
        wording::side(reset.by)
    ))
}

/// How to learn what a response promised, where that was not captured.
pub(crate) fn read_the_promise(case: &Case<'_>, found: &Observations) -> Option<String> {
    let doubted = found.has_any(&[ids::PERHAPS_TRUNCATED, ids::PERHAPS_LEFT_EARLY]);
    let exchange = case.accounts.unread.filter(|_| doubted)?;
    Some(read_its_promise(exchange))
}

/// The same of one exchange.
pub(crate) fn read_its_promise(exchange: &Exchange) -> String {
    let bytes = exchange.body_delivered.map(wording::bytes);
    let bytes = bytes.unwrap_or_else(|| "what came".to_owned());
    match exchange.from_list {
        true => format!(
            "Look at the response's head (Wireshark: Follow > TCP Stream), or compare {bytes} with the server's log: the rows do not show how much was promised."
        ),
        false => format!(
            "Capture packets whole, or at least the response's head (tcpdump without -s, or -s 2048), or compare {bytes} with the file, or with the server's log: how much was promised does not show."
        ),
    }
}

/// How to learn whether an answer without a length was whole.
pub(crate) fn read_its_log(case: &Case<'_>, found: &Observations) -> Option<String> {
    let doubted = found.has_any(&[ids::PERHAPS_TRUNCATED, ids::PERHAPS_LEFT_EARLY]);
    let exchange = case.accounts.unpromised.filter(|_| doubted)?;
    Some(format!(
        "Compare {} with the server's log, and look there for an error of the program or of the server behind it: an answer without Content-Length or chunks ends with the connection, whatever ended that.",
        wording::bytes(exchange.body_delivered.unwrap_or(0))
    ))
}

/// How to learn whether an encrypted answer was whole, where that is in doubt.
pub(crate) fn read_the_session(case: &Case<'_>, found: &Observations) -> Option<String> {
    if found.has_any(&[ids::PERHAPS_TRUNCATED, ids::STREAM_PERHAPS_GIVEN_UP])
        && case.accounts.encrypted
    {
        return step(
            "Ask the client's program whether it had the whole answer (curl: exit 18 or 92), look in a proxy's log for the end of the server behind it (nginx: upstream prematurely closed connection; HAProxy: SD), or give the session's keys (SSLKEYLOGFILE), so that the answer can be read.",
        );
    }
    let doubted = found.has_any(&[ids::PERHAPS_LEFT_EARLY, ids::ROUND_SINCE_OPENING]);
    (doubted && case.accounts.encrypted).then(|| {
        "Ask the client's program, or its log, whether it gave up waiting or only let an idle connection go; or give the session's keys (SSLKEYLOGFILE), so that the answer can be read.".to_owned()
    })
}

/// What keeps limits on silence from ending a WebSocket, and where to look for one that ended without.
pub(crate) fn keep_websockets_awake(found: &Observations) -> Option<String> {
    let cut = found.has_any(&[ids::WEBSOCKET_CUT_BY_CLIENT, ids::WEBSOCKET_CUT_BY_SERVER]);
    let step = if found.has(ids::LONG_WAIT) {
        "Send WebSocket pings more often than the shortest limit on silence on the way, or raise that limit (nginx proxy_read_timeout and proxy_send_timeout, 60 s; HAProxy timeout tunnel)."
    } else {
        "Look in the program's, and a proxy's, log for the end of this WebSocket: an orderly one sends a close frame with its reason first."
    };
    cut.then(|| step.to_owned())
}

/// Where a request shows that never came.
pub(crate) fn look_for_a_lost_request(found: &Observations) -> Option<String> {
    let unused = found.has(ids::UNUSED_FOR_LONG);
    let look = "Capture at the client as well: only there does it show whether it had asked for something that never came (a segment too large for the path, for example).";
    unused.then(|| look.to_owned())
}

/// The steps that there are, in their order.
pub(crate) fn list<const N: usize>(steps: [Option<String>; N]) -> Vec<String> {
    steps.into_iter().flatten().collect()
}

/// A fixed step.
pub(crate) fn step(text: &str) -> Option<String> {
    Some(text.to_owned())
}
