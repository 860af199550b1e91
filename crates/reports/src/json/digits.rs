//! Decimal digits, eight at a time.

/// Smaller numbers have eight digits at most.
pub(super) const EIGHT_DIGITS: u32 = 100_000_000;
/// What makes digits of numbers below ten.
const ZEROS: u64 = u64::MAX / 0xff * b'0' as u64;

/// The eight digits of a number that has no more, with zeros in front, one a byte, the first in the lowest byte: the number
/// is split in two, and so are all its parts at once, until they are single digits.
const fn split(number: u32) -> u64 {
    let number = number as u64;
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    // Of numbers below ten thousand, and below a hundred, these are the hundreds and the tens.
    let hundreds = ((fours * 10_486) >> 20) & 0x7f_0000_007f;
    let twos = hundreds | ((fours - hundreds * 100) << 16);
    let tens = ((twos * 103) >> 10) & 0xf_000f_000f_000f;
    tens | ((twos - tens * 10) << 8)
}

/// Appends a number of at most eight digits.
#[inline]
pub(super) fn write_number(number: u32, out: &mut Vec<u8>) {
    // Of 0, one digit is written.
    let digits = split(number);
    let in_front = (digits | (1 << 56)).trailing_zeros() / 8;
    let written = (digits | ZEROS) >> (in_front * 8);
    append(written.to_le_bytes(), 8 - in_front as usize, out);
}

/// Appends eight decimals, without the zeros at the end, but at least so many.
#[inline]
pub(super) fn write_decimals(eight: u32, least: usize, out: &mut Vec<u8>) {
    let digits = split(eight);
    let at_end = digits.leading_zeros() as usize / 8;
    append((digits | ZEROS).to_le_bytes(), least.max(8 - at_end), out);
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
            let digits = split(number) | ZEROS;
            assert_eq!(digits.to_le_bytes(), *format!("{number:08}").as_bytes());
            let mut out = b"x".to_vec();
            write_number(number, &mut out);
            assert_eq!(out, format!("x{number}").as_bytes());
        }
    }

    #[test]
    fn zeros_at_the_end_are_left_out() {
        for (decimals, least, written) in [
            (12_345_678, 0, "12345678"),
            (1_000, 1, "00001"),
            (0, 1, "0"),
            (0, 0, ""),
        ] {
            let mut out = Vec::new();
            write_decimals(decimals, least, &mut out);
            assert_eq!(out, written.as_bytes());
        }
    }
}
