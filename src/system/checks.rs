//! The live checks: the outbound connection, and Kestra behind whatever reverse proxy is in front.

pub mod certificate;
mod http;
pub mod kestra;
pub mod proxy;
