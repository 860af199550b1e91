//! `receiver_stalled`: the receiver's program stopped reading.

use crate::case::Case;
use crate::cause::{CauseRule, Page, any_of, never, on, weights};
use crate::observations::flow_control_receiver;
use crate::observations::ids::*;
use crate::{Cause, EndedBy, Observations, wording};

use super::side;

pub(super) static RULE: CauseRule = CauseRule {
    cause: Cause::ReceiverStalled,
    page: PAGE,
    prior: 0.6,
    prior_because: "a window that stays at zero has one reason: nobody reads",
    needs: any_of(&[WINDOW_SHUT, WINDOW_ZERO_AT_END]),
    weights: weights(&[
        on(
            WINDOW_ZERO_AT_END,
            1.0,
            "the window is shut when the capture ends, and has been probed; a slow reader shuts it now and then",
        ),
        on(WINDOW_SHUT, 4.0, "the window stayed at zero up to the end"),
        on(ORIGIN_DEVICE, 0.2, "the RST is not one of theirs"),
        on(
            UNANSWERED_TAIL,
            0.4,
            "probes got no answer at the end: the host may be gone",
        ),
    ]),
    never: &[never(
        ALL_READ,
        "the program was reading, and had read everything",
    )],
    suspected_on: any_of(&[RESPONSE_UNFINISHED]),
    ended_by: |case| {
        let cut = case.cut.map(|cut| cut.by);
        cut.or(case.closer()).map_or(EndedBy::None, side)
    },
    summary,
    would_be: "if the receiver's program had stopped reading",
    next_steps: |_, _| {
        vec![
            "Look at the receiving program: paused, swapped out, blocked on its disk, or waiting for its own reader (a paused download or video is enough).".to_owned(),
            "The sender's log may say something else and later: with a closed window its own close does not even reach the wire.".to_owned(),
        ]
    },
};

fn summary(case: &Case<'_>, found: &Observations) -> String {
    let shut = found.get(WINDOW_SHUT);
    let frame = shut.and_then(|o| o.frames.first().copied()).unwrap_or(0);
    if let Some(receiver) = flow_control_receiver(case).filter(|_| found.has(WINDOW_OF_HTTP2)) {
        return format!(
            "{}'s program took no more of it: it granted no further HTTP/2 window (WINDOW_UPDATE) from frame {frame} on{}.",
            wording::the_side(receiver),
            match (case.cut.as_ref(), case.closer()) {
                (Some(cut), _) => format!(
                    ", until the stream was reset with {} (frame {})",
                    wording::excerpt(cut.code, 40),
                    cut.at.frame
                ),
                (None, Some(closer)) => format!(", until {} closed", wording::side(closer)),
                (None, None) => ", and still does not at the end".to_owned(),
            }
        );
    }
    let receiver = case
        .packet(frame)
        .map_or("The receiver", |packet| wording::the_side(packet.side));
    let end = case
        .close
        .map_or(case.connection.capture_end, |close| close.at.time);
    let long = case
        .packet(frame)
        .map(|packet| format!(" for {}", wording::span(end - packet.time)))
        .unwrap_or_default();
    format!(
        "{receiver}'s program stopped reading: its window stayed shut{long} (from frame {frame}){}.",
        match case.closer() {
            Some(closer) => format!(", until {} closed", wording::side(closer)),
            None => ", and still is at the end".to_owned(),
        }
    )
}

const PAGE: Page = Page {
    title: "The receiver stopped reading",
    what: "The receiver's window went to zero and stayed there, because its program no longer read from the socket; in HTTP/2 the same happens with a stream's or the connection's own window (no WINDOW_UPDATE), while TCP's stays open. The sender probes, and in the end somebody gives up. It goes before the time-out that it leads to.",
    at_client: "The client's ACKs announce window 0; the server's probes are answered with window 0 again, at growing intervals (0.2, 0.4, 0.8 s … on Linux).",
    at_server: "The same. The server's own close (send time-out) stays behind the closed window: nothing of it is on the wire.",
    between: "The same. Wireshark labels Linux's probes Keep-Alive.",
    mistaken_for: "path_blackhole (there the probes are not answered), client_abort after a short dip of the window (programs that are about to close stop reading first), server_timeout.",
    people_see: &[
        "Firefox and Chrome: a download that is paused, or a video that has buffered enough; curl: --limit-rate, a pipe that nobody empties, 28 with --max-time or --speed-limit; wget: the same with --limit-rate, or stopped by Ctrl-Z",
        "nginx: client timed out (110: Connection timed out) while sending to client; HAProxy: cD; both long before anything shows on the wire, with more bytes sent in the log than were delivered",
        "upload: the server's program is stuck, the client sees a standing progress bar",
    ],
    sources: &[
        "RFC 9293 §3.8.6.1 (zero-window probing), RFC 1122 §4.2.2.17",
        "measured: nginx, HAProxy on Linux 6.18",
    ],
};
