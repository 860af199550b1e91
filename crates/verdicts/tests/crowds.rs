//! Several connections of one capture: witnesses for each other, and one story.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use talk::{ACK, FIN_ACK, NEXT, PSH_ACK, SYN, SYN_ACK, Talk};
use told::{share, told, weighs};
use whyreset_connections::{Connection, Side};
use whyreset_exchanges::Exchanges;
use whyreset_verdicts::{Cause, Stories, Verdict};

/// One packet of a connection that began so much later than the first; the numbers are its next ones, up and down.
type Step<'a> = &'a dyn Fn(&mut Talk, f64, &mut u32, &mut u32);
/// What follows the FINs.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    Nothing,
    SentAgain,
    SentAgainAndAcknowledged,
    SentAgainWhileAnotherIsServed,
}

type Judged = Vec<(Connection<Exchanges>, Verdict)>;

/// `count` connections, a millisecond apart: each asks and gets the first part of an answer, hears nothing more from
/// second 1 on, and closes at second 4.
fn standing_still(count: u16, then: Then) -> Judged {
    let mut talk = Talk::new();
    let (mut ups, mut downs) = (vec![0; count.into()], vec![0; count.into()]);
    let steps: [Step<'_>; 5] = [
        &|talk, at, _, _| talk.client(at, SYN, 0, 0, b""),
        &|talk, at, _, _| talk.server(0.04 + at, SYN_ACK, 0, 1, b""),
        &|talk, at, _, _| talk.client(0.1 + at, ACK, 1, 1, b""),
        &|talk, at, up, down| {
            talk.client(0.9 + at, PSH_ACK, 1, 1, NEXT);
            *up = 1 + NEXT.len() as u32;
            let head = b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\nthe first part";
            talk.server(0.95 + at, PSH_ACK, 1, *up, head);
            *down = 1 + head.len() as u32;
            talk.client(0.951 + at, ACK, *up, *down, b"");
        },
        &|talk, at, up, down| talk.client(4.0 + at, FIN_ACK, *up, *down, b""),
    ];
    let mut step = |talk: &mut Talk, act: Step<'_>, gap: f64| {
        for n in 0..count {
            talk.client_port = 40_000 + n;
            let n = usize::from(n);
            act(talk, n as f64 * gap, &mut ups[n], &mut downs[n]);
        }
    };
    for act in steps {
        step(&mut talk, act, 0.002);
    }
    if then != Then::Nothing {
        step(
            &mut talk,
            &|t, at, up, down| t.client(4.3 + at, FIN_ACK, *up, *down, b""),
            0.002,
        );
    }
    if then == Then::SentAgainAndAcknowledged {
        step(
            &mut talk,
            &|t, at, up, down| t.server(4.8 + at, ACK, *down, *up + 1, b""),
            0.002,
        );
    }
    if then == Then::SentAgainWhileAnotherIsServed {
        talk.client_port = 50_000;
        talk.client(5.0, SYN, 0, 0, b"");
        talk.server(5.04, SYN_ACK, 0, 1, b"");
        talk.client(5.0401, ACK, 1, 1, b"");
    }
    talk.verdicts(6.0)
}

fn causes(judged: &Judged) -> Vec<Cause> {
    judged.iter().map(|(_, verdict)| verdict.cause).collect()
}

#[test]
fn a_link_that_dies_under_many_is_no_client_s_patience() {
    let judged = standing_still(6, Then::SentAgain);
    assert_eq!(causes(&judged), [Cause::PathBlackhole; 6]);
    assert!(is_told(&judged[2]), "{}", told(&judged[2].1));
    assert!(
        judged[2].1.summary.contains("nothing came from the server"),
        "{}",
        judged[2].1.summary
    );
}

#[test]
fn a_slow_server_that_is_heard_again_is_waited_for() {
    let judged = standing_still(6, Then::SentAgainAndAcknowledged);
    assert_eq!(causes(&judged), [Cause::ClientTimeout; 6]);
}

#[test]
fn closes_whose_acknowledgement_is_on_its_way_witness_nothing() {
    assert!(!standing_still(6, Then::Nothing).iter().any(is_told));
}

