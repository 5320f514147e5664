//! The live checks: the forward proxy, and Kestra behind whatever stands in front of it.

pub mod certificate;
pub mod kestra;
mod net;
pub mod proxy;
