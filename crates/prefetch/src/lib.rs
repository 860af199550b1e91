//! Asks the processor to fetch memory before it is needed: nothing that a program could see changes.
//!
//! With thousands of connections open, what the next packet touches is far away, and a load that waits for it stops the ones
//! behind it. Rust has no safe way to ask for memory without waiting (`core::hint::prefetch_read` is unstable), so this crate
//! holds the only unsafe code of the project.

/// Asks for the line of memory in which `value` begins.
#[inline(always)]
pub fn fetch<T>(value: &T) {
    let at: *const T = value;
    fetch_line(at.cast());
}

/// Asks for all lines of memory that `value` takes up.
#[inline(always)]
pub fn fetch_all<T>(value: &T) {
    let at: *const i8 = std::ptr::from_ref(value).cast();
    let mut offset = 0;
    while offset < size_of::<T>() {
        fetch_line(at.wrapping_add(offset));
        offset += LINE;
    }
}

/// Asks for the lines of memory in which the first `bytes` of `value` lie, wherever in a line it begins.
#[inline(always)]
pub fn fetch_first<T>(value: &T, bytes: usize) {
    let at: *const i8 = std::ptr::from_ref(value).cast();
    let mut offset = 0;
    while offset + 1 < bytes {
        fetch_line(at.wrapping_add(offset));
        offset += LINE;
    }
    fetch_line(at.wrapping_add(bytes.saturating_sub(1)));
}

/// Asks for all lines of memory that these bytes take up.
#[inline(always)]
pub fn fetch_bytes(bytes: &[u8]) {
    for line in bytes.chunks(LINE) {
        fetch_line(line.as_ptr().cast());
    }
}

/// Bytes of a line of memory.
const LINE: usize = 64;

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn fetch_line(at: *const i8) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: every x86-64 processor has SSE, and a prefetch reads no memory that a program could see: it is a hint that may be
    // ignored, and faults at no address (Intel's manual, volume 2, PREFETCHh).
    #[expect(unsafe_code, reason = "there is no safe way yet")]
    unsafe {
        _mm_prefetch::<_MM_HINT_T0>(at);
    }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn fetch_line(_: *const i8) {}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_changes() {
        let values = [7_u64; 100];
        super::fetch(&values);
        super::fetch_all(&values);
        super::fetch_first(&values, 40);
        super::fetch_bytes(&[7; 1_000]);
        super::fetch_bytes(&[]);
        super::fetch(&());
        assert_eq!(values, [7; 100]);
    }
}
