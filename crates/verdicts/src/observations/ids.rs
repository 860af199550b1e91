//! The names of all observations. A cause's table weighs them by these names.

use crate::observation::Id;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $id:literal;)*) => {
        /// Their places in the list.
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        enum Place { $($name),* }

        $($(#[$doc])* pub const $name: Id = Id::at(Place::$name as u16);)*
        /// Every name.
        pub const ALL: &[&str] = &[$($id),*];
    };
}

ids! {
    /// The device that captured says something of a frame.
    DEVICE_SAID = "device_said";
    /// The opening SYN got no answer at all.
    SYN_UNANSWERED = "syn_unanswered";
    /// The capture ends so soon behind the SYN that an answer may still have come.
    SYN_JUST_SENT = "syn_just_sent";
    /// The SYN was sent again, but the capture ends while its sender still tries.
    SYN_STILL_TRIED = "syn_still_tried";
    /// The SYN was sent more than once.
    SYN_REPEATED = "syn_repeated";
    /// The SYN was answered with RST.
    SYN_REFUSED = "syn_refused";
    /// The RST that answers the SYN differs from what this host otherwise sends.
    REFUSAL_NOT_THE_HOSTS = "refusal_not_the_hosts";
    /// The RST that answers the SYN fits what this host otherwise sends.
    REFUSAL_IS_THE_HOSTS = "refusal_is_the_hosts";
    /// ICMP says that a filter refused the SYN.
    ICMP_PROHIBITED = "icmp_prohibited";
    /// ICMP says that host or network cannot be reached.
    ICMP_UNREACHABLE = "icmp_unreachable";
    /// A router says that the SYN's time to live ran out there.
    ICMP_EXPIRED = "icmp_expired";
    /// ICMP says so of a connection that was open: the host, or the way to it, is gone.
    ICMP_GONE = "icmp_gone";
    /// ICMP says that a packet is too big.
    ICMP_TOO_BIG = "icmp_too_big";
    /// SYN and SYN/ACK, but never the ACK.
    HANDSHAKE_UNFINISHED = "handshake_unfinished";
    /// All that the server said came right before it closed a connection in which the client had said nothing.
    SPOKE_AT_LAST = "spoke_at_last";
    /// The client had the last word, in a protocol that is only recognised, and the server closed long after it.
    LAST_WORD_UNTOLD = "last_word_untold";
    /// The client said something more behind the server's close, and was refused: a goodbye, or a request.
    WORD_BEHIND_CLOSE = "word_behind_close";
    /// The client spoke again and again without an answer, and went on: it expects none.
    ONLY_DELIVERED = "only_delivered";
    /// A side goes on repeating what the other side had acknowledged long before.
    ACKS_LOST = "acks_lost";
    /// The same has begun when the capture ends.
    ACKS_PERHAPS_LOST = "acks_perhaps_lost";
    /// The client's host answered the SYN/ACK with a bare RST: it does not know of any such connection.
    SYN_ACK_REFUSED = "syn_ack_refused";
    /// The same, of a client whose SYN's options the list does not tell: whether an ordinary program had sent it does not show.
    SYN_ACK_REFUSED_UNTOLD = "syn_ack_refused_untold";
    /// The connection begins with a packet that no TCP sends: neither SYN, ACK nor RST.
    SCAN_PROBE = "scan_probe";
    /// The same, but the SYN is that of an ordinary stack: the program gave the connection up while it was being opened.
    CONNECT_CANCELLED = "connect_cancelled";
    /// The same, and the SYN/ACK had come so late that the program had given up waiting for it.
    CONNECTED_TOO_LATE = "connected_too_late";
    /// The server's host refused the ACK that finishes the handshake.
    HANDSHAKE_REFUSED = "handshake_refused";
    /// The SYN was answered twice, with different numbers, and nothing came of it.
    ANSWERED_TWICE = "answered_twice";
    /// And who sent the second answer refused what the client made of the first.
    OTHER_ANSWER_REFUSED = "other_answer_refused";
    /// The server's host refused an ACK that echoes a timestamp which it had not sent.
    FOREIGN_ECHO = "foreign_echo";
    /// The SYN/ACK states a window of 0, as a SYN proxy's does, and the server refused before anything was said.
    SYN_PROXIED = "syn_proxied";
    /// On a port whose servers speak first the server said nothing, for longer than a greeting takes.
    GREETING_MISSING = "greeting_missing";
    /// The RST that answers the SYN begins with a TTL that hosts do not use, but routers and firewalls do.
    REFUSAL_LIKE_A_ROUTERS = "refusal_like_a_routers";
    /// The RST that answers the SYN does not acknowledge it.
    REFUSAL_MISNUMBERED = "refusal_misnumbered";
    /// The client repeated its SYN although the SYN/ACK had passed here.
    SYN_REPEATED_AFTER_ANSWER = "syn_repeated_after_answer";
    /// What is spoken does not show, as the capture holds what was said in part only.
    HEARD_IN_PART = "heard_in_part";
    /// Nothing of what was said can be read.
    UNREAD_TALK = "unread_talk";
    /// And the client closed a round time behind the last word.
    UNREAD_LEFT_AFTER_WAIT = "unread_left_after_wait";
    /// And the client had the last word, which took many segments, and closed.
    UNREAD_UPLOAD_LEFT = "unread_upload_left";
    /// What is spoken does not show, as the capture begins in the middle.
    BEGUN_UNHEARD = "begun_unheard";
    /// How long the side that closed had waited matters, and the times do not tell it.
    UNTIMED = "untimed";
    /// The server refused an upload of which the capture does not tell how long it was to be.
    PERHAPS_REJECTED = "perhaps_rejected";
    /// By the sizes of its records the upload was whole.
    UPLOAD_ENDED_BY_SIZE = "upload_ended_by_size";
    /// How much the response promised is not in the capture.
    PROMISE_UNREAD = "promise_unread";
    /// The server reset the connection, and how much it had promised does not show.
    PERHAPS_ABORTED = "perhaps_aborted";
    /// A short encrypted answer had been acknowledged, and the server rested, before it reset the connection.
    ANSWER_TAKEN = "answer_taken";
    /// The server's host did not repeat its SYN/ACK, though no ACK of it was captured.
    SYN_ACK_ONCE = "syn_ack_once";
    /// The capture ends before every host would have repeated its SYN/ACK.
    SYN_ACK_NOT_DUE_AGAIN = "syn_ack_not_due_again";
    /// It did not repeat it, and nothing but SYN, FIN and RST was captured at all.
    PICKED_BY_FLAGS = "picked_by_flags";
    /// A filter has picked SYN, FIN and RST: whether a SYN/ACK that was repeated had its ACK does not show.
    ACKS_NOT_PICKED = "acks_not_picked";
    /// The capture holds SYNs, and RSTs perhaps, but no answer to any SYN, and this one was sent only once: answers may have been left out.
    ANSWERS_NOT_PICKED = "answers_not_picked";
    /// The server repeated its SYN/ACK although the client's ACK had passed here, and never sent data.
    SYN_ACK_REPEATED = "syn_ack_repeated";
    /// The same, and the client, alive, never answered the repeated SYN/ACK.
    SYN_ACK_UNHEARD = "syn_ack_unheard";
    /// The client's first word was sent again and again behind a whole handshake, and no word of it acknowledged, while the same listener was
    /// heard in other connections.
    FIRST_WORD_IGNORED = "first_word_ignored";
    /// The same, and the capture was taken at the server: the packets had come as far as its host.
    FIRST_WORD_IGNORED_AT_HOST = "first_word_ignored_at_host";
    /// The server had announced a transfer in a connection of its own (FTP), and not said how it ended.
    TRANSFER_ANNOUNCED = "transfer_announced";
    /// The capture holds no handshake of this connection.
    STARTS_MID_STREAM = "starts_mid_stream";
    /// The last data was neither acknowledged nor sent again, though the capture runs on.
    LEFT_UNSETTLED = "left_unsettled";
    /// Only one direction was captured.
    ONE_SIDED = "one_sided";
    /// By the server's numbers the client, of which nothing was captured, had closed before it.
    UNSEEN_CLIENT_CLOSED = "unseen_client_closed";
    /// Packets are missing from the capture itself.
    CAPTURE_LOSS = "capture_loss";
    /// Right before the client closed it acknowledged what the capture does not hold: the server's own end may be among it.
    UNSEEN_BEFORE_CLOSE = "unseen_before_close";
    /// The capture begins in the middle of the connection, and holds nothing of the side that refused it but a bare RST.
    REFUSER_UNSEEN = "refuser_unseen";
    /// The same of a client: most have closed before, as the server that goes on does not know.
    REFUSING_CLIENT_UNSEEN = "refusing_client_unseen";
    /// The side that refused had closed in order: by the numbers its FIN is missing in the capture.
    FIN_UNSEEN = "fin_unseen";
    /// The capture begins in the middle of the connection, and nobody said anything in it before the RST.
    TALK_UNSEEN = "talk_unseen";
    /// Nor of what was said before a close in order.
    CLOSE_ALONE = "close_alone";
    /// The list left rows out.
    ELIDED = "elided";
    /// The list leaves rows out, and the numbers around them say that something was said there: whose turn it was does not show.
    WORDS_LEFT_OUT = "words_left_out";
    /// Rows are left out right before the first packet that failed: what preceded it does not show.
    GAP_BEFORE_FAILURE = "gap_before_failure";
    /// Rows are left out right before the close, and its numbers do not tell what they held.
    GAP_BEFORE_CLOSE = "gap_before_close";
    /// Too little was captured to say anything.
    TOO_LITTLE = "too_little";

    /// Where the capture was taken.
    VANTAGE = "vantage";
    /// Closed with FIN, nothing missing.
    ENDED_WELL = "ended_well";
    /// Not closed, and nothing waits.
    OPEN_AND_WELL = "open_and_well";
    /// Not closed, in the middle of an exchange that shows no trouble.
    OPEN_IN_EXCHANGE = "open_in_exchange";
    /// A body that was under way has rested since, for longer than it did before, when the capture ends.
    BODY_AT_REST = "body_at_rest";
    /// Opened, and nobody has said anything by the end of the capture.
    OPEN_UNUSED = "open_unused";
    /// The same, and the capture runs on for seconds.
    UNUSED_FOR_LONG = "unused_for_long";
    /// Not closed, and something has been waiting for long.
    OPEN_AND_WAITING = "open_and_waiting";
    /// Ended by RST, but nothing was missing.
    RST_NOTHING_MISSING = "rst_nothing_missing";
    /// Handshake, then RST, without any payload.
    RST_WITHOUT_DATA = "rst_without_data";
    /// The client closed first while something was missing.
    CLIENT_LEFT_EARLY = "client_left_early";
    /// The request and the close crossed in a capture that begins a moment before, in the middle, and no rest shows.
    NO_REST = "no_rest";
    /// The capture begins in an upload that the server's host aborted: what was answered before is not in it.
    UPLOAD_BEGUN_UNSEEN = "upload_begun_unseen";
    /// The client took more data behind its FIN.
    TAKES_ON = "takes_on";
    /// The capture ends just behind the client's FIN, while a request is unanswered.
    ENDS_HALF_CLOSED = "ends_half_closed";
    /// The server closed first while something was missing.
    SERVER_LEFT_EARLY = "server_left_early";
    /// The server closed a connection on which the client had never sent anything.
    CLOSED_UNUSED = "closed_unused";
    /// The server closed without the greeting with which its protocol begins.
    CLOSED_WITHOUT_GREETING = "closed_without_greeting";
    /// The first close is a FIN.
    CLOSED_WITH_FIN = "closed_with_fin";
    /// The first close is a RST.
    CLOSED_WITH_RST = "closed_with_rst";
    /// Neither FIN nor RST.
    NOT_CLOSED = "not_closed";

    /// A whole request without any answer.
    REQUEST_UNANSWERED = "request_unanswered";
    /// A request of which a part was not sent.
    REQUEST_UNFINISHED = "request_unfinished";
    /// The client had more of its request to send, and nothing kept it from that.
    CLIENT_OWED = "client_owed";
    /// An encrypted request without an answer is so long that it may be an upload, of which the rest had not come.
    PERHAPS_UNFINISHED = "perhaps_unfinished";
    /// An encrypted request without an answer is so short that the rest of its head may not have come.
    PERHAPS_HALF_A_HEAD = "perhaps_half_a_head";
    /// A response of which a part is missing.
    RESPONSE_UNFINISHED = "response_unfinished";
    /// A response that began before its request was whole.
    ANSWERED_EARLY = "answered_early";
    /// That response refuses (4xx or 5xx).
    REFUSING_STATUS = "refusing_status";
    /// The server said that it had waited too long for the request (408).
    TIMEOUT_STATUS = "timeout_status";
    /// What is missing is an estimate from sizes and turns.
    ESTIMATED = "estimated";
    /// The server closed in order in the middle of a response.
    TRUNCATED_BY_FIN = "truncated_by_fin";
    /// The client aborted a session that cannot be read right behind much data of the server.
    RESET_BEHIND_BULK = "reset_behind_bulk";
    /// The session of TLS that was broken off was resumed: there was no certificate to dislike.
    TLS_RESUMED = "tls_resumed";
    /// The client gave up waiting, and its FIN was answered with a bare RST.
    FIN_REFUSED = "fin_refused";
    /// The RST has come over no router, the packets of the host in whose name it came over some.
    RST_FROM_NEXT_HOP = "rst_from_next_hop";
    /// The side that closed had waited no longer than it had before in the same transfer.
    PAUSE_IS_USUAL = "pause_is_usual";
    /// Behind the end of an encrypted answer the client sent something as long as RST_STREAM, and left at once.
    ANSWER_REFUSED = "answer_refused";
    /// The capture ends behind an encrypted answer of which the end does not show.
    ANSWER_END_UNTOLD = "answer_end_untold";
    /// The client closed before the server had ended an answer without a length.
    LEFT_BEFORE_END = "left_before_end";
    /// The server closed in order; how long its response was to be was not captured. The text is a condition.
    PERHAPS_TRUNCATED = "perhaps_truncated";
    /// The server had been silent for seconds when it ended an answer by closing.
    SILENT_BEFORE_END = "silent_before_end";
    /// Before it did, all that the server had said in TLS 1.3 may have been a ticket.
    TICKET_OR_ANSWER = "ticket_or_answer";
    /// The client closed in order, and whether the last answer was whole by then does not show. The text is a condition.
    PERHAPS_LEFT_EARLY = "perhaps_left_early";
    /// The same, after seconds of silence.
    PERHAPS_GAVE_UP = "perhaps_gave_up";
    /// The last record of an encrypted answer is shorter than those before it.
    ANSWER_ENDED_BY_SIZE = "answer_ended_by_size";
    /// The last piece of an encrypted answer is as long as those before it.
    ANSWER_STOPPED_FULL = "answer_stopped_full";
    /// An encrypted answer in many records of no common length.
    ANSWER_IN_PIECES = "answer_in_pieces";
    /// An encrypted answer of many records, the last of which were not captured.
    RECORDS_NOT_READ = "records_not_read";
    /// The client left without a goodbye right behind a piece of such an answer.
    LEFT_AMID_PIECES = "left_amid_pieces";
    /// In a protocol in which clients take leave in words the client closed without.
    LEFT_WITHOUT_GOODBYE = "left_without_goodbye";
    /// The server closed a session that clients end, after a silence and without a word.
    SESSION_DROPPED = "session_dropped";
    /// The server closed a session which only clients end, and gave no reason in words.
    SESSION_CUT = "session_cut";
    /// The same, right behind a word of the server that cannot be read, and may have been the reason.
    CLOSED_BEHIND_WORD = "closed_behind_word";
    /// Behind an upload the server was silent for long, answered, and left right behind that.
    ANSWERED_LATE = "answered_late";
    /// A FIN that broke a silence was refused by somebody nearer than the host to which it went.
    FIN_REFUSED_NEARBY = "fin_refused_nearby";
    /// The client's FIN reached the server's host, and the server's program never closed in return.
    CLOSE_UNHEEDED = "close_unheeded";
    /// The capture ends before the server's program can have closed in return.
    CLOSE_IN_RETURN_UNSEEN = "close_in_return_unseen";
    /// The server closed behind its last encrypted answer without having said goodbye (close_notify).
    GOODBYE_OMITTED = "goodbye_omitted";
    /// The server said goodbye (close_notify) behind its last encrypted answer.
    GOODBYE_SAID = "goodbye_said";
    /// A server reset the connection behind the client's close_notify, without having read that.
    GOODBYE_UNREAD = "goodbye_unread";
    /// A server of no HTTP/2 left right behind its encrypted answer.
    NOT_KEPT = "not_kept";
    /// A server of HTTP/2 left right behind its answer, with nothing as long as GOAWAY.
    NO_GOAWAY = "no_goaway";
    /// By its length the server's last record gives an HTTP/2 stream up. The text is a condition.
    STREAM_PERHAPS_GIVEN_UP = "stream_perhaps_given_up";
    /// And the client reset the connection behind that.
    CLIENT_RESET_BEHIND_IT = "client_reset_behind_it";
    /// A client closed after a silence that fits a known time for which clients keep idle connections.
    IDLE_CLOSE_FITS = "idle_close_fits";
    /// The protocol is not understood.
    PROTOCOL_UNKNOWN = "protocol_unknown";
    /// No exchange was whole before.
    FIRST_REQUEST = "first_request";
    /// In an encrypted session the records that the client sent behind the last answer are not in the capture.
    REQUEST_UNREAD = "request_unread";
    /// At least one exchange was whole before.
    KEPT_ALIVE = "kept_alive";
    /// The server's close and the client's request crossed on the way.
    REQUEST_CROSSED_CLOSE = "request_crossed_close";
    /// The server had repeated that close for long before the request, which still knows nothing of it.
    CLOSE_UNHEARD = "close_unheard";
    /// The client sent a request although it had received the server's FIN.
    REQUEST_AFTER_CLOSE = "request_after_close";
    /// The request was sent long before the server closed, and never reached it.
    REQUEST_NEVER_ARRIVED = "request_never_arrived";
    /// The server closed a moment after the connection was opened.
    JUST_OPENED = "just_opened";
    /// The same, and it had neither said a word nor read one.
    DROPPED_UNHEARD = "dropped_unheard";
    /// The server had received the request when it closed.
    CLOSE_KNEW_REQUEST = "close_knew_request";
    /// The server said that it would close (`Connection: close`).
    CLOSE_ANNOUNCED = "close_announced";
    /// What is unanswered was asked behind a request with whose answer the server announced its close.
    ASKED_BEHIND_LAST = "asked_behind_last";

    /// The client cancelled an HTTP/2 stream before its response was whole.
    STREAM_CANCELLED = "stream_cancelled";
    /// When the client did, the deadline had passed that its request of gRPC had set.
    DEADLINE_MET = "deadline_met";
    /// The server reset an HTTP/2 stream before its response was whole.
    STREAM_GIVEN_UP = "stream_given_up";
    /// The server had not begun with the request that it cut: clients may repeat it.
    STREAM_REFUSED = "stream_refused";
    /// The client asked for the same again on the same connection, and had it.
    STREAM_RETRIED = "stream_retried";
    /// The client closed a WebSocket, and nobody had sent a close frame.
    WEBSOCKET_CUT_BY_CLIENT = "websocket_cut_by_client";
    /// The server, or a proxy in its place, did.
    WEBSOCKET_CUT_BY_SERVER = "websocket_cut_by_server";
    /// The client said goodbye in a WebSocket because its ping had got no pong.
    PING_OF_CLIENT_UNANSWERED = "ping_of_client_unanswered";
    /// The server, or a proxy in its place, did.
    PING_OF_SERVER_UNANSWERED = "ping_of_server_unanswered";
    /// The server's last words say that it does not serve this client, or nobody.
    REFUSED_IN_WORDS = "refused_in_words";
    /// They say that it had waited too long for the client.
    TIMED_OUT_IN_WORDS = "timed_out_in_words";
    /// They end a session in which nothing was asked at that moment.
    LEFT_IN_WORDS = "left_in_words";
    /// They end a session, and stand where an answer was due.
    LEFT_IN_WORDS_ASKED = "left_in_words_asked";
    /// They say no to what the client had asked for, and the close follows: an ordinary answer, to a wrong password for example.
    DECLINED_IN_WORDS = "declined_in_words";
    /// They wait for a mail, or the like, and the client left before they said that it had come.
    LEFT_OWING = "left_owing";
    /// They tell what a person wants to read, but nothing of why it ended.
    LAST_WORDS = "last_words_told";
    /// A response without a promised length.
    NO_PROMISE = "no_promise";

    /// The side that closed had waited in silence, far longer than a round trip.
    LONG_WAIT = "long_wait";
    /// The side that closed had hardly waited.
    NO_WAIT = "no_wait";
    /// The client sent its request's head too slowly, and was still at it when the server closed.
    HEAD_TOO_SLOW = "head_too_slow";
    /// The wait is a round number by the waiting side's reckoning.
    ROUND_WAIT = "round_wait";
    /// Data was flowing when it closed, but the time since the request, or the opening, is a round number.
    ROUND_TOTAL = "round_total";
    /// A client closed an encrypted session in silence, a round time after it had opened it, but not after its last word.
    ROUND_SINCE_OPENING = "round_since_opening";
    /// The wait is a round number of half seconds.
    HALF_ROUND_WAIT = "half_round_wait";
    /// The wait is no round number.
    WAIT_NOT_ROUND = "wait_not_round";
    /// The wait fits a known default.
    TIMER_FITS = "timer_fits";
    /// A long silence lay before the first packet that got no answer, or a RST.
    IDLE_BEFORE_FAILURE = "idle_before_failure";
    /// Nothing but keep-alive probes was sent behind a rest, and none of them was answered.
    REST_BEFORE_PROBES = "rest_before_probes";
    /// That silence was a short one, and the RST acknowledges what was said behind it.
    WORDS_REFUSED_AFTER_REST = "words_refused_after_rest";
    /// That silence fits a known idle time of devices.
    IDLE_TIMER_FITS = "idle_timer_fits";
    /// The first packet that got no answer was the goodbye of the side that closed.
    GOODBYE_UNHEARD = "goodbye_unheard";

    /// The deciding RST is an active one.
    RST_ACTIVE = "rst_active";
    /// The deciding RST is a passive one.
    RST_PASSIVE = "rst_passive";
    /// The deciding RST is of neither kind.
    RST_ODD = "rst_odd";
    /// The RST is bare, and no captured packet is one that it can answer.
    TRIGGER_LOST = "trigger_lost";
    /// A bare RST, though no row shows a packet that it can answer.
    RST_UNPROMPTED = "rst_unprompted";
    /// The RST came after a FIN that had closed the connection already.
    RST_AFTER_FIN = "rst_after_fin";
    /// The deciding RST answers a packet, and its sender can have seen that.
    RST_ANSWERS = "rst_answers";
    /// It came too soon to be an answer of that host.
    RST_TOO_SOON = "rst_too_soon";
    /// The server's RST aborts a connection of which its host cannot have known yet that it was open.
    RST_BEFORE_OPEN = "rst_before_open";
    /// It came sooner than that host usually answers.
    RST_SOONER_THAN_USUAL = "rst_sooner_than_usual";
    /// The client's host, which sent a bare RST, had been alive in the connection a moment before.
    CLIENT_WAS_ALIVE = "client_was_alive";
    /// The same in a list, which shows neither TTL nor identification: whose the RST is, it does not tell.
    CLIENT_WAS_ALIVE_IN_ROWS = "client_was_alive_in_rows";
    /// The server's host, which sent a bare RST, had been alive in the connection a moment before.
    SERVER_WAS_ALIVE = "server_was_alive";
    /// The capture was taken at the host that sent the deciding RST, and holds what it received.
    CAPTURED_AT_SENDER = "captured_at_sender";
    /// There, the client's host had been alive a moment before, and no close of its own shows.
    THROWN_AWAY_HERE = "thrown_away_here";
    /// Who sent the deciding RST had told by SACK that bytes were missing, and never acknowledged them.
    LACKED_BEFORE_RST = "lacked_before_rst";
    /// The host that sent a bare RST refused data while its own was on its way: its socket was closed, and the FIN waited behind what
    /// was still to be sent.
    CLOSED_BEFORE_SENT = "closed_before_sent";
    /// Several RSTs, one for each segment in flight.
    RST_ONE_PER_SEGMENT = "rst_one_per_segment";
    /// RSTs came in the name of both sides at nearly the same time.
    RST_BOTH_WAYS = "rst_both_ways";
    /// A RST in the server's name came, and its SYN/ACK after it: that RST was forged.
    EARLIER_FORGERY = "earlier_forgery";
    /// Two senders gave different data for the same place in one side's stream.
    FORGED_DATA = "forged_data";
    /// The IP and TCP fields of the RST fit its host.
    ORIGIN_HOST = "origin_host";
    /// Of these only the TTL: a bare RST carries nothing else that a device would have to know.
    ORIGIN_TTL_ALONE = "origin_ttl_alone";
    /// They do not.
    ORIGIN_DEVICE = "origin_device";
    /// They leave doubts.
    ORIGIN_DOUBTFUL = "origin_doubtful";
    /// So many that a device is as likely.
    ORIGIN_UNLIKELY = "origin_unlikely";
    /// The capture does not hold what would tell.
    ORIGIN_UNTOLD = "origin_untold";
    /// The side in whose name the RST came went on as if nothing had happened.
    SENDER_WENT_ON = "sender_went_on";
    /// The RST could not have been accepted by its receiver.
    RST_NOT_ACCEPTABLE = "rst_not_acceptable";
    /// What the sender of the RST can have known.
    LIGHT_CONE = "light_cone";
    /// Everything that can have arrived was acknowledged.
    ALL_ACKNOWLEDGED = "all_acknowledged";
    /// The program had read everything that was delivered.
    ALL_READ = "all_read";
    /// Bytes lay unread in the receiver's buffer.
    UNREAD = "unread";
    /// The stack looks like Windows'.
    WINDOWS_STACK = "windows_stack";
    /// A detector of Weaver, Sommer and Paxson (NDSS 2009) fires.
    INJECTION_DETECTOR = "injection_detector";
    /// A signature of Cloudflare's tampering study (SIGCOMM 2023) fits.
    TAMPERING_SIGNATURE = "tampering_signature";

    /// A segment was sent again and again and never acknowledged.
    UNANSWERED_TAIL = "unanswered_tail";
    /// The same, but the capture ends before the next copy is due, some seconds after the first.
    TAIL_JUST_BEGUN = "tail_just_begun";
    /// A segment was sent again and again without an answer until somebody gave up; then packets came through again.
    OUTAGE = "outage";
    /// And who had sent it again and again refuses what comes: its program had closed meanwhile.
    REFUSES_AFTER_OUTAGE = "refuses_after_outage";
    /// And the client's host refuses what comes: it had been silent since the outage began.
    CLIENT_LEFT_IN_OUTAGE = "client_left_in_outage";
    /// The same, from both sides.
    UNANSWERED_BOTH = "unanswered_both";
    /// What looks like a segment that is sent again and again, in a list without sequence numbers.
    TAIL_UNNUMBERED = "tail_unnumbered";
    /// After it nothing at all came from the other side.
    PEER_FELL_SILENT = "peer_fell_silent";
    /// The other side still sent packets.
    PEER_STILL_TALKS = "peer_still_talks";
    /// Only large segments were not acknowledged.
    ONLY_LARGE_LOST = "only_large_lost";
    /// Large segments were not acknowledged, and nothing smaller was sent that could have been.
    LARGE_LOST = "large_lost";
    /// A small segment got through at the moment at which large ones began to vanish.
    SMALL_PASSED_JUST_BEFORE = "small_passed_just_before";
    /// From the receiver's place: what was promised fills large segments, and none ever came; small ones did.
    NOTHING_LARGE_CAME = "nothing_large_came";
    /// Small packets got through while large ones did not.
    SMALL_PASSED = "small_passed";
    /// Segments as large had got through before.
    LARGE_PASSED = "large_passed";
    /// The same, but from the first that was lost on only smaller ones got through.
    LARGE_PASSED_BEFORE = "large_passed_before";
    /// The capture ends with a hole in a stream that was not filled for seconds.
    HOLE_STAYS = "hole_stays";
    /// A side had sent bytes, by its later numbers, that neither came past here for seconds nor were acknowledged.
    SENT_NEVER_CAME = "sent_never_came";
    /// The receiver's side shows a hole that was never filled.
    HOLE_NEVER_FILLED = "hole_never_filled";
    /// The FIN of the side that had waited was acknowledged: the path works, in both directions.
    PATH_ALIVE = "path_alive";
    /// A FIN was sent again and never acknowledged.
    FIN_UNANSWERED = "fin_unanswered";
    /// And the other side had closed before, with everything delivered.
    SECOND_FIN_UNHEARD = "second_fin_unheard";
    /// Keep-alive probes were not answered.
    KEEP_ALIVE_UNANSWERED = "keep_alive_unanswered";
    /// The same, in a list that leaves out rows between the probes: the answers may stand there.
    PROBES_BETWEEN_GAPS = "probes_between_gaps";
    /// Data stopped in the middle of what the sender had to send.
    STOPPED_IN_FULL_FLOW = "stopped_in_full_flow";
    /// The receiver's window was zero for long, up to the end.
    WINDOW_SHUT = "window_shut";
    /// That window is HTTP/2's, not TCP's.
    WINDOW_OF_HTTP2 = "window_of_http2";
    /// The capture ends, and a receiver's window is zero, though not for long yet.
    WINDOW_ZERO_AT_END = "window_zero_at_end";
    /// The capture ends, and bytes are missing in the middle of a stream that nobody has filled in.
    HOLE_AT_END = "hole_at_end";
    /// The receiver's window was zero at the end, but not for long.
    WINDOW_DIPPED = "window_dipped";

    /// The same listener answered others about then.
    LISTENER_ANSWERED_OTHERS = "listener_answered_others";
    /// The same listener answered somebody, but only when this client had sent its last SYN.
    LISTENER_ANSWERED_LATER = "listener_answered_later";
    /// It answered everybody else, and went on doing so while this client asked in vain.
    ALL_OTHERS_ANSWERED = "all_others_answered";
    /// The same listener, which refused the end of this handshake, answered others about then.
    LISTENER_SERVED_ON = "listener_served_on";
    /// The same listener answers what others send.
    LISTENER_TALKS = "listener_talks";
    /// The host answered on another port.
    HOST_ANSWERS_ELSEWHERE = "host_answers_elsewhere";
    /// The same listener refused others.
    LISTENER_REFUSED_OTHERS = "listener_refused_others";
    /// The listener fell silent for others at the same moment, and was heard by nobody afterwards.
    FELL_SILENT_FOR_ALL = "fell_silent_for_all";
    /// The server closed several connections of its host at one instant, though it had not waited equally long.
    STOPPED_TOGETHER = "stopped_together";
    /// The client closed several connections to this host at one instant, though it had not waited equally long.
    LEFT_TOGETHER = "left_together";
    /// A connection that the listener had taken up before it refused this one lived on.
    OLDER_LIVES_ON = "older_lives_on";
    /// Nothing of a talk can be read, and a program ended it with others at once.
    UNREAD_STOPPED = "unread_stopped";
    /// The listener closed other connections after the same idle time.
    SAME_IDLE_CLOSE = "same_idle_close";

    /// A TLS alert.
    TLS_ALERT = "tls_alert";
    /// An alert that is encrypted: it may be a mere goodbye.
    TLS_ALERT_ENCRYPTED = "tls_alert_encrypted";
    /// The TLS handshake was broken off.
    TLS_BROKEN_OFF = "tls_broken_off";
    /// By the client, before it can have seen anything of the server's part.
    TLS_LEFT_UNHEARD = "tls_left_unheard";
    /// The client left right behind the TLS handshake, without having asked for anything.
    TLS_LEFT_AT_ONCE = "tls_left_at_once";
    /// The same, but some seconds behind it.
    TLS_LEFT_UNUSED = "tls_left_unused";
    /// The two sides speak different protocols.
    DIFFERENT_PROTOCOLS = "different_protocols";
    /// What the server said first behind a request in HTTP is no answer in HTTP, nor the greeting of a protocol that is known.
    ODD_ANSWER = "odd_answer";
    /// A protocol on a port that is usually another's, and the server closed without a byte.
    UNLIKELY_PORT = "unlikely_port";
    /// The server closed without a byte as soon as it had read the first words, on a port that tells nothing.
    CLOSED_AT_FIRST_WORD = "closed_at_first_word";
    /// In a protocol that is not understood the client's first words got no answer, and the server closed in order.
    FIRST_WORD_UNANSWERED = "first_word_unanswered";
    /// The client reset the connection while something of the server was on its way, or lay there unacknowledged.
    RESET_WHILE_SENT_TO = "reset_while_sent_to";
    /// The server said yes (2xx) before it had the whole request, and the client left.
    EARLY_YES = "early_yes";
    /// The client did not send its SYN again, though nobody answered and the capture runs on.
    SYN_NOT_REPEATED = "syn_not_repeated";
    /// In a protocol that is not understood the server never said anything, and closed as soon as the client had.
    HEARD_OUT = "heard_out";
    /// Whether the last request in an encrypted session was answered does not show: what came may be session tickets.
    TURN_UNTOLD = "turn_untold";
    /// Something else about the protocol.
    PROTOCOL_FINDING = "protocol_finding";
}
