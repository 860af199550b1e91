//! Pasted text: any bytes.

/// Checks one input.
pub fn run(text: &[u8]) {
    let list = whyreset_text::parse(text);
    assert!(list.rows.len() <= text.len());
    for row in &list.rows {
        let segment = row.segment();
        assert_eq!(segment.seq_end() - segment.sequence_len(), segment.seq);
        assert!(row.quote().is_some() == row.icmp.is_some());
    }
    for elision in &list.elisions {
        assert!(elision.rows_before <= list.rows.len());
    }
    in_windows(text);
}

/// In small windows, whatever pieces it comes in.
fn in_windows(text: &[u8]) {
    let window = whyreset_text::Window {
        bytes: 500,
        rows: 8,
        ahead: 3,
    };
    let read = |piece: usize| {
        let mut reader = whyreset_text::TextReader::with_window(window);
        let mut rows = Vec::new();
        for piece in text.chunks(piece) {
            rows.extend(reader.push(piece));
        }
        rows.extend(reader.finish());
        (
            rows.len(),
            reader.unread(),
            rows.last().map(|row| (row.line, row.segment().known)),
        )
    };
    assert_eq!(read(7), read(text.len().max(1)));
}
