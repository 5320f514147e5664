//! Live checks, against real proxies, a real nginx, and a fake of Kestra.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "the servers are part of the test"
)]

mod check;
mod fake_kestra;
mod nginx_complaints;
mod nginx_facts;
mod nginx_live;
mod proxies;
mod servers;
mod site;
mod sites;
