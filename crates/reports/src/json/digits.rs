//! Decimal digits, three at a time.

/// Smaller numbers have eight digits at most.
pub(super) const EIGHT_DIGITS: u32 = 100_000_000;
const THREE_DIGITS: u32 = 1_000;
const SIX_DIGITS: u32 = 1_000_000;

/// The digits of a number below a thousand, with zeros in front.
#[derive(Clone, Copy)]
struct Three {
    /// One a byte, the first in the lowest byte; the fourth is none.
    digits: u32,
    /// Zeros in front of a number, and at the end of decimals.
    in_front: u8,
    at_end: u8,
}

/// Of each of them.
#[expect(
    clippy::indexing_slicing,
    reason = "the compiler works it out, and would see an index that is wrong"
)]
static THREES: [Three; THREE_DIGITS as usize] = {
    let mut threes = [Three {
        digits: 0,
        in_front: 0,
        at_end: 0,
    }; THREE_DIGITS as usize];
    let mut number = 0;
    while number < THREE_DIGITS {
        let [hundreds, tens, ones] = [number / 100, number / 10 % 10, number % 10];
        let zeros = b'0' as u32 * 0x01_01_01;
        threes[number as usize] = Three {
            digits: zeros + (hundreds | (tens << 8) | (ones << 16)),
            // Of 0, one digit is written.
            in_front: (number < 100) as u8 + (number < 10) as u8,
            at_end: (ones == 0) as u8 + (number % 100 == 0) as u8 + (number == 0) as u8,
        };
        number += 1;
    }
    threes
};

/// Of a number below a thousand.
#[inline]
fn three(number: u32) -> Three {
    let nothing = Three {
        digits: 0,
        in_front: 0,
        at_end: 0,
    };
    THREES.get(number as usize).copied().unwrap_or(nothing)
}

/// The digits of a number of at most eight, the first in the lowest byte, and how many they are.
#[inline]
pub(super) fn of(number: u32) -> (u64, usize) {
    let (digits, in_front, len) = if number < THREE_DIGITS {
        let only = three(number);
        (only.digits.into(), only.in_front, 3)
    } else if number < SIX_DIGITS {
        let first = three(number / THREE_DIGITS);
        let last = three(number % THREE_DIGITS);
        let digits = u64::from(first.digits) | (u64::from(last.digits) << 24);
        (digits, first.in_front, 6)
    } else {
        // The first of them is 0.
        let first = three(number / SIX_DIGITS);
        (eight(number), first.in_front - 1, 8)
    };
    (digits >> (in_front * 8), len - usize::from(in_front))
}

/// The eight digits of a number that has no more, with zeros in front.
#[inline]
fn eight(number: u32) -> u64 {
    let first = three(number / SIX_DIGITS).digits >> 8;
    let middle = three(number / THREE_DIGITS % THREE_DIGITS).digits;
    let last = three(number % THREE_DIGITS).digits;
    u64::from(first) | (u64::from(middle) << 16) | (u64::from(last) << 40)
}

/// Three decimals, and how many they are without the zeros at the end.
#[inline]
pub(super) fn of_three_decimals(thousandths: u32) -> ([u8; 4], usize) {
    let only = three(thousandths);
    (only.digits.to_le_bytes(), 3 - usize::from(only.at_end))
}

/// Eight decimals, and how many they are without the zeros at the end.
#[inline]
pub(super) fn of_decimals(decimals: u32) -> (u64, usize) {
    let behind = three(decimals % THREE_DIGITS).at_end;
    let at_end = if behind < 3 {
        behind
    } else {
        zeros_in_front_of_three(decimals / THREE_DIGITS)
    };
    (eight(decimals), 8 - usize::from(at_end))
}

/// The zeros at the end of eight decimals whose last three are zeros; these are the first five.
#[inline]
fn zeros_in_front_of_three(five: u32) -> u8 {
    match three(five % THREE_DIGITS).at_end {
        3 => 6 + three(five / THREE_DIGITS).at_end.min(2),
        behind => 3 + behind,
    }
}

/// Appends a number of at most eight digits.
#[inline]
pub(super) fn write_number(number: u32, out: &mut Vec<u8>) {
    let (digits, len) = of(number);
    append(digits.to_le_bytes(), len, out);
}

/// Appends the first `len` of these bytes. A number of them that is known beforehand is quickly written.
#[inline]
pub(super) fn append<const N: usize>(bytes: [u8; N], len: usize, out: &mut Vec<u8>) {
    let end = out.len() + len;
    out.extend_from_slice(&bytes);
    out.truncate(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_split_into_its_digits() {
        let near_tens = (0..8).flat_map(|power| {
            let ten = 10_u32.pow(power);
            (1..10).flat_map(move |digit| [digit * ten - 1, digit * ten, digit * ten + 1])
        });
        let all_of_four = (0..10_000).flat_map(|four| [four, four * 10_000, four * 10_000 + 9_999]);
        for number in near_tens.chain(all_of_four) {
            let digits = eight(number).to_le_bytes();
            assert_eq!(digits, *format!("{number:08}").as_bytes());
            let mut out = b"x".to_vec();
            write_number(number, &mut out);
            assert_eq!(out, format!("x{number}").as_bytes());
        }
    }

    #[test]
    fn zeros_at_the_end_are_left_out() {
        let near_tens = (0..8).flat_map(|power| (1..120).map(move |few| few * 10_u32.pow(power)));
        for decimals in near_tens.chain(0..10_000).filter(|it| *it < EIGHT_DIGITS) {
            let (digits, len) = of_decimals(decimals);
            let written = format!("{decimals:08}");
            assert_eq!(
                digits.to_le_bytes()[..len],
                *written.trim_end_matches('0').as_bytes()
            );
        }
        for decimals in 0..THREE_DIGITS {
            let (digits, len) = of_three_decimals(decimals);
            let written = format!("{decimals:03}");
            assert_eq!(digits[..len], *written.trim_end_matches('0').as_bytes());
        }
    }
}
