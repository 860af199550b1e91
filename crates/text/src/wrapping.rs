//! One packet on several lines: `tcpdump -v`, and what mailers wrap.

use crate::details::{self, Detail};
use crate::elisions::is_elision;
use crate::hosts::is_address;
use crate::protocols::protocol;
use crate::reader::{Line, MAX_LINE};
use crate::times::read_time;
use crate::tokens::{integer, shorten};
use crate::{fw_monitor, info_column, smoltcp, tcpdump_new, tcpdump_old};

/// Joins a packet that stands on several lines: `-v`, or a mailer's wrapping. Gives the text and the number of lines.
pub(crate) fn join_wrapped(text: &str, following: &[Line<'_>]) -> Option<(String, usize)> {
    if !wants_more(text)
        && !following.first().is_some_and(|next| {
            continues_numbers(&next.text) && (has_flags(text) || text.contains(" TCP D="))
        })
    {
        return None;
    }
    let mut joined = shorten(text, MAX_LINE).trim_end().to_owned();
    let mut used = 1_usize;
    for next in following.iter().take(MAX_WRAPPED) {
        let next = next.text.trim();
        let more = wants_more(&joined) || continues_numbers(next);
        let whole = both(&joined, next, info_column::has_flag_list)
            || both(&joined, next, |text| text.contains("Flags ["));
        let another = starts_packet(next)
            || starts_with_hosts(next)
            || details::kind(next, false) == Detail::Frame;
        if next.is_empty() || !more || whole || another || is_elision(next) {
            break;
        }
        joined.push(' ');
        joined.push_str(shorten(next, MAX_LINE));
        used = used.saturating_add(1);
    }
    (used > 1).then_some((joined, used))
}

/// Each says it of itself: they are two packets.
fn both(joined: &str, next: &str, says: fn(&str) -> bool) -> bool {
    says(joined) && says(next)
}

/// More lines than this are not joined to one packet.
pub(crate) const MAX_WRAPPED: usize = 4;

/// Whether a packet begins on this line and cannot be complete.
fn wants_more(text: &str) -> bool {
    let verbose_head = text.trim_end().ends_with(')')
        && (text.contains("(tos ") || text.contains("(flowlabel ") || text.contains("(class "));
    // Windows' pktmon writes time and place above the packet.
    let pktmon_head = text.contains(" LoggedSize ") && text.contains("PktGroupId ");
    (pktmon_head && !has_flags(text))
        || fw_monitor::is_head(text)
        || smoltcp::is_head(text)
        || tcpdump_old::is_head(text)
        || (verbose_head && !has_flags(text) && text.contains("TCP (6)"))
        || tcpdump_new::is_cut(text)
        || tcpdump_old::is_cut(text)
        || ends_behind_hosts(text)
        || ends_with_arrow(text)
        || wireshark_is_cut(text)
}

/// A row of tcpdump that a mailer broke behind the ends: `16:31:43.108759 eth0 > static.8664 > dynamic.39406:`.
fn ends_behind_hosts(text: &str) -> bool {
    text.trim_end().ends_with(':') && text.contains(" > ") && starts_packet(text)
}

/// A row that was broken between its ends: `1.5 port1 in 10.0.0.1.51514 ->`.
fn ends_with_arrow(text: &str) -> bool {
    let text = text.trim_end();
    text.ends_with(" ->") && starts_packet(text)
}

/// A row of tshark or Wireshark that ends with the Protocol or Length column, or within the numbers.
fn wireshark_is_cut(text: &str) -> bool {
    let head = shorten(text, MAX_LINE);
    if head.contains("Seq=") && !head.contains("Len=") {
        return true;
    }
    let mut back = head.split_whitespace().rev();
    let (last, second) = (back.next().unwrap_or(""), back.next().unwrap_or(""));
    // At least two columns stand before the protocol.
    let columns = |behind: usize| {
        head.split_whitespace()
            .nth(behind.saturating_add(2))
            .is_some()
    };
    if last == "TCP" {
        return columns(0);
    }
    if second == "TCP" {
        return columns(1) && integer::<u32>(last).is_some();
    }
    !head.contains("Seq=") && !head.contains("Flags [") && has_flags(head)
}

fn has_flags(text: &str) -> bool {
    text.contains("Flags [") || info_column::find_info(shorten(text, MAX_LINE)).is_some()
}

/// `TSval=3081660681 TSecr=3542359002`: the rest of an Info column.
pub(crate) fn continues_numbers(text: &str) -> bool {
    let word = text.split_whitespace().next().unwrap_or("");
    let mut numbers = info_column::Numbers::default();
    word.contains('=') && info_column::read_number(word, &mut numbers)
}

/// Whether a row without number and time begins here: `192.168.1.4    31.13.72.4    TLSv1    Client Hello`, perhaps with an arrow.
fn starts_with_hosts(text: &str) -> bool {
    let mut words = shorten(text, 400).split_whitespace().take(4);
    let (first, second) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let third = words.next().unwrap_or("");
    let (destination, name) = match info_column::is_arrow(second) {
        true => (third, words.next().unwrap_or("")),
        false => (second, third),
    };
    (is_address(first) && is_address(destination)) || protocol(name).is_some()
}

/// Whether a packet begins here: a time, or a number and a time, or tcpdump's `IP `.
pub(crate) fn starts_packet(text: &str) -> bool {
    let words: Vec<&str> = shorten(text, 200).split_whitespace().take(5).collect();
    let numbered = words
        .first()
        .is_some_and(|word| integer::<u64>(word).is_some());
    let from = usize::from(numbered);
    read_time(words.get(from..).unwrap_or(&[])).is_some()
        || matches!(words.first(), Some(&"IP" | &"IP6" | &"No."))
}
