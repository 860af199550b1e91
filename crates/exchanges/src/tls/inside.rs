//! What runs inside a decrypted session.

use std::collections::VecDeque;

use whyreset_connections::{BySide, Moment, Side};

use crate::application::{Application, Context};
use crate::exchange_log::ExchangeLog;
use crate::layer::Layer;

/// Records that wait for their acknowledgement; beyond this, the newest are joined.
const MAX_MARKS: usize = 1_024;

/// The content of both directions, with offsets of its own.
#[derive(Debug)]
pub(crate) struct Inside {
    application: Application,
    flows: BySide<Flow>,
}

#[derive(Debug, Default)]
struct Flow {
    offset: u64,
    /// Where in the connection's stream a record ends, and where its content does.
    marks: VecDeque<(u64, u64)>,
}

impl Inside {
    pub(crate) fn new(context: &Context, alpn: Option<&str>) -> Self {
        Self {
            application: Application::inside(context, alpn),
            flows: BySide::default(),
        }
    }

    /// A record that ends at `end` in the connection's stream holds `content`.
    pub(crate) fn data(
        &mut self,
        log: &mut ExchangeLog,
        side: Side,
        at: Moment,
        end: u64,
        content: &[u8],
    ) {
        if content.is_empty() {
            return;
        }
        let flow = self.flows.of_mut(side);
        let offset = flow.offset;
        flow.pass(content.len() as u64, end);
        self.application.data(log, side, at, offset, content);
    }

    /// So many bytes of content were not captured.
    pub(crate) fn gap(
        &mut self,
        log: &mut ExchangeLog,
        side: Side,
        at: Moment,
        end: u64,
        len: u64,
    ) {
        if len == 0 {
            return;
        }
        let flow = self.flows.of_mut(side);
        let offset = flow.offset;
        flow.pass(len, end);
        self.application.gap(log, side, at, offset, len);
    }

    pub(crate) fn acknowledged(
        &mut self,
        log: &mut ExchangeLog,
        side: Side,
        at: Moment,
        offset: u64,
    ) {
        let flow = self.flows.of_mut(side.peer());
        let mut content = None;
        while let Some((end, content_end)) = flow.marks.front().copied()
            && end <= offset
        {
            content = Some(content_end);
            flow.marks.pop_front();
        }
        if let Some(content) = content {
            self.application.acknowledged(log, side, at, content);
        }
    }

    pub(crate) fn closed(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, reset: bool) {
        self.application.closed(log, side, at, reset);
    }

    pub(crate) fn finish(&mut self, log: &mut ExchangeLog) {
        self.application.finish(log);
    }
}

impl Flow {
    fn pass(&mut self, len: u64, end: u64) {
        self.offset = self.offset.saturating_add(len);
        if self.marks.len() >= MAX_MARKS {
            self.marks.pop_back();
        }
        self.marks.push_back((end, self.offset));
    }
}
