//! A small network of its own for each variation: three network namespaces.
//!
//! ```text
//! client namespace      router namespace                        server namespace
//! eth0 ──── veth ────── rc → tc ══ this program's router ══ ts ← rs ────── veth ──── eth0
//! ```
//!
//! The hosts have ordinary Ethernet ends with the kernel's offloads on or off. In the middle the kernel
//! forwards everything into two TUN ends, and the lab's own router moves packets between them. Every
//! world has addresses of its own, so that a kernel trace of all worlds can be told apart.

mod cleanup;
mod commands;

pub use cleanup::{processes_in, remove_all_of_this_process, remove_stale};
pub use commands::{in_namespace, shell};

use crate::router::Ends;
use crate::scenario::Net;
use anyhow::{Context, Result};
use commands::{batch, batch_of_v6};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use tun_rs::{DeviceBuilder, SyncDevice};

/// The name by which the client's programs know the server.
pub const SERVER_NAME: &str = "lab.test";

const QUIET: &str = "sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0";

const NO_OFFLOADS: &str =
    "ethtool -K ${i:-eth0} tx off rx off tso off gso off gro off >/dev/null 2>&1";

/// What comes from a host goes into that host's TUN end, whatever its destination.
const ROUTES: &str = "rule add iif rc lookup 100 pref 100\nrule add iif rs lookup 101 pref 101\n\
    route add default dev tc table 100\nroute add default dev ts table 101\n";

/// Three namespaces and what is in them. Dropping it kills every program inside and removes them.
pub struct World {
    /// The client's namespace.
    pub client: String,
    /// The router's namespace.
    pub router: String,
    /// The server's namespace.
    pub server: String,
    /// The client's address in the variation's family.
    pub client_address: IpAddr,
    /// The server's address in the variation's family.
    pub server_address: IpAddr,
    number: u32,
}

impl World {
    /// Builds the world with this number and opens the router's two ends.
    pub fn build(number: u32, net: &Net) -> Result<(Self, Ends)> {
        let prefix = cleanup::prefix();
        let addresses = Addresses::of(number);
        let v6 = net.family == 6;
        let pick = |four: Ipv4Addr, six: Ipv6Addr| if v6 { IpAddr::from(six) } else { four.into() };
        let world = Self {
            client: format!("{prefix}{number}c"),
            router: format!("{prefix}{number}r"),
            server: format!("{prefix}{number}s"),
            client_address: pick(addresses.client4, addresses.client6),
            server_address: pick(addresses.server4, addresses.server6),
            number,
        };
        let ends = world
            .set_up(net, &addresses)
            .context("cannot build the network")?;
        let ends = Ends {
            client: ends.0,
            server: ends.1,
            client_address: world.client_address,
            server_address: world.server_address,
            own_address: pick(addresses.router4, addresses.router6),
            nat_address: pick(addresses.nat4, addresses.nat6),
        };
        Ok((world, ends))
    }

    fn set_up(&self, net: &Net, addresses: &Addresses) -> Result<(SyncDevice, SyncDevice)> {
        let Self {
            client,
            router,
            server,
            number,
            ..
        } = self;
        let [one, two, three, four] = [1, 2, 3, 4].map(|end| mac(*number, end));
        let lines = format!(
            "netns add {client}\nnetns add {router}\nnetns add {server}\n\
             link add name eth0 netns {client} address {one} type veth peer name rc address {two} netns {router}\n\
             link add name eth0 netns {server} address {three} type veth peer name rs address {four} netns {router}\n"
        );
        batch(None, &lines)?;
        self.name_the_server()?;
        let ends = (self.tun("tc")?, self.tun("ts")?);
        self.set_up_router(net, addresses)?;
        let ours = (addresses.client4, addresses.client6);
        let theirs = (addresses.server4, addresses.server6);
        set_up_host(
            client,
            ours,
            &two,
            net,
            &net.client_sysctl,
            &net.client_setup,
        )?;
        set_up_host(
            server,
            theirs,
            &four,
            net,
            &net.server_sysctl,
            &net.server_setup,
        )?;
        Ok(ends)
    }

    fn set_up_router(&self, net: &Net, addresses: &Addresses) -> Result<()> {
        let script = format!(
            "{QUIET} net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.rp_filter=0 \
             net.ipv4.conf.default.rp_filter=0 net.ipv6.conf.tc.addr_gen_mode=1 net.ipv6.conf.ts.addr_gen_mode=1"
        );
        shell(&self.router, &script)?;
        let mut lines =
            format!("link set lo up\nlink set tc mtu 1500 up\nlink set ts mtu 1500 up\n{ROUTES}");
        for (end, four, six, mac) in [
            (
                "rc",
                addresses.client4,
                addresses.client6,
                mac(self.number, 1),
            ),
            (
                "rs",
                addresses.server4,
                addresses.server6,
                mac(self.number, 3),
            ),
        ] {
            lines.push_str(&format!(
                "link set {end} mtu {} up\naddr add {}/24 dev {end}\naddr add {}/64 dev {end} nodad\n\
                 neigh replace {six} lladdr {mac} dev {end} nud permanent\n",
                net.mtu,
                gateway4(four),
                gateway6(six)
            ));
        }
        batch(Some(&self.router), &lines)?;
        batch_of_v6(&self.router, ROUTES)?;
        if !net.offload {
            shell(
                &self.router,
                &format!("for i in rc rs; do {NO_OFFLOADS}; done"),
            )?;
        }
        Ok(())
    }

