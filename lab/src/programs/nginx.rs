//! nginx, with HTTP/2 as `nginx-h2`. Configuration places: `http`, `server`, `location`.

use super::{Place, lines};
use crate::scenario::Server;
use anyhow::Result;
use std::process::Child;

fn listen_options(server: &Server) -> &'static str {
    match (server.tls, server.program.as_str()) {
        (true, "nginx-h2") => " ssl http2",
        (true, _) => " ssl",
        _ => "",
    }
}

/// Starts it in the foreground.
pub fn start(server: &Server, place: &Place) -> Result<Child> {
    let (certificate, key) = place.certificate(&server.certificate);
    let tls = if server.tls {
        format!(
            "ssl_certificate {}; ssl_certificate_key {};",
            certificate.display(),
            key.display()
        )
    } else {
        String::new()
    };
    let text = format!(
        "daemon off; user root; worker_processes 1; pid nginx.pid; error_log error.log info;\n\
         events {{ worker_connections 1024; }}\n\
         http {{ access_log access.log; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;\n\
         default_type application/octet-stream; {}\n\
         server {{ listen {}{}; server_name lab.test; root {}; {tls} {}\n\
         location / {{ {} }} }} }}\n",
        lines(server, "http"),
        place.listen(server.port),
        listen_options(server),
        place.assets.dir.join("www").display(),
        lines(server, "server"),
        lines(server, "location"),
    );
    let path = place.write("nginx.conf", &text)?;
    let mut command = place.at_server("nginx")?;
    command
        .arg("-p")
        .arg(place.dir)
        .arg("-c")
        .arg(path)
        .args(["-e", "error.log"]);
    Ok(command.spawn()?)
}
