//! From a scenario file's text to its variations.

use super::Variation;
use anyhow::{Context, Result, bail};
use toml::{Table, Value};

/// All variations of one file.
pub fn variations(scenario: &str, text: &str) -> Result<Vec<Variation>> {
    let mut file: Table = text.parse().context("not TOML")?;
    let base = match file.remove("base") {
        Some(Value::Table(base)) => base,
        None => Table::new(),
        Some(_) => bail!("base is not a table"),
    };
    let Some(Value::Array(list)) = file.remove("variation") else {
        bail!("no [[variation]]");
    };
    let mut all = Vec::new();
    for entry in list {
        let Value::Table(entry) = entry else {
            bail!("a variation is not a table")
        };
        let mut merged = base.clone();
        merge(&mut merged, entry);
        for table in expand(merged)? {
            let name = table
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or("?")
                .to_owned();
            let mut variation: Variation = Value::Table(table)
                .try_into()
                .with_context(|| format!("variation {name}"))?;
            variation.scenario = scenario.to_owned();
            all.push(variation);
        }
    }
    Ok(all)
}

/// Lays `over` upon `under`: tables deeply, everything else is replaced.
fn merge(under: &mut Table, over: Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => merge(below, above),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}

/// One table for each place in the lists of `zip`, or of `fit`, `test` and `blind`.
fn expand(mut table: Table) -> Result<Vec<Table>> {
    let name = table
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or("?")
        .to_owned();
    let mut lists = Vec::new();
    for key in ["zip", "fit", "test", "blind"] {
        if let Some(zip) = table.remove(key) {
            lists.push((key, zip));
        }
    }
    if lists.is_empty() {
        return Ok(vec![table]);
    }
    let mut all = Vec::new();
    for (key, zip) in lists {
        let mut table = table.clone();
        let mut prefix = name.clone();
        if key != "zip" {
            table.insert("part".to_owned(), Value::String(key.to_owned()));
            prefix = format!("{name}-{key}");
        }
        let Value::Table(zip) = zip else {
            bail!("{key} is not a table")
        };
        all.extend(expand_with(&table, &prefix, &zip)?);
    }
    Ok(all)
}

fn expand_with(table: &Table, name: &str, zip: &Table) -> Result<Vec<Table>> {
    let mut count = 0;
    for values in zip.values() {
        count = count.max(values.as_array().map_or(0, Vec::len));
    }
    let mut all = Vec::new();
    for n in 0..count {
        let mut copy = table.clone();
        if n > 0 {
            // One of each kind is enough for the short run.
            copy.remove("short");
        }
        for (path, values) in zip {
            let values = values.as_array().context("lists are needed")?;
            let Some(value) = values.get(n % values.len().max(1)) else {
                continue;
            };
            set(&mut copy, path, value.clone())?;
        }
        let number = Value::String(format!("{name}-{}", n + 1));
        copy.insert("name".to_owned(), number);
        all.push(copy);
    }
    Ok(all)
}

/// Sets a dotted path; a number in it is a place in a list.
fn set(table: &mut Table, path: &str, value: Value) -> Result<()> {
    match path.split_once('.') {
        None => {
            table.insert(path.to_owned(), value);
            Ok(())
        }
        Some((first, rest)) => {
            let below = table
                .entry(first)
                .or_insert_with(|| Value::Table(Table::new()));
            set_below(below, rest, value)
        }
    }
}

fn set_below(below: &mut Value, rest: &str, value: Value) -> Result<()> {
    match below {
        Value::Table(table) => set(table, rest, value),
        Value::Array(list) => {
            let (place, rest) = rest.split_once('.').unwrap_or((rest, ""));
            let place: usize = place.parse().context("a list needs a place")?;
            let item = list.get_mut(place).context("no such place in the list")?;
            if rest.is_empty() {
                *item = value;
                Ok(())
            } else {
                set_below(item, rest, value)
            }
        }
        _ => bail!("{rest} leads nowhere"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
        [base]
        part = "fit"
        truth = { cause = "none", ended_by = "client", outcome = "completed" }
        net.rtt_ms = 10
        server.program = "steps"
        server.sessions = [["request", "response 10"]]
        client.program = "steps"
        [[variation]]
        name = "a"
        net.loss = 0.5
        [[variation]]
        name = "b"
        zip = { "net.rtt_ms" = [1, 2], "server.sessions.0.1" = ["response 7"] }
    "#;

    #[test]
    fn a_variation_is_merged_over_the_base() {
        let all = variations("x", FILE).unwrap();
        assert_eq!(all[0].name, "a");
        assert_eq!(all[0].net.rtt_ms, 10.0);
        assert_eq!(all[0].net.loss, 0.5);
    }

    #[test]
    fn fit_and_test_expand_into_variations_of_their_part() {
        let file = FILE.replace("zip =", "test = { \"net.loss\" = [0.1] }\n fit =");
        let all = variations("x", &file).unwrap();
        let names: Vec<_> = all
            .iter()
            .map(|each| (each.name.as_str(), each.part))
            .collect();
        let (fit, test) = (super::super::Part::Fit, super::super::Part::Test);
        assert_eq!(
            names,
            [
                ("a", fit),
                ("b-fit-1", fit),
                ("b-fit-2", fit),
                ("b-test-1", test)
            ]
        );
    }

    #[test]
    fn a_zip_expands_into_numbered_variations() {
        let all = variations("x", FILE).unwrap();
        assert_eq!(all.len(), 3);
        assert_eq!(all[2].name, "b-2");
        assert_eq!(all[2].net.rtt_ms, 2.0);
        assert_eq!(all[2].server.sessions[0][1], "response 7");
    }
}
