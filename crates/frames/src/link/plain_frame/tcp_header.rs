//! TCP's header as nearly every packet has it.

use whyreset_segments::{BytesAt, Opening, TcpFlags, Timestamps, Usual};

use super::{Sight, five_words, words};
use crate::transport::tcp;

/// What its header says of a segment at first sight.
pub(super) struct Tcp {
    pub(super) ports: [u8; 4],
    pub(super) sight: Sight,
}

const HEADER: u32 = 20;
/// Two NOPs and the timestamps option (RFC 7323, appendix A).
const TIMESTAMPS: u32 = 12;
/// Two NOPs, and kind and length of the timestamps option.
const BEFORE_TIMESTAMPS: u32 = 0x0101_080a;

/// Looks at a segment of so many bytes, and at what was captured of it, which begins in the frame `at`. Each number is written as
/// soon as it is read.
#[inline(always)]
pub(super) fn look_at(len: u32, tcp: &[u8], at: u32, usual: &mut Usual) -> Option<Tcp> {
    let Some((header, behind)) = tcp.split_first_chunk::<{ HEADER as usize }>() else {
        return cut_short(tcp);
    };
    let [ports, seq, ack, fourth, fifth] = *five_words(header)?;
    usual.seq = u32::from_be_bytes(seq);
    usual.ack = u32::from_be_bytes(ack);
    let [fourth, fifth] = [fourth, fifth].map(u32::from_be_bytes);
    usual.window = fourth as u16;
    usual.flags = flags(fourth);
    // The header was captured, and so it is no longer than what holds it.
    usual.payload_len = len.wrapping_sub(HEADER);
    usual.at = BytesAt {
        tcp: at,
        payload: at + HEADER,
        end: at + tcp.len() as u32,
    };
    let sight = if Opening::has_flags(flags(fourth)) {
        look_at_opening(len, tcp, fourth, fifth, usual)
    } else {
        let has_usual_options = match fourth >> 28 {
            5 => {
                usual.timestamps = Usual::NO_TIMESTAMPS;
                true
            }
            8 => read_timestamps(behind, usual),
            _ => false,
        };
        if has_usual_options && has_usual_bits(fourth, fifth) {
            Sight::Usual
        } else {
            Sight::Other
        }
    };
    Some(Tcp { ports, sight })
}

/// A SYN is an [`Opening`] where its header is all of it, and was captured.
#[inline(always)]
const fn look_at_opening(
    len: u32,
    tcp: &[u8],
    fourth: u32,
    fifth: u32,
    usual: &mut Usual,
) -> Sight {
    let options = (fourth >> 28 << 2).checked_sub(HEADER);
    let Some(options) = options else {
        return Sight::Other;
    };
    usual.timestamps = Usual::NO_TIMESTAMPS;
    usual.look = usual.look.with_options(options);
    usual.payload_len = 0;
    usual.at.payload = usual.at.end;
    if HEADER + options == len && tcp.len() == len as usize && fifth as u16 == 0 {
        Sight::Opening
    } else {
        Sight::Other
    }
}

/// What is told where the header was not captured whole.
#[cold]
fn cut_short(tcp: &[u8]) -> Option<Tcp> {
    let head = tcp.first_chunk::<{ tcp::SHORTEST_SEEN }>()?;
    Some(Tcp {
        ports: *head.first_chunk::<4>()?,
        sight: Sight::Other,
    })
}

/// Takes the timestamps, where they are all that there is of options.
#[inline(always)]
fn read_timestamps(behind: &[u8], usual: &mut Usual) -> bool {
    let options = behind.first_chunk::<{ TIMESTAMPS as usize }>();
    let Some([before, value, echo]) = options.and_then(|options| words(options)) else {
        return false;
    };
    usual.timestamps = Timestamps { value, echo };
    usual.look = usual.look.with_timestamps();
    usual.payload_len = usual.payload_len.wrapping_sub(TIMESTAMPS);
    usual.at.payload = usual.at.payload.wrapping_add(TIMESTAMPS);
    before == BEFORE_TIMESTAMPS
}

/// The control bits in the header's fourth word.
#[inline(always)]
const fn flags(fourth: u32) -> TcpFlags {
    TcpFlags((fourth >> 16) as u16 & 0x1ff)
}

/// Whether the control bits are usual, the window is open and no data is urgent.
#[inline(always)]
const fn has_usual_bits(fourth: u32, fifth: u32) -> bool {
    Usual::has_flags(flags(fourth)) && fourth as u16 != 0 && fifth as u16 == 0
}
