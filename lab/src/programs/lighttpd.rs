//! lighttpd with its static documents. Configuration place: `server` (lines of its language).

use super::{Place, lines};
use crate::scenario::Server;
use anyhow::Result;
use std::net::IpAddr;
use std::process::Child;

/// Starts it in the foreground.
pub fn start(server: &Server, place: &Place) -> Result<Child> {
    let address = match place.world.server_address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    };
    let tls = if server.tls {
        let pem = format!("{}.pem", server.certificate);
        format!(
            "server.modules += (\"mod_openssl\")\nssl.engine = \"enable\"\nssl.pemfile = \"{}\"\n",
            place.assets.dir.join(pem).display()
        )
    } else {
        String::new()
    };
    let text = format!(
        "server.document-root = \"{}\"\nserver.bind = \"{address}\"\nserver.port = {}\n\
         server.errorlog = \"{dir}/error.log\"\nserver.upload-dirs = (\"{dir}\")\n\
         server.modules += (\"mod_accesslog\")\naccesslog.filename = \"{dir}/access.log\"\n\
         mimetype.assign = (\".html\" => \"text/html\", \".txt\" => \"text/plain\")\n{tls}{}\n",
        place.assets.dir.join("www").display(),
        server.port,
        lines(server, "server"),
        dir = place.dir.display(),
    );
    let path = place.write("lighttpd.conf", &text)?;
    let mut command = place.at_server("lighttpd")?;
    command.arg("-D").arg("-f").arg(path);
    Ok(command.spawn()?)
}
