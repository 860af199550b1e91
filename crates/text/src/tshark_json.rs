//! `tshark -T json` (an array of packets) and `-T ek` (one object per line).
//!
//! The objects hold a name more than once (two IP headers, three NOPs), so they are walked rather than turned into maps.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::fields::{FieldSet, read_fields};
use crate::format::Format;
use crate::hosts::Names;
use crate::read::Read;

/// Splits a text where an array of packets begins, as `-T json` writes it: a bracket on a line of its own.
pub(crate) fn split_at_array(text: &str) -> Option<(&str, &str)> {
    if !text.contains("\"layers\"") || !text.contains("\"_source\"") {
        return None;
    }
    let mut start = 0_usize;
    for line in text.split_inclusive('\n').take(1_000) {
        if line.trim_start().starts_with("[")
            && line.trim().trim_start_matches(['[', '{', ' ']).is_empty()
        {
            return text.split_at_checked(start);
        }
        start = start.saturating_add(line.len());
    }
    None
}

/// Reads one line of `-T ek`; `None` where it is none.
pub(crate) fn read_ek_line(line: &str, names: &mut Names) -> Option<Read> {
    let line = line.trim();
    if !line.starts_with('{') || !(line.contains("\"layers\"") || line.starts_with("{\"index\"")) {
        return None;
    }
    if line.starts_with("{\"index\"") && !line.contains("\"layers\"") {
        return Some(Read::No);
    }
    let mut fields = FieldSet::default();
    let mut json = serde_json::Deserializer::from_str(line);
    let walked = Walk {
        fields: &mut fields,
        name: "",
    }
    .deserialize(&mut json);
    Some(match walked {
        Ok(()) => read_fields(&fields, Format::TsharkEk, names),
        Err(_) => Read::Unread(crate::Reason::Malformed),
    })
}

/// Reads the text of one packet of an array. `Err` gives the line where it is not well formed, counted from 1.
pub(crate) fn read_packet(text: &[u8], names: &mut Names) -> Result<Read, usize> {
    let mut fields = FieldSet::default();
    let mut json = serde_json::Deserializer::from_slice(text);
    let walk = Walk {
        fields: &mut fields,
        name: "",
    };
    walk.deserialize(&mut json)
        .and_then(|()| json.end())
        .map_err(|error| error.line())?;
    Ok(read_fields(&fields, Format::TsharkJson, names))
}

/// Collects the leaves of a tree under their names.
struct Walk<'a> {
    fields: &'a mut FieldSet,
    name: &'a str,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a packet")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if name == "_index" || name == "_type" || name == "_score" {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            map.next_value_seed(Walk {
                fields: self.fields,
                name: &name,
            })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items
            .next_element_seed(Walk {
                fields: self.fields,
                name: self.name,
            })?
            .is_some()
        {}
        Ok(())
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        self.fields.add(self.name, value);
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        self.fields.add(self.name, if value { "1" } else { "0" });
        Ok(())
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        self.fields.add(self.name, &value.to_string());
        Ok(())
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        if !value.is_finite() {
            return Err(E::custom("not a number"));
        }
        self.fields.add(self.name, &value.to_string());
        Ok(())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }
}
