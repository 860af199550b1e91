//! The clients: curl, wget, Node, Java, ab, ncat, headless Chromium, the lab's own steps, and a scanner.

use super::{Place, log_to, steps};
use crate::scenario::Variation;
use crate::world::{SERVER_NAME, in_namespace};
use anyhow::{Result, bail};
use std::process::Command;

/// The command that runs a variation's client once.
pub fn client_command(variation: &Variation, place: &Place) -> Result<Command> {
    let (client, server) = (&variation.client, &variation.server);
    let port = if client.port == 0 {
        server.port
    } else {
        client.port
    };
    let scheme = if server.tls { "https" } else { "http" };
    let url = match (scheme, port) {
        ("http", 80) | ("https", 443) => format!("{scheme}://{SERVER_NAME}"),
        _ => format!("{scheme}://{SERVER_NAME}:{port}"),
    };
    let fill = |word: &String| {
        let word = word
            .replace("{url}", &url)
            .replace("{dir}", &place.dir.display().to_string());
        word.replace("{assets}", &place.assets.dir.display().to_string())
    };
    let arguments: Vec<String> = client.args.iter().map(fill).collect();
    let namespace = &place.world.client;
    let mut command = match client.program.as_str() {
        "steps" => steps::client(client, port, place)?,
        "curl" => {
            let mut command = in_namespace(namespace, "curl");
            command.args(["-sS", "-o", "/dev/null"]);
            if server.tls && !arguments.iter().any(|word| word == "--cacert") {
                command.arg("-k");
            }
            command
        }
        "wget" => {
            let mut command = in_namespace(namespace, "wget");
            command.args(["-q", "-t", "1", "-O", "/dev/null", "--no-check-certificate"]);
            command
        }
        "node" => {
            let mut command = in_namespace(namespace, "node");
            command.arg(place.assets.dir.join("client.js"));
            command
        }
        "chromium" => {
            let mut command = in_namespace(namespace, "chromium");
            command.args([
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
            ]);
            command.args([
                "--ignore-certificate-errors",
                "--no-first-run",
                "--disable-background-networking",
            ]);
            command.arg(format!(
                "--user-data-dir={}",
                place.dir.join("chromium").display()
            ));
            command
        }
        "java" => {
            let mut command = in_namespace(namespace, "java");
            command.args(["-Xmx64m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]);
            command.arg(place.assets.dir.join("Client.java"));
            command
        }
        "ab" | "ncat" => in_namespace(namespace, &client.program),
        "scan" => {
            let mut command = in_namespace(namespace, "/usr/bin/python3");
            command.arg(place.assets.dir.join("scan.py"));
            command.args(
                [place.world.client_address, place.world.server_address].map(|ip| ip.to_string()),
            );
            command.arg(port.to_string());
            command
        }
        other => bail!("no client program called {other}"),
    };
    if client.program != "steps" {
        command.args(arguments);
    }
    command.current_dir(place.dir);
    log_to(&mut command, &place.dir.join("client.log"))?;
    Ok(command)
}
