//! How each family of stacks writes its RSTs: facts with their source, and how well each is known.

use super::StackFamily;

/// How well a fact is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// Measured, on the kernel that the source names.
    Measured,
    /// Read in the named source.
    Read,
    /// Remembered from the literature: no conclusion rests on it alone.
    Remembered,
}

/// What a family does in one situation.
#[derive(Clone, Copy, Debug)]
pub struct RstHabit {
    /// The family.
    pub family: StackFamily,
    /// What makes it send a RST.
    pub situation: Situation,
    /// ACK is set.
    pub ack: bool,
    /// The window is 0; `None` where both occur.
    pub zero_window: Option<bool>,
    /// Options of the connection (timestamps) are kept; `None` where not known.
    pub keeps_options: Option<bool>,
    /// The IP identification is 0; `None` where it continues the host's usual model or is not known.
    pub zero_ip_id: Option<bool>,
    /// How well it is known.
    pub grade: Grade,
    /// Where it is from.
    pub source: &'static str,
}

/// What makes a host send a RST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Situation {
    /// A live connection is aborted: `close()` with unread data, linger 0, a process that dies, a keep-alive that gives up.
    Abort,
    /// A segment comes for a connection that is not known, or closed.
    Stranger,
    /// A SYN comes for a port on which nothing listens.
    Refusal,
}

const LINUX_6_18: &str = "Linux 6.18, network namespaces; net/ipv4/tcp_output.c tcp_send_active_reset, tcp_ipv4.c tcp_v4_send_reset";

/// The table. A retransmission give-up has no row: Linux sends nothing then (`tcp_write_err`, measured with TCP_USER_TIMEOUT).
pub const RST_HABITS: [RstHabit; 6] = [
    RstHabit {
        family: StackFamily::Linux,
        situation: Situation::Abort,
        ack: true,
        zero_window: Some(false),
        keeps_options: Some(true),
        zero_ip_id: Some(false),
        grade: Grade::Measured,
        source: LINUX_6_18,
    },
    RstHabit {
        family: StackFamily::Linux,
        situation: Situation::Stranger,
        ack: false,
        zero_window: Some(true),
        keeps_options: Some(false),
        zero_ip_id: Some(true),
        grade: Grade::Measured,
        source: LINUX_6_18,
    },
    RstHabit {
        family: StackFamily::Linux,
        situation: Situation::Refusal,
        ack: true,
        zero_window: Some(true),
        keeps_options: Some(false),
        zero_ip_id: Some(true),
        grade: Grade::Measured,
        source: LINUX_6_18,
    },
    RstHabit {
        family: StackFamily::Windows,
        situation: Situation::Abort,
        ack: true,
        zero_window: Some(true),
        keeps_options: None,
        zero_ip_id: Some(false),
        grade: Grade::Remembered,
        source: "captures of Windows 7 and 10 clients that abort downloads",
    },
    RstHabit {
        family: StackFamily::Bsd,
        situation: Situation::Stranger,
        ack: false,
        zero_window: Some(true),
        keeps_options: Some(false),
        zero_ip_id: None,
        grade: Grade::Remembered,
        source: "FreeBSD sys/netinet/tcp_subr.c tcp_respond",
    },
    RstHabit {
        family: StackFamily::Apple,
        situation: Situation::Stranger,
        ack: false,
        zero_window: Some(true),
        keeps_options: Some(false),
        zero_ip_id: None,
        grade: Grade::Remembered,
        source: "XNU bsd/netinet/tcp_subr.c tcp_respond",
    },
];

/// What a family does in a situation, where it is known.
pub fn rst_habit(family: StackFamily, situation: Situation) -> Option<&'static RstHabit> {
    RST_HABITS
        .iter()
        .find(|habit| habit.family == family && habit.situation == situation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_stands_once_and_names_its_source() {
        for row in &RST_HABITS {
            let same =
                |other: &&RstHabit| other.family == row.family && other.situation == row.situation;
            assert_eq!(RST_HABITS.iter().filter(same).count(), 1);
            assert!(rst_habit(row.family, row.situation).is_some());
            assert!(!row.source.is_empty());
        }
    }
}
