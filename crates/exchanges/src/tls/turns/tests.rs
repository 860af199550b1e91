use super::*;
use Side::{Client, Server};

fn heard(mut turns: Turns, records: &[(Side, u16)]) -> Turns {
    for (frame, (side, content)) in (1..).zip(records) {
        turns.add(*side, frame, *content);
    }
    turns
}

fn after(turns: Turns, records: &[(Side, u16)]) -> (Option<bool>, Option<bool>) {
    let turns = heard(turns, records);
    (
        turns.request_outstanding(),
        turns.response_under_way(None, false),
    )
}

#[test]
fn an_opening_of_http2_that_only_tickets_follow_is_unanswered() {
    let turns = || Turns::new(Speech::Http2, Tickets::Any);
    let tickets = [(Client, 88), (Server, 233), (Server, 233)];
    assert_eq!(after(turns(), &tickets).0, Some(true));
    let settings = [tickets.as_slice(), &[(Server, 27)]].concat();
    assert_eq!(after(turns(), &settings).0, None);
    assert_eq!(after(turns(), &tickets[..2]).0, None);
}

#[test]
fn two_tickets_for_a_client_that_has_no_use_for_any_are_no_answer() {
    let turns = || Turns::new(Speech::Other, Tickets::Two);
    let asked = (Client, 64);
    let answered = |records: &[(Side, u16)]| after(turns(), records).0;
    assert_eq!(answered(&[asked, (Server, 233), (Server, 233)]), Some(true));
    let answer = [(Server, 233), (Server, 233), (Server, 512)];
    assert_eq!(answered(&[&[asked], &answer[..]].concat()), Some(false));
    // One record is an answer, and so are two that are not alike.
    assert_eq!(answered(&[asked, (Server, 233)]), Some(false));
    assert_eq!(
        answered(&[asked, (Server, 233), (Server, 512)]),
        Some(false)
    );
}

#[test]
fn a_window_behind_the_servers_settings_resets_nothing() {
    let asked = [(Client, 69), (Client, 64), (Server, 33), (Server, 13)];
    let turns = || Turns::new(Speech::Http2, Tickets::None);
    let opened = [asked.as_slice(), &[(Client, 9), (Server, 9)]].concat();
    assert_eq!(after(turns(), &opened).0, Some(true));
    let reset = [opened.as_slice(), &[(Server, 13)]].concat();
    assert_eq!(after(turns(), &reset).0, None);
}

#[test]
fn what_comes_before_any_request_is_a_ticket() {
    let turns = || Turns::new(Speech::Other, Tickets::Any);
    let late = [(Server, 1_040), (Client, 80)];
    assert_eq!(after(turns(), &late), (Some(true), Some(false)));
    let answered = [late.as_slice(), &[(Server, 300)]].concat();
    assert_eq!(after(turns(), &answered), (Some(false), None));
    // Behind a request it may be either.
    assert_eq!(after(turns(), &[(Client, 80), (Server, 1_040)]).0, None);
}

#[test]
fn a_reset_behind_a_silence_gives_up_the_last_request() {
    let at = Moment::default();
    let mut turns = heard(
        Turns::new(Speech::Http2, Tickets::None),
        &[(Client, 69), (Server, 40), (Client, 50), (Client, 9)],
    );
    turns.after_silence(at, 9);
    assert_eq!(turns.given_up(), None);
    turns.after_silence(at, 13);
    assert_eq!(turns.given_up(), Some(at));
    turns.add(Client, 5, 13);
    assert_eq!(turns.request_outstanding(), None);
    // An answer after all: it was slow.
    turns.add(Server, 6, 300);
    assert_eq!(turns.given_up(), None);
    assert_eq!(turns.request_outstanding(), Some(false));
    // Where the server spoke since, it may open a window.
    turns.after_silence(at, 13);
    assert_eq!(turns.given_up(), None);
}

