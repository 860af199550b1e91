//! The causes as a list, and the page of one.

use whyreset_verdicts::Cause;

use super::layout::Layout;
use super::style::{self, paint};

/// Every cause with its title.
pub fn cause_list(layout: Layout) -> String {
    let mut out = String::new();
    for cause in Cause::ALL {
        let first = format!("{:<24}", cause.id());
        let rest = " ".repeat(24);
        out.push_str(&layout.paragraph(cause.page().title, &first, &rest));
        out.push('\n');
    }
    out.push_str("\n`whyreset causes CAUSE` tells all about one.\n");
    out
}

/// All about one cause.
pub fn cause_page(cause: Cause, layout: Layout) -> String {
    let page = cause.page();
    let mut out = format!("{}\n{}\n", paint(style::BOLD, cause.id()), page.title);
    for (title, text) in [
        ("What it is", page.what),
        ("Captured at the client", page.at_client),
        ("Captured at the server", page.at_server),
        ("Captured in between", page.between),
        ("What it is mistaken for", page.mistaken_for),
    ] {
        out.push_str(&format!("\n{}\n", paint(style::BOLD, title)));
        out.push_str(&layout.paragraph(text, "  ", "  "));
        out.push('\n');
    }
    for (title, lines) in [
        ("What people see", page.people_see),
        ("Sources", page.sources),
    ] {
        out.push_str(&format!("\n{}\n", paint(style::BOLD, title)));
        for line in lines {
            out.push_str(&layout.paragraph(line, "  • ", "    "));
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_has_a_page_with_something_under_each_title() {
        for cause in Cause::ALL {
            let page = cause.page();
            for text in [
                page.title,
                page.what,
                page.at_client,
                page.at_server,
                page.between,
                page.mistaken_for,
            ] {
                assert!(!text.is_empty(), "{cause}");
            }
            assert!(
                !page.people_see.is_empty() && !page.sources.is_empty(),
                "{cause}"
            );
            assert!(
                cause_page(cause, Layout::default())
                    .lines()
                    .all(|line| line.chars().count() <= 110)
            );
        }
    }
}
