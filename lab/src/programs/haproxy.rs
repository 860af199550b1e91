//! HAProxy before a backend of steps. Configuration places: `defaults`, `frontend`, `backend`.

use super::{Place, lines};
use crate::scenario::Server;
use anyhow::Result;
use std::process::Child;

/// Starts it in the foreground; its backend is on port 8081 of the same host.
pub fn start(server: &Server, place: &Place) -> Result<Child> {
    let tls = if server.tls {
        format!(
            " ssl crt {}",
            place
                .assets
                .dir
                .join(format!("{}.pem", server.certificate))
                .display()
        )
    } else {
        String::new()
    };
    let text = format!(
        "global\n  maxconn 2000\ndefaults\n  mode http\n  timeout connect 2s\n  timeout client 10s\n  timeout server 10s\n{}\n\
         frontend f\n  bind {}{tls}\n{}\n  default_backend b\nbackend b\n{}\n  server one 127.0.0.1:8081\n",
        lines(server, "defaults"),
        place.listen(server.port),
        lines(server, "frontend"),
        lines(server, "backend"),
    );
    let path = place.write("haproxy.cfg", &text)?;
    let mut command = place.at_server("haproxy")?;
    command.arg("-db").arg("-f").arg(path);
    Ok(command.spawn()?)
}