#[test]
fn requests_and_responses_of_http1() {
    let turns = || Turns::new(Speech::Other, Tickets::None);
    assert_eq!(after(turns(), &[]), (None, None));
    let asked = [(Client, 80)];
    assert_eq!(after(turns(), &asked), (Some(true), Some(false)));
    let short = [(Client, 80), (Server, 300)];
    assert_eq!(after(turns(), &short), (Some(false), None));
    let head = [(Client, 80), (Server, 300)];
    let full = [(Server, 16_384); 3];
    let long = [head, [full[0]; 2]].concat();
    // 32 KiB may be all that there is.
    assert_eq!(after(turns(), &long), (Some(false), None));
    let long = [head.as_slice(), &full].concat();
    assert_eq!(after(turns(), &long), (Some(false), Some(true)));
    let buffers = [head.as_slice(), &[(Server, 8_192); 4]].concat();
    assert_eq!(after(turns(), &buffers).1, None);
    let uneven = [head.as_slice(), &[(Server, 8_192); 5]].concat();
    assert_eq!(after(turns(), &uneven).1, Some(true));
    let with_head = [(Client, 80), full[0]];
    assert_eq!(after(turns(), &with_head), (Some(false), Some(true)));
    let mebibyte = [head.as_slice(), &[full[0]; 64]].concat();
    assert_eq!(after(turns(), &mebibyte), (Some(false), None));
    let ended = [long.as_slice(), &[(Server, 77)]].concat();
    assert_eq!(after(turns(), &ended), (Some(false), Some(false)));
    // Pieces of any length: whether more was to come cannot be told.
    let streamed = [
        (Client, 80),
        (Server, 2_000),
        (Server, 1_100),
        (Server, 1_900),
    ];
    assert_eq!(after(turns(), &streamed), (Some(false), None));
    let last_chunk = [streamed.as_slice(), &[(Server, 5)]].concat();
    assert_eq!(after(turns(), &last_chunk), (Some(false), Some(false)));
}

#[test]
fn without_the_negotiation_small_records_are_neither() {
    let turns = || Turns::new(Speech::Unknown, Tickets::None);
    let answered = [(Client, 91), (Server, 300), (Server, 16_384)];
    assert_eq!(after(turns(), &answered).0, Some(false));
    let window = [answered.as_slice(), &[(Client, 13), (Client, 17)]].concat();
    assert_eq!(after(turns(), &window).0, Some(false));
    let unsure = [answered.as_slice(), &[(Client, 26)]].concat();
    assert_eq!(after(turns(), &unsure).0, None);
    assert_eq!(after(turns(), &[(Client, 91)]).0, Some(true));
}

#[test]
fn the_end_of_an_answer_by_its_sizes() {
    let end = |speech, records: &[u16]| {
        let mut turns = Turns::new(speech, Tickets::None);
        turns.add(Client, 1, 80);
        for (frame, content) in (2..).zip(records) {
            turns.add(Server, frame, *content);
        }
        turns.answer_end()
    };
    assert_eq!(end(Speech::Other, &[300]), AnswerEnd::Untold);
    let pieces = [300, 1_100, 1_900, 700];
    assert_eq!(end(Speech::Other, &pieces), AnswerEnd::InPieces);
    let chunked = [300, 1_100, 1_900, 5];
    assert_eq!(end(Speech::Other, &chunked), AnswerEnd::Marked);
    let file = [300, 16_384, 16_384, 77];
    assert_eq!(end(Speech::Other, &file), AnswerEnd::Shorter);
    let reset = [300, 1_100, 1_900, 700, 13];
    assert_eq!(end(Speech::Http2, &reset), AnswerEnd::PerhapsReset);
    assert_eq!(end(Speech::Other, &reset), AnswerEnd::InPieces);
    // Go: the rest of a DATA frame of 16 KiB behind each full record, and DATA without content last.
    let frames = [300, 16_384, 9, 16_384, 9, 16_384, 9];
    assert_eq!(end(Speech::Http2, &frames), AnswerEnd::Full);
    let ended = [&frames[..], &[9]].concat();
    assert_eq!(end(Speech::Http2, &ended), AnswerEnd::Marked);
    let mut mail = Turns::new(Speech::Other, Tickets::None);
    for (frame, (side, content)) in
        (1..).zip([(Client, 80), (Server, 60), (Client, 6), (Server, 59)])
    {
        mail.add(side, frame, content);
    }
    assert_eq!(mail.answer_end(), AnswerEnd::Marked);
    let mut upload = Turns::new(Speech::Http2, Tickets::None);
    let records = [(Client, 80), (Client, 900), (Server, 300), (Server, 13)];
    for (frame, (side, content)) in (1..).zip(records) {
        upload.add(side, frame, content);
    }
    assert_eq!(upload.answer_end(), AnswerEnd::Untold);
    let went_on = [300, 1_100, 13, 1_900, 700];
    assert_eq!(end(Speech::Http2, &went_on), AnswerEnd::InPieces);
}

