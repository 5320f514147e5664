//! Sites that others wrote, as `check` judges them; and which server block really answers.
//!
//! A case is `NAME.conf`, which this nginx includes, beside `NAME.json`: the public `url`, and the
//! `findings` wanted about the site, each with its `code` and its `line`. `SITES_CASES` names
//! another folder of cases.

use kestra_setup::nginx_site::Config;
use kestra_setup::nginx_site::conf::parse;
use serde_json::Value;
use std::path::PathBuf;
use std::{env, fs};
use support::machine::Machine;
use support::nginx::{Nginx, binary};
use support::private_nginx::PrivateNginx;

fn folder() -> PathBuf {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/net/sites");
    env::var_os("SITES_CASES").map_or(own.into(), PathBuf::from)
}

/// Runs the program on a machine whose nginx includes this site.
fn ran(site: &str, url: &str, words: &[&str]) -> Option<(String, PathBuf)> {
    let machine = Machine::new();
    let nginx = PrivateNginx::on(&machine)?;
    let file = nginx.included("site.conf");
    fs::write(&file, site).unwrap();
    // No Kestra runs.
    fs::write(machine.config(), format!("kestra.url: {url}\nmicronaut.server.port: 1\n")).unwrap();
    let mut command = machine.command(&[], words);
    let ran = support::machine::ran(command.env("PATH", &nginx.path));
    Some((ran.out, file))
}

/// Code and line of every finding about the site, in their order.
fn findings(site: &str, url: &str) -> Option<Vec<(String, u64)>> {
    let nowhere = format!("http://127.0.0.1:{}", crate::site::saying(b"HTTP/1.1 204 x\r\n\r\n"));
    let (out, file) = ran(site, url, &["check", "--json", "--api-url", &nowhere])?;
    let findings: Value = serde_json::from_str(&out).unwrap();
    let of = |finding: &Value| {
        let place = finding["evidence"].as_str()?.strip_prefix(file.to_str()?)?;
        let line = place.strip_prefix(':')?.parse().ok()?;
        assert_ne!(finding["remedy"], "", "{finding}");
        Some((finding["code"].as_str()?.to_owned(), line))
    };
    // An object with `findings`, or the list alone.
    let list = findings.get("findings").unwrap_or(&findings);
    Some(list.as_array().unwrap().iter().filter_map(of).collect())
}

#[test]
fn every_kept_site_has_the_findings_wanted() {
    let mut count = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let case: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let site = fs::read_to_string(path.with_extension("conf")).unwrap();
        let wanted = case["findings"].as_array().unwrap().iter().map(|finding| {
            let code = finding["code"].as_str().unwrap().to_owned();
            (code, finding["line"].as_u64().unwrap())
        });
        let Some(found) = findings(&site, case["url"].as_str().unwrap()) else { return };
        assert_eq!(found, wanted.collect::<Vec<_>>(), "{}", path.display());
        count += 1;
    }
    assert_ne!(count, 0);
}

#[test]
fn show_names_the_server_block_that_answers() {
    let site = "# mine\nserver {\n    server_name ops.example.com;\n    location / { proxy_pass http://localhost:8080; }\n}\n";
    let Some((out, file)) = ran(site, "http://ops.example.com/", &["show"]) else { return };
    assert!(out.contains(&format!("{}:2", file.display())), "{out}");
}

/// Server blocks of one port, each of which answers with the word it returns.
const BLOCKS: &str = "
    server { listen PORT; server_name first; return 200 first; }
    server { listen PORT; server_name *.example.com; return 200 front; }
    server { listen PORT; server_name ops.*; return 200 behind; }
    server { listen PORT; server_name .eu.example.com; return 200 dot; }
    server { listen PORT; server_name ops.example.com; return 200 exact; }
    server { listen PORT; server_name OPS.EXAMPLE.COM; return 200 later; }
    server { listen 127.0.0.1:PORT; server_name ops.example.com local; return 200 local; }";

#[test]
fn the_block_that_is_said_to_answer_is_the_one_that_nginx_takes() {
    // Without the block for one address, which nginx prefers where the client comes to that.
    let shared: String = BLOCKS.lines().filter(|line| !line.contains("127.0.0.1")).collect();
    let default = shared.replacen(
        "listen PORT; server_name ops.*",
        "listen PORT default_server; server_name ops.*",
        1,
    );
    for blocks in [shared, default] {
        let text = |port: u16| blocks.replace("PORT", &port.to_string());
        let Some(binary) = binary() else { return };
        let nginx = Nginx::start(binary, text, &[]);
        let config = Config { http: parse(&text(nginx.port)), ..Config::default() };
        for name in [
            "first",
            "ops.example.com",
            "a.example.com",
            "a.b.example.com",
            "ops.example.org",
            "eu.example.com",
            "x.eu.example.com",
            "unknown",
        ] {
            let answers = request_as(nginx.port, name);
            let server = config.answering(name, nginx.port).unwrap();
            let said = server.0.block.iter().find(|it| it.name == "return").unwrap().value();
            assert_eq!(format!("200 {answers}"), said, "{name}");
        }
    }
}

fn request_as(port: u16, host: &str) -> String {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "GET / HTTP/1.0\r\nHost: {host}\r\n\r\n").unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply.rsplit("\r\n").next().unwrap().to_owned()
}
