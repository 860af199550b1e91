//! One variation, from an empty world to labelled captures.

use super::{Shared, doubts};
use crate::captures::{Capture, Tcpdump, VANTAGES};
use crate::programs::{Place, client_command, start_server};
use crate::router::{Order, Router};
use crate::scenario::{Act, Variation};
use crate::truth::{self, TruthFile};
use crate::witness::SentReset;
use crate::world::{World, processes_in, shell};
use anyhow::{Context, Result, anyhow};
use rustix::process::{Pid, Signal, kill_process};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// What became of a variation.
pub struct Outcome {
    /// How many connections were opened.
    pub connections: usize,
    /// How long it took.
    pub seconds: f64,
    /// Where label, witness and captures do not agree.
    pub doubts: Vec<String>,
}

/// Runs it.
pub fn run(variation: &Variation, number: u32, shared: &Shared) -> Result<Outcome> {
    let begin = Instant::now();
    let folder = shared.out.join(&variation.scenario).join(&variation.name);
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder)?;
    let (world, ends) = World::build(number, &variation.net)?;
    let (orders, received) = channel();
    let path_file = folder.join("path.pcap");
    let router = Router::new(ends, &variation.net, &variation.fault, orders, &path_file)?;
    let stop = Arc::new(AtomicBool::new(false));
    let router = {
        let stop = stop.clone();
        std::thread::spawn(move || router.run(&stop))
    };
    let played = play(variation, &world, &folder, &received, shared, &stop);
    stop.store(true, Ordering::Relaxed);
    let report = router.join().map_err(|_| anyhow!("the router died"))??;
    let Played { resets, missed } = played?;
    let mut file = truth::label(variation, &world, &report.seen, &resets, &folder)?;
    let mut doubts = doubts::of_story(&report);
    doubts.extend(missed);
    if shared.witness.is_some() {
        doubts.extend(doubts::of_witness(variation, &world, &resets, &folder)?);
    }
    file.doubts.clone_from(&doubts);
    write(&file, &resets, &folder)?;
    cut(variation, &file, &world, shared)?;
    Ok(Outcome {
        connections: report.seen.len(),
        seconds: begin.elapsed().as_secs_f64(),
        doubts,
    })
}

/// What is known after the story.
struct Played {
    /// The RSTs that the hosts' TCP sent.
    resets: Vec<SentReset>,
    /// Captures that are not whole, in words.
    missed: Vec<String>,
}

fn play(
    variation: &Variation,
    world: &World,
    folder: &Path,
    received: &Receiver<Order>,
    shared: &Shared,
    stop: &AtomicBool,
) -> Result<Played> {
    let scratch = folder.join("programs");
    std::fs::create_dir_all(&scratch)?;
    let place = Place {
        world,
        dir: &scratch,
        assets: &shared.assets,
    };
    let servers = start_server(&variation.server, &place)?;
    let at = |name: &str| folder.join(format!("{name}.pcap"));
    let on = variation.interface.as_str();
    let client_dump = Tcpdump::start(&world.client, on, &at("client"), variation.snaplen)?;
    let server_dump = Tcpdump::start(&world.server, on, &at("server"), variation.snaplen)?;
    let dumps = [("client", client_dump), ("server", server_dump)];
    let mut missed = Vec::new();
    let result = clients(variation, world, &place, &servers, received, shared);
    for (name, dump) in dumps {
        let lost = dump.stop()?;
        missed.extend(lost.map(|lost| format!("the {name}'s tcpdump has missed {lost} packets")));
    }
    // All three captures end before the programs do: their end is no part of the story.
    stop.store(true, Ordering::Relaxed);
    let resets = witnessed(world, shared);
    for namespace in [&world.client, &world.server] {
        signal_all(namespace, Signal::KILL);
    }
    for mut server in servers {
        server.wait()?;
    }
    result.map(|()| Played { resets, missed })
}

