//! The wizard: its state machine without a terminal, its screens, and the program in a terminal of its own.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "starts the program, and looks at its files from outside"
)]

mod first_frame;
mod focus;
mod full_screen;
mod leaks;
mod modes;
mod operator;
mod pictures;
mod plain;
mod properties;
mod runner;
mod screens;
mod ssh;
mod terminal;
mod wizard;

/// A Compose file with two services, each with a configuration of its own.
fn compose_of(services: [&str; 2]) -> String {
    let service = |name: &str| {
        format!(
            "  {name}:\n    image: kestra/kestra\n    environment:\n      KESTRA_CONFIGURATION: |\n        \
             kestra.url: https://{name}.example.com/\n"
        )
    };
    "services:\n".to_owned() + &services.map(service).concat()
}
