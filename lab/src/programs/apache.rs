//! Apache. Configuration place: `server`.

use super::{Place, lines};
use crate::scenario::Server;
use anyhow::Result;
use std::process::Child;

/// Starts it in the foreground.
pub fn start(server: &Server, place: &Place) -> Result<Child> {
    let modules = "/usr/lib/apache2/modules";
    let (certificate, key) = place.certificate(&server.certificate);
    let mut load = String::new();
    for name in ["mpm_event", "authz_core", "reqtimeout", "alias", "mime"] {
        load.push_str(&format!(
            "LoadModule {name}_module {modules}/mod_{name}.so\n"
        ));
    }
    let tls = if server.tls {
        load.push_str(&format!("LoadModule ssl_module {modules}/mod_ssl.so\n"));
        format!(
            "SSLEngine on\nSSLCertificateFile {}\nSSLCertificateKeyFile {}\n",
            certificate.display(),
            key.display()
        )
    } else {
        String::new()
    };
    let text = format!(
        "{load}ServerRoot {dir}\nPidFile {dir}/apache.pid\nErrorLog {dir}/error.log\nUser www-data\nGroup www-data\n\
         ServerName lab.test\nTypesConfig /etc/mime.types\nDefaultRuntimeDir {dir}\nListen {}\nDocumentRoot {www}\n\
         <Directory {www}>\nRequire all granted\n</Directory>\n{}\n{tls}\n",
        place.listen(server.port),
        lines(server, "server"),
        dir = place.dir.display(),
        www = place.assets.dir.join("www").display(),
    );
    let path = place.write("apache.conf", &text)?;
    let mut command = place.at_server("apache2")?;
    command.arg("-f").arg(path).arg("-DFOREGROUND");
    Ok(command.spawn()?)
}
