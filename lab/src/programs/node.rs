//! Node's HTTP server, with options (`programs/server.js` explains them).

use super::Place;
use crate::scenario::Server;
use anyhow::Result;
use serde_json::json;
use std::process::Child;

/// Starts it.
pub fn start(server: &Server, place: &Place) -> Result<Child> {
    let (certificate, key) = place.certificate(&server.certificate);
    let spec = json!({
        "address": place.world.server_address, "port": server.port, "tls": server.tls,
        "certificate": certificate, "key": key, "options": server.options,
    });
    let path = place.write("node.json", &spec.to_string())?;
    let mut command = place.at_server("node")?;
    command.arg(place.assets.dir.join("server.js")).arg(path);
    Ok(command.spawn()?)
}
