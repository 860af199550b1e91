//! JSON as bytes, appended to a buffer: objects, arrays, strings, numbers.
//!
//! The document is written for each of millions of connections, so nothing of it is built first: no map, no copy. What
//! comes out is, byte for byte, what `serde_json` writes.

use super::digits::{self, NINE_DIGITS, append};

/// Something that can be written as JSON.
pub(super) trait ToJson {
    /// Appends it.
    fn write(&self, out: &mut Vec<u8>);
}

/// The name of a field as it stands in an object: as the first one, `{"name":`, and behind another, `,"name":`.
#[derive(Clone, Copy)]
pub(super) struct Name {
    pub(super) first: &'static str,
    pub(super) next: &'static str,
}

/// A [`Name`]. Names are ours, without anything to escape.
macro_rules! name {
    ($name:literal) => {
        $crate::json::writer::Name {
            first: concat!("{\"", $name, "\":"),
            next: concat!(",\"", $name, "\":"),
        }
    };
}
pub(super) use name;

/// A string of ours as it stands in the document: nothing in it is to be escaped.
pub(super) struct Word(pub(super) &'static str);

/// A [`Word`].
macro_rules! word {
    ($word:literal) => {
        $crate::json::writer::Word(concat!("\"", $word, "\""))
    };
}
pub(super) use word;

impl ToJson for Word {
    #[inline]
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0.as_bytes());
    }
}

/// An object that is being written.
///
/// Its names are in one piece, and known where they are written: inlined, each is a few instructions.
pub(super) struct Object<'o> {
    out: &'o mut Vec<u8>,
    /// A field stands in it already.
    begun: bool,
}

impl<'o> Object<'o> {
    /// Begins one: it stands there with its first field.
    pub(super) const fn begin(out: &'o mut Vec<u8>) -> Self {
        Self { out, begun: false }
    }

    /// Goes on with one whose first fields have been written.
    pub(super) const fn go_on(out: &'o mut Vec<u8>) -> Self {
        Self { out, begun: true }
    }

    /// The next field.
    #[inline(always)]
    pub(super) fn field(&mut self, name: Name, value: &(impl ToJson + ?Sized)) {
        value.write(self.name(name));
    }

    /// The next field, which is left out where there is no value.
    #[inline(always)]
    pub(super) fn field_if_known(&mut self, name: Name, value: Option<impl ToJson>) {
        if let Some(value) = value {
            self.field(name, &value);
        }
    }

    /// The name of the next field: its value is to be appended.
    #[inline(always)]
    pub(super) fn name(&mut self, name: Name) -> &mut Vec<u8> {
        let name = if self.begun { name.next } else { name.first };
        self.out.extend_from_slice(name.as_bytes());
        self.begun = true;
        self.out
    }

    /// Ends one that has at least one field.
    #[inline]
    pub(super) fn end(self) {
        self.out.push(b'}');
    }
}

/// An array of whatever `write` appends for each item.
pub(super) fn array<T>(
    out: &mut Vec<u8>,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(T, &mut Vec<u8>),
) {
    out.push(b'[');
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(b']');
}

impl ToJson for u64 {
    #[inline]
    fn write(&self, out: &mut Vec<u8>) {
        match *self {
            small @ 0..10 => out.push(b'0' + small as u8),
            nine if nine < u64::from(NINE_DIGITS) => {
                append(out, |room| digits::put(room, nine as u32))
            }
            large => write_large(large, out),
        }
    }
}

/// Apart, so that the usual numbers need no room for its digits.
#[cold]
fn write_large(number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

macro_rules! shorter_integers {
    ($($integer:ty),*) => {$(
        impl ToJson for $integer {
            #[inline]
            fn write(&self, out: &mut Vec<u8>) {
                u64::from(*self).write(out);
            }
        }
    )*};
}

shorter_integers!(u8, u16, u32);

/// The shortest decimals that mean the same number; what is none is `null`.
impl ToJson for f64 {
    fn write(&self, out: &mut Vec<u8>) {
        if self.is_finite() {
            out.extend_from_slice(zmij::Buffer::new().format_finite(*self).as_bytes());
        } else {
            out.extend_from_slice(b"null");
        }
    }
}

impl ToJson for bool {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if *self { b"true" } else { b"false" });
    }
}

impl<T: ToJson> ToJson for Option<T> {
    #[inline]
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Some(value) => value.write(out),
            None => out.extend_from_slice(b"null"),
        }
    }
}

impl<T: ToJson + ?Sized> ToJson for &T {
    fn write(&self, out: &mut Vec<u8>) {
        (**self).write(out);
    }
}

impl<T: ToJson> ToJson for [T] {
    fn write(&self, out: &mut Vec<u8>) {
        array(out, self, ToJson::write);
    }
}

impl ToJson for String {
    fn write(&self, out: &mut Vec<u8>) {
        self.as_str().write(out);
    }
}

impl ToJson for str {
    fn write(&self, out: &mut Vec<u8>) {
        let bytes = self.as_bytes();
        out.push(b'"');
        if is_plain(bytes) {
            out.extend_from_slice(bytes);
        } else {
            write_escaped(bytes, out);
        }
        out.push(b'"');
    }
}

#[cold]
fn write_escaped(bytes: &[u8], out: &mut Vec<u8>) {
    let mut rest = bytes;
    loop {
        let (plain, special) = rest.split_at(plain_len(rest));
        out.extend_from_slice(plain);
        let Some((byte, behind)) = special.split_first() else {
            break;
        };
        escape(out, *byte);
        rest = behind;
    }
}

