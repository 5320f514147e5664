//! `check`, and the keys that check: the real program, a real nginx, a real Squid and a Kestra that
//! only seems to be one.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "runs programs, and looks at the disk and at connections from outside"
)]

mod codes;
#[path = "../common/fake_kestra.rs"]
mod fake_kestra;
mod keys;
#[path = "../rollback/machine.rs"]
#[expect(dead_code, reason = "other tests write and are interrupted")]
mod machine;
#[path = "../rollback/private_nginx.rs"]
mod private_nginx;
#[path = "../proxies/servers.rs"]
#[expect(dead_code, reason = "one of the servers is enough")]
mod servers;
#[path = "../proxies/site.rs"]
#[expect(dead_code, reason = "most of the ways to fail are tried elsewhere")]
mod site;
mod standing;
mod traps;
mod way_out;
