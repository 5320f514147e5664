//! Arguments in, exit code out.

use kestra_setup::system::console::Console;
use kestra_setup::{cli, commands, system};
use std::process::ExitCode;

fn main() -> ExitCode {
    system::disable_core_dumps();
    let mut console = Console::standard();
    match cli::parse(std::env::args_os()) {
        Ok(invocation) => commands::run(&invocation, &mut console).into(),
        Err(error) => {
            // Nothing can be reported if standard error is closed as well.
            let _ = error.print();
            if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") {
                commands::report_usage(&error, &mut console);
            }
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
    }
}
