//! Filters: any text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use whyreset_filters::Filter;

fuzz_target!(|text: &str| {
    if let Ok(filter) = Filter::parse(text, |name| (name == "http").then_some(80)) {
        // What it prints, it reads again as the same filter.
        let printed = filter.to_string();
        let again = Filter::parse(&printed, |_| None).expect("a printed filter can be read");
        assert_eq!(again.to_string(), printed);
    }
});
