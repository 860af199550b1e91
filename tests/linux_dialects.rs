//! What the Linux kernel under this test writes into its RSTs, held against `stack::dialects`.
//!
//! Two network namespaces and a veth pair between them; real sockets come to their ends in every way that the table
//! names, tcpdump listens beside the client, and the captured packets go through the whole analysis. Needs root, `ip` and `tcpdump`:
//! without them the test says so and passes, except where `CI=true` asks for them.

#![allow(clippy::expect_used, clippy::panic)]

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::net::sockopt;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use whyreset::connections::stack::dialects::{Situation, rst_habit};
use whyreset::connections::{Connection, Dialect, IpIdModel, Reset, Side, StackFamily};
use whyreset::exchanges::Exchanges;
use whyreset::input::{Input, InputOptions};
use whyreset::reading::{self, Reader};
use whyreset::{Analysis, Judged};

const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 203, 77, 1);
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 203, 77, 2);
/// Nothing listens there.
const CLOSED_PORT: u16 = 9;

#[test]
fn the_kernel_speaks_the_dialects_of_the_table() {
    if let Some(missing) = missing_tool() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{missing}");
        eprintln!("SKIPPED: the Linux dialects are not proven here: {missing}");
        return;
    }
    let world = World::new();
    let ends = world.play();
    let connections = world.captured();
    let of = |port: u16| {
        connections
            .iter()
            .find(|c| {
                c.ends.client.port == port || (port == 0 && c.ends.server.port == CLOSED_PORT)
            })
            .unwrap_or_else(|| panic!("no connection from port {port}"))
    };
    for (what, port) in [
        ("close() with unread data", ends.closed_unread),
        ("kill -9 with unread data", ends.killed_unread),
        ("linger 0", ends.linger_zero),
        ("keep-alive gives up", ends.keep_alive),
    ] {
        assert_abort(what, of(port));
    }
    assert_stranger(of(ends.closed_then_data));
    assert_refusal(of(0));
    for (what, port) in [
        ("kill -9 with everything read", ends.killed_read),
        ("TCP_USER_TIMEOUT gives up", ends.user_timeout),
    ] {
        assert!(of(port).resets.is_empty(), "{what}: {:?}", of(port).resets);
    }
    assert!(of(ends.killed_read).flows.client.fin.is_some());
    assert!(of(ends.user_timeout).flows.client.fin.is_none());
}

fn first_reset<'a>(what: &str, connection: &'a Connection<Exchanges>) -> &'a Reset {
    let reset = connection.resets.first();
    reset.unwrap_or_else(|| panic!("{what}: no RST"))
}

fn assert_abort(what: &str, connection: &Connection<Exchanges>) {
    let reset = first_reset(what, connection);
    let habit = rst_habit(StackFamily::Linux, Situation::Abort).expect("a row");
    assert_eq!(reset.by, Side::Client, "{what}");
    assert_eq!(reset.dialect, Dialect::Active, "{what}");
    assert_eq!(reset.ack.is_some(), habit.ack, "{what}");
    assert_eq!(reset.window.map(|w| w == 0), habit.zero_window, "{what}");
    assert_eq!(reset.has_options, habit.keeps_options, "{what}");
    assert_eq!(reset.ip_id.map(|id| id == 0), habit.zero_ip_id, "{what}");
    assert_eq!(
        Some(reset.seq),
        Some(connection.flows.client.sent_to),
        "{what}"
    );
    let network = &connection.flows.client.network;
    assert_eq!(network.ip_id, IpIdModel::Counter, "{what}");
    let last = network.ip_id_last.map(|(id, _)| id.wrapping_add(1));
    assert_eq!(reset.ip_id, last, "{what}: the socket's counter goes on");
    assert!(reset.origin.host > 0.95, "{what}: {:?}", reset.origin);
}

fn assert_stranger(connection: &Connection<Exchanges>) {
    let what = "data for a closed socket";
    let reset = first_reset(what, connection);
    let habit = rst_habit(StackFamily::Linux, Situation::Stranger).expect("a row");
    assert_eq!(reset.dialect, Dialect::Passive);
    assert_eq!(reset.ack.is_some(), habit.ack);
    assert_eq!(reset.window.map(|w| w == 0), habit.zero_window);
    assert_eq!(reset.has_options, habit.keeps_options);
    assert_eq!(reset.ip_id.map(|id| id == 0), habit.zero_ip_id);
    let trigger = reset.trigger.expect("the data that it answers");
    assert!(trigger.payload_len > 0 && trigger.possible);
}