#[test]
fn a_host_that_others_still_hear_has_not_vanished() {
    let judged = standing_still(6, Then::SentAgainWhileAnotherIsServed);
    assert!(!judged.iter().any(is_told));
}

fn is_told((_, verdict): &(Connection<Exchanges>, Verdict)) -> bool {
    let mut evidence = verdict.evidence();
    evidence.any(|e| e.id.name() == "fell_silent_for_all")
}

#[test]
fn one_story_says_who_closed_and_how_long_after_what() {
    let judged = standing_still(6, Then::SentAgainAndAcknowledged);
    let mut stories = Stories::new();
    for (connection, verdict) in &judged {
        stories.add(connection, verdict);
    }
    let list = stories.list();
    assert_eq!(list.len(), 1);
    assert_eq!(
        list[0].sentence("198.51.100.7:80"),
        "6 connections to 198.51.100.7:80, all closed by the client 3.05 s after their last data: the client gave up waiting"
    );
}

#[test]
fn keep_alive_ends_are_counted_from_the_last_response_and_the_timer_is_named() {
    let mut talk = Talk::new();
    for n in 0..3_u16 {
        talk.client_port = 40_000 + n;
        let at = f64::from(n) * 20.0;
        talk.client(at, SYN, 0, 0, b"");
        talk.server(at + 0.04, SYN_ACK, 0, 1, b"");
        talk.client(at + 0.0401, ACK, 1, 1, b"");
        let up = talk.request(at + 0.05, 1, 1);
        let down = talk.response(at + 0.1, 1, up, 3000, 3000);
        // The FIN left the server 20 ms before the next request passes here.
        talk.client(at + 5.09, PSH_ACK, up, down, NEXT);
        talk.server(at + 5.102, FIN_ACK, down, up, b"");
        talk.client(at + 5.1021, ACK, up + NEXT.len() as u32, down + 1, b"");
        talk.stranger(at + 5.131, Side::Server, talk::RST, down + 1, 57);
    }
    let judged = talk.verdicts(60.0);
    assert_eq!(causes(&judged), [Cause::KeepaliveRace; 3]);
    let mut stories = Stories::new();
    for (connection, verdict) in &judged {
        stories.add(connection, verdict);
    }
    let sentence = stories.list()[0].sentence("shop:80");
    assert!(sentence.starts_with("3 connections to shop:80, all closed by the server 5.00 s after their last response: a request met the server's idle close"), "{sentence}");
    assert!(
        sentence.ends_with("(that fits the keep-alive default of Node.js and Apache)"),
        "{sentence}"
    );
}

/// Two connections: one is served, the other's first word is sent again and again in vain. `heard`: when the server last speaks to the
/// first one.
fn one_is_ignored(heard: f64) -> Verdict {
    let mut talk = Talk::new();
    for port in [40_000, 40_001] {
        talk.client_port = port;
        talk.handshake();
    }
    for at in [0.05, 0.26, 0.7, 1.6, 3.4, 7.0] {
        talk.client_port = 40_001;
        talk.client(at, PSH_ACK, 1, 1, NEXT);
    }
    talk.client_port = 40_000;
    let up = talk.request(heard - 0.1, 1, 1);
    talk.response(heard, 1, up, 20, 20);
    let judged = talk.verdicts(20.0);
    let ignored = judged
        .into_iter()
        .find(|(c, _)| c.ends.client.port == 40_001);
    ignored.expect("two connections").1
}

/// With SYN cookies a host whose accept queue is full drops the ACK, and all behind it, and says nothing more.
#[test]
fn a_listener_that_serves_others_has_no_room_for_whom_it_ignores() {
    let verdict = one_is_ignored(5.0);
    assert_eq!(
        verdict.cause,
        Cause::AcceptQueueOverflow,
        "{}",
        verdict.summary
    );
    let verdict = one_is_ignored(0.15);
    assert_eq!(verdict.cause, Cause::PathBlackhole, "{}", verdict.summary);
}

