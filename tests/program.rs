//! The program as people call it: exit statuses, error lines, selection, slices.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::{document, run, whyreset};

const SEED: &str = "examples/seed-question.txt";
const RESET: &str = "tests/fixtures/lab/client_abort/basic-curl-killed/server.pcap";
const HEALTHY: &str = "tests/fixtures/lab/none/basic-nginx-curl/server.pcap";

#[test]
fn what_cannot_be_read_gives_one_clear_line_and_status_2() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    for (path, expected) in [
        ("/nonexistent/x.pcap".to_owned(), "there is no such file"),
        (file("empty", b""), "is empty"),
        (
            file("prose", b"Dear all,\nit broke again.\n"),
            "no line of it looks like a TCP packet",
        ),
        (
            file("elf", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0"),
            "not a capture",
        ),
        (folder.path().to_str().unwrap().to_owned(), "is a folder"),
    ] {
        for json in [&["--json"][..], &[]] {
            let output = run(&[json, &[&path]].concat());
            assert_eq!(output.status.code(), Some(2), "{path}");
            assert!(output.stdout.is_empty(), "{path}");
            let error = String::from_utf8(output.stderr).unwrap();
            assert!(error.contains(expected), "{error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }
}

#[test]
fn a_page_without_a_packet_list_is_called_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("CAPTURE.pcap");
    std::fs::write(
        &path,
        b"<!DOCTYPE html>\n<html><body>Log in</body></html>\n",
    )
    .unwrap();
    let output = run(&[path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("a web page (HTML)"), "{error}");
}

#[test]
fn a_cut_capture_is_reported_as_far_as_it_goes() {
    let bytes = std::fs::read(HEALTHY).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.pcap");
    std::fs::write(&path, &bytes[..bytes.len() - 7]).unwrap();
    let cut = document(&[path.to_str().unwrap()]);
    let whole = document(&[HEALTHY]);
    let packets = |it: &serde_json::Value| it["captures"][0]["packets"].as_u64().unwrap();
    assert_eq!(packets(&cut) + 1, packets(&whole));
    let warning = cut["captures"][0]["warnings"][0].as_str().unwrap();
    assert!(warning.contains("cut short"), "{warning}");
}

#[test]
fn exit_code_tells_of_failures_only_if_asked() {
    assert_eq!(run(&[RESET]).status.code(), Some(0));
    assert_eq!(run(&["--exit-code", RESET]).status.code(), Some(1));
    assert_eq!(run(&["--exit-code", HEALTHY]).status.code(), Some(0));
}

#[test]
fn help_has_examples() {
    let output = run(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(help.contains("Examples:"), "{help}");
    assert!(help.contains("Exit status:"), "{help}");
}

#[test]
fn compressed_and_piped_captures_give_the_same_document() {
    let plain = std::fs::read(RESET).unwrap();
    let mut expected = document(&[RESET]);
    expected["captures"] = serde_json::Value::Null;
    let gzip = common::gzip(&plain);
    let zstd = zstd::encode_all(&plain[..], 3).unwrap();
    let mut lz4 = lz4_flex::frame::FrameEncoder::new(Vec::new());
    std::io::Write::write_all(&mut lz4, &plain).unwrap();
    let lz4 = lz4.finish().unwrap();
    for bytes in [plain, gzip, zstd, lz4] {
        let output = common::run_with_input(&["--json", "-"], &bytes);
        let mut document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        document["captures"] = serde_json::Value::Null;
        assert_eq!(document, expected);
    }
}

#[test]
fn selection_chooses_connections() {
    let count = |arguments: &[&str]| {
        let mut all = vec!["--json"];
        all.extend_from_slice(arguments);
        all.push(RESET);
        let output = run(&all);
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        document["connections"].as_array().unwrap().len()
    };
    assert_eq!(count(&[]), 1);
    assert_eq!(count(&["--stream", "0"]), 1);
    assert_eq!(count(&["--stream", "1"]), 0);
    assert_eq!(count(&["--failed"]), 1);
    assert_eq!(count(&["--cause", "client_abort"]), 1);
    assert_eq!(count(&["--cause", "none"]), 0);
    assert_eq!(count(&["--host", "192.0.2.77"]), 0);
    assert_eq!(count(&["--filter", "tcp and not port 9"]), 1);
    assert_eq!(count(&["--since", "3600"]), 0);
    assert_eq!(count(&["--until", "0.001"]), 1);
    for wrong in [
        ["--cause", "bad_luck"],
        ["--filter", "port"],
        ["--since", "yesterday"],
    ] {
        let output = run(&[wrong[0], wrong[1], RESET]);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn a_slice_is_a_capture_with_the_same_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("slice.pcapng");
    let path = path.to_str().unwrap();
    let output = run(&["slice", "--stream", "0", RESET, "-o", path]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let (slice, whole) = (document(&[path]), document(&[RESET]));
    let (slice, whole) = (&slice["connections"][0], &whole["connections"][0]);
    for field in ["bytes", "outcome", "client", "server", "vantage", "rtt_ms"] {
        assert_eq!(slice[field], whole[field]);
    }
    for field in ["cause", "ended_by", "confidence"] {
        assert_eq!(slice["verdict"][field], whole["verdict"][field]);
    }
    let missing = run(&["slice", "--stream", "9", RESET, "-o", path]);
    assert_eq!(missing.status.code(), Some(2));
    let onto_itself = run(&["slice", "--stream", "0", path, "-o", path]);
    assert_eq!(onto_itself.status.code(), Some(2));
}

#[test]
fn explain_tells_what_the_frames_of_the_first_question_are() {
    let explain = |frame: &str| {
        let output = run(&["explain", SEED, "--frame", frame]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).unwrap().replace('\n', " ")
    };
    assert!(explain("16").contains("acknowledges 11681"));
    assert!(explain("17").contains("legal"));
    assert!(explain("30").contains("window update"));
    assert!(explain("31").contains("aborts a live connection"));
    assert_eq!(
        run(&["explain", SEED, "--frame", "99"]).status.code(),
        Some(2)
    );
}

#[test]
fn causes_has_a_page_for_each() {
    let list = String::from_utf8(run(&["causes"]).stdout).unwrap();
    for cause in whyreset::verdicts::Cause::ALL {
        assert!(list.contains(cause.id()), "{cause}");
        let page = run(&["causes", cause.id()]);
        assert!(
            String::from_utf8(page.stdout)
                .unwrap()
                .contains("What it is")
        );
    }
    assert_eq!(run(&["causes", "bad_luck"]).status.code(), Some(2));
}

#[test]
fn nothing_but_text_goes_into_a_pipe() {
    for arguments in [&["--all", RESET][..], &["--why", SEED], &["causes", "none"]] {
        let output = run(arguments);
        assert!(!output.stdout.contains(&0x1b), "{arguments:?}");
    }
    let output = whyreset(&["--color", "always", RESET]).output().unwrap();
    assert!(output.stdout.contains(&0x1b));
    let no_color = whyreset(&[RESET]).env("NO_COLOR", "1").output().unwrap();
    assert!(!no_color.stdout.contains(&0x1b));
}

#[test]
fn events_are_lines_of_json() {
    let output = run(&[
        "events",
        "--json",
        "tests/fixtures/lab/receiver_stalled/basic-zero-window-open/server.pcap",
    ]);
    let lines = String::from_utf8(output.stdout).unwrap();
    let flags: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(
        flags
            .iter()
            .any(|event| event["flags"].to_string().contains("zero_window")),
        "{lines}"
    );
}
