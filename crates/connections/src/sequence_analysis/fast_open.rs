//! `tfo_syn`, `tfo_ack` and `tfo_ignored`: TCP Fast Open (RFC 7413).

use whyreset_segments::{FastOpen, TcpFlags, TcpOptions};

use crate::Marks;

/// A SYN that carries a cookie.
pub(super) fn syn(flags: TcpFlags, options: &TcpOptions) -> Marks {
    match options.fast_open {
        Some(FastOpen::Cookie(_)) if flags.is_opening_syn() => Marks::TFO_SYN,
        _ => Marks::NONE,
    }
}

/// A SYN/ACK that acknowledges more than the SYN, or the SYN alone though it carried data.
pub(super) const fn syn_ack(client_base: u32, ack: u32, syn_had_data: bool) -> Marks {
    if ack.wrapping_sub(client_base) > 1 {
        Marks::TFO_ACK
    } else if syn_had_data {
        Marks::TFO_IGNORED
    } else {
        Marks::NONE
    }
}
