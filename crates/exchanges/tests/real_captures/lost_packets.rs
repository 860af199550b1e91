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

fn pairs(
    list: &[whyreset_exchanges::Exchange],
) -> impl Iterator<Item = (Option<String>, Option<u16>)> {
    list.iter()
        .map(|it| (it.request.clone().map(Into::into), it.status))
}
