//! Servers that say why they hang up: mail and file servers, databases, and others that put it in words.

use whyreset_capture::Span;
use whyreset_connections::{Moment, Opener, Side};
use whyreset_exchanges::Says;

use super::ids;
use crate::Observations;
use crate::case::{Case, Close};
use crate::wording;

/// Who goes on longer has not hung up with these words.
const HANGS_UP: Span = Span::from_secs(5);
/// Who waits for a reply waits longer.
const AT_ONCE: Span = Span::from_secs(1);

/// Records what the server's last words say of the end.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    let words = case.connection.app.last_words.as_deref();
    let Some((words, close)) = words.zip(case.close) else {
        return;
    };
    let hung_up = words.at.frame <= close.at.frame && close.at.time - words.at.time <= HANGS_UP;
    let (id, tells) = match words.says {
        Says::Awaits if left_at_once(case, close) => (
            ids::LEFT_OWING,
            ", and it never said that what followed had come whole",
        ),
        Says::Awaits => (ids::LAST_WORDS, ""),
        _ if !hung_up => (ids::LAST_WORDS, ""),
        // What seems to be a greeting may be the last of many words.
        Says::Refuses if !words.asked && case.connection.opener != Opener::Syn => {
            // A no that the client leaves behind, such as FTP's 530, is an answer, as it may have been to what was asked before.
            match close.side {
                Side::Server => (ids::LEFT_IN_WORDS, ""),
                Side::Client => (ids::LAST_WORDS, ""),
            }
        }
        Says::Refuses => (
            ids::REFUSED_IN_WORDS,
            ": it does not serve this client, or nobody at the moment",
        ),
        Says::GaveUpWaiting => (
            ids::TIMED_OUT_IN_WORDS,
            ": it had waited too long for the client",
        ),
        Says::Leaves if words.asked => (ids::LEFT_IN_WORDS_ASKED, ", instead of an answer"),
        Says::Leaves => (ids::LEFT_IN_WORDS, ": it ended a session that was open"),
        Says::Declines if close.side == Side::Server => (
            ids::DECLINED_IN_WORDS,
            ": that answers what the client had asked for",
        ),
        Says::Declines => (ids::LAST_WORDS, ""),
    };
    found.tell(
        id,
        [words.at.frame, close.at.frame],
        format_args!(
            "The server's last words (frame {}) are “{}”{tells}.",
            words.at.frame,
            wording::excerpt(&words.text, 120)
        ),
    );
}

/// The client closed right behind data of its own, without waiting for what the server says to that.
fn left_at_once(case: &Case<'_>, close: Close) -> bool {
    let sent = case.connection.flows.client.last_new_data;
    let prompt = |sent: Moment| close.at.time - sent.time < AT_ONCE;
    close.side == Side::Client && sent.is_some_and(prompt)
}

/// The server said no to what was asked last.
pub(crate) fn declined(case: &Case<'_>) -> bool {
    let words = case.connection.app.last_words.as_deref();
    words.is_some_and(|words| words.says == Says::Declines)
}

/// In a summary: `“530 Login incorrect.” (frame 11)`.
pub(crate) fn quoted(case: &Case<'_>) -> String {
    let words = case.connection.app.last_words.as_deref();
    words.map_or_else(String::new, |words| {
        format!(
            "“{}” (frame {})",
            wording::excerpt(&words.text, 120),
            words.at.frame
        )
    })
}