    /// Opens a TUN end here and moves it into the router's namespace; the open end stays with us.
    fn tun(&self, name: &str) -> Result<SyncDevice> {
        let here = format!("{name}{}x{}", self.number, std::process::id() % 100_000);
        let device = DeviceBuilder::new()
            .name(&here)
            .enable(false)
            .build_sync()?;
        batch(
            None,
            &format!("link set {here} netns {} name {name}\n", self.router),
        )?;
        Ok(device)
    }

    /// `ip netns exec` shows the files of this folder in place of those in /etc.
    fn name_the_server(&self) -> Result<()> {
        for namespace in [&self.client, &self.server] {
            let folder = cleanup::etc_folder(namespace);
            std::fs::create_dir_all(&folder)?;
            let hosts = format!(
                "127.0.0.1 localhost\n{} {SERVER_NAME}\n",
                self.server_address
            );
            std::fs::write(folder.join("hosts"), hosts)?;
        }
        Ok(())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for namespace in [&self.client, &self.server, &self.router] {
            cleanup::remove(namespace);
        }
    }
}

/// A host: its address, its gateway (whose IPv6 neighbour entry is given, since to resolve it would
/// delay the first SYN by a second on a fresh link), its kernel settings and its own commands.
fn set_up_host(
    host: &str,
    (four, six): (Ipv4Addr, Ipv6Addr),
    gateway_mac: &str,
    net: &Net,
    settings: &BTreeMap<String, String>,
    commands: &[String],
) -> Result<()> {
    let mut script = QUIET.to_owned();
    for option in &net.tcp_off {
        script.push_str(&format!(" net.ipv4.tcp_{option}=0"));
    }
    for (key, value) in settings {
        script.push_str(&format!(" \"net.{key}={value}\""));
    }
    if !net.offload {
        script.push_str(&format!("; {NO_OFFLOADS}"));
    }
    shell(host, &script)?;
    let (near4, near6) = (gateway4(four), gateway6(six));
    let lines = format!(
        "link set lo up\naddr add {four}/24 dev eth0\naddr add {six}/64 dev eth0 nodad\n\
         link set eth0 mtu {} up\nroute add default via {near4}\nroute add default via {near6}\n\
         neigh replace {near6} lladdr {gateway_mac} dev eth0 nud permanent\n",
        net.mtu
    );
    batch(Some(host), &lines)?;
    commands.iter().try_for_each(|command| shell(host, command))
}

struct Addresses {
    client4: Ipv4Addr,
    server4: Ipv4Addr,
    router4: Ipv4Addr,
    client6: Ipv6Addr,
    server6: Ipv6Addr,
    router6: Ipv6Addr,
    nat4: Ipv4Addr,
    nat6: Ipv6Addr,
}

impl Addresses {
    fn of(number: u32) -> Self {
        let low = u8::try_from(number % 250).unwrap_or(0);
        let high = u8::try_from(number / 250 % 14).unwrap_or(0);
        let net = u16::try_from(number % 60_000).unwrap_or(0);
        Self {
            client4: Ipv4Addr::new(10, high + 1, low, 10 + low % 90),
            server4: Ipv4Addr::new(172, high + 16, low, 20 + low % 70),
            router4: Ipv4Addr::new(10, 200 + high, low, 1),
            client6: Ipv6Addr::new(0xfd00, 1, net, 0, 0, 0, 0, 0x10),
            server6: Ipv6Addr::new(0xfd00, 2, net, 0, 0, 0, 0, 0x20),
            router6: Ipv6Addr::new(0xfd00, 3, net, 0, 0, 0, 0, 1),
            // Shared address space (RFC 6598), as behind a carrier's NAT.
            nat4: Ipv4Addr::new(100, 64 + high, low, 7),
            nat6: Ipv6Addr::new(0xfd00, 4, net, 0, 0, 0, 0, 7),
        }
    }
}

/// A locally administered Ethernet address.
fn mac(world: u32, end: u32) -> String {
    format!(
        "02:5a:{:02x}:{:02x}:{:02x}:0{end}",
        world % 251,
        world / 251 % 256,
        0x40 + world % 100
    )
}

fn gateway4(host: Ipv4Addr) -> Ipv4Addr {
    let [a, b, c, _] = host.octets();
    Ipv4Addr::new(a, b, c, 1)
}

fn gateway6(host: Ipv6Addr) -> Ipv6Addr {
    let [a, b, c, ..] = host.segments();
    Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 1)
}
