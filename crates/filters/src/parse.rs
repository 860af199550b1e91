//! Reading a filter (pcap-filter(7)).

use std::fmt;
use std::net::IpAddr;

use crate::tokens::{Token, tokens};
use crate::{Direction, Filter, Network, Test};

/// Why a filter cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// Where, in bytes from the start.
    pub at: usize,
    /// What is wrong there.
    pub what: String,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at character {}: {}", self.at + 1, self.what)
    }
}

impl std::error::Error for FilterError {}

/// Parentheses and `not` nest at most this deep.
const MAX_DEPTH: usize = 64;
/// A filter has at most this many tokens.
const MAX_TOKENS: usize = 4_096;

impl Filter {
    /// Reads a filter. `service` tells the port that a service name stands for.
    ///
    /// # Errors
    /// [`FilterError`] says where it cannot be read and what was expected there.
    pub fn parse(text: &str, service: impl Fn(&str) -> Option<u16>) -> Result<Self, FilterError> {
        let tokens = tokens(text);
        if tokens.len() > MAX_TOKENS {
            return Err(FilterError {
                at: 0,
                what: format!("more than {MAX_TOKENS} words"),
            });
        }
        let mut parser = Parser {
            tokens: &tokens,
            next: 0,
            end: text.len(),
            last: None,
            service: &service,
        };
        let filter = parser.expression(0)?;
        match parser.peek() {
            None => Ok(filter),
            Some(token) => Err(parser.error(format!("`{}` is not expected here", token.text))),
        }
    }
}

/// What a bare address or port is: the keywords of the test before it.
#[derive(Clone, Copy)]
struct Keywords {
    direction: Direction,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Host,
    Net,
    Port,
    PortRange,
}

