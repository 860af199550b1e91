//! Tomcat, with its static documents. Configuration place: `connector` (attributes).

use super::{Place, lines};
use crate::scenario::Server;
use anyhow::Result;
use std::process::Child;

/// The first request takes seconds (classes are loaded): somebody on the same host asks first.
pub fn warm_up(server: &Server, place: &Place) -> Result<()> {
    let url = format!("http://{}/tiny.txt", place.listen(server.port));
    let mut command = place.at_server("curl")?;
    command.args(["-s", "-m", "30", "-o", "/dev/null", &url]);
    command.status()?;
    Ok(())
}

/// Starts it in the foreground.
pub fn start(server: &Server, place: &Place) -> Result<Child> {
    for folder in ["conf", "logs", "temp", "work", "webapps"] {
        std::fs::create_dir_all(place.dir.join(folder))?;
    }
    let text = format!(
        "<Server port=\"-1\"><Service name=\"Catalina\">\n\
         <Connector address=\"{}\" port=\"{}\" protocol=\"HTTP/1.1\" {}/>\n\
         <Engine name=\"Catalina\" defaultHost=\"localhost\"><Host name=\"localhost\" appBase=\"webapps\" autoDeploy=\"false\">\n\
         <Context path=\"\" docBase=\"{}\"/></Host></Engine></Service></Server>\n",
        place.world.server_address,
        server.port,
        lines(server, "connector"),
        place.assets.dir.join("www").display(),
    );
    place.write("conf/server.xml", &text)?;
    std::fs::copy("/etc/tomcat10/web.xml", place.dir.join("conf/web.xml"))?;
    let mut command = place.at_server("/usr/share/tomcat10/bin/catalina.sh")?;
    command
        .arg("run")
        .env("CATALINA_HOME", "/usr/share/tomcat10")
        .env("CATALINA_BASE", place.dir);
    command.env(
        "JAVA_OPTS",
        "-Xmx128m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    );
    Ok(command.spawn()?)
}
