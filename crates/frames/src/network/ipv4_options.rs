//! IPv4 options (RFC 791 §3.1): of interest is where a packet on a source route is bound for.

use std::net::Ipv4Addr;

use crate::packet::Cut;

const END: u8 = 0;
const NOTHING: u8 = 1;
const LOOSE_ROUTE: u8 = 131;
const STRICT_ROUTE: u8 = 137;

/// The end of the source route, where there is one that the packet has not come to the end of: the header's destination is
/// only its next stop.
///
/// # Errors
/// An option that is shorter than its kind: Wireshark reads nothing behind it, and a host drops the packet.
pub(super) fn final_destination(options: &[u8]) -> Result<Option<Ipv4Addr>, Cut> {
    let mut destination = None;
    let mut rest = options;
    loop {
        rest = match rest {
            [] | [END, ..] => return Ok(destination),
            [NOTHING, after @ ..] => after,
            [kind, len, ..] => {
                let len = usize::from(*len);
                // What is no option ends the list, and harms nothing.
                let Some((option, after)) = rest.split_at_checked(len).filter(|_| len >= 2) else {
                    return Ok(destination);
                };
                if len < least_len(*kind) {
                    return Err(Cut);
                }
                if matches!(*kind, LOOSE_ROUTE | STRICT_ROUTE) && destination.is_none() {
                    destination = end_of_route(option);
                }
                after
            }
            [_] => return Ok(destination),
        };
    }
}

/// The last address of a route, unless its pointer says that all stops lie behind.
fn end_of_route(option: &[u8]) -> Option<Ipv4Addr> {
    let pointer = option.get(2)?;
    let ahead = *pointer >= 4 && pointer & 3 == 0 && usize::from(*pointer) <= option.len();
    let last = option.last_chunk::<4>().filter(|_| ahead)?;
    Some(Ipv4Addr::from(*last))
}

/// The shortest that an option of this kind can be, found by trial with Wireshark.
const fn least_len(kind: u8) -> usize {
    match kind {
        // Record route, security, source routes, extended security.
        7 | 130 | 131 | 133 | 137 => 3,
        // MTU probe and reply, time stamp, stream id, router alert.
        11 | 12 | 68 | 136 | 148 => 4,
        // Commercial IP security.
        134 => 6,
        // Quick start.
        25 => 8,
        // Traceroute.
        82 => 12,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(options: &[u8]) -> Option<String> {
        final_destination(options)
            .unwrap()
            .map(|address| address.to_string())
    }

    #[test]
    fn a_source_route_leads_to_its_last_address() {
        let route = |pointer| [131, 11, pointer, 10, 0, 0, 8, 10, 0, 0, 9, 0];
        for pointer in [4, 8] {
            assert_eq!(destination(&route(pointer)).unwrap(), "10.0.0.9");
        }
        // At its end, and damaged.
        for pointer in [12, 5, 0] {
            assert_eq!(destination(&route(pointer)), None);
        }
        assert_eq!(
            destination(&[1, 137, 7, 4, 10, 0, 0, 9]).unwrap(),
            "10.0.0.9"
        );
        assert_eq!(destination(&[0, 137, 7, 4, 10, 0, 0, 9]), None);
    }

    #[test]
    fn what_is_no_option_ends_the_list() {
        for options in [&[200, 1, 131, 7, 4, 10, 0, 0, 9][..], &[200, 20, 0], &[200]] {
            assert_eq!(destination(options), None);
        }
        assert_eq!(
            destination(&[200, 3, 0, 131, 7, 4, 10, 0, 0, 9]).unwrap(),
            "10.0.0.9"
        );
    }

    #[test]
    fn options_shorter_than_their_kind_are_damage() {
        for options in [
            &[130, 2][..],
            &[68, 3, 0],
            &[25, 7, 0, 0, 0, 0, 0],
            &[131, 2],
        ] {
            assert!(final_destination(options).is_err(), "{options:?}");
        }
        assert_eq!(destination(&[148, 4, 0, 0]), None);
    }
}