/// One client asks at 0, 1, 3 and 7 s in vain, and so many others are answered at once meanwhile.
fn one_in_vain(others: u16) -> Verdict {
    let mut talk = Talk::new();
    let mut served = 0;
    for at in [0.0, 1.0, 3.0, 7.0] {
        talk.client_port = 40_000;
        talk.client(at, SYN, 0, 0, b"");
        if served < others && at > 0.0 {
            served += 1;
            talk.client_port += served;
            talk.client(at + 0.5, SYN, 0, 0, b"");
            talk.server(at + 0.54, SYN_ACK, 0, 1, b"");
            talk.client(at + 0.541, ACK, 1, 1, b"");
        }
    }
    talk.client_port = 41_000;
    talk.client(12.0, SYN, 0, 0, b"");
    talk.server(12.04, SYN_ACK, 0, 1, b"");
    talk.verdict(30.0)
}

#[test]
fn a_queue_that_has_room_for_all_others_is_hardly_full() {
    let (few, all) = (one_in_vain(1), one_in_vain(3));
    assert_eq!(few.cause, Cause::AcceptQueueOverflow, "{}", told(&few));
    assert!(few.confidence > 0.7, "{}", told(&few));
    assert!(all.confidence < 0.7, "{}", told(&all));
}

/// A client that gets through; then a SYN of another that gets no answer, once or again and again.
fn a_syn_is_dropped(again: &[f64]) -> Judged {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    talk.response(0.1, 1, up, 3000, 3000);
    talk.client_port = 41_000;
    talk.client(1.0, SYN, 0, 0, b"");
    for at in again {
        talk.client(*at, SYN, 0, 0, b"");
    }
    talk.client_port = 42_000;
    talk.client(9.0, SYN, 0, 0, b"");
    talk.server(9.04, SYN_ACK, 0, 1, b"");
    talk.client(9.0401, ACK, 1, 1, b"");
    talk.verdicts(10.0)
}

#[test]
fn a_host_that_is_dropped_asks_again() {
    let sure = |judged: &Judged| {
        let dropped = judged.iter().find(|(c, _)| c.ends.client.port == 41_000);
        let (_, verdict) = dropped.expect("it is there");
        verdict.cause == Cause::AcceptQueueOverflow && verdict.confidence > 0.6
    };
    assert!(sure(&a_syn_is_dropped(&[2.0, 4.0])));
    assert!(!sure(&a_syn_is_dropped(&[])));
}

#[test]
fn its_own_syn_ack_is_nobody_elses() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    talk.response(0.1, 1, up, 3000, 3000);
    talk.client_port = 41_000;
    talk.client(5.0, SYN, 0, 0, b"");
    talk.server(5.04, SYN_ACK, 0, 1, b"");
    talk.client(5.041, ACK, 1, 1, b"");
    for at in [5.042, 5.25, 5.65, 6.45, 8.05] {
        talk.client(at, PSH_ACK, 1, 1, NEXT);
    }
    talk.server(9.04, SYN_ACK, 0, 1, b"");
    let judged = talk.verdicts(9.05);
    let (_, verdict) = judged.last().expect("it is there");
    assert!(!weighs(verdict, "first_word_ignored"), "{}", told(verdict));
}

/// Connections that were opened at these times; `ask` says what the client does then, and `close` how each ends.
fn opened_at(
    times: &[f64],
    ask: impl Fn(&mut Talk, f64) -> u32,
    close: impl Fn(&mut Talk, f64, u32),
) -> Judged {
    let mut talk = Talk::new();
    let mut opened: Vec<(f64, u16, u32)> = Vec::new();
    for (port, at) in (40_000..).zip(times) {
        talk.client_port = port;
        talk.client(*at, SYN, 0, 0, b"");
        talk.server(at + 0.04, SYN_ACK, 0, 1, b"");
        talk.client(at + 0.0401, ACK, 1, 1, b"");
        let up = ask(&mut talk, *at + 0.05);
        opened.push((*at, port, up));
    }
    for (at, port, up) in opened {
        talk.client_port = port;
        close(&mut talk, at, up);
    }
    talk.verdicts(60.0)
}

