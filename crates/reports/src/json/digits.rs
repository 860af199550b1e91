//! Decimal digits, three at a time.

/// Smaller numbers have nine digits at most.
pub(super) const NINE_DIGITS: u32 = 1_000_000_000;
const THREE_DIGITS: u32 = 1_000;
const SIX_DIGITS: u32 = 1_000_000;

/// Room for the digits of a number of at most nine, or for nine decimals: each three are written with a byte behind them that is
/// written over, or of no use.
pub(super) const ROOM: usize = 12;

/// The digits of a number below a thousand, one a byte, the first in the lowest byte; in the highest byte, how many count.
#[derive(Clone, Copy)]
struct Three {
    /// All three, of which those at the end that are zeros do not count.
    decimals: u32,
    /// Those behind the zeros in front. Of 0, one digit is written.
    number: u32,
}

/// Of each of them.
#[expect(
    clippy::indexing_slicing,
    reason = "the compiler works it out, and would see an index that is wrong"
)]
static THREES: [Three; THREE_DIGITS as usize] = {
    let mut threes = [Three {
        decimals: 0,
        number: 0,
    }; THREE_DIGITS as usize];
    let mut number = 0;
    while number < THREE_DIGITS {
        let [hundreds, tens, ones] = [number / 100, number / 10 % 10, number % 10];
        let zeros = b'0' as u32 * 0x01_01_01;
        let digits = zeros + (hundreds | (tens << 8) | (ones << 16));
        let in_front = (number < 100) as u32 + (number < 10) as u32;
        let at_end = (ones == 0) as u32 + (number % 100 == 0) as u32 + (number == 0) as u32;
        threes[number as usize] = Three {
            decimals: digits | ((3 - at_end) << 24),
            number: (digits >> (in_front * 8)) | ((3 - in_front) << 24),
        };
        number += 1;
    }
    threes
};

/// Of a number below a thousand.
#[inline(always)]
fn three(number: u32) -> Three {
    let nothing = Three {
        decimals: 0,
        number: 0,
    };
    THREES.get(number as usize).copied().unwrap_or(nothing)
}

/// How many of these digits count.
#[inline(always)]
const fn count(digits: u32) -> usize {
    // A mask, so that the compiler sees how few they are.
    (digits >> 24) as usize & 3
}

/// Puts these digits down `at` some place, with a byte behind them.
#[inline(always)]
fn put_three(room: &mut [u8; ROOM], at: usize, digits: u32) {
    if let Some(place) = room.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
        *place = digits.to_le_bytes();
    }
}

/// Puts down a number of at most nine digits, and gives how many they are.
#[inline(always)]
pub(super) fn put(room: &mut [u8; ROOM], number: u32) -> usize {
    if number < THREE_DIGITS {
        let only = three(number).number;
        put_three(room, 0, only);
        return count(only);
    }
    if number < SIX_DIGITS {
        let first = three(number / THREE_DIGITS).number;
        put_three(room, 0, first);
        put_three(room, count(first), three(number % THREE_DIGITS).decimals);
        return count(first) + 3;
    }
    let first = three(number / SIX_DIGITS).number;
    let (middle, last) = (number / THREE_DIGITS % THREE_DIGITS, number % THREE_DIGITS);
    put_three(room, 0, first);
    put_three(room, count(first), three(middle).decimals);
    put_three(room, count(first) + 3, three(last).decimals);
    count(first) + 6
}

/// Puts down the nine decimals of a number below one, in billionths, and gives how many they are without the zeros at the end; one
/// of them always counts.
#[inline(always)]
pub(super) fn put_decimals(room: &mut [u8; ROOM], billionths: u32) -> usize {
    let first = three(billionths / SIX_DIGITS).decimals;
    let middle = three(billionths / THREE_DIGITS % THREE_DIGITS).decimals;
    let last = three(billionths % THREE_DIGITS).decimals;
    put_three(room, 0, first);
    put_three(room, 3, middle);
    put_three(room, 6, last);
    match (count(first), count(middle), count(last)) {
        (len, 0, 0) => len.max(1),
        (_, len, 0) => 3 + len,
        (_, _, len) => 6 + len,
    }
}

/// The same of the three decimals of a number in thousandths.
#[inline(always)]
pub(super) fn put_three_decimals(room: &mut [u8; ROOM], thousandths: u32) -> usize {
    let only = three(thousandths).decimals;
    put_three(room, 0, only);
    count(only).max(1)
}

/// Appends what is put down so.
#[inline]
pub(super) fn append<const N: usize>(out: &mut Vec<u8>, put: impl FnOnce(&mut [u8; N]) -> usize) {
    let mut room = [0; N];
    let end = out.len() + put(&mut room);
    out.extend_from_slice(&room);
    out.truncate(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn appended(put: impl FnOnce(&mut [u8; ROOM]) -> usize) -> String {
        let mut out = b"x".to_vec();
        append(&mut out, put);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_number_is_split_into_its_digits() {
        let near_tens = (0..9).flat_map(|power| {
            let ten = 10_u32.pow(power);
            (1..10).flat_map(move |digit| [digit * ten - 1, digit * ten, digit * ten + 1])
        });
        let all_of_four = (0..10_000).flat_map(|four| [four, four * 10_000, four * 10_000 + 9_999]);
        for number in near_tens.chain(all_of_four) {
            assert_eq!(appended(|room| put(room, number)), format!("x{number}"));
        }
    }

    #[test]
    fn zeros_at_the_end_are_left_out() {
        let near_tens = (0..8).flat_map(|power| (1..120).map(move |few| few * 10_u32.pow(power)));
        for decimals in near_tens.chain(0..10_000).filter(|it| *it < NINE_DIGITS) {
            let written = format!("x{decimals:09}");
            let (first, _) = written.split_at(2);
            let others = written.trim_end_matches('0').get(2..).unwrap_or_default();
            let told = appended(|room| put_decimals(room, decimals));
            assert_eq!(told, format!("{first}{others}"));
        }
        for decimals in 0..THREE_DIGITS {
            let told = appended(|room| put_three_decimals(room, decimals));
            let millionths = appended(|room| put_decimals(room, decimals * SIX_DIGITS));
            assert_eq!(told, millionths);
        }
    }
}
