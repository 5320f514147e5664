//! What is read and what is written: values, answers, config.yml, and the text for nginx.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "reads its cases from files, and hands what is written to other readers"
)]

mod cross_cases;
mod inputs;
mod nginx_golden;
mod nginx_syntax;
mod nginx_variants;
mod places;
mod values;
mod yaml_cases;
mod yaml_fuzz;
mod yaml_hostile;
mod yaml_properties;
mod yaml_reader;