struct Parser<'a> {
    tokens: &'a [Token<'a>],
    next: usize,
    end: usize,
    last: Option<Keywords>,
    service: &'a dyn Fn(&str) -> Option<u16>,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.next).copied()
    }

    fn take(&mut self, words: &[&str]) -> bool {
        let found = self.peek().is_some_and(|token| {
            words
                .iter()
                .any(|word| token.text.eq_ignore_ascii_case(word))
        });
        self.next += usize::from(found);
        found
    }

    fn error(&self, what: String) -> FilterError {
        FilterError {
            at: self.peek().map_or(self.end, |token| token.at),
            what,
        }
    }

    fn expression(&mut self, depth: usize) -> Result<Filter, FilterError> {
        let mut left = self.term(depth)?;
        loop {
            if self.take(&["and", "&&"]) {
                left = Filter::And(Box::new(left), Box::new(self.term(depth)?));
            } else if self.take(&["or", "||"]) {
                left = Filter::Or(Box::new(left), Box::new(self.term(depth)?));
            } else {
                return Ok(left);
            }
        }
    }

    fn term(&mut self, depth: usize) -> Result<Filter, FilterError> {
        if depth >= MAX_DEPTH {
            return Err(self.error(format!("nested more than {MAX_DEPTH} deep")));
        }
        if self.take(&["not", "!"]) {
            return Ok(Filter::Not(Box::new(self.term(depth + 1)?)));
        }
        if self.take(&["("]) {
            let inner = self.expression(depth + 1)?;
            if !self.take(&[")"]) {
                return Err(self.error("a `)` is missing".to_owned()));
            }
            return Ok(inner);
        }
        self.primitive()
    }

    fn primitive(&mut self) -> Result<Filter, FilterError> {
        if let Some(version) = self.protocol() {
            if self.take(&["proto"]) {
                return self.only_tcp(version);
            }
            if self.primitive_follows() {
                return Ok(Filter::And(Box::new(version), Box::new(self.test()?)));
            }
            return Ok(version);
        }
        self.test()
    }

    /// `ip proto tcp`, `ip6 proto 6`: what is followed here is TCP anyway.
    fn only_tcp(&mut self, version: Filter) -> Result<Filter, FilterError> {
        if self.take(&["tcp", "\\tcp", "6"]) {
            return Ok(version);
        }
        Err(self.error("only `proto tcp` can match: connections of TCP are selected".to_owned()))
    }

    fn protocol(&mut self) -> Option<Filter> {
        if self.take(&["tcp"]) {
            Some(Filter::Tcp)
        } else if self.take(&["ip"]) {
            Some(Filter::Version4)
        } else if self.take(&["ip6"]) {
            Some(Filter::Version6)
        } else {
            None
        }
    }

    fn primitive_follows(&self) -> bool {
        const KEYWORDS: [&str; 6] = ["src", "dst", "host", "net", "port", "portrange"];
        self.peek()
            .is_some_and(|token| KEYWORDS.contains(&token.text.to_ascii_lowercase().as_str()))
    }

    fn test(&mut self) -> Result<Filter, FilterError> {
        let direction = self.direction();
        let kind = self.kind();
        if let (None, None, Some(token)) = (direction, kind, self.peek()) {
            self.refuse_unsupported(token.text)?;
        }
        let keywords = match (direction, kind, self.last) {
            (None, None, Some(last)) => last,
            (direction, kind, _) => Keywords {
                direction: direction.unwrap_or(Direction::Either),
                kind: kind.unwrap_or(Kind::Host),
            },
        };
        let Some(token) = self.peek() else {
            return Err(self.error("an address or a port is missing".to_owned()));
        };
        // `10.0.0.0/8` without a keyword is a network.
        let is_net = kind.is_none() && keywords.kind == Kind::Host && token.text.contains('/');
        let keywords = Keywords {
            kind: if is_net { Kind::Net } else { keywords.kind },
            ..keywords
        };
        let test = self.value(token, keywords.kind)?;
        self.last = Some(keywords);
        Ok(Filter::End(keywords.direction, test))
    }

    /// What tcpdump can filter by, and connections of TCP cannot.
    fn refuse_unsupported(&self, word: &str) -> Result<(), FilterError> {
        const WORDS: [&str; 34] = [
            "udp",
            "icmp",
            "icmp6",
            "arp",
            "rarp",
            "sctp",
            "igmp",
            "igrp",
            "pim",
            "ah",
            "esp",
            "vrrp",
            "carp",
            "ether",
            "wlan",
            "fddi",
            "tr",
            "link",
            "ppp",
            "slip",
            "vlan",
            "mpls",
            "pppoed",
            "pppoes",
            "geneve",
            "proto",
            "protochain",
            "gateway",
            "broadcast",
            "multicast",
            "less",
            "greater",
            "inbound",
            "outbound",
        ];
        let name = word.split('[').next().unwrap_or(word);
        if word.contains('[') || word == "len" {
            return Err(self.error(format!(
                "`{word}` tests bytes of packets: connections are selected by hosts, networks and ports only"
            )));
        }
        if WORDS.iter().any(|known| name.eq_ignore_ascii_case(known)) {
            return Err(self.error(format!(
                "`{word}` cannot be used: connections of TCP are selected by hosts, networks and ports"
            )));
        }
        Ok(())
    }

    fn direction(&mut self) -> Option<Direction> {
        self.direction_from("src", "dst", Direction::Source)
            .or_else(|| self.direction_from("dst", "src", Direction::Destination))
    }

    /// `src`, `src or dst`, `src and dst`; and the same beginning with `dst`.
    fn direction_from(&mut self, one: &str, other: &str, alone: Direction) -> Option<Direction> {
        let start = self.next;
        if !self.take(&[one]) {
            return None;
        }
        if self.take(&["or", "||"]) && self.take(&[other]) {
            return Some(Direction::Either);
        }
        self.next = start + 1;
        if self.take(&["and", "&&"]) && self.take(&[other]) && self.type_or_value_follows() {
            return Some(Direction::Both);
        }
        self.next = start + 1;
        Some(alone)
    }

    /// After `src and dst`: `src and dst host x` is one test, and so is `src and dst x`.
    fn type_or_value_follows(&self) -> bool {
        self.peek().is_some()
    }

    fn kind(&mut self) -> Option<Kind> {
        for (word, kind) in [
            ("host", Kind::Host),
            ("net", Kind::Net),
            ("portrange", Kind::PortRange),
            ("port", Kind::Port),
        ] {
            if self.take(&[word]) {
                return Some(kind);
            }
        }
        None
    }

    fn value(&mut self, token: Token<'a>, kind: Kind) -> Result<Test, FilterError> {
        const RESERVED: [&str; 8] = ["and", "or", "not", "&&", "||", "!", "(", ")"];
        if RESERVED.contains(&token.text.to_ascii_lowercase().as_str()) {
            return Err(self.error(format!(
                "an address or a port is expected, not `{}`",
                token.text
            )));
        }
        let test = match kind {
            Kind::Host if token.text.bytes().all(|byte| byte.is_ascii_digit()) => {
                return Err(self.error(format!(
                    "`{0}` is no host: for a port write `port {0}`",
                    token.text
                )));
            }
            Kind::Host if token.text.contains('/') => {
                return Err(self.error(format!("`{0}` is a network: write `net {0}`", token.text)));
            }
            Kind::Host => Some(host(token.text)),
            Kind::Net => return self.net(token),
            Kind::Port => self.port(token.text).map(|port| Test::Ports(port, port)),
            Kind::PortRange => self.port_range(token.text),
        };
        let Some(test) = test else {
            let what = if kind == Kind::Port {
                format!(
                    "`{}` is no port: a number or a service's name is expected",
                    token.text
                )
            } else {
                format!("`{}` is no range of ports such as 8000-8080", token.text)
            };
            return Err(self.error(what));
        };
        self.next += 1;
        Ok(test)
    }

    fn net(&mut self, token: Token<'a>) -> Result<Test, FilterError> {
        let error = self.error(format!(
            "`{}` is no network such as 192.0.2.0/24",
            token.text
        ));
        self.next += 1;
        let mask = if self.take(&["mask"]) {
            let mask = self.peek();
            self.next += 1;
            mask.map(|mask| mask.text)
        } else {
            None
        };
        Network::parse(token.text, mask).map(Test::Net).ok_or(error)
    }

    fn port(&self, text: &str) -> Option<u16> {
        text.parse().ok().or_else(|| (self.service)(text))
    }

    fn port_range(&self, text: &str) -> Option<Test> {
        let (low, high) = text.split_once('-')?;
        let (low, high) = (self.port(low)?, self.port(high)?);
        Some(Test::Ports(low.min(high), low.max(high)))
    }
}

