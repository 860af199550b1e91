//! What counts alike for the two causes in which nothing is known to be missing: `none`, which ends with FIN or not at all, and
//! `benign_reset`, which ends with RST.

use crate::cause::{On, on};
use crate::observations::ids;

pub(super) const ANSWER_REFUSED: On = on(
    ids::ANSWER_REFUSED,
    0.3,
    "flow control is as long as what refuses an answer; but this client had needed none before",
);
pub(super) const LEFT_WITHOUT_GOODBYE: On = on(
    ids::LEFT_WITHOUT_GOODBYE,
    0.6,
    "clients take leave with QUIT; many a monitor or robot just leaves",
);
pub(super) const SESSION_DROPPED: On = on(
    ids::SESSION_DROPPED,
    0.3,
    "in SSH it is the client that ends the session, or the server says before what its program ended with",
);
pub(super) const CLOSED_BEHIND_WORD: On = on(
    ids::CLOSED_BEHIND_WORD,
    0.35,
    "its clients end a session, mostly; what the server said last may have been a no",
);
pub(super) const SESSION_CUT: On = on(
    ids::SESSION_CUT,
    0.03,
    "such a server ends a session only when it is told to, fails, or has waited too long",
);
pub(super) const TICKET_OR_ANSWER: On = on(
    ids::TICKET_OR_ANSWER,
    0.15,
    "most servers of TLS 1.3 send a ticket: one that has sent nothing else has not answered",
);
pub(super) const REQUEST_UNREAD: On = on(
    ids::REQUEST_UNREAD,
    0.3,
    "what the client sent last is not in the capture: it may have been cut, or left without an answer",
);
pub(super) const HEARD_IN_PART: On = on(
    ids::HEARD_IN_PART,
    0.4,
    "what was asked and promised is not in the capture",
);
pub(super) const UNREAD_TALK: On = on(
    ids::UNREAD_TALK,
    0.6,
    "who looks at a connection of which nothing can be read often has a reason",
);
pub(super) const UNREAD_STOPPED: On = on(
    ids::UNREAD_STOPPED,
    0.25,
    "a program that ends leaves its connections in the middle of whatever they are about",
);
pub(super) const UNREAD_LEFT_AFTER_WAIT: On = on(
    ids::UNREAD_LEFT_AFTER_WAIT,
    0.5,
    "whether it waited for more of the answer, or was done with it, does not show",
);
pub(super) const UNREAD_UPLOAD_LEFT: On = on(
    ids::UNREAD_UPLOAD_LEFT,
    0.4,
    "most uploads are answered before their client leaves; a stream of records is not",
);
pub(super) const UNTIMED: On = on(
    ids::UNTIMED,
    0.3,
    "a client that had asked, and waited in vain, leaves so as well",
);
pub(super) const TIMED_OUT_IN_WORDS: On = on(
    ids::TIMED_OUT_IN_WORDS,
    0.5,
    "the server said that it had waited too long; nothing else is missing",
);
pub(super) const LEFT_IN_WORDS: On = on(
    ids::LEFT_IN_WORDS,
    0.3,
    "the server said that it ends the session; nothing was asked at that moment",
);
pub(super) const PING_OF_CLIENT_UNANSWERED: On = on(
    ids::PING_OF_CLIENT_UNANSWERED,
    0.05,
    "the server's program did not answer any more",
);
pub(super) const PING_OF_SERVER_UNANSWERED: On = on(
    ids::PING_OF_SERVER_UNANSWERED,
    0.05,
    "the client's program did not answer any more",
);
pub(super) const LAST_WORD_UNTOLD: On = on(
    ids::LAST_WORD_UNTOLD,
    0.3,
    "the client had the last word, and the server had answered before",
);
pub(super) const NOT_KEPT: On = on(
    ids::NOT_KEPT,
    0.85,
    "the server did not keep the connection behind its answer, which may have been cut",
);
pub(super) const GREETING_MISSING: On = on(
    ids::GREETING_MISSING,
    0.15,
    "the server had to speak first and did not; a check holds its connection as long, now and then",
);
pub(super) const STREAM_GIVEN_UP: On = on(
    ids::STREAM_GIVEN_UP,
    0.05,
    "the server gave up a request inside",
);
pub(super) const STREAM_PERHAPS_GIVEN_UP: On = on(
    ids::STREAM_PERHAPS_GIVEN_UP,
    0.3,
    "by its length the server's last record may give up the request",
);
pub(super) const NO_PROMISE: On = on(
    ids::NO_PROMISE,
    3.0,
    "what has no end cannot be had in full",
);
