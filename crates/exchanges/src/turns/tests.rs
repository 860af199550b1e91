use super::ClientsLast::{AskedAsBefore, Asks, Farewell, Tells, Untold};
use super::*;

/// What the client said last, after the two spoke so: `>` the client, `<` the server.
fn last(protocol: &str, talk: &[&[u8]]) -> (ClientsLast, Option<u64>) {
    let mut turns = Turns::default();
    for (frame, words) in talk.iter().enumerate() {
        let side = match words.first() {
            Some(b'>') => Side::Client,
            _ => Side::Server,
        };
        let at = Moment {
            frame: frame as u64 + 1,
            ..Moment::default()
        };
        turns.say(protocol, side, at, words.get(1..).unwrap_or_default());
    }
    let (last, answer) = turns.last();
    (last, answer.map(|at| at.frame))
}

#[test]
fn a_question_like_those_that_were_answered_is_one() {
    let talk: [&[u8]; 6] = [
        b">\0\x01read 4000",
        b"<\0\x01value",
        b">\0\x02read 4000",
        b"<\0\x02value",
        b">\0\x03read 4000",
        b"<\0\x03value",
    ];
    assert_eq!(last("unknown", &talk[..5]), (AskedAsBefore, None));
    assert_eq!(last("unknown", &talk), (AskedAsBefore, Some(6)));
    assert_eq!(last("unknown", &talk[..3]), (Untold, None));
    let goodbye: [&[u8]; 5] = [talk[0], talk[1], talk[2], talk[3], b">\0\x03so long!!"];
    assert_eq!(last("unknown", &goodbye), (Untold, None));
}

#[test]
fn what_was_not_captured_is_alike_by_its_length() {
    let lengths = |len: u64| {
        let mut turns = Turns::default();
        let at = Moment::default();
        for side in [
            Side::Client,
            Side::Server,
            Side::Client,
            Side::Server,
            Side::Client,
        ] {
            turns.miss("unknown", side, at, len);
        }
        turns.last().0
    };
    assert_eq!(lengths(200), AskedAsBefore);
    assert_eq!(lengths(14), Untold, "it may be a goodbye");
}

#[test]
fn a_transfer_that_is_announced_is_not_over() {
    let talk: [&[u8]; 3] = [
        b">RETR a.iso\r\n",
        b"<150 Opening BINARY mode data connection\r\n",
        b"<226 Transfer complete.\r\n",
    ];
    assert_eq!(last("ftp", &talk[..2]), (Asks, None));
    assert_eq!(last("ftp", &talk), (Asks, Some(3)));
    let at_once = b"<150 Ok to send data.\r\n226 Transfer complete.\r\n";
    assert_eq!(last("ftp", &[talk[0], at_once]), (Untold, Some(2)));
}

#[test]
fn databases_are_asked_and_left() {
    assert_eq!(
        last("mysql", &[b"<hi", b">\x05\0\0\0\x03SELE"]),
        (Asks, None)
    );
    assert_eq!(
        last("mysql", &[b"<hi", b">\x01\0\0\0\x01"]),
        (Farewell, None)
    );
    assert_eq!(
        last("mysql", &[b"<hi", b">\x05\0\0\0\x19\x01\0\0\0"]),
        (Untold, None)
    );
    let login: &[u8] = b">\0\0\0\x08\0\x03\0\0";
    let ready: &[u8] = b"<Z\0\0\0\x05I";
    assert_eq!(last("postgresql", &[login]), (Asks, None));
    let sync: &[u8] = b">P\0\0\0\x06aaS\0\0\0\x04";
    assert_eq!(last("postgresql", &[login, ready, sync]), (Asks, None));
    let terminate: &[u8] = b">X\0\0\0\x04";
    assert_eq!(
        last("postgresql", &[login, ready, terminate]),
        (Farewell, None)
    );
    let cancel: &[u8] = b">\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\x01\0\0\0\x02";
    assert_eq!(last("postgresql", &[cancel]), (Farewell, None));
}

#[test]
fn stores_brokers_and_directories_are_asked_and_left() {
    let wait: &[u8] = b">*3\r\n$5\r\nBLPOP\r\n$1\r\nq\r\n$1\r\n0\r\n";
    assert_eq!(last("redis", &[wait]), (Asks, None));
    assert_eq!(last("redis", &[b">*1\r\n$4\r\nQUIT\r\n"]), (Farewell, None));
    let report: &[u8] = b">*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$1\r\n0\r\n";
    assert_eq!(last("redis", &[report]), (Untold, None));
    assert_eq!(last("mqtt", &[b">\xc0\0"]), (Asks, None));
    assert_eq!(last("mqtt", &[b">\x30\x06\0\x02tthi"]), (Tells, None));
    assert_eq!(last("mqtt", &[b">\xe0\0"]), (Farewell, None));
    assert_eq!(
        last("ldap", &[b">\x30\x05\x02\x01\x02\x42\0"]),
        (Farewell, None)
    );
    assert_eq!(
        last("ldap", &[b">\x30\x0c\x02\x01\x01\x60\x07\x02"]),
        (Asks, None)
    );
    assert_eq!(last("smtp", &[b"<220 hi", b">QUIT\r\n"]), (Farewell, None));
}

/// A GSS-API token of this kind and length that ends with `inner`, in a SASL buffer, as the client's words.
fn buffered(flags: u8, len: u8, inner: &[u8]) -> Vec<u8> {
    let filled = vec![7; usize::from(len) - 4 - inner.len()];
    [b">\0\0\0", &[len, 5, 4, flags, 0xff][..], &filled, inner].concat()
}

