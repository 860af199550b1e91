//! Known timers: how long the usual programs and devices wait before they give up or forget.
//!
//! A silence that fits one raises a probability and gives the timer a name. It never proves anything: everybody likes
//! round numbers.

use whyreset_capture::Span;

/// Whose timer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waiter {
    /// A client's patience.
    Client,
    /// A server's, or a proxy's, patience with its client.
    Server,
    /// How long a server keeps a connection on which nothing is asked.
    Rest,
    /// A device's memory of an idle connection.
    Device,
    /// How long a client keeps a connection that it has no more use for.
    Pool,
}

/// A timer with its name and source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timer {
    /// Whose.
    pub waiter: Waiter,
    /// In seconds.
    pub seconds: u32,
    /// Name.
    pub name: &'static str,
    /// Where it is written.
    pub source: &'static str,
}

const fn timer(waiter: Waiter, seconds: u32, name: &'static str, source: &'static str) -> Timer {
    Timer {
        waiter,
        seconds,
        name,
        source,
    }
}

const TIMERS: &[Timer] = &[
    timer(
        Waiter::Rest,
        2,
        "PHP's and Gunicorn's keep-alive default",
        "gunicorn settings: keepalive 2",
    ),
    timer(
        Waiter::Rest,
        5,
        "the keep-alive default of Node.js and Apache",
        "Node.js server.keepAliveTimeout 5 s; Apache KeepAliveTimeout 5",
    ),
    timer(
        Waiter::Server,
        20,
        "Tomcat's connectionTimeout, or the lower bound of Apache's RequestReadTimeout",
        "Tomcat server.xml: connectionTimeout=20000; mod_reqtimeout header=20-40",
    ),
    timer(
        Waiter::Server,
        30,
        "nginx's lingering_time, or a usual proxy timeout",
        "ngx_http_core_module: lingering_time 30s",
    ),
    timer(
        Waiter::Server,
        40,
        "the upper bound of Apache's RequestReadTimeout for the header",
        "mod_reqtimeout header=20-40",
    ),
    timer(
        Waiter::Server,
        60,
        "nginx's client_header_timeout, client_body_timeout and send_timeout, or Apache's Timeout",
        "ngx_http_core_module: 60s each; Apache core: Timeout 60",
    ),
    timer(
        Waiter::Rest,
        65,
        "a usual keepalive_timeout of nginx (its packaged nginx.conf)",
        "nginx.conf: keepalive_timeout 65",
    ),
    timer(
        Waiter::Rest,
        75,
        "nginx's keepalive_timeout default",
        "ngx_http_core_module: keepalive_timeout 75s",
    ),
    timer(
        Waiter::Server,
        300,
        "Node.js's requestTimeout",
        "Node.js server.requestTimeout 300 s",
    ),
    timer(
        Waiter::Client,
        5,
        "a usual client timeout (Go and Java clients are often set to it)",
        "a round default",
    ),
    timer(
        Waiter::Client,
        10,
        "a usual client timeout",
        "a round default",
    ),
    timer(
        Waiter::Client,
        30,
        "a usual client timeout (HttpClient and proxies are often set to it)",
        "a round default",
    ),
    timer(
        Waiter::Client,
        60,
        "nginx's proxy_read_timeout, and many clients' default",
        "ngx_http_proxy_module: proxy_read_timeout 60s",
    ),
    timer(
        Waiter::Client,
        100,
        ".NET HttpClient's default timeout",
        "HttpClient.Timeout: 100 s",
    ),
    timer(
        Waiter::Client,
        120,
        "a usual client timeout",
        "a round default",
    ),
    timer(
        Waiter::Client,
        300,
        "Firefox's and Chrome's response timeout",
        "network.http.response.timeout 300 s",
    ),
    timer(
        Waiter::Client,
        900,
        "wget's read timeout",
        "wget --read-timeout, default 900 s",
    ),
    timer(
        Waiter::Pool,
        5,
        "the keep-alive default of Java's HttpURLConnection",
        "Java networking properties: 5 s where the server names no time",
    ),
    timer(
        Waiter::Pool,
        90,
        "the idle limit of Go's and reqwest's default clients",
        "Go net/http DefaultTransport: IdleConnTimeout 90 s",
    ),
    timer(
        Waiter::Pool,
        115,
        "Firefox's keep-alive limit",
        "network.http.keep-alive.timeout 115 s",
    ),
    timer(
        Waiter::Pool,
        300,
        "the idle limit of Chrome and OkHttp",
        "OkHttp ConnectionPool: 5 min",
    ),
    timer(
        Waiter::Device,
        30,
        "the shortest usual idle time of NATs and conntrack's flow offload",
        "Linux nf_flowtable 30 s",
    ),
    timer(
        Waiter::Device,
        60,
        "the idle timeout of AWS application and classic load balancers",
        "AWS ALB: 60 s",
    ),
    timer(
        Waiter::Device,
        120,
        "conntrack's fin_wait and time_wait",
        "nf_conntrack_tcp_timeout_*",
    ),
    timer(
        Waiter::Device,
        240,
        "Azure's load balancer",
        "Azure Load Balancer: 4 min",
    ),
    timer(
        Waiter::Device,
        300,
        "conntrack's max_retrans and unacknowledged",
        "nf_conntrack_tcp_timeout_max_retrans 300",
    ),
    timer(
        Waiter::Device,
        350,
        "AWS's network load balancer and NAT gateway",
        "AWS NLB and NAT gateway: 350 s",
    ),
    timer(
        Waiter::Device,
        600,
        "Google Cloud's idle timeout of connections",
        "GCP firewall rules: 10 min",
    ),
    timer(Waiter::Device, 900, "IPVS", "ip_vs: tcp 900 s"),
    timer(
        Waiter::Device,
        1_800,
        "Juniper's session timeout",
        "Junos: tcp 1800 s",
    ),
    timer(
        Waiter::Device,
        3_600,
        "the session timeout of FortiGate, PAN-OS and ASA",
        "FortiGate session-ttl 3600",
    ),
    timer(
        Waiter::Device,
        7_440,
        "RFC 5382's shortest NAT idle time",
        "RFC 5382 REQ-5: 2 h 4 min",
    ),
];

