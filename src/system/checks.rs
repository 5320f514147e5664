//! The live checks: the outbound connection, and Kestra behind whatever reverse proxy is in front.

mod http;
pub mod kestra;
pub mod proxy;
