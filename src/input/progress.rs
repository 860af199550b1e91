//! Progress for people: on stderr, only on a terminal, only when it takes longer than a second.

use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What was found so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Connections seen.
    pub connections: u64,
    /// Connections that failed.
    pub failures: u64,
}

impl Counts {
    /// One more connection.
    pub fn add(&mut self, failed: bool) {
        self.connections = self.connections.saturating_add(1);
        self.failures = self.failures.saturating_add(u64::from(failed));
    }
}

/// Shows how far the analysis is.
pub struct Progress {
    bar: ProgressBar,
    total: Option<u64>,
    started: Instant,
    calls: u32,
    drawn: Option<Instant>,
}

/// Nothing is shown before.
const QUIET_FOR: Duration = Duration::from_secs(1);
/// Time between two drawings.
const REDRAW_AFTER: Duration = Duration::from_millis(100);
/// The clock is only looked at once in so many calls.
const CALLS_PER_LOOK: u32 = 4096;

impl Progress {
    /// Progress towards `total` bytes, where the total is known.
    pub fn new(total: Option<u64>) -> Self {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            bar.set_style(style);
        }
        Self {
            bar,
            total,
            started: Instant::now(),
            calls: 0,
            drawn: None,
        }
    }

    /// Says how far it is. Cheap enough to call for every frame.
    #[inline]
    pub fn update(&mut self, bytes_read: impl FnOnce() -> u64, counts: Counts) {
        self.calls = self.calls.wrapping_add(1);
        if self.calls.is_multiple_of(CALLS_PER_LOOK) && !self.bar.is_hidden() {
            self.look(bytes_read(), counts);
        }
    }

    /// Removes what was drawn.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn look(&mut self, bytes_read: u64, counts: Counts) {
        let elapsed = self.started.elapsed();
        if elapsed < QUIET_FOR || self.drawn.is_some_and(|at| at.elapsed() < REDRAW_AFTER) {
            return;
        }
        self.drawn = Some(Instant::now());
        self.bar
            .set_message(line(bytes_read, self.total, elapsed, counts));
    }
}

/// The line: share done, speed, what was found.
fn line(bytes_read: u64, total: Option<u64>, elapsed: Duration, counts: Counts) -> String {
    let speed = bytes_read as f64 / elapsed.as_secs_f64().max(0.001);
    let done = match total {
        Some(total) if total > 0 => {
            let percent = bytes_read.saturating_mul(100) / total;
            format!("{:>3} % of {}", percent.min(100), HumanBytes(total))
        }
        _ => HumanBytes(bytes_read).to_string(),
    };
    format!(
        "{done}, {}/s, {} connections, {} failed",
        HumanBytes(speed as u64),
        HumanCount(counts.connections),
        HumanCount(counts.failures)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_share_speed_and_findings() {
        let counts = Counts {
            connections: 12_345,
            failures: 6,
        };
        let elapsed = Duration::from_secs(2);
        let mib = 1024 * 1024;
        assert_eq!(
            line(50 * mib, Some(200 * mib), elapsed, counts),
            " 25 % of 200.00 MiB, 25.00 MiB/s, 12,345 connections, 6 failed"
        );
        assert_eq!(
            line(50 * mib, None, elapsed, counts),
            "50.00 MiB, 25.00 MiB/s, 12,345 connections, 6 failed"
        );
    }

    #[test]
    fn nothing_is_drawn_where_there_is_no_terminal() {
        let mut progress = Progress::new(Some(1));
        for _ in 0..CALLS_PER_LOOK {
            progress.update(|| 0, Counts::default());
        }
        assert!(progress.drawn.is_none());
        progress.finish();
    }
}