/// The timer of `waiter` that a wait fits: within 2 %, or 2 s where that is less, and not early by more than a second.
pub(crate) fn fitting(wait: Span, waiter: Waiter) -> Option<&'static Timer> {
    TIMERS.iter().find(|timer| {
        let nominal = f64::from(timer.seconds);
        let off = wait.as_secs_f64() - nominal;
        let slack = (nominal * 0.02).min(2.0);
        is_of(timer.waiter, waiter) && off > -0.2 * slack && off < slack
    })
}

/// A server's patience is also that with a client that asks nothing.
fn is_of(timer: Waiter, waiter: Waiter) -> bool {
    timer == waiter || (timer, waiter) == (Waiter::Rest, Waiter::Server)
}

/// The device's timer that an idle time has just passed: by less than a tenth.
pub(crate) fn forgetting_within(idle: Span) -> Option<&'static Timer> {
    TIMERS.iter().rev().find(|timer| {
        let ratio = idle.as_secs_f64() / f64::from(timer.seconds);
        timer.waiter == Waiter::Device && (1.0..1.1).contains(&ratio)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_of_sixty_seconds_has_a_name() {
        let timer = fitting(Span::from_millis(60_010), Waiter::Server);
        assert!(timer.is_some_and(|t| t.name.contains("nginx")));
        assert!(fitting(Span::from_millis(47_000), Waiter::Server).is_none());
    }

    #[test]
    fn a_device_forgets_after_its_time_not_before() {
        assert!(forgetting_within(Span::from_secs(349)).is_none_or(|t| t.seconds != 350));
        assert!(forgetting_within(Span::from_secs(360)).is_some_and(|t| t.seconds == 350));
    }
}