fn host(text: &str) -> Test {
    text.trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>()
        .map_or_else(|_| Test::HostName(text.to_owned()), Test::Host)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use whyreset_segments::{Endpoint, Host, HostNames};

    use super::*;

    fn read(text: &str) -> String {
        match Filter::parse(text, |name| (name == "https").then_some(443)) {
            Ok(filter) => filter.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn and_and_or_bind_equally_from_the_left() {
        assert_eq!(
            read("host 1.1.1.1 or host 2.2.2.2 and port https"),
            "((host 1.1.1.1 or host 2.2.2.2) and port 443)"
        );
        assert_eq!(
            read("not port 80 and src net 10.0.0.0/8"),
            "(not port 80 and src net 10.0.0.0/8)"
        );
    }

    #[test]
    fn bare_values_take_the_keywords_before_them() {
        assert_eq!(read("src port 80 or 443"), "(src port 80 or src port 443)");
        assert_eq!(read("192.0.2.1"), "host 192.0.2.1");
        assert_eq!(
            read("tcp dst portrange 8000-8080"),
            "(tcp and dst portrange 8000-8080)"
        );
        assert_eq!(read("src or dst port 7"), "port 7");
        assert_eq!(read("src and dst port 7"), "src and dst port 7");
        assert_eq!(read("dst or src host 192.0.2.1"), "host 192.0.2.1");
        assert_eq!(
            read("10.0.0.0/8 or 192.0.2.1"),
            "(net 10.0.0.0/8 or net 192.0.2.1/32)"
        );
        assert_eq!(read("src 2001:db8::/32"), "src net 2001:db8::/32");
        assert_eq!(read("ip proto tcp and port 80"), "(ip and port 80)");
    }

    #[test]
    fn errors_say_where() {
        assert_eq!(
            read("port htp"),
            "at character 6: `htp` is no port: a number or a service's name is expected"
        );
        assert_eq!(
            read("host 1.1.1.1 and"),
            "at character 17: an address or a port is missing"
        );
        assert_eq!(read("(port 80"), "at character 9: a `)` is missing");
        for (text, word) in [
            ("udp port 53", "udp"),
            ("tcp[tcpflags] & tcp-rst != 0", "tcp[tcpflags]"),
            ("tcp[13]&4!=0", "tcp[13]"),
            ("port 80 and greater 100", "greater"),
            ("host 10.0.0.0/8", "10.0.0.0/8"),
            ("tcp and 80", "80"),
            ("ip proto 17", "proto tcp"),
        ] {
            assert!(
                read(text).contains(&format!("`{word}`")),
                "{text}: {}",
                read(text)
            );
        }
        assert_eq!(
            read("port 80 port 81"),
            "at character 9: `port` is not expected here"
        );
    }

    #[test]
    fn a_connection_matches_in_either_direction() {
        let names = HostNames::new();
        let end = |last: u8, port| Endpoint {
            host: Host::V4([192, 0, 2, last].into()),
            port,
        };
        let matches = |text: &str| {
            Filter::parse(text, |_| None).unwrap().matches_connection(
                end(1, 50_000),
                end(2, 80),
                &names,
            )
        };
        assert!(matches("src host 192.0.2.2"));
        assert!(matches("dst host 192.0.2.2 and dst port 80"));
        assert!(!matches("src host 192.0.2.1 and src port 80"));
        assert!(!matches("not net 192.0.2.0/24"));
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,200}") {
            let _ = Filter::parse(&text, |_| None);
        }

        #[test]
        fn what_it_prints_it_reads_again(words in proptest::collection::vec(
            prop::sample::select(vec!["not", "and", "or", "(", ")", "port", "host", "src", "dst", "net", "80", "10.0.0.1", "::1"]), 0..12)) {
            if let Ok(filter) = Filter::parse(&words.join(" "), |_| None) {
                let again = Filter::parse(&filter.to_string(), |_| None);
                prop_assert_eq!(again.map(|filter| filter.to_string()), Ok(filter.to_string()));
            }
        }
    }
}
