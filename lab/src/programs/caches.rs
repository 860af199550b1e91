//! Caching proxies before a backend of steps, which is on port 8081 of the same host.

use super::{Place, lines};
use crate::scenario::Server;
use anyhow::Result;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};
use std::time::Duration;

/// Starts Varnish in the foreground. Configuration place: `args` (one word a line).
pub fn varnish(server: &Server, place: &Place) -> Result<Child> {
    let mut command = place.at_server("varnishd")?;
    command.args([
        "-F",
        "-j",
        "none",
        "-b",
        "127.0.0.1:8081",
        "-a",
        &place.listen(server.port),
    ]);
    command.args(["-s", "malloc,16m", "-p", "thread_pool_min=5"]);
    command.arg("-n").arg(place.dir.join("varnish"));
    command.args(server.config.get("args").into_iter().flatten());
    Ok(command.spawn()?)
}

/// Starts Squid as a reverse proxy in the foreground. Configuration place: `squid`.
pub fn squid(server: &Server, place: &Place) -> Result<Child> {
    let text = format!(
        "http_port {} accel defaultsite=lab.test no-vhost\n\
         cache_peer 127.0.0.1 parent 8081 0 no-query no-digest originserver name=b\n\
         acl all_of_it src all\nhttp_access allow all_of_it\ncache deny all_of_it\n\
         pid_filename {dir}/squid.pid\ncache_log {dir}/cache.log\naccess_log stdio:{dir}/access.log\n\
         coredump_dir {dir}\nshutdown_lifetime 0 seconds\nforwarded_for delete\npinger_enable off\n\
         cache_effective_user proxy\n{}\n",
        place.listen(server.port),
        lines(server, "squid"),
        dir = place.dir.display(),
    );
    let path = place.write("squid.conf", &text)?;
    // Squid gives its rights up, and writes its logs as somebody else.
    std::fs::set_permissions(place.dir, Permissions::from_mode(0o777))?;
    let mut command = place.at_server("squid")?;
    command.arg("-N").arg("-f").arg(path);
    command.args(["-n", &format!("lab{}", std::process::id())]);
    Ok(command.spawn()?)
}

/// Squid listens before it has made up its mind about its peer, and answers 502 until then: somebody on the
/// same host asks until that is over.
pub fn wait_for_squid(server: &Server, place: &Place) -> Result<()> {
    let url = format!("http://{}/", place.listen(server.port));
    for _ in 0..20 {
        let mut command = place.at_server("curl")?;
        command.args([
            "-s",
            "-m",
            "0.6",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            &url,
        ]);
        let output = command.stdout(Stdio::piped()).output()?;
        if output.stdout != b"502" {
            break;
        }
        std::thread::sleep(Duration::from_millis(400));
    }
    Ok(())
}
