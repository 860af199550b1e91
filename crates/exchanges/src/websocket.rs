//! WebSocket (RFC 6455) behind its upgrade: only its close is looked for, and pings that nobody answers before it.

use whyreset_capture::Span;
use whyreset_connections::{BySide, Moment, Needs, Side};

use crate::exchange_log::{ExchangeId, ExchangeLog};
use crate::layer::Layer;
use crate::{Exchange, Protocol};

/// Who leaves sooner behind a ping has not waited for the pong.
const PATIENCE: Span = Span::from_millis(900);

/// A WebSocket.
#[derive(Debug)]
pub(crate) struct WebSocket {
    id: Option<ExchangeId>,
    readers: BySide<FrameReader>,
    /// A side has closed the connection: a close frame comes too late now.
    closed: bool,
    /// A side's oldest ping that the other side has not answered (RFC 6455 §5.5.2).
    pings: BySide<Option<Moment>>,
}

/// A control frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Control {
    /// With its code.
    Close(Option<u16>),
    Ping,
    Pong,
}

/// One direction: in a frame's header, or in its payload.
#[derive(Debug, Default)]
struct FrameReader {
    header: Vec<u8>,
    payload_left: u64,
    /// The close frame's first bytes, while they are read.
    close: Option<Vec<u8>>,
    lost: bool,
}

impl WebSocket {
    pub(crate) fn new() -> Self {
        Self {
            id: None,
            readers: BySide::default(),
            closed: false,
            pings: BySide::default(),
        }
    }

    fn control(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, frame: Control) {
        match frame {
            Control::Ping => {
                self.pings.of_mut(side).get_or_insert(at);
            }
            Control::Pong => *self.pings.of_mut(side.peer()) = None,
            Control::Close(code) => self.take_leave(log, side, at, code),
        }
    }

    fn take_leave(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, code: Option<u16>) {
        let text = match code {
            Some(code) => format!("the {side} closed the WebSocket with code {code}"),
            None => format!("the {side} closed the WebSocket"),
        };
        log.find("websocket_close", Some(side), &[at.frame], text);
        let whole = !self.readers.client.lost && !self.readers.server.lost;
        let ping = self.pings.of_mut(side).take().filter(|_| whole);
        if let Some(ping) = ping.filter(|ping| at.time - ping.time > PATIENCE) {
            let text = format!("the {side} closed the WebSocket behind a ping that got no pong");
            let frames = [ping.frame, at.frame];
            log.find("websocket_ping_unanswered", Some(side), &frames, text);
        }
        // What the other side's close answers is not asked for any more.
        self.pings = BySide::default();
        if let Some(exchange) = self.id.and_then(|id| log.get_mut(id)) {
            exchange.complete |= !self.closed;
        }
    }

    fn note(&mut self, log: &mut ExchangeLog, side: Side, at: Moment) {
        let id = *self.id.get_or_insert_with(|| {
            log.push(Exchange {
                protocol: Protocol::Other("websocket"),
                started: Some(at),
                ..Exchange::default()
            })
        });
        if let Some(exchange) = log.get_mut(id) {
            exchange.spoken(side, at);
        }
    }

    /// Where frames cannot be told apart any more, a close frame may be among them.
    fn doubt(&self, log: &mut ExchangeLog, side: Side) {
        let lost = self.readers.of(side).lost;
        if let Some(exchange) = self.id.filter(|_| lost).and_then(|id| log.get_mut(id)) {
            exchange.uncertain = true;
        }
    }
}

impl Layer for WebSocket {
    fn data(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, _: u64, bytes: &[u8]) {
        self.note(log, side, at);
        for frame in self.readers.of_mut(side).read(bytes) {
            self.control(log, side, at, frame);
        }
        self.doubt(log, side);
    }

    fn needs(&self, _: &ExchangeLog, side: Side) -> Needs {
        let reader = self.readers.of(side);
        match reader.close {
            None if reader.payload_left > 0 => Needs::Nothing(reader.payload_left),
            _ => Needs::Everything,
        }
    }

