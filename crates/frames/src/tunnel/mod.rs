//! Tunnels: packets in packets.

pub(crate) mod amt;
pub(crate) mod ayiya;
pub(crate) mod capwap;
pub(crate) mod erspan;
pub(crate) mod etherip;
pub(crate) mod geneve;
pub(crate) mod gre;
pub(crate) mod gtp_u;
pub(crate) mod jmirror;
pub(crate) mod l2tp;
pub(crate) mod lisp;
pub(crate) mod lwapp;
pub(crate) mod mobile_ip;
pub(crate) mod nsh;
pub(crate) mod sflow;
pub(crate) mod teredo;
pub(crate) mod tzsp;
pub(crate) mod vxlan;
