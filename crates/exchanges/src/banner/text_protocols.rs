//! Protocols of text lines.

use super::Spoken;

/// What servers say first.
const GREETINGS: [(&[u8], &str); 8] = [
    (b"SSH-", "ssh"),
    (b"+OK", "pop3"),
    (b"* OK", "imap"),
    (b"* PREAUTH", "imap"),
    (b"* BYE", "imap"),
    (b"RFB 0", "vnc"),
    (b"@RSYNCD:", "rsync"),
    (b"INFO {", "nats"),
];

/// What clients say first, in either case.
const COMMANDS: [(&[u8], &str); 29] = [
    (b"SSH-", "ssh"),
    (b"EHLO ", "smtp"),
    (b"HELO ", "smtp"),
    (b"LHLO ", "lmtp"),
    (b"USER ", "ftp"),
    (b"AUTH TLS", "ftp"),
    (b"AUTH SSL", "ftp"),
    (b"NICK ", "irc"),
    (b"CAP LS", "irc"),
    (b"<STREAM:STREAM", "xmpp"),
    (b"<?XML", "xmpp"),
    (b"@RSYNCD:", "rsync"),
    (b"RFB 0", "vnc"),
    (b"CONNECT {", "nats"),
    (b"RTSP/1.", "rtsp"),
    (b"SIP/2.0", "sip"),
    (b"INVITE SIP:", "sip"),
    (b"REGISTER SIP:", "sip"),
    (b"OPTIONS SIP", "sip"),
    (b"MESSAGE SIP", "sip"),
    (b"SUBSCRIBE SIP", "sip"),
    (b"NOTIFY SIP", "sip"),
    (b"OPTIONS RTSP:", "rtsp"),
    (b"DESCRIBE RTSP:", "rtsp"),
    (b"SETUP RTSP:", "rtsp"),
    (b"PLAY RTSP:", "rtsp"),
    (b"A001 CAPABILITY", "imap"),
    (b"STATS\r\n", "memcached"),
    (b"VERSION\r\n", "memcached"),
];

pub(super) fn classify(client: &[u8], server: &[u8]) -> Spoken {
    let command = COMMANDS
        .iter()
        .find(|(start, _)| starts_with(client, start))
        .map(|(_, name)| *name);
    if is_reply(server) {
        return after_reply(client, server, command);
    }
    let greeting = GREETINGS
        .iter()
        .find(|(start, _)| server.starts_with(start));
    if let Some((_, name)) = greeting {
        return Spoken::Other(name);
    }
    match command {
        // An IRC server and an FTP server both take USER.
        Some("ftp") if server.is_empty() => Spoken::Guess("ftp"),
        Some(name) => Spoken::Other(name),
        None if is_memcached(client) => Spoken::Other("memcached"),
        None if is_resp(client) => Spoken::Other("redis"),
        None if may_be_open(client, server) => Spoken::Open,
        None => Spoken::Unknown,
    }
}

/// A reply line with a code, as SMTP, FTP and NNTP servers greet.
fn is_reply(server: &[u8]) -> bool {
    matches!(
        server,
        [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9', b' ' | b'-', ..]
    )
}

fn after_reply(client: &[u8], server: &[u8], command: Option<&'static str>) -> Spoken {
    let line = server.split(|byte| *byte == b'\n').next().unwrap_or(server);
    let upper = line.to_ascii_uppercase();
    let says = |word: &[u8]| upper.windows(word.len()).any(|window| window == word);
    match command {
        Some(name) => Spoken::Other(name),
        None if server.starts_with(b"200 ") || server.starts_with(b"201 ") => Spoken::Guess("nntp"),
        None if says(b"SMTP") || says(b"ESMTP") || server.starts_with(b"554") => {
            Spoken::Other("smtp")
        }
        None if !server.starts_with(b"2") && client.is_empty() => Spoken::Guess("smtp"),
        None if says(b"FTP") || client.is_empty() => Spoken::Guess("ftp"),
        None if client.len() < 16 => Spoken::Guess("smtp"),
        None => Spoken::Other("smtp"),
    }
}

fn starts_with(bytes: &[u8], start: &[u8]) -> bool {
    bytes
        .get(..start.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(start))
}

/// Redis' protocol: an array of bulk strings.
fn is_resp(client: &[u8]) -> bool {
    let [b'*', b'1'..=b'9', rest @ ..] = client else {
        return false;
    };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    rest.get(digits..)
        .is_some_and(|tail| tail.starts_with(b"\r\n$"))
}

fn is_memcached(client: &[u8]) -> bool {
    let commands: [&[u8]; 6] = [b"get ", b"gets ", b"set ", b"add ", b"delete ", b"incr "];
    commands.iter().any(|command| client.starts_with(command)) && client.ends_with(b"\r\n")
}

/// Whether what has come so far may become one of the above.
fn may_be_open(client: &[u8], server: &[u8]) -> bool {
    let begins = |bytes: &[u8], start: &[u8]| {
        !bytes.is_empty()
            && start
                .get(..bytes.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(bytes))
    };
    COMMANDS.iter().any(|(start, _)| begins(client, start))
        || GREETINGS.iter().any(|(start, _)| begins(server, start))
        || (client.len() < 8 && client.starts_with(b"*"))
        || (server.len() < 4 && !server.is_empty() && server.iter().all(u8::is_ascii_digit))
}