#[test]
fn runs_that_end_alike_have_no_end_among_them() {
    let run = |end: u16| [[(Server, 16_384); 3].as_slice(), &[(Server, end)]].concat();
    let answer = |ends: &[u16]| {
        let runs = ends.iter().flat_map(|end| run(*end));
        [(Client, 80)].into_iter().chain(runs).collect::<Vec<_>>()
    };
    let turns = || Turns::new(Speech::Http2, Tickets::None);
    assert_eq!(after(turns(), &answer(&[170, 72, 72])).1, Some(true));
    assert_eq!(after(turns(), &answer(&[170, 72, 73])).1, None);
    // Several answers at once may well end alike.
    let small = [
        (Client, 80),
        (Server, 900),
        (Server, 72),
        (Server, 900),
        (Server, 72),
    ];
    assert_eq!(after(turns(), &small).1, None);
}

#[test]
fn a_request_that_is_read_late_is_not_the_last_word() {
    let mut turns = Turns::new(Speech::Other, Tickets::None);
    assert!(turns.add(Server, 67, 1_400));
    assert!(turns.add(Client, 63, 1_100));
    assert_eq!(turns.request_outstanding(), Some(false));
    assert!(turns.add(Client, 68, 1_100));
    assert_eq!(turns.request_outstanding(), Some(true));
}

#[test]
fn tickets_are_no_answer() {
    let turns = || Turns::new(Speech::Other, Tickets::Any);
    for ticket in [238, 57] {
        let two = [(Client, 80), (Server, ticket), (Server, ticket)];
        assert_eq!(after(turns(), &two).0, Some(true));
    }
    let two = [(Client, 80), (Server, 238), (Server, 238)];
    let by_a_block = [(Client, 80), (Server, 238), (Server, 254)];
    assert_eq!(after(turns(), &by_a_block).0, Some(true));
    let one = [(Client, 80), (Server, 238)];
    assert_eq!(after(turns(), &one), (None, None));
    let answered = [two.as_slice(), &[(Server, 700)]].concat();
    assert_eq!(after(turns(), &answered).0, Some(false));
    let one_and_answer = [(Client, 80), (Server, 1_200), (Server, 700)];
    assert_eq!(after(turns(), &one_and_answer).0, Some(false));
}

#[test]
fn a_short_answer_behind_the_settings_is_one() {
    // `curl -I` of nginx: SETTINGS and WINDOW_UPDATE, the acknowledgement of the client's, and a HEADERS frame.
    let head = [
        (Client, 64),
        (Client, 44),
        (Server, 49),
        (Client, 9),
        (Server, 74),
    ];
    assert_eq!(
        after(Turns::new(Speech::Http2, Tickets::None), &head).0,
        Some(false)
    );
}

/// nginx with HTTP/2: the opening, the request's head, a WINDOW_UPDATE at once, and pieces of an upload with the rest of their frames.
fn upload_in_http2(pieces: u32) -> Vec<(Side, u16)> {
    let mut records = vec![
        (Client, 64),
        (Server, 40),
        (Server, 9),
        (Client, 58),
        (Server, 13),
    ];
    for _ in 0..pieces {
        records.extend([(Client, 16_384), (Client, 9)]);
    }
    records
}

