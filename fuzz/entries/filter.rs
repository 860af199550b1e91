//! Filters: any text.

use whyreset_filters::Filter;

/// Checks one input.
pub fn run(text: &str) {
    if let Ok(filter) = Filter::parse(text, |name| (name == "http").then_some(80)) {
        // What it prints, it reads again as the same filter, unless the parentheses it adds nest too deep.
        let printed = filter.to_string();
        match Filter::parse(&printed, |_| None) {
            Ok(again) => assert_eq!(again.to_string(), printed),
            Err(error) => assert!(error.what.starts_with("nested"), "{printed}: {error}"),
        }
    }
}
