//! The lab's own program: connections that do exactly what a list of steps says.

use super::Place;
use crate::scenario::{Client, Server};
use anyhow::Result;
use serde_json::json;
use std::process::{Child, Command};

/// Starts it as a server.
pub fn server(
    server: &Server,
    place: &Place,
    sessions: &[Vec<String>],
    port: u16,
) -> Result<Child> {
    let (certificate, key) = place.certificate(&server.certificate);
    let address = if port == server.port {
        place.world.server_address.to_string()
    } else {
        "127.0.0.1".into()
    };
    let spec = json!({
        "role": "server", "address": address, "port": port,
        "sessions": sessions, "backlog": server.backlog, "accept_after_s": server.accept_after_s,
        "accept_at_most": server.accept_at_most, "certificate": certificate, "key": key,
    });
    let path = place.write(&format!("server-{port}.json"), &spec.to_string())?;
    let mut command = place.at_server("/usr/bin/python3")?;
    command.arg(place.assets.dir.join("steps.py")).arg(path);
    Ok(command.spawn()?)
}

/// The command that runs it as a client.
pub fn client(client: &Client, port: u16, place: &Place) -> Result<Command> {
    let spec = json!({
        "role": "client", "address": place.world.server_address, "port": port,
        "sessions": client.sessions, "repeat": client.repeat, "every_s": client.every_s,
        "authority": place.assets.dir.join("ca.crt"),
    });
    let path = place.write("client.json", &spec.to_string())?;
    let mut command = crate::world::in_namespace(&place.world.client, "/usr/bin/python3");
    command.arg(place.assets.dir.join("steps.py")).arg(path);
    Ok(command)
}