    fn gap(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, _: u64, len: u64) {
        self.note(log, side, at);
        let reader = self.readers.of_mut(side);
        if reader.payload_left >= len && reader.close.is_none() {
            reader.payload_left = reader.payload_left.saturating_sub(len);
            if reader.payload_left == 0 {
                reader.header.clear();
            }
        } else {
            reader.lost = true;
        }
        self.doubt(log, side);
    }

    fn closed(&mut self, log: &mut ExchangeLog, side: Side, at: Moment, _: bool) {
        // One in which nothing was said is one all the same.
        if self.id.is_none() {
            self.note(log, side, at);
        }
        self.closed = true;
    }
}

impl FrameReader {
    /// The control frames in `bytes`.
    fn read(&mut self, bytes: &[u8]) -> Vec<Control> {
        let mut frames = Vec::new();
        let mut rest = bytes;
        while let ([first, tail @ ..], false) = (rest, self.lost) {
            if self.payload_left > 0 {
                rest = self.pass_payload(rest);
            } else {
                self.header.push(*first);
                rest = tail;
            }
            frames.extend(self.take_header());
            if self.payload_left == 0
                && let Some(close) = self.close.take()
            {
                frames.push(Control::Close(self.close_code(&close)));
            }
        }
        frames
    }

    fn pass_payload<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let here = usize::try_from(self.payload_left)
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        let (payload, rest) = bytes.split_at_checked(here).unwrap_or((bytes, &[]));
        self.payload_left = self.payload_left.saturating_sub(here as u64);
        if let Some(close) = &mut self.close {
            close.extend_from_slice(payload.get(..payload.len().min(128)).unwrap_or(payload));
        }
        if self.payload_left == 0 && self.close.is_none() {
            self.header.clear();
        }
        rest
    }

    /// Gives the ping or pong that begins.
    fn take_header(&mut self) -> Option<Control> {
        if self.payload_left > 0 || self.close.is_some() {
            return None;
        }
        let [first, second, more @ ..] = self.header.as_slice() else {
            return None;
        };
        let mask = if second & 0x80 == 0 { 0 } else { 4 };
        let (len_bytes, len) = match second & 0x7f {
            126 => (2, more.get(..2).map(be)),
            127 => (8, more.get(..8).map(be)),
            len => (0, Some(u64::from(len))),
        };
        let (Some(len), true) = (len, more.len() >= len_bytes + mask) else {
            return None;
        };
        let opcode = first & 0x0f;
        // Control frames are short (RFC 6455 §5.5).
        let too_long = opcode >= 8 && len > 125;
        if first & 0x70 & !0x40 != 0 || !matches!(opcode, 0..=2 | 8..=10) || too_long {
            self.lost = true;
            return None;
        }
        self.payload_left = len;
        if opcode == 8 {
            self.close = Some(Vec::new());
        } else if len == 0 {
            self.header.clear();
        }
        match opcode {
            9 => Some(Control::Ping),
            10 => Some(Control::Pong),
            _ => None,
        }
    }

    fn close_code(&mut self, payload: &[u8]) -> Option<u16> {
        let header = std::mem::take(&mut self.header);
        let masked = header.get(1).is_some_and(|byte| byte & 0x80 != 0);
        let [a, b, ..] = payload else {
            return None;
        };
        let mask = |index: usize| header.get(index).copied().filter(|_| masked).unwrap_or(0);
        Some(u16::from_be_bytes([a ^ mask(2), b ^ mask(3)]))
    }
}

fn be(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |value, byte| (value << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_control_frames() {
        let frames = [
            0x81,
            2,
            b'h',
            b'i',
            0x89,
            0,
            0x88,
            0x82,
            1,
            2,
            3,
            4,
            0x03 ^ 1,
            0xe9 ^ 2,
        ];
        for size in 1..frames.len() {
            let mut reader = FrameReader::default();
            let read: Vec<_> = frames
                .chunks(size)
                .flat_map(|piece| reader.read(piece))
                .collect();
            let told = [Control::Ping, Control::Close(Some(1001))];
            assert_eq!(read, told, "pieces of {size}");
        }
    }
}
