//! Observations, one family per file: facts with the frames that show them, apart from judgement.

mod acks_lost;
mod aftermath;
mod capture_limits;
mod closed_together;
mod cut_streams;
mod delivered;
mod detectors;
pub(crate) mod ending;
mod fin_refused;
mod first_hop;
mod flow_control;
mod forged_data;
mod greeting;
mod half_closed;
mod hidden_end;
mod icmp_notices;
pub mod ids;
mod keep_alive;
mod last_words;
mod leave;
mod left_open;
mod light_cone;
mod loss;
mod neighbours;
mod one_way;
mod opening;
mod outages;
mod reading;
mod refused_handshakes;
mod reset_behind_bulk;
mod rst;
mod tls_and_protocols;
mod unheeded;
mod unread_talk;
mod vantage;
mod waiting;
mod websockets;
mod windows;

use crate::Observations;
use crate::case::Case;

pub use crate::observation::Id;

pub(crate) use closed_together::with_others;
pub(crate) use cut_streams::{name as cut_name, progress as cut_progress};
pub(crate) use flow_control::receiver as flow_control_receiver;
pub(crate) use keep_alive::SHORTEST_IDLE;
pub(crate) use last_words::{declined, quoted as last_words};
pub(crate) use light_cone::suspicions;
pub(crate) use neighbours::{answered_another, elsewhere, is_uncaptured};
pub(crate) use opening::{PATIENCE, SECOND_ANSWER};

/// Gathers everything, in the order of an argument: where we stand, what was asked, what arrived, who closed, how,
/// and who else can have done it.
pub(crate) fn gather(case: &Case<'_>) -> Observations {
    let mut found = Observations::default();
    capture_limits::observe(case, &mut found);
    vantage::observe(case, &mut found);
    opening::observe(case, &mut found);
    delivered::observe(case, &mut found);
    tls_and_protocols::observe(case, &mut found);
    ending::observe(case, &mut found);
    half_closed::observe(case, &mut found);
    keep_alive::observe(case, &mut found);
    closed_together::observe(case, &mut found);
    waiting::observe(case, &mut found);
    hidden_end::observe(case, &mut found);
    unheeded::observe(case, &mut found);
    unread_talk::observe(case, &mut found);
    cut_streams::observe(case, &mut found);
    websockets::observe(case, &mut found);
    last_words::observe(case, &mut found);
    leave::observe(case, &mut found);
    // What was left out of the capture was neither lost, nor unknown to the other side.
    if !case.accounts.unseen {
        light_cone::observe(case, &mut found);
        reading::observe(case, &mut found);
        windows::observe(case, &mut found);
        loss::observe(case, &mut found);
        acks_lost::observe(case, &mut found);
        outages::observe(case, &mut found);
    }
    icmp_notices::observe(case, &mut found);
    rst::observe(case, &mut found);
    first_hop::observe(case, &mut found);
    fin_refused::observe(case, &mut found);
    reset_behind_bulk::observe(case, &mut found);
    aftermath::observe(case, &mut found);
    detectors::observe(case, &mut found);
    forged_data::observe(case, &mut found);
    neighbours::observe(case, &mut found);
    found
}