fn in_http2(records: &[(Side, u16)]) -> Turns {
    heard(Turns::new(Speech::Http2, Tickets::None), records)
}

#[test]
fn an_upload_that_goes_on_was_granted_more_and_not_reset() {
    let turns = || Turns::new(Speech::Http2, Tickets::None);
    assert_eq!(after(turns(), &upload_in_http2(20)).0, Some(true));
    assert_eq!(after(turns(), &upload_in_http2(1)).0, None);
}

#[test]
fn who_owes_an_acknowledgement_of_settings_sends_it_with_a_window() {
    let outstanding = |settings: u16| {
        let records = [
            (Client, 64),
            (Server, settings),
            (Client, 58),
            (Client, 9),
            (Client, 16_384),
            (Server, 22),
            (Client, 9),
            (Client, 16_384),
        ];
        in_http2(&records).request_outstanding()
    };
    // SETTINGS of three entries and WINDOW_UPDATE; the same with the acknowledgement behind it.
    assert_eq!(outstanding(40), Some(true));
    assert_eq!(outstanding(49), None);
}

#[test]
fn an_upload_in_http2_may_be_answered_early() {
    let early = |records: &[(Side, u16)]| in_http2(records).answered_early();
    let refused = [(Server, 256), (Server, 13), (Client, 9), (Client, 16_384)];
    let records = [upload_in_http2(20).as_slice(), &refused].concat();
    assert_eq!(early(&records), Some(false));
    // By its head alone; and in the middle of a record, in two records.
    let head = [&upload_in_http2(0)[..4], &refused, &[(Client, 16_384)]].concat();
    assert_eq!(early(&head), Some(false));
    let mut within = in_http2(&upload_in_http2(2));
    for content in [72, 192, 13] {
        within.within_record();
        within.add(Server, 99, content);
    }
    assert_eq!(within.answered_early(), Some(false));
    // What goes on for long, or is followed by another request, was not what was answered.
    let went_on = [records.as_slice(), &[(Client, 16_384); 70]].concat();
    assert_eq!(early(&went_on), None);
    let another = [records.as_slice(), &[(Client, 60)]].concat();
    assert_eq!(early(&another), None);
    let whole = [
        upload_in_http2(20).as_slice(),
        &[(Client, 700), (Server, 256)],
    ]
    .concat();
    assert_eq!(early(&whole), None);
}

#[test]
fn an_early_answer_in_http2_may_come_in_two_parts() {
    let parts = [
        (Client, 16_384),
        (Server, 72),
        (Client, 9),
        (Client, 16_384),
        (Server, 192),
        (Server, 13),
    ];
    let mut turns = in_http2(&upload_in_http2(0)[..4]);
    for (frame, (side, content)) in (20..).zip(parts) {
        if side == Server {
            turns.within_record();
        }
        turns.add(side, frame, content);
    }
    assert_eq!(turns.answered_early(), Some(false));
}

#[test]
fn a_body_that_meets_its_answer_may_be_given_up_in_the_middle_of_a_record() {
    let early = |records: &[(Side, u16)]| {
        let opening = &upload_in_http2(0)[..4];
        in_http2(&[opening, &[(Server, 255)], records].concat()).answered_early()
    };
    assert_eq!(early(&[(Client, 16_384), (Server, 13)]), Some(false));
    let more = [(Client, 16_384), (Client, 16_384), (Server, 13)];
    assert_eq!(early(&more), Some(false));
    assert_eq!(early(&more[..2]), None);
    let another = [(Client, 60), (Client, 16_384), (Server, 13)];
    assert_eq!(early(&another), None);
    let answered = [(Client, 16_384), (Server, 300), (Server, 13)];
    assert_eq!(early(&answered), None);
}

