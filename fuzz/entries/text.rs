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
}