#[test]
fn a_directory_is_left_in_a_wrapped_message_as_well() {
    let unbind = b"\x30\x84\0\0\0\x05\x02\x01\x09\x42\0";
    let signed = buffered(5, 39, unbind);
    assert_eq!(last("ldap", &[&signed]), (Farewell, None));
    assert_eq!(last("ldap", &[&buffered(7, 71, b"")]), (Farewell, None));
    let search = buffered(5, 39, b"\x30\x09\x02\x01\x09\x63\x04\x04\0\x0a\x01");
    assert_eq!(last("ldap", &[&search]), (Untold, None));
    assert_eq!(last("ldap", &[&buffered(7, 120, b"")]), (Untold, None));
}

#[test]
fn answers_reports_and_standing_orders_ask_for_nothing() {
    let stun = |class: u8| {
        [
            b">\0\x14\x01",
            &[class, 0, 0, 0x21, 0x12, 0xa4, 0x42, 7, 7][..],
        ]
        .concat()
    };
    assert_eq!(last("stun", &[&stun(1)]), (Tells, None));
    let request = b">\0\x01\0\0\x21\x12\xa4\x42abcdefghijkl";
    assert_eq!(last("stun", &[request]), (Asks, None));
    let invite: &[u8] = b">INVITE sip:b@lab.test SIP/2.0\r\nVia: SIP/2.0/TCP a\r\n\r\n";
    assert_eq!(last("sip", &[invite]), (Asks, None));
    let ok: &[u8] = b">SIP/2.0 200 OK\r\n\r\n";
    assert_eq!(
        last("sip", &[invite, b"<BYE sip:a SIP/2.0\r\n\r\n", ok]),
        (Tells, None)
    );
    let bgp = |kind: u8| [b">", &[0xff; 16][..], &[0, 19, kind]].concat();
    assert_eq!(last("bgp", &[&bgp(1)]), (Asks, None));
    assert_eq!(last("bgp", &[&bgp(4)]), (Tells, None));
    assert_eq!(last("bgp", &[&bgp(3)]), (Farewell, None));
    let see: &[u8] = b">\x05\0\0\x01\0\x01\x03\x01\0\0\0\0\x04\0\x03\0";
    assert_eq!(last("vnc", &[b"<picture", see]), (Tells, None));
    assert_eq!(
        last("vnc", &[b"<challenge", b">0123456789abcdef"]),
        (Untold, None)
    );
    let smb2 = |command: u8| {
        [
            &b">\0\0\0\x40\xfeSMB\x40\0\x01\0\0\0\0\0"[..],
            &[command, 0],
        ]
        .concat()
    };
    assert_eq!(last("smb", &[&smb2(2)]), (Farewell, None));
    assert_eq!(last("smb", &[&smb2(15)]), (Tells, None));
    assert_eq!(last("smb", &[&smb2(8)]), (Untold, None));
    assert_eq!(last("smb", &[&smb2(5)]), (Asks, None));
    assert_eq!(last("smb", &[b">\0\0\0\x27\xffSMB\x74"]), (Farewell, None));
    assert_eq!(last("xmpp", &[b"></stream:stream>\n"]), (Farewell, None));
}

#[test]
fn a_mail_goes_on_to_its_dot() {
    let talk: [&[u8]; 4] = [
        b">RETR 1\r\n",
        b"<+OK 120 octets\r\nSubject: one\r\n\r\nThe fir",
        b"<st line\r\n",
        b"<the last\r\n.\r\n",
    ];
    assert_eq!(last("pop3", &talk[..2]), (Asks, None));
    assert_eq!(last("pop3", &talk[..3]), (Asks, None));
    assert_eq!(last("pop3", &talk), (Asks, Some(4)));
    assert_eq!(
        last("pop3", &[b">LIST\r\n", b"<+OK 4 14971\r\n"]),
        (Asks, None)
    );
    let one = last("pop3", &[b">LIST 2\r\n", b"<+OK 2 200\r\n"]);
    assert_eq!(one, (Untold, Some(2)));
    let none = last("pop3", &[b">RETR 9\r\n", b"<-ERR no such message\r\n"]);
    assert_eq!(none, (Untold, Some(2)));
}

#[test]
fn stores_answer_what_they_are_asked() {
    let query = b">\0\x0d\x12\x34\x01\0\0\x01\0\0\0\0\0\0x";
    let response = b">\0\x0d\x12\x34\x81\0\0\x01\0\0\0\0\0\0x";
    assert_eq!(last("dns", &[query]), (Asks, None));
    assert_eq!(last("dns", &[response]), (Untold, None));
    assert_eq!(last("memcached", &[b">get a b\r\n"]), (Asks, None));
    assert_eq!(last("memcached", &[b">set a 0 0 1\r\nx\r\n"]), (Asks, None));
    let unanswered = b">set a 0 0 1 noreply\r\nx\r\n";
    assert_eq!(last("memcached", &[unanswered]), (Untold, None));
    assert_eq!(last("memcached", &[b">quit\r\n"]), (Farewell, None));
    let metadata = b">\0\0\0\x08\0\x03\0\x01\0\0\0\x07";
    let produce = b">\0\0\0\x08\0\0\0\x01\0\0\0\x07";
    assert_eq!(last("kafka", &[metadata]), (Asks, None));
    assert_eq!(last("kafka", &[produce]), (Untold, None));
    let message = |flags: u8| {
        let mut bytes = vec![b'>', 21, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xdd, 7, 0, 0];
        bytes.extend([flags, 0, 0, 0, 0]);
        last("mongodb", &[&bytes]).0
    };
    assert_eq!((message(0), message(2)), (Asks, Untold));
    assert_eq!(last("amqp", &[b">AMQP\0\0\x09\x01"]), (Asks, None));
}