fn clients(
    variation: &Variation,
    world: &World,
    place: &Place,
    servers: &[Child],
    received: &Receiver<Order>,
    shared: &Shared,
) -> Result<()> {
    let begin = Instant::now();
    let stop_at = variation
        .stop_s
        .map(|seconds| begin + Duration::from_secs_f64(seconds));
    let limit = begin + Duration::from_secs_f64(variation.limit_s);
    for _ in 0..variation.client.times {
        let mut client = client_command(variation, place)?.spawn()?;
        loop {
            if let Ok(Order(act)) = received.recv_timeout(Duration::from_millis(10)) {
                obey(&act, world, &client, servers)?;
            }
            let now = Instant::now();
            let over = stop_at.is_some_and(|at| now >= at);
            if over {
                return Ok(());
            }
            if client.try_wait()?.is_some() {
                break;
            }
            let quit = variation.client.quit_after_s;
            if quit > 0.0 && begin.elapsed().as_secs_f64() > quit {
                signal_all(&world.client, Signal::TERM);
                std::thread::sleep(Duration::from_millis(400));
                signal_all(&world.client, Signal::KILL);
            }
            if now >= limit || shared.stop.load(Ordering::Relaxed) {
                return Err(anyhow!(
                    "the client was still at it after {} s",
                    variation.limit_s
                ));
            }
        }
    }
    let tail = Instant::now() + Duration::from_secs_f64(variation.tail_s);
    let end = stop_at.map_or(tail, |at| at.max(tail));
    while Instant::now() < end {
        if let Ok(Order(act)) = received.recv_timeout(Duration::from_millis(10)) {
            obey_without_client(&act, world, servers)?;
        }
    }
    Ok(())
}

fn signal(child: &Child, signal: Signal) {
    // `ip netns exec` becomes the program, so the child is the program itself.
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

/// Signals every program of a namespace but tcpdump.
fn signal_all(namespace: &str, signal: Signal) {
    for pid in processes_in(namespace) {
        let name = std::fs::read_to_string(format!("/proc/{}/comm", pid.as_raw_nonzero()));
        if name.is_ok_and(|name| name.trim() != "tcpdump") {
            let _ = kill_process(pid, signal);
        }
    }
}

fn obey(act: &Act, world: &World, client: &Child, servers: &[Child]) -> Result<()> {
    match act {
        Act::KillClient => signal(client, Signal::KILL),
        Act::TermClient => signal(client, Signal::TERM),
        Act::InterruptClient => signal(client, Signal::INT),
        Act::StopClient => signal(client, Signal::STOP),
        act => return obey_without_client(act, world, servers),
    }
    Ok(())
}

fn obey_without_client(act: &Act, world: &World, servers: &[Child]) -> Result<()> {
    match act {
        Act::KillServer => signal_all(&world.server, Signal::KILL),
        Act::TermServer => servers
            .iter()
            .for_each(|server| signal(server, Signal::TERM)),
        Act::StopServer => signal_all(&world.server, Signal::STOP),
        Act::ServerRuns { command } => shell(&world.server, command)?,
        Act::ClientRuns { command } => shell(&world.client, command)?,
        _ => {}
    }
    Ok(())
}

fn witnessed(world: &World, shared: &Shared) -> Vec<SentReset> {
    let Some(witness) = &shared.witness else {
        return Vec::new();
    };
    let mut all = witness.of(world.client_address);
    all.extend(witness.of(world.server_address));
    all
}

fn write(file: &TruthFile, resets: &[SentReset], folder: &Path) -> Result<()> {
    std::fs::write(
        folder.join("truth.json"),
        serde_json::to_string_pretty(file)? + "\n",
    )?;
    let mut text = String::new();
    for sent in resets {
        text.push_str(&format!(
            "{} > {} {} {}\n",
            sent.source, sent.destination, sent.reason, sent.state
        ));
    }
    Ok(std::fs::write(folder.join("witness.txt"), text)?)
}

/// Makes the captures that are cut from these.
fn cut(variation: &Variation, file: &TruthFile, world: &World, shared: &Shared) -> Result<()> {
    let from: PathBuf = shared.out.join(&variation.scenario).join(&variation.name);
    for cut in &variation.cuts {
        let name = format!("{}-{}", variation.name, cut.name);
        let to = shared.out.join(&variation.scenario).join(&name);
        std::fs::create_dir_all(&to)?;
        for vantage in VANTAGES {
            let file = format!("{vantage}.pcap");
            let capture = Capture::read(&from.join(&file))?;
            capture
                .cut(cut, world.server_address)
                .write(&to.join(&file))?;
        }
        let mut file = file.clone();
        file.variation = name;
        if let Some(truth) = &cut.truth {
            for connection in &mut file.connections {
                connection.truth = truth.clone();
            }
        }
        truth::count_frames(&mut file.connections, &to, world.server_address)?;
        write(&file, &[], &to).context("cannot write a cut's labels")?;
    }
    Ok(())
}