/// So many connections that were never used, opened in this rhythm; the server closes them all at second 20.
fn stopped(count: u16, rhythm: f64) -> Judged {
    let times: Vec<f64> = (0..count).map(|n| f64::from(n) * rhythm).collect();
    opened_at(
        &times,
        |_, _| 1,
        |talk, opened, _| {
            let at = 20.0 + opened / 1e3;
            talk.server(at, FIN_ACK, 1, 1, b"");
            talk.client(at + 0.0001, FIN_ACK, 1, 2, b"");
            talk.server(at + 0.0401, ACK, 2, 2, b"");
        },
    )
}

#[test]
fn who_closes_all_at_once_after_different_waits_has_stopped() {
    let judged = stopped(4, 2.0);
    assert_eq!(causes(&judged), [Cause::ServerAbort; 4]);
    let verdict = &judged[1].1;
    assert!(verdict.confidence > 0.8, "{}", told(verdict));
    let others = "together with 3 other connections at the same instant";
    assert!(verdict.summary.contains(others), "{}", verdict.summary);
    // One other is chance; and where all waited equally long, a limit may have run out.
    for judged in [stopped(2, 2.0), stopped(4, 0.2)] {
        let timeout = |(_, verdict): &(_, Verdict)| verdict.cause == Cause::ServerTimeout;
        assert!(judged.iter().all(timeout), "{}", told(&judged[0].1));
    }
}

#[test]
fn limits_that_strike_all_the_time_come_together_by_chance() {
    let times: Vec<f64> = (0..200).map(|n| f64::from(n) * 0.1).collect();
    let judged = opened_at(
        &times,
        |_, _| 1,
        |talk, opened, _| {
            // A limit of 10 s, and one of 15 s.
            let at = opened
                + if ((opened * 10.0).round() as u32).is_multiple_of(2) {
                    10.0
                } else {
                    15.0
                };
            talk.server(at, FIN_ACK, 1, 1, b"");
            talk.client(at + 0.0001, FIN_ACK, 1, 2, b"");
        },
    );
    let stopped = |(_, verdict): &(_, Verdict)| weighs(verdict, "stopped_together");
    assert!(!judged.iter().any(stopped));
}

#[test]
fn a_client_that_leaves_all_its_requests_at_once_lost_no_patience() {
    let judged = opened_at(
        &[0.0, 3.0, 5.5, 7.0],
        |talk, at| talk.request(at, 1, 1),
        |talk, opened, up| {
            let at = 20.0 + opened / 1e3;
            talk.client(at, FIN_ACK, up, 1, b"");
            talk.server(at + 0.04, ACK, 1, up + 1, b"");
        },
    );
    assert_eq!(
        causes(&judged),
        [Cause::ClientAbort; 4],
        "{}",
        told(&judged[0].1)
    );
    assert!(
        judged[0].1.summary.contains("together with 3 other"),
        "{}",
        judged[0].1.summary
    );
}

/// The host refuses an acknowledgement of one client with a bare RST at second 5, and another client is answered until then.
fn one_is_refused(heard: f64) -> Verdict {
    let mut talk = Talk::new();
    for port in [40_000, 40_001] {
        talk.client_port = port;
        talk.handshake();
        let up = talk.request(0.05, 1, 1);
        let down = talk.response(0.1, 1, up, 900_000, 2_896);
        if port == 40_001 {
            talk.client(4.96, ACK, up, down, b"");
            talk.stranger(5.0, Side::Server, talk::RST, down, 57);
        } else {
            talk.server(heard, ACK, down, up, b"more");
        }
    }
    let mut judged = talk.verdicts(20.0);
    judged.swap_remove(1).1
}

#[test]
fn a_host_that_goes_on_with_older_connections_has_not_forgotten_all() {
    let (all, one) = (one_is_refused(4.0), one_is_refused(9.0));
    assert_eq!(all.cause, Cause::PeerStateLost, "{}", told(&all));
    assert!(weighs(&one, "older_lives_on"), "{}", told(&one));
    let lost = |verdict: &Verdict| share(verdict, Cause::PeerStateLost);
    assert!(lost(&one) < lost(&all) - 0.15, "{}", told(&one));
}