/// Go answers each frame of DATA with two windows, many of them in one record; an answer may be as long where there were not so many.
#[test]
fn as_many_windows_as_an_upload_takes_are_no_answer() {
    let early = |pieces: u32, windows: u16| {
        let mut turns = in_http2(&upload_in_http2(pieces));
        for (content, frame) in [(72, 90), (13 * windows, 99)] {
            turns.within_record();
            turns.add(Server, frame, content);
            turns.add(Client, frame, 16_384);
            turns.add(Client, frame, 16_384);
        }
        turns.answered_early()
    };
    assert_eq!(early(12, 24), Some(false));
    assert_eq!(early(2, 24), None);
}

/// Who opens its windows has done so before the end of the answer.
#[test]
fn a_client_may_refuse_an_answer_behind_its_end() {
    let refused = |records: &[(Side, u16)]| {
        let asked = [(Client, 64), (Client, 67), (Server, 33), (Server, 9)];
        in_http2(&[&asked, records].concat()).perhaps_refused_answer()
    };
    let answer = [(Server, 90), (Server, 7_000), (Server, 9)];
    let reset = [&answer[..], &[(Client, 13)]].concat();
    assert!(refused(&reset));
    assert!(!refused(&answer));
    assert!(!refused(&[&answer[..2], &[(Client, 13)]].concat()));
    assert!(!refused(&[&reset[..], &[(Client, 40)]].concat()));
    assert!(!refused(&[&reset[..], &answer].concat()));
    let opens = [&answer[..1], &[(Client, 13)], &answer[1..], &[(Client, 13)]];
    assert!(!refused(&opens.concat()));
}

#[test]
fn what_is_answered_beside_an_upload_is_another_request() {
    let beside = [
        (Client, 60),
        (Server, 256),
        (Client, 16_384),
        (Server, 13),
        (Client, 16_384),
    ];
    let records = [upload_in_http2(3).as_slice(), &beside].concat();
    assert_eq!(in_http2(&records).answered_early(), None);
    assert_eq!(
        in_http2(&records[..records.len() - 1]).answered_early(),
        None
    );
}

#[test]
fn an_upload_that_stops_at_its_answer_was_perhaps_refused() {
    let refused = |records: &[(Side, u16)]| in_http2(records).perhaps_refused();
    let answer = [(Server, 72), (Server, 192), (Server, 13)];
    let stopped = [upload_in_http2(5).as_slice(), &answer].concat();
    assert!(refused(&stopped));
    assert!(!refused(&stopped[..stopped.len() - 1]));
    let whole = [upload_in_http2(5).as_slice(), &[(Client, 700)], &answer].concat();
    assert!(!refused(&whole));
}

#[test]
fn frames_of_http2_are_neither() {
    let turns = || Turns::new(Speech::Http2, Tickets::None);
    // Preface, SETTINGS of three entries and WINDOW_UPDATE; a request; the server's own SETTINGS; its acknowledgement.
    let opening = [
        (Client, 64),
        (Client, 46),
        (Server, 49),
        (Server, 9),
        (Client, 9),
    ];
    assert_eq!(after(turns(), &opening).0, Some(true));
    let answered = [opening.as_slice(), &[(Server, 119)]].concat();
    assert_eq!(after(turns(), &answered).0, Some(false));
    let pinged = [
        answered.as_slice(),
        &[(Client, 17), (Server, 17), (Client, 13)],
    ]
    .concat();
    assert_eq!(after(turns(), &pinged).0, Some(false));
    // A preface alone may be a connection that was opened to be ready; with a request in the same record it is not.
    assert_eq!(after(turns(), &[(Client, 64)]).0, None);
    assert_eq!(after(turns(), &[(Client, 110)]).0, Some(true));
    let again = [answered.as_slice(), &[(Client, 55)]].concat();
    assert_eq!(after(turns(), &again).0, Some(true));
    let unsure = [answered.as_slice(), &[(Client, 26)]].concat();
    assert_eq!(after(turns(), &unsure).0, None);
}

