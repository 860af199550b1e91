//! Prints the rows of a pasted list as they were understood: `cargo run -p whyreset-text --example rows < list.txt`.

use std::io::Read as _;

#[path = "../tests/common/mod.rs"]
mod common;

fn main() -> std::io::Result<()> {
    let mut text = Vec::new();
    std::io::stdin().read_to_end(&mut text)?;
    let list = whyreset_text::parse(&text);
    for format in &list.formats {
        println!("format: {format}");
    }
    for row in &list.rows {
        println!(
            "{} {:?} {:?}",
            common::describe(&list, row),
            row.app,
            row.marks
        );
        if let Some((error, reporter)) = row.icmp {
            println!("    {error:?} from {}", list.names.display(reporter));
        }
    }
    for elision in &list.elisions {
        println!("{elision:?}");
    }
    for unread in &list.unread {
        println!(
            "line {}: {} ({})",
            unread.line, unread.reason, unread.excerpt
        );
    }
    Ok(())
}
