//! The programs at both ends: each file knows how to start one of them.

mod apache;
mod assets;
mod caches;
mod clients;
mod haproxy;
mod lighttpd;
mod nginx;
mod node;
mod python_apps;
mod steps;
mod tomcat;

pub use assets::Assets;
pub use clients::client_command;

use crate::scenario::Server;
use crate::world::{World, in_namespace};
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// Where a program of a world finds its things.
pub struct Place<'a> {
    /// The network it lives in.
    pub world: &'a World,
    /// A scratch folder of its own.
    pub dir: &'a Path,
    /// Documents and certificates that all share.
    pub assets: &'a Assets,
}

impl Place<'_> {
    /// Certificate and key of this name.
    fn certificate(&self, name: &str) -> (PathBuf, PathBuf) {
        (
            self.assets.dir.join(format!("{name}.crt")),
            self.assets.dir.join(format!("{name}.key")),
        )
    }

    /// An address and a port as one word.
    fn listen(&self, port: u16) -> String {
        std::net::SocketAddr::new(self.world.server_address, port).to_string()
    }

    /// A command in the server's namespace whose output goes to a log file.
    fn at_server(&self, program: &str) -> Result<Command> {
        let mut command = in_namespace(&self.world.server, program);
        command.current_dir(self.dir);
        log_to(&mut command, &self.dir.join("server.log"))?;
        Ok(command)
    }

    fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.dir.join(name);
        std::fs::write(&path, text)?;
        Ok(path)
    }
}

/// Appends a program's words to a file.
fn log_to(command: &mut Command, path: &Path) -> Result<()> {
    let file = File::options().create(true).append(true).open(path)?;
    command.stderr(file.try_clone()?).stdout(file);
    Ok(())
}

/// The lines of one place of a program's configuration.
fn lines(server: &Server, place: &str) -> String {
    server
        .config
        .get(place)
        .map(|lines| lines.join("\n"))
        .unwrap_or_default()
}

/// Starts the server's programs and waits until they listen.
pub fn start_server(server: &Server, place: &Place) -> Result<Vec<Child>> {
    let server = &with_assets(server, place);
    let mut children = Vec::new();
    let mut ports = vec![server.port];
    if !server.backend.is_empty() {
        children.push(steps::server(server, place, &server.backend, 8081)?);
        ports.push(8081);
    }
    match server.program.as_str() {
        "none" => ports.clear(),
        "steps" => children.push(steps::server(server, place, &server.sessions, server.port)?),
        "python-http" => children.push(python_http(server, place)?),
        "nginx" | "nginx-h2" => children.push(nginx::start(server, place)?),
        "apache" => children.push(apache::start(server, place)?),
        "haproxy" => children.push(haproxy::start(server, place)?),
        "tomcat" => children.push(tomcat::start(server, place)?),
        "node" => children.push(node::start(server, place)?),
        "lighttpd" => children.push(lighttpd::start(server, place)?),
        "gunicorn" => children.push(python_apps::gunicorn(server, place)?),
        "uvicorn" => children.push(python_apps::uvicorn(server, place)?),
        "varnish" => children.push(caches::varnish(server, place)?),
        "squid" => children.push(caches::squid(server, place)?),
        other => bail!("no server program called {other}"),
    }
    for port in ports {
        wait_until_listening(&mut children, port)
            .with_context(|| format!("{} does not listen on port {port}", server.program))?;
    }
    match server.program.as_str() {
        "tomcat" => tomcat::warm_up(server, place)?,
        "squid" => caches::wait_for_squid(server, place)?,
        _ => {}
    }
    Ok(children)
}

/// The same server with `{assets}` in its configuration filled in.
fn with_assets(server: &Server, place: &Place) -> Server {
    let assets = place.assets.dir.display().to_string();
    let mut server = server.clone();
    for line in server.config.values_mut().flatten() {
        *line = line.replace("{assets}", &assets);
    }
    server
}

fn python_http(server: &Server, place: &Place) -> Result<Child> {
    let mut command = place.at_server("/usr/bin/python3")?;
    command.args(["-m", "http.server", &server.port.to_string()]);
    command.args(["--bind", &place.world.server_address.to_string()]);
    command
        .args(["--protocol", "HTTP/1.1"])
        .arg("--directory")
        .arg(place.assets.dir.join("www"));
    Ok(command.spawn()?)
}

/// Waits until a program in the children's namespace listens on this port.
fn wait_until_listening(children: &mut [Child], port: u16) -> Result<()> {
    let begin = Instant::now();
    let wanted = format!(":{port:04X} ");
    while begin.elapsed() < Duration::from_secs(40) {
        for child in children.iter_mut() {
            if let Some(status) = child.try_wait()? {
                bail!("it ended at once ({status})");
            }
            for file in ["tcp", "tcp6"] {
                let path = format!("/proc/{}/net/{file}", child.id());
                let Ok(sockets) = std::fs::read_to_string(path) else {
                    continue;
                };
                let listens = |line: &str| {
                    let mut words = line.split_whitespace().skip(1);
                    let local = words
                        .next()
                        .is_some_and(|word| format!("{word} ").ends_with(&wanted));
                    local && words.nth(1) == Some("0A")
                };
                if sockets.lines().any(listens) {
                    return Ok(());
                }
            }
        }
        std::thread::sleep(Duration::from_millis(30));
    }
    bail!("not within 40 s")
}
