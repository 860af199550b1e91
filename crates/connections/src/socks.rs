//! SOCKS: the one protocol whose payload takes part in the numbering of streams.
//!
//! Wireshark hands what passes through a SOCKS tunnel (port 1080, RFC 1928 and version 4) to the protocol of the port
//! that was asked for, as if the connection went there; the pair of ends this makes up takes a stream number when the
//! first bytes pass. So every later stream is one higher, and so are ours.

/// The port on which SOCKS is recognised.
pub(crate) const PORT: u16 = 1080;

/// The negotiation of one connection.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Socks {
    version: Option<u8>,
    client: Client,
    server: Server,
    command: u8,
    target_port: u16,
    method: u8,
    /// Granted in this frame.
    done_in: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Client {
    #[default]
    Start,
    WaitForMethod,
    Command,
    Done,
    Error,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Server {
    #[default]
    Start,
    Method,
    Login,
    Reply,
    Done,
    Error,
}

const CONNECT: u8 = 1;
const NO_LOGIN: u8 = 0;
const GSS_API: u8 = 1;
const PASSWORD: u8 = 2;

impl Socks {
    /// The next payload. Returns the port behind the tunnel when the payload passes through it.
    pub(crate) fn payload(&mut self, frame: u64, to_server: bool, bytes: &[u8]) -> Option<u16> {
        let version = *self.version.get_or_insert(bytes.first().copied()?);
        if let Some(done_in) = self.done_in {
            return (frame > done_in).then_some(self.target_port);
        }
        match (version, to_server) {
            (4, true) if self.client == Client::Start => self.request_v4(bytes),
            (4, false) => self.reply_v4(bytes),
            (5, true) => self.client_v5(bytes),
            (5, false) => self.server_v5(bytes),
            _ => None,
        };
        if self.client == Client::Done && self.server == Server::Done {
            self.done_in = Some(frame);
        }
        None
    }

    fn request_v4(&mut self, bytes: &[u8]) -> Option<()> {
        self.command = *bytes.get(1)?;
        if self.command == CONNECT {
            self.target_port = port(bytes, 2)?;
        }
        self.client = Client::Done;
        Some(())
    }

    fn reply_v4(&mut self, bytes: &[u8]) -> Option<()> {
        const GRANTED: u8 = 90;
        if self.server != Server::Error && self.server != Server::Done {
            self.server = if *bytes.get(1)? == GRANTED {
                Server::Done
            } else {
                Server::Error
            };
        }
        Some(())
    }

    fn client_v5(&mut self, bytes: &[u8]) -> Option<()> {
        match self.client {
            Client::Start => {
                let methods = usize::from(*bytes.get(1)?);
                let no_login = methods == 0 || methods == 1 && *bytes.get(2)? == NO_LOGIN;
                if !no_login {
                    self.client = Client::WaitForMethod;
                    return Some(());
                }
                self.client = Client::Command;
                let rest = bytes.get(2 + methods..)?;
                if rest.is_empty() {
                    Some(())
                } else {
                    self.client_v5(rest)
                }
            }
            Client::WaitForMethod if self.server == Server::Method => {
                self.client = Client::Command;
                self.server = match self.method {
                    NO_LOGIN => Server::Reply,
                    GSS_API | PASSWORD => Server::Login,
                    _ => {
                        self.client = Client::Error;
                        self.server
                    }
                };
                Some(())
            }
            Client::Command => self.command_v5(bytes),
            Client::WaitForMethod | Client::Done | Client::Error => Some(()),
        }
    }

    fn command_v5(&mut self, bytes: &[u8]) -> Option<()> {
        self.command = *bytes.get(1)?;
        let address = match *bytes.get(3)? {
            1 => 4,
            3 => 1 + usize::from(*bytes.get(4)?),
            4 => 16,
            _ => 0,
        };
        if self.command == CONNECT {
            self.target_port = port(bytes, 4 + address)?;
        }
        self.client = Client::Done;
        Some(())
    }

    fn server_v5(&mut self, bytes: &[u8]) -> Option<()> {
        match self.server {
            Server::Start => {
                self.method = *bytes.get(1)?;
                self.server = match self.method {
                    NO_LOGIN => {
                        self.client = Client::Command;
                        Server::Reply
                    }
                    GSS_API | PASSWORD => Server::Method,
                    _ => Server::Error,
                };
            }
            Server::Login => self.server = Server::Reply,
            Server::Reply if self.command == CONNECT => self.server = Server::Done,
            Server::Method | Server::Reply | Server::Done | Server::Error => {}
        }
        Some(())
    }
}

fn port(bytes: &[u8], at: usize) -> Option<u16> {
    match bytes.get(at..at.checked_add(2)?) {
        Some([high, low]) => Some(u16::from_be_bytes([*high, *low])),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn version_5_leads_to_the_port_asked_for() {
        let mut socks = Socks::default();
        assert_eq!(socks.payload(4, true, b"\x05\x01\x00"), None);
        assert_eq!(socks.payload(5, false, b"\x05\x00"), None);
        assert_eq!(
            socks.payload(6, true, b"\x05\x01\x00\x01\xc6\x33\x64\x01\x00\x50"),
            None
        );
        assert_eq!(
            socks.payload(7, false, b"\x05\x00\x00\x01\0\0\0\0\0\0"),
            None
        );
        assert_eq!(socks.payload(8, true, b"GET /"), Some(80));
    }

    #[test]
    fn version_4_leads_to_the_port_asked_for() {
        let mut socks = Socks::default();
        assert_eq!(
            socks.payload(4, true, b"\x04\x01\x00\x50\xc6\x33\x64\x01u\0"),
            None
        );
        assert_eq!(socks.payload(5, false, b"\x00\x5a\0\0\0\0\0\0"), None);
        assert_eq!(socks.payload(6, true, b"GET /"), Some(80));
    }

    #[test]
    fn other_talk_on_the_port_is_nothing_special() {
        let mut socks = Socks::default();
        for frame in 4..9 {
            assert_eq!(
                socks.payload(frame, frame % 2 == 0, b"GET / HTTP/1.0"),
                None
            );
        }
    }

    proptest! {
        #[test]
        fn takes_any_bytes(payloads in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..40)), 0..12)) {
            let mut socks = Socks::default();
            for (frame, (to_server, bytes)) in payloads.iter().enumerate() {
                socks.payload(frame as u64, *to_server, bytes);
            }
        }
    }
}