#[test]
fn answers_of_one_length_are_not_pieces_of_one() {
    // Requests as short as some frames of control: HPACK has seen their like.
    let asked = [
        (Client, 82),
        (Client, 75),
        (Server, 45),
        (Server, 128),
        (Server, 1_225),
    ];
    let again = [(Client, 29), (Server, 1_343), (Client, 29), (Server, 1_343)];
    let turns = || Turns::new(Speech::Http2, Tickets::None);
    assert_ne!(after(turns(), &[&asked[..], &again].concat()).1, Some(true));
    let pieces = [(Server, 1_343), (Server, 1_343), (Server, 1_343)];
    assert_eq!(
        after(turns(), &[&asked[..], &pieces].concat()).1,
        Some(true)
    );
    // Several requests of HTTP/1 at once.
    let asked = [(Client, 74), (Client, 222)];
    let answers = [(Server, 10_050); 4];
    let turns = || Turns::new(Speech::Other, Tickets::None);
    assert_ne!(
        after(turns(), &[&asked[..], &answers].concat()).1,
        Some(true)
    );
    assert_eq!(
        after(turns(), &[&asked[..1], &answers].concat()).1,
        Some(true)
    );
}

/// The last piece is shorter than the others because the window was full: more was to come.
#[test]
fn an_upload_that_was_answered_early_may_stop_at_its_first_window() {
    let early = |last: u16| {
        let body = [(Client, 16_383), (Server, 89), (Client, 16_383)];
        let rest = [(Client, 16_383), (Client, 16_383), (Client, last)];
        let records = [&upload_in_http2(0)[..4], &body, &rest].concat();
        in_http2(&records).answered_early()
    };
    assert_eq!(early(119), Some(false));
    assert_eq!(early(900), Some(false));
    // Too much for the first window: another request's head.
    assert_eq!(early(1_020), None);
}

/// The answer had come behind the head, as seen at the server, before the body that did not know of it.
#[test]
fn a_body_behind_its_answer_may_stop_at_its_first_window_or_go_on() {
    let body = [(Client, 16_367); 4];
    let opening = [(Client, 36), (Client, 153), (Server, 42), (Server, 89)];
    let stops = [
        &opening[..],
        &body,
        &[(Server, 13), (Client, 103), (Client, 9)],
    ]
    .concat();
    let reset = [&stops[..], &[(Server, 13)]].concat();
    assert_eq!(in_http2(&reset).answered_early(), Some(false));
    let granted = [
        &opening[..],
        &body,
        &[(Client, 103), (Client, 9)],
        &body,
        &[(Server, 13)],
    ];
    assert_eq!(in_http2(&granted.concat()).answered_early(), Some(false));
    // The head may stand in the client's first record, which may be as long without one.
    let at_once = [&[(Client, 153)], &reset[2..]].concat();
    assert_eq!(in_http2(&at_once).answered_early(), Some(false));
    // Another request's head.
    let another = [&stops[..], &[(Client, 103), (Server, 13)]].concat();
    assert_eq!(in_http2(&another).answered_early(), None);
}

/// A length that an upload has gone on behind is one of flow control, when it comes again as well.
#[test]
fn a_window_that_was_granted_before_is_granted_again() {
    let granting = |len: u16| {
        let mut records = upload_in_http2(5);
        records.push((Server, 26));
        records.extend(&upload_in_http2(5)[5..]);
        records.push((Server, len));
        records.push((Client, 16_384));
        in_http2(&records).request_outstanding()
    };
    assert_eq!(granting(26), Some(true));
    assert_eq!(granting(39), None);
}

#[test]
fn answers_of_one_length_to_several_streams_are_no_answer_under_way() {
    let turns = || Turns::new(Speech::Http2, Tickets::None);
    let asked = [(Client, 194), (Server, 40), (Client, 20)];
    let one_by_one = [(Server, 2_175), (Client, 20), (Server, 2_175), (Client, 20)];
    let at_once = [(Server, 2_175), (Server, 2_175), (Server, 2_175)];
    let several = [asked.as_slice(), &one_by_one, &at_once].concat();
    assert_eq!(after(turns(), &several).1, None);
    // One answer alone, in as many pieces, goes on.
    let alone = [asked.as_slice(), &at_once].concat();
    assert_eq!(after(turns(), &alone).1, Some(true));
}
