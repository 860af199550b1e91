//! A real capture: nginx under load, as tcpdump sees it on the loopback of a network namespace of its own.
//!
//! Half of the bytes are short connections for a small file, the other half requests for a larger one on connections that
//! are kept. Needs root, `ip`, `tcpdump`, `nginx`, and one of `ab`, `hey` and `wrk`. Two captures are never alike.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};

/// Connections for the small file, and requests for the larger one, at usual size.
const SMALL: f64 = 100_000.0;
const LARGE: f64 = 12_000.0;
const SMALL_LEN: usize = 4_000;
const LARGE_LEN: usize = 60_000;

/// Load generators, in the order of preference.
const GENERATORS: [&str; 3] = ["ab", "hey", "wrk"];

/// Runs nginx and the load, and captures both sides' packets to `path`.
pub fn make(path: &Path, scale: f64) -> Result<()> {
    ensure!(Uid::effective().is_root(), "a network namespace needs root");
    for tool in ["ip", "tcpdump", "nginx"] {
        ensure!(is_there(tool), "{tool} is missing");
    }
    let generator = GENERATORS.into_iter().find(|tool| is_there(tool));
    let generator = generator.context("a load generator is missing: ab, hey or wrk")?;
    let world = World::new()?;
    let capture = world.start_capture(path)?;
    let server = world.start_nginx()?;
    let load = Load { generator, scale };
    world.run(&load.small())?;
    world.run(&load.large())?;
    // What is on its way arrives before the capture ends.
    sleep(Duration::from_millis(500));
    server.end(Signal::SIGQUIT)?;
    capture.end(Signal::SIGINT)
}

fn is_there(tool: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(tool).is_file())
}

/// The load by one of the generators.
struct Load {
    generator: &'static str,
    scale: f64,
}

impl Load {
    /// A connection for each request.
    fn small(&self) -> Vec<String> {
        let count = (SMALL * self.scale).ceil();
        self.command(
            "small",
            count,
            ["", "-disable-keepalive", "-HConnection: close"],
        )
    }

    /// Connections that are kept.
    fn large(&self) -> Vec<String> {
        let count = (LARGE * self.scale).ceil();
        self.command("large", count, ["-k", "", ""])
    }

    /// `options` are those of the generators.
    fn command(&self, file: &str, count: f64, options: [&str; 3]) -> Vec<String> {
        let url = format!("http://127.0.0.1/{file}");
        let own = GENERATORS.iter().position(|name| *name == self.generator);
        let option = own.and_then(|at| options.get(at)).copied().unwrap_or("");
        let count = match self.generator {
            // It counts no requests, but seconds: some ten thousand each.
            "wrk" => format!("-c64 -t1 -d{}s", (count / 10_000.0).ceil()),
            "ab" => format!("-q -r -c 64 -n {}", count.max(64.0)),
            _ => format!("-c 64 -n {}", count.max(64.0)),
        };
        let mut words: Vec<String> = vec![self.generator.to_owned()];
        words.extend(count.split(' ').map(str::to_owned));
        words.extend(
            [option, &url]
                .iter()
                .filter(|word| !word.is_empty())
                .map(|word| (*word).to_owned()),
        );
        words
    }
}

/// A network namespace and a folder, which go away together.
struct World {
    namespace: String,
    folder: PathBuf,
}

impl World {
    fn new() -> Result<Self> {
        let namespace = format!("whyreset-bench-{}", std::process::id());
        let folder = std::env::temp_dir().join(&namespace);
        std::fs::create_dir_all(&folder)?;
        let world = Self { namespace, folder };
        succeed(Command::new("ip").args(["netns", "add", &world.namespace]))?;
        world.run(&["ip", "link", "set", "lo", "mtu", "1500", "up"].map(str::to_owned))?;
        std::fs::write(world.folder.join("small"), vec![b'x'; SMALL_LEN])?;
        std::fs::write(world.folder.join("large"), vec![b'x'; LARGE_LEN])?;
        Ok(world)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.namespace, program]);
        command
    }

    fn run(&self, words: &[String]) -> Result<()> {
        let (program, arguments) = words.split_first().context("a command is missing")?;
        succeed(self.command(program).args(arguments))
    }

    fn start_capture(&self, path: &Path) -> Result<Running> {
        let mut command = self.command("tcpdump");
        command
            .args(["-i", "lo", "-n", "-B", "65536", "-Z", "root", "-w"])
            .arg(path);
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let errors = child.stderr.take().context("tcpdump has no output")?;
        let mut errors = BufReader::new(errors);
        let mut line = String::new();
        while !line.contains("listening on") {
            line.clear();
            ensure!(errors.read_line(&mut line)? > 0, "tcpdump ended at once");
        }
        // What it says at its end must find an open pipe.
        std::thread::spawn(move || errors.read_to_end(&mut Vec::new()));
        Ok(Running(child))
    }

    fn start_nginx(&self) -> Result<Running> {
        let text = format!(
            "daemon off; user root; worker_processes 1; pid nginx.pid; error_log error.log;\n\
             events {{ worker_connections 1024; }}\n\
             http {{ access_log off; client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;\n\
             server {{ listen 80; root {}; }} }}\n",
            self.folder.display()
        );
        let config = self.folder.join("nginx.conf");
        std::fs::write(&config, text)?;
        let mut command = self.command("nginx");
        command
            .arg("-p")
            .arg(&self.folder)
            .arg("-c")
            .arg(&config)
            .args(["-e", "error.log"]);
        let mut server = Running(
            command
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()?,
        );
        for _ in 0..100 {
            if self.folder.join("nginx.pid").is_file() {
                return Ok(server);
            }
            ensure!(server.0.try_wait()?.is_none(), "nginx ended at once");
            sleep(Duration::from_millis(50));
        }
        bail!("nginx does not begin")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // What is not there any more needs no removal.
        let _ = Command::new("ip")
            .args(["netns", "del", &self.namespace])
            .status();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A program that is ended with what it belongs to.
struct Running(Child);

impl Running {
    fn end(mut self, signal: Signal) -> Result<()> {
        kill(Pid::from_raw(i32::try_from(self.0.id())?), signal)?;
        let status = self.0.wait()?;
        ensure!(status.success(), "it ended with {status}");
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn succeed(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        bail!(
            "{command:?}: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(())
}
