//! The programs at both ends, as declared.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What listens at the server.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// `none`, `steps`, `python-http`, `nginx`, `nginx-h2`, `apache`, `haproxy`, `tomcat`, `node`,
    /// `lighttpd`, `gunicorn`, `uvicorn`, `varnish`, `squid`.
    pub program: String,
    /// Port it listens on.
    pub port: u16,
    /// It speaks TLS.
    pub tls: bool,
    /// Which certificate: `good`, `expired`, `wrong-name`, `self-signed`.
    pub certificate: String,
    /// `steps`: what each accepted connection does, one list after the other.
    pub sessions: Vec<Vec<String>>,
    /// `steps`: length of the listener's queue.
    pub backlog: u32,
    /// `steps`: seconds before the first `accept`.
    pub accept_after_s: f64,
    /// `steps`: how many connections are accepted at all; 0: all.
    pub accept_at_most: u32,
    /// Configuration lines of the real programs, by place (`http`, `server`, `location`, …).
    pub config: BTreeMap<String, Vec<String>>,
    /// `node`: options of its server program.
    pub options: BTreeMap<String, toml::Value>,
    /// What listens behind a proxy, on port 8081 of the same host, as `steps`.
    pub backend: Vec<Vec<String>>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            program: "steps".to_owned(),
            port: 80,
            tls: false,
            certificate: "good".to_owned(),
            sessions: Vec::new(),
            backlog: 128,
            accept_after_s: 0.0,
            accept_at_most: 0,
            config: BTreeMap::new(),
            options: BTreeMap::new(),
            backend: Vec::new(),
        }
    }
}

/// What connects.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Client {
    /// `steps`, `curl`, `wget`, `node`, `java`, `ab`, `ncat`, `chromium`, `scan`.
    pub program: String,
    /// Port to connect to; 0: the server's.
    pub port: u16,
    /// `steps`: what each connection does.
    pub sessions: Vec<Vec<String>>,
    /// `steps`: how often the sessions are run through.
    pub repeat: u32,
    /// `steps`: seconds between two connections' starts; negative: one after the other.
    pub every_s: f64,
    /// Arguments of the program; `{url}` is the server's root, `{dir}` a scratch folder.
    pub args: Vec<String>,
    /// How often the program is run, one after the other.
    pub times: u32,
    /// `chromium`: seconds after which the page is cancelled and the browser ended; 0: never.
    pub quit_after_s: f64,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            program: "steps".to_owned(),
            port: 0,
            sessions: Vec::new(),
            repeat: 1,
            every_s: -1.0,
            args: Vec::new(),
            times: 1,
            quit_after_s: 0.0,
        }
    }
}