/// Whether all bytes stand for themselves in a string.
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    if let Some(last) = bytes.last_chunk() {
        return is_long_plain(bytes, last);
    }
    let (eights, _) = bytes.as_chunks();
    // The last eight overlap those before them, as the fours of shorter ones do.
    let rest = match (bytes.last_chunk(), bytes.first_chunk(), bytes.last_chunk()) {
        (Some(eight), ..) => u64::from_ne_bytes(*eight),
        (_, Some(first), Some(last)) => {
            let [first, last] = [first, last].map(|four| u64::from(u32::from_ne_bytes(*four)));
            (first << 32) | last
        }
        _ => return !bytes.iter().any(|byte| is_special(*byte)),
    };
    let found = eights.iter().fold(specials(rest), |found, eight| {
        found | specials(u64::from_ne_bytes(*eight))
    });
    found == 0
}

/// The same of a longer text, whose last bytes these are: they overlap those before them.
fn is_long_plain(bytes: &[u8], last: &[u8; LONG]) -> bool {
    let (blocks, _) = bytes.as_chunks::<LONG>();
    let mut found = last.map(is_special);
    for block in blocks {
        for (found, byte) in found.iter_mut().zip(block) {
            *found |= is_special(*byte);
        }
    }
    found == [false; LONG]
}

/// Bytes that are looked at at once: as many as a few registers hold.
const LONG: usize = 32;

/// Whether all of these do.
#[inline]
pub(super) const fn are_plain(first: [u8; 8], last: [u8; 8]) -> bool {
    specials(u64::from_ne_bytes(first)) | specials(u64::from_ne_bytes(last)) == 0
}

/// So many bytes of the beginning stand for themselves.
fn plain_len(bytes: &[u8]) -> usize {
    let (eights, _) = bytes.as_chunks();
    let plain = |eight: &&[u8; 8]| specials(u64::from_ne_bytes(**eight)) == 0;
    let len = eights.iter().take_while(plain).count() * 8;
    let rest = bytes.get(len..).unwrap_or_default();
    let special = rest.iter().position(|byte| is_special(*byte));
    len + special.unwrap_or(rest.len())
}

/// RFC 8259 §7: control characters, the quotation mark, the backslash.
const fn is_special(byte: u8) -> bool {
    matches!(byte, 0..0x20 | b'"' | b'\\')
}

/// Of eight bytes that are looked at at once, 0 where none is special (H. S. Warren, Hacker's Delight, §6-1).
const fn specials(eight: u64) -> u64 {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGH: u64 = ONES << 7;
    // Bytes that are less than one have their highest bit set behind a subtraction, and had not before.
    let below_blank = eight.wrapping_sub(ONES * 0x20);
    let quotation_mark = (eight ^ (ONES * b'"' as u64)).wrapping_sub(ONES);
    let backslash = (eight ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    (below_blank | quotation_mark | backslash) & !eight & HIGH
}

fn escape(out: &mut Vec<u8>, byte: u8) {
    const HEX: [u8; 16] = *b"0123456789abcdef";
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        0x0c => b'f',
        b'\r' => b'r',
        _ => {
            let digit = |value: u8| HEX.get(usize::from(value & 0xf)).copied().unwrap_or(b'0');
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&[digit(byte >> 4), digit(byte)]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Serialize;
    use std::net::{Ipv4Addr, Ipv6Addr};

    fn ours(value: &(impl ToJson + ?Sized)) -> String {
        let mut out = Vec::new();
        value.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    fn as_serde_writes<T: ToJson + Serialize + ?Sized>(value: &T) {
        assert_eq!(ours(value), serde_json::to_string(value).unwrap());
    }

    #[test]
    fn every_character_is_escaped_as_serde_does() {
        for code in 0..0x1_0000 {
            if let Some(character) = char::from_u32(code) {
                as_serde_writes(&format!("seven{character}x"));
            }
        }
    }

    #[test]
    fn objects_and_arrays_have_their_commas() {
        let mut out = Vec::new();
        let mut object = Object::begin(&mut out);
        object.field(name!("one"), &1_u64);
        object.field_if_known(name!("left_out"), None::<bool>);
        object.field_if_known(name!("two"), Some(true));
        array(object.name(name!("list")), ["a", "b"], |item, out| {
            item.write(out)
        });
        array(object.name(name!("empty")), [0_u8; 0], |item, out| {
            item.write(out)
        });
        object.end();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"one":1,"two":true,"list":["a","b"],"empty":[]}"#
        );
    }

    proptest! {
        #[test]
        fn strings_are_as_serde_writes_them(text in any::<String>(), ascii in "[\\x00-\\x7f]{0,64}") {
            as_serde_writes(&text);
            as_serde_writes(&ascii);
        }

        #[test]
        fn numbers_are_as_serde_writes_them(
            integer in any::<u64>(),
            short in any::<u16>(),
            bits in any::<u64>(),
            nanos in any::<i64>(),
            list in proptest::collection::vec(any::<u32>(), 0..4),
        ) {
            as_serde_writes(&integer);
            as_serde_writes(&short);
            as_serde_writes(&f64::from_bits(bits));
            as_serde_writes(&(nanos as f64 / 1e9));
            as_serde_writes(&((nanos >> 24) as f64 / 1e9));
            as_serde_writes(&Some(integer));
            as_serde_writes(&None::<f64>);
            as_serde_writes(list.as_slice());
        }

        #[test]
        fn addresses_are_as_serde_writes_them(v4 in any::<u32>(), v6 in any::<u128>()) {
            prop_assert_eq!(ours(&Ipv4Addr::from(v4)), format!("\"{}\"", Ipv4Addr::from(v4)));
            prop_assert_eq!(ours(&Ipv6Addr::from(v6)), format!("\"{}\"", Ipv6Addr::from(v6)));
        }
    }
}
