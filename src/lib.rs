//! `kestra-setup`: gives a Kestra server its public URL, its outbound connection through a forward
//! proxy and its nginx site.
//!
//! Answers are text, their meaning is a type, the plan is both the preview and what is written,
//! and only [`system`] touches the world. In reading order, each module using only those above it:
//!
//! - [`shell`]: commands to copy
//! - [`settings`]: values that cannot be wrong, and the rules across them
//! - [`kestra_release`]: releases of Kestra that differ in their login
//! - [`form`]: every question, once
//! - [`answers`]: the answers, as text
//! - [`kestra_config`]: a Kestra configuration: text in, properties out; edits in, text out
//! - [`env_file`]: a file of environment variables, read and edited
//! - [`nginx_site`]: a site in, the text for nginx out; and what an existing nginx does
//! - [`machine`]: what is on this machine, and the answers in it
//! - [`lint`]: what in it cannot work
//! - [`plan`]: what would change on disk, shown and written from the same value
//! - [`checks`]: what can be checked, and findings
//! - [`key`]: a key press, free of any terminal
//! - [`wizard`]: the state machine behind every way of asking
//! - [`system`]: the only door to disk, network, processes and signals
//! - [`messages`]: errors and receipts as pages and next steps
//! - [`ui`]: the full screen, and the same questions one line at a time
//! - [`cli`]: the command line
//! - [`commands`]: what each command does

pub mod answers;
pub mod checks;
pub mod cli;
pub mod commands;
pub mod env_file;
pub mod form;
pub mod kestra_config;
pub mod kestra_release;
pub mod key;
pub mod lint;
pub mod machine;
pub mod messages;
pub mod nginx_site;
pub mod plan;
pub mod settings;
pub mod shell;
pub mod system;
pub mod ui;
pub mod wizard;

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "reads the sources")]

    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    /// The modules in reading order, as the list above has them.
    fn modules() -> Vec<&'static str> {
        let listed =
            include_str!("lib.rs").lines().filter_map(|line| line.strip_prefix("//! - [`"));
        listed.filter_map(|line| line.split('`').next()).collect()
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
    }

    /// Each file of a module with its code: no comments, and no tests at its end.
    fn sources() -> impl Iterator<Item = (String, PathBuf, String)> {
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let is_code = |path: &PathBuf| {
            path.extension().is_some_and(|it| it == "rs")
                && !["tests.rs", "lib.rs", "main.rs"].iter().any(|name| path.ends_with(name))
        };
        files(&src).into_iter().filter(is_code).map(move |path| {
            let path = path.strip_prefix(&src).unwrap().to_owned();
            let module = path.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
            let text = fs::read_to_string(src.join(&path)).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap().lines();
            let code = code.filter(|line| !line.trim_start().starts_with("//"));
            (module.to_owned(), path.clone(), code.collect::<Vec<_>>().join("\n"))
        })
    }

    /// The first names of every path that begins with `crate::`.
    fn uses(code: &str) -> BTreeSet<&str> {
        let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
        let paths = code.split("crate::").skip(1).flat_map(|rest| match rest.strip_prefix('{') {
            Some(group) => group.split('}').next().unwrap_or_default().split(',').collect(),
            None => vec![rest],
        });
        paths.map(|path| path.trim().split(|c| !is_name(c)).next().unwrap_or_default()).collect()
    }

    #[test]
    fn a_module_uses_only_those_above_it() {
        let modules = modules();
        let place = |name: &str| modules.iter().position(|module| *module == name);
        let mut wrong = Vec::new();
        for (module, path, code) in sources() {
            let own = place(&module).unwrap_or_else(|| panic!("{module} is not in the list"));
            let below = uses(&code).into_iter().filter(|used| place(used) > Some(own));
            wrong.extend(below.map(|used| format!("{} uses {used}", path.display())));
        }
        assert_eq!(wrong, [""; 0]);
    }

    #[test]
    fn only_system_touches_the_world() {
        const DOORS: [&str; 9] = [
            "std::fs",
            "TcpStream",
            "UdpSocket",
            "to_socket_addrs",
            "std::process",
            "std::thread",
            "std::env",
            "rustix::",
            "OpenOptions",
        ];
        const TERMINAL: [&str; 3] = ["ui/tui/reader.rs", "ui/tui/terminal.rs", "ui/tui/work.rs"];
        let mut wrong = Vec::new();
        for (module, path, code) in sources() {
            let is_free = module == "system" || TERMINAL.iter().any(|name| path == Path::new(name));
            let doors = DOORS.iter().filter(|door| !is_free && code.contains(*door));
            wrong.extend(doors.map(|door| format!("{} has {door}", path.display())));
        }
        assert_eq!(wrong, [""; 0]);
    }
}
