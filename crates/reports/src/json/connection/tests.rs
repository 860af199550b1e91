use super::*;
use proptest::option;
use proptest::prelude::*;
use std::net::{Ipv4Addr, Ipv6Addr};
use whyreset_connections::{Ending, Moment};
use whyreset_exchanges::Protocol;

fn written(out: Vec<u8>) -> String {
    String::from_utf8(out).unwrap()
}

fn identity<'a>(
    ends: &'a [Endpoint; 2],
    numbers: [u64; 4],
    times: [Option<i64>; 2],
    names: &'a HostNames,
) -> Identity<'a> {
    let [client, server] = [0, 1].map(|at| EndpointJson {
        end: &ends[at],
        ports_told: at == 0,
        names,
    });
    let [stream, first, last, count] = numbers;
    let [start_s, end_s] = times.map(|nanos| Some(Seconds(Span::from_nanos(nanos?))));
    Identity {
        stream,
        client,
        server,
        proxied_client: None,
        frames: FrameSpan { first, last, count },
        start_s,
        end_s,
    }
}

fn end() -> impl Strategy<Value = Endpoint> {
    (host(), any::<u16>()).prop_map(|(host, port)| Endpoint { host, port })
}

fn host() -> impl Strategy<Value = Host> {
    prop_oneof![
        any::<u32>().prop_map(|bits| Host::V4(Ipv4Addr::from_bits(bits))),
        any::<u128>().prop_map(|bits| Host::V6(Ipv6Addr::from_bits(bits))),
        any::<u32>().prop_map(Host::Name),
    ]
}

prop_compose! {
    fn number()(bits: u64, shift in 0_u32..64) -> u64 {
        bits >> shift
    }
}

prop_compose! {
    fn nanos()(bits: i64, shift in 0_u32..63) -> i64 {
        bits >> shift
    }
}

proptest! {
    #[test]
    fn usual_connections_begin_like_any(
        ends in prop::array::uniform2(end()),
        numbers in prop::array::uniform4(number()),
        times in prop::array::uniform2(option::weighted(0.9, nanos())),
    ) {
        let names = HostNames::new();
        let identity = identity(&ends, numbers, times, &names);
        let mut any = Vec::new();
        identity.write(&mut any);
        if let Some(usual) = Page::with(&identity) {
            prop_assert_eq!(written(usual), written(any));
        }
    }

    #[test]
    fn usual_findings_begin_like_any(
        bytes in prop::array::uniform2(option::of(number())),
        trips in prop::array::uniform2(option::of(nanos())),
        place in prop::sample::select(vec![Place::Client, Place::Server, Place::Path, Place::Unknown]),
    ) {
        let [client, server] = bytes;
        let bytes = BySide { client, server };
        let [client, server] = trips.map(|nanos| nanos.map(Span::from_nanos));
        let findings = Findings {
            bytes,
            outcome: Outcome::Completed,
            place,
            trips: BySide { client, server },
            verdict: &7_u64,
            exchanges: &[],
        };
        let mut any = Vec::new();
        findings.write_beginning(&mut any);
        if let Some(usual) = Page::with(&findings) {
            prop_assert_eq!(written(usual), written(any));
        }
    }
}

#[test]
fn briefs_are_written_like_any() {
    let exchange = |tls: bool| Exchange {
        protocol: Protocol::Http11,
        request: Some("GET /a".into()),
        complete: true,
        tls: tls.then(Box::default),
        ..Exchange::default()
    };
    let lists = [
        vec![],
        vec![exchange(false)],
        vec![exchange(false); 3],
        vec![exchange(false), exchange(true)],
    ];
    let verdict = all_well(Side::Server);
    for (list, frame) in lists
        .into_iter()
        .flat_map(|it| [(it.clone(), 7), (it, 1 << 40)])
    {
        let moment = Moment {
            frame,
            time: Timestamp::from_nanos(5_000_000_000),
        };
        let app = Exchanges {
            list: list.into(),
            ..Exchanges::default()
        };
        let brief = Brief {
            stream: 3,
            ends: both(Endpoint {
                host: Host::V4(Ipv4Addr::LOCALHOST),
                port: 80,
            }),
            frames: FrameSpan {
                first: 1,
                last: frame,
                count: 7,
            },
            start: moment.time,
            end: moment.time,
            bytes: both(5),
            fins: both(moment),
            closed_first: Side::Server,
            ending: Ending::Well,
            place: Place::Client,
            trips: both(None),
            app,
        };
        let (names, origin) = (HostNames::new(), Timestamp::default());
        let filled = Filled::at(&verdict, frame);
        let (mut page, mut usual, mut any) = (Page::new(0), Vec::new(), Vec::new());
        write_brief(&mut page, &brief, &filled, origin, &names);
        page.write_out(&mut usual).unwrap();
        write_any_brief(&mut any, &brief, &filled, origin, &names);
        let any = written(any);
        assert_eq!(written(usual), any);
        assert!(serde_json::from_str::<serde_json::Value>(&any).is_ok());
    }
}

fn both<T: Copy>(value: T) -> BySide<T> {
    BySide {
        client: value,
        server: value,
    }
}

#[test]
fn long_numbers_are_usual() {
    let names = HostNames::new();
    let ends = [Endpoint {
        host: Host::V6(Ipv6Addr::from_bits(u128::MAX)),
        port: u16::MAX,
    }; 2];
    let (number, nanos) = (999_999_999, 999_999_999_999_999);
    let times = [Some(nanos); 2];
    let identity = identity(&ends, [number; 4], times, &names);
    assert!(Page::with(&identity).is_some());
    let findings = Findings {
        bytes: both(Some(number)),
        outcome: Outcome::Completed,
        place: Place::Unknown,
        trips: both(Some(Span::from_nanos(nanos / 11))),
        verdict: &7_u64,
        exchanges: &[],
    };
    assert!(Page::with(&findings).is_some());
}
