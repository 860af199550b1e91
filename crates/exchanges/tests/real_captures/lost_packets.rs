//! What a capture lacks leaves gaps, and never nonsense: real captures with packets taken out.

use std::collections::BTreeSet;

use whyreset_exchanges::KeyLog;

use crate::capture::{exchanges, kept};

/// Every answer belongs to its request, or to none, and nothing is called missing that only the capture lacks: whichever two
/// packets are taken out.
#[test]
fn no_answer_is_given_to_another_request() {
    for name in ["http1_download", "tomcat_download", "apache_download"] {
        let capture = std::fs::read(kept().join(name).with_extension("pcap")).unwrap();
        let whole = &exchanges(&capture, KeyLog::default(), |_| true)[0];
        let true_pairs: BTreeSet<_> = pairs(&whole.list).collect();
        assert!(true_pairs.len() > 1, "{name}");
        let last = whole.list.last().unwrap().ended.unwrap().frame + 4;
        for first in 4..last {
            for second in first..last {
                let lossy = |frame| frame != first && frame != second;
                for connection in exchanges(&capture, KeyLog::default(), lossy) {
                    for pair in pairs(&connection.list) {
                        let lacks = pair.0.is_none() || pair.1.is_none();
                        assert!(
                            lacks || true_pairs.contains(&pair),
                            "{name} without {first} and {second}: {pair:?}"
                        );
                    }
                    for it in &connection.list {
                        assert!(
                            it.complete || it.uncertain,
                            "{name} without {first} and {second}: {it:?}"
                        );
                    }
                }
            }
        }
    }
}

/// The same told by their lengths: six files of 1,000 to 6,000 bytes on one connection. Where a request and the head of its answer
/// are both missing the answers behind them stay where they belong.
#[test]
fn answers_of_other_lengths_stay_with_their_requests() {
    let capture = std::fs::read(kept().join("nginx_six.pcap")).unwrap();
    for first in 4..34 {
        for second in first..34 {
            let lossy = |frame| frame != first && frame != second;
            let connection = &exchanges(&capture, KeyLog::default(), lossy)[0];
            for it in &connection.list {
                let file = it
                    .request
                    .as_deref()
                    .and_then(|line| line.strip_prefix("GET /f"));
                let len = file.map(|number| number.parse::<u64>().unwrap() * 1_000);
                let (Some(len), Some(promised)) = (len, it.body_expected) else {
                    continue;
                };
                assert_eq!(promised, len, "without {first} and {second}: {it:?}");
            }
            let well = connection.list.iter().all(|it| it.complete || it.uncertain);
            assert!(well, "without {first} and {second}: {connection:#?}");
        }
    }
}

fn pairs(
    list: &[whyreset_exchanges::Exchange],
) -> impl Iterator<Item = (Option<String>, Option<u16>)> {
    list.iter()
        .map(|it| (it.request.clone().map(Into::into), it.status))
}
