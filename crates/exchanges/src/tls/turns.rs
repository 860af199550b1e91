//! Whose turn it was in an encrypted session: estimates from the sizes and the order of records.

use whyreset_connections::Side;

/// Whose turn it was, from the sizes and the order of application data.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    pub(crate) last: Option<Side>,
    requests: u32,
    /// The longest record of the server, and its last one.
    longest: u16,
    latest: u16,
    /// Records and bytes of the server since the client's last request.
    run: u32,
    run_lengths: [u16; 2],
}

/// Records whose content is this short carry HTTP/2's WINDOW_UPDATE, PING, SETTINGS or GOAWAY, and no request or response.
pub(crate) const CONTROL_LEN: u16 = 26;

impl Turns {
    pub(crate) fn add(&mut self, side: Side, content: u16) {
        if content <= CONTROL_LEN {
            return;
        }
        match side {
            Side::Client => {
                if self.last != Some(Side::Client) {
                    self.run = 0;
                    self.run_lengths = [0; 2];
                }
                self.requests = self.requests.saturating_add(1);
            }
            Side::Server => {
                if let Some(slot) = usize::try_from(self.run)
                    .ok()
                    .and_then(|run| self.run_lengths.get_mut(run))
                {
                    *slot = content;
                }
                self.run = self.run.saturating_add(1);
                self.longest = self.longest.max(content);
                self.latest = content;
            }
        }
        self.last = Some(side);
    }

    /// What the server has sent since the request may be session tickets alone: two records of one length.
    fn may_be_tickets(&self) -> bool {
        let [first, second] = self.run_lengths;
        self.requests <= 1 && self.run == 2 && first == second && first < 400
    }

    /// An estimate.
    pub(crate) fn request_outstanding(&self) -> Option<bool> {
        match self.last? {
            Side::Client => Some(true),
            Side::Server if self.requests == 0 => None,
            Side::Server if self.may_be_tickets() => None,
            Side::Server => Some(false),
        }
    }

    /// An estimate. `cut` is a record that was not finished, `goodbye` the server's close_notify.
    pub(crate) fn response_under_way(
        &self,
        cut: Option<(Side, u64)>,
        goodbye: bool,
    ) -> Option<bool> {
        match (self.last?, cut) {
            (_, Some((Side::Server, _))) => Some(true),
            (Side::Client, _) => Some(false),
            _ if goodbye => Some(false),
            // Servers cut a long body into records of one length: a last one that is as long as the longest was not the end.
            _ if self.run >= 3 && self.latest == self.longest && self.longest >= 1_024 => {
                Some(true)
            }
            _ if self.latest < self.longest => Some(false),
            _ => None,
        }
    }
}
