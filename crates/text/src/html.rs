//! Text copied out of web pages with its tags: cells become columns, rows and breaks become lines.

/// Whether a text has tags that matter. tcpdump's `<nop,nop,…>` is none.
pub(crate) fn has_tags(text: &str) -> bool {
    TAGS.iter().any(|tag| {
        let open = format!("<{tag}");
        text.contains(&open) || text.contains(&open.to_ascii_uppercase())
    })
}

const TAGS: [&str; 12] = [
    "td",
    "th",
    "tr",
    "br",
    "pre",
    "p>",
    "div",
    "span",
    "code",
    "li",
    "table",
    "blockquote",
];

/// Turns tags of a line into blanks, tabs (`\t`, between cells) and breaks (`\n`). `in_row` remembers a table row that goes
/// on over several lines; its cells are joined by the caller.
pub(crate) fn strip_tags(line: &str, in_row: &mut bool) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(open) = rest.find('<') {
        let (before, tag) = rest.split_at_checked(open).unwrap_or((rest, ""));
        text.push_str(before);
        let (name, len) = tag_name(tag);
        match name.as_str() {
            "tr" => {
                *in_row = true;
                text.push('\n');
            }
            "/tr" => {
                *in_row = false;
                text.push('\n');
            }
            "/td" | "/th" => text.push('\t'),
            "br" | "br/" | "p" | "/p" | "div" | "/div" | "pre" | "/pre" | "li" | "/li"
            | "blockquote" | "/blockquote" => text.push('\n'),
            "td" | "th" | "span" | "/span" | "code" | "/code" | "table" | "/table" | "tbody"
            | "/tbody" | "thead" | "/thead" | "b" | "/b" | "i" | "/i" | "em" | "/em" | "strong"
            | "/strong" | "font" | "/font" | "a" | "/a" | "tt" | "/tt" => {}
            _ => {
                // No tag of HTML: options of tcpdump, an arrow, an elision.
                text.push('<');
                rest = tag.get(1..).unwrap_or("");
                continue;
            }
        }
        rest = tag.get(len..).unwrap_or("");
    }
    text.push_str(rest);
    text
}

/// The name of the tag that `text` begins with, and its length.
fn tag_name(text: &str) -> (String, usize) {
    let head = crate::tokens::shorten(text, 512);
    let Some(end) = head.find('>') else {
        return (String::new(), 1);
    };
    let inner = head.get(1..end).unwrap_or("");
    let name = inner.split([' ', '\t']).next().unwrap_or("");
    (name.to_ascii_lowercase(), end.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_go_and_options_stay() {
        let mut in_row = false;
        assert_eq!(
            strip_tags("<tr><td>1</td><td class=\"x\">a</td></tr>", &mut in_row),
            "\n1\ta\t\n"
        );
        assert!(!in_row);
        assert_eq!(
            strip_tags("win 5 <mss 1460,nop> (DF)<br>", &mut in_row),
            "win 5 <mss 1460,nop> (DF)\n"
        );
        assert_eq!(strip_tags("a < b > c", &mut in_row), "a < b > c");
        assert!(has_tags("x<br>y") && !has_tags("<nop,nop,timestamp 1 2>"));
    }
}
