//! Arguments in, exit code out.

use kestra_setup::system::console::Console;
use kestra_setup::{cli, commands, system};
use std::process::ExitCode;

fn main() -> ExitCode {
    system::disable_core_dumps();
    let mut console = Console::standard();
    let exit_code = match cli::parse(std::env::args_os()) {
        Ok(invocation) => commands::run(&invocation, &mut console),
        Err(error) => {
            let wants_json = std::env::args_os().any(|argument| argument == "--json");
            commands::report_usage(&error, wants_json, &mut console)
        }
    };
    exit_code.into()
}