fn assert_refusal(connection: &Connection<Exchanges>) {
    let reset = first_reset("a closed port", connection);
    let habit = rst_habit(StackFamily::Linux, Situation::Refusal).expect("a row");
    assert_eq!(reset.dialect, Dialect::Refusal);
    assert_eq!(reset.by, Side::Server);
    assert_eq!(reset.ack, Some(1));
    assert_eq!(reset.window.map(|w| w == 0), habit.zero_window);
    assert_eq!(reset.has_options, habit.keeps_options);
    assert_eq!(reset.ip_id.map(|id| id == 0), habit.zero_ip_id);
}

fn missing_tool() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("root is needed for network namespaces".to_owned());
    }
    ["ip", "tcpdump"].into_iter().find_map(|tool| {
        let found = Command::new(tool).arg("--version").output().is_ok();
        (!found).then(|| format!("{tool} is not installed"))
    })
}

/// The client's port of each play.
struct Ends {
    closed_unread: u16,
    killed_unread: u16,
    linger_zero: u16,
    killed_read: u16,
    closed_then_data: u16,
    keep_alive: u16,
    user_timeout: u16,
}

/// Two namespaces, removed at the end.
struct World {
    client: String,
    server: String,
    folder: PathBuf,
}

impl World {
    fn new() -> Self {
        let id = std::process::id();
        let world = Self {
            client: format!("whyreset-dialects-c{id}"),
            server: format!("whyreset-dialects-s{id}"),
            folder: PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("dialects-{id}")),
        };
        std::fs::create_dir_all(&world.folder).expect("a folder");
        let (c, s) = (world.client.as_str(), world.server.as_str());
        ip(&["netns", "add", c]);
        ip(&["netns", "add", s]);
        ip(&[
            "link", "add", "veth-c", "netns", c, "type", "veth", "peer", "name", "veth-s", "netns",
            s,
        ]);
        for (ns, link, address) in [(c, "veth-c", CLIENT), (s, "veth-s", SERVER)] {
            ip(&[
                "-n",
                ns,
                "addr",
                "add",
                &format!("{address}/24"),
                "dev",
                link,
            ]);
            ip(&["-n", ns, "link", "set", link, "up"]);
            ip(&["-n", ns, "link", "set", "lo", "up"]);
        }
        world
    }

    /// Lets connections end in every way, with tcpdump beside the client.
    fn play(&self) -> Ends {
        let capture = Capture::begin(&self.client, &self.file());
        let listener = self.on_server(|| TcpListener::bind((SERVER, 0)).expect("a listener"));
        let address = listener.local_addr().expect("its address");
        let ends = Ends {
            closed_unread: self.close_with_unread(&listener, address),
            killed_unread: self.kill(&listener, address, ""),
            linger_zero: self.linger_zero(&listener, address),
            killed_read: self.kill(&listener, address, "read -r -N 1000 -u 3 data; "),
            closed_then_data: self.close_then_data(&listener, address),
            keep_alive: 0,
            user_timeout: 0,
        };
        self.refused();
        let ends = self.give_up(&listener, address, ends);
        capture.end();
        ends
    }

    fn connect(&self, listener: &TcpListener, address: SocketAddr) -> (TcpStream, TcpStream, u16) {
        let client = self.on_client(move || TcpStream::connect(address).expect("a connection"));
        let (server, from) = listener.accept().expect("its other end");
        (client, server, from.port())
    }

    fn close_with_unread(&self, listener: &TcpListener, address: SocketAddr) -> u16 {
        let (client, mut server, port) = self.connect(listener, address);
        server.write_all(&[b'x'; 1_000]).expect("sent");
        settle();
        drop(client);
        settle();
        port
    }

    /// A shell that connects, does what `first` says, and dies.
    fn kill(&self, listener: &TcpListener, address: SocketAddr, first: &str) -> u16 {
        let script = format!(
            "exec 3<>/dev/tcp/{}/{}; {first}exec sleep 60",
            address.ip(),
            address.port()
        );
        let mut child = Command::new("ip")
            .args(["netns", "exec", &self.client, "bash", "-c", &script])
            .spawn()
            .expect("bash");
        let (mut server, from) = listener.accept().expect("its connection");
        server.write_all(&[b'x'; 1_000]).expect("sent");
        settle();
        child.kill().expect("killed");
        child.wait().expect("gone");
        settle();
        from.port()
    }

    fn linger_zero(&self, listener: &TcpListener, address: SocketAddr) -> u16 {
        let (client, _server, port) = self.connect(listener, address);
        sockopt::set_socket_linger(&client, Some(Duration::ZERO)).expect("SO_LINGER");
        (&client).write_all(b"hello").expect("sent");
        settle();
        drop(client);
        settle();
        port
    }

    fn close_then_data(&self, listener: &TcpListener, address: SocketAddr) -> u16 {
        let (client, mut server, port) = self.connect(listener, address);
        (&client).write_all(b"hello").expect("sent");
        settle();
        drop(client);
        settle();
        server.write_all(&[b'x'; 1_000]).expect("sent");
        settle();
        port
    }

    fn refused(&self) {
        let refused =
            self.on_client(|| TcpStream::connect((SERVER, CLOSED_PORT)).expect_err("no listener"));
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    }

    /// The server's answers vanish: one client asks with keep-alives, the other waits for an acknowledgement.
    fn give_up(&self, listener: &TcpListener, address: SocketAddr, ends: Ends) -> Ends {
        let (alive, _server, keep_alive) = self.connect(listener, address);
        sockopt::set_socket_keepalive(&alive, true).expect("SO_KEEPALIVE");
        sockopt::set_tcp_keepidle(&alive, Duration::from_secs(1)).expect("TCP_KEEPIDLE");
        sockopt::set_tcp_keepintvl(&alive, Duration::from_secs(1)).expect("TCP_KEEPINTVL");
        sockopt::set_tcp_keepcnt(&alive, 2).expect("TCP_KEEPCNT");
        (&alive).write_all(b"hello").expect("sent");
        let (writer, _other, user_timeout) = self.connect(listener, address);
        sockopt::set_tcp_user_timeout(&writer, 1_500).expect("TCP_USER_TIMEOUT");
        (&writer).write_all(b"hello").expect("sent");
        settle();
        let blackhole = format!("{CLIENT}/32");
        ip(&["-n", &self.server, "route", "add", "blackhole", &blackhole]);
        (&writer).write_all(b"is anybody there?").expect("sent");
        thread::sleep(Duration::from_secs(5));
        let mut rest = Vec::new();
        let failed = (&writer).read_to_end(&mut rest).expect_err("given up");
        assert_eq!(failed.kind(), std::io::ErrorKind::TimedOut);
        Ends {
            keep_alive,
            user_timeout,
            ..ends
        }
    }

    fn on_client<T: Send + 'static>(&self, act: impl FnOnce() -> T + Send + 'static) -> T {
        inside(&self.client, act)
    }

    fn on_server<T: Send + 'static>(&self, act: impl FnOnce() -> T + Send + 'static) -> T {
        inside(&self.server, act)
    }

    fn file(&self) -> PathBuf {
        self.folder.join("client.pcap")
    }

    fn captured(&self) -> Vec<Connection<Exchanges>> {
        let mut input = Input::open(&[self.file()], InputOptions::default()).expect("the capture");
        let mut all = All(Vec::new());
        let Ok(()) = reading::read(&mut input, &mut Analysis::default(), &mut all);
        all.0
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for ns in [&self.client, &self.server] {
            let _ = Command::new("ip").args(["netns", "del", ns]).status();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// All connections of a capture.
struct All(Vec<Connection<Exchanges>>);

impl Reader for All {
    type Error = std::convert::Infallible;

    fn judged(&mut self, judged: Judged, _: &Analysis) -> Result<(), Self::Error> {
        self.0.push(judged.connection);
        Ok(())
    }
}

/// tcpdump.
struct Capture(Child);

impl Capture {
    fn begin(namespace: &str, file: &Path) -> Self {
        let mut child = Command::new("ip")
            .args(["netns", "exec", namespace, "tcpdump", "-i", "veth-c", "-U"])
            .args(["--immediate-mode", "-Z", "root", "-w"])
            .arg(file)
            .arg("tcp")
            .stderr(Stdio::piped())
            .spawn()
            .expect("tcpdump");
        let (tell, hear) = mpsc::channel();
        let stderr = child.stderr.take().expect("its messages");
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if line.contains("listening on") {
                    let _ = tell.send(());
                }
            }
        });
        hear.recv_timeout(Duration::from_secs(20))
            .expect("tcpdump listens");
        Self(child)
    }

    fn end(mut self) {
        settle();
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("a signal");
        self.0.wait().expect("tcpdump ends");
    }
}

/// Runs `act` on a thread of its own inside a namespace; sockets it makes stay there.
fn inside<T: Send + 'static>(namespace: &str, act: impl FnOnce() -> T + Send + 'static) -> T {
    let path = Path::new("/run/netns").join(namespace);
    let entered = thread::spawn(move || {
        let file = File::open(path).expect("the namespace");
        move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network)).expect("inside");
        act()
    });
    entered.join().expect("it ran")
}

/// Long enough for packets to pass and acknowledgements to be sent.
fn settle() {
    thread::sleep(Duration::from_millis(150));
}

fn ip(args: &[&str]) {
    let status = Command::new("ip").args(args).status().expect("ip");
    assert!(status.success(), "ip {}", args.join(" "));
}
