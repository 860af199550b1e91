//! gunicorn and uvicorn with the application of `programs/app.py`. Configuration place: `args` (one word a line).

use super::Place;
use crate::scenario::Server;
use anyhow::Result;
use std::process::Child;

/// Starts gunicorn with one worker process.
pub fn gunicorn(server: &Server, place: &Place) -> Result<Child> {
    let mut command = place.at_server("gunicorn")?;
    command.args(["-b", &place.listen(server.port), "-w", "1"]);
    command.arg("--pythonpath").arg(&place.assets.dir);
    let (certificate, key) = place.certificate(&server.certificate);
    if server.tls {
        command.arg("--certfile").arg(certificate);
        command.arg("--keyfile").arg(key);
    }
    command.args(server.config.get("args").into_iter().flatten());
    command.arg("app:wsgi");
    Ok(command.spawn()?)
}

/// Starts uvicorn.
pub fn uvicorn(server: &Server, place: &Place) -> Result<Child> {
    let mut command = place.at_server("/usr/bin/python3")?;
    command.args(["-m", "uvicorn"]);
    command.args(["--host", &place.world.server_address.to_string()]);
    command.args(["--port", &server.port.to_string()]);
    command.arg("--app-dir").arg(&place.assets.dir);
    let (certificate, key) = place.certificate(&server.certificate);
    if server.tls {
        command.arg("--ssl-certfile").arg(certificate);
        command.arg("--ssl-keyfile").arg(key);
    }
    command.args(server.config.get("args").into_iter().flatten());
    command.arg("app:asgi");
    Ok(command.spawn()?)
}
