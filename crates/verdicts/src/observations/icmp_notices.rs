//! ICMP errors that quote the connection (RFC 792, RFC 1812 §5.2.7, RFC 4443).

use whyreset_capture::Span;
use whyreset_connections::IcmpNotice;

use super::ids;
use crate::case::Case;
use crate::{Observations, wording};

/// What an ICMP error means for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Prohibited,
    Unreachable,
    TooBig,
    Expired,
    Other,
}

fn meaning(notice: &IcmpNotice) -> Meaning {
    let error = &notice.error;
    match (error.v6, error.kind, error.code) {
        // Port unreachable for TCP is what packet filters send ("reject"): a host would answer with RST.
        (false, 3, 2 | 3 | 9 | 10 | 13) | (true, 1, 1 | 4 | 5 | 6) => Meaning::Prohibited,
        (false, 3, 4) | (true, 2, _) => Meaning::TooBig,
        (false, 3, _) | (true, 1, _) => Meaning::Unreachable,
        (false, 11, 0) | (true, 3, 0) => Meaning::Expired,
        _ => Meaning::Other,
    }
}

/// Records what ICMP says.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    for notice in c.notices.iter().filter(|notice| !overcome(case, notice)) {
        let (id, says) = match meaning(notice) {
            Meaning::Prohibited => (
                ids::ICMP_PROHIBITED,
                "the packet is not wanted (a filter refused it)",
            ),
            Meaning::Unreachable => (
                if c.handshake.ack.is_some() || c.flows.server.bytes > 0 {
                    ids::ICMP_GONE
                } else {
                    ids::ICMP_UNREACHABLE
                },
                "the host or network cannot be reached",
            ),
            Meaning::TooBig => (ids::ICMP_TOO_BIG, "the packet is too big for the next link"),
            Meaning::Expired if c.handshake.syn_ack.is_none() && c.flows.server.packets == 0 => (
                ids::ICMP_EXPIRED,
                "the packet's time to live ran out on the way",
            ),
            Meaning::Expired | Meaning::Other => continue,
        };
        if found.has(id) {
            continue;
        }
        let own = notice.reporter == c.ends.of(notice.quoted_side.peer()).host;
        found.tell(
            id,
            [notice.at.frame],
            format_args!(
                "{} says in ICMP{} type {} code {} (frame {}) that {says}{}, quoting a packet of {}.",
                if own { "The host itself".to_owned() } else { wording::on_the_way(notice.reporter) },
                if notice.error.v6 { "v6" } else { "" },
                notice.error.kind,
                notice.error.code,
                notice.at.frame,
                match notice.error.mtu {
                    Some(mtu) if mtu > 0 => format!(" ({mtu} bytes)"),
                    _ => String::new(),
                },
                wording::side(notice.quoted_side)
            ),
        );
    }
}

/// More than packets take that had passed the filter before it spoke.
const ON_THE_WAY: Span = Span::from_secs(1);

/// What it quotes was acknowledged all the same: it was sent again, and got through. Rows of a list do not tell what is quoted.
fn overcome(case: &Case<'_>, notice: &IcmpNotice) -> bool {
    let refused = matches!(meaning(notice), Meaning::Prohibited | Meaning::Unreachable);
    let flow = case.connection.flows.of(notice.quoted_side);
    let Some(progress) = flow.last_progress.filter(|_| refused) else {
        return false;
    };
    match notice.quoted_seq.filter(|seq| *seq > 0) {
        Some(seq) => progress.frame > notice.at.frame && flow.acked_to > seq,
        None => notice.quoted_seq.is_none() && progress.time > notice.at.time + ON_THE_WAY,
    }
}
