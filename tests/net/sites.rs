//! Sites that others wrote, as `check` judges them; and which server block really answers.
//!
//! A case is `NAME.conf`, which this nginx includes, beside `NAME.json`: the public `url`, and the
//! `findings` wanted about the site, each with its `code` and its `line`. `SITES_CASES` names
//! another folder of cases.

use kestra_setup::nginx_site::conf::parse;
use kestra_setup::nginx_site::{Config, passes};
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
    let nowhere = format!("http://127.0.0.1:{}", crate::site::answering(b"HTTP/1.1 204 x\r\n\r\n"));
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
const BLOCKS: &str = r#"
    server { listen PORT; server_name first; return 200 first; }
    server { listen PORT; server_name *.example.com; return 200 front; }
    server { listen PORT; server_name ops.*; return 200 behind; }
    server { listen PORT; server_name .eu.example.com; return 200 dot; }
    server { listen PORT; server_name ops.example.com; return 200 exact; }
    server { listen PORT; server_name OPS.EXAMPLE.COM; return 200 later; }
    server { listen PORT; server_name "~^(?<team>[a-z]{2,4})\.Flows\d*\.net$"; return 200 pattern; }
    server { listen PORT; server_name ~flows ~^ops; return 200 second; }
    server { listen 127.0.0.1:PORT; server_name ops.example.com local; return 200 local; }"#;

#[test]
fn the_block_that_is_shown_to_answer_is_the_one_that_nginx_takes() {
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
            "ab.flows1.net",
            "abcde.flows1.net",
            "ops1.net",
            "unknown",
        ] {
            let answers = request_as(nginx.port, name);
            let server = config.answering(name, nginx.port).unwrap();
            let output = server.0.block.iter().find(|it| it.name == "return").unwrap().value();
            assert_eq!(format!("200 {answers}"), output, "{name}");
        }
    }
}

/// Files in the order in which nginx reads them, each with the names of its one server block.
const FILES: [(&str, &str); 4] = [
    ("conf.d/z.conf", r"server_name ops.example.com ~^flows\d;"),
    ("sites-enabled/a", "server_name ops.example.com *.example.com;"),
    ("sites-enabled/b", "server_name ~^flows;"),
    ("sites-enabled/default", "server_name _;"),
];

#[test]
fn show_names_the_file_that_nginx_answers_from() {
    let machine = Machine::new();
    let Some(nginx) = PrivateNginx::on(&machine) else { return };
    let port = &nginx.port;
    let kestra = crate::fake_kestra::serve("");
    let folder = machine.at("etc/nginx");
    fs::create_dir(folder.join("sites-enabled")).unwrap();
    for (name, names) in FILES {
        let answer = match name {
            "sites-enabled/default" => {
                format!("location / {{ proxy_pass http://127.0.0.1:{kestra}; }}")
            }
            _ => format!("return 200 {name};"),
        };
        let marked = if name.ends_with("default") { " default_server" } else { "" };
        let text = format!("server {{ listen {port}{marked}; {names} {answer} }}\n");
        fs::write(folder.join(name), text).unwrap();
    }
    let conf = fs::read_to_string(folder.join("nginx.conf")).unwrap();
    let both = format!("conf.d/*.conf;\ninclude {}/sites-enabled/*;", folder.display());
    fs::write(folder.join("nginx.conf"), conf.replace("conf.d/*.conf;", &both)).unwrap();
    let _running = nginx.start();
    for host in ["ops.example.com", "x.example.com", "flows1.org", "flowsx.org", "other.org"] {
        let page = request(port.parse().unwrap(), host, "/ui/");
        let answers = page.replace("<title>Kestra</title>", "sites-enabled/default");
        fs::write(machine.config(), format!("kestra.url: http://{host}:{port}/\n")).unwrap();
        let mut command = machine.command(&[], &["show"]);
        let shown = support::machine::ran(command.env("PATH", &nginx.path)).out;
        let wanted = format!("answered by              {}:1 ", folder.join(&answers).display());
        assert!(shown.contains(&wanted), "{host} is answered by {answers}: {shown}");
    }
}

#[test]
fn what_the_running_nginx_reads_comes_before_what_is_installed() {
    let machine = Machine::new();
    let Some(nginx) = PrivateNginx::on(&machine) else { return };
    let folder = machine.at("etc/nginx");
    let site = format!("server {{ listen {}; server_name ops.example.com; }}", nginx.port);
    let conf = folder.join("nginx.conf");
    let usual = fs::read_to_string(&conf).unwrap();
    let other = usual.replace("http {", &format!("http {{\n{site}"));
    fs::write(folder.join("other.conf"), other).unwrap();
    let running = nginx.start_with(&folder.join("other.conf"));
    fs::write(machine.config(), format!("kestra.url: http://ops.example.com:{}/\n", nginx.port))
        .unwrap();
    let shown = || {
        let mut command = machine.command(&[], &["show"]);
        support::machine::ran(command.env("PATH", &nginx.path)).out
    };
    let wanted = format!("answered by              {}/other.conf:", folder.display());
    assert!(shown().contains(&wanted), "{}", shown());
    drop(running);
    assert!(!shown().contains("answered by"), "{}", shown());
}

/// Locations of which `KESTRA` is what nginx takes for a page of the paths below, or is not.
const LOCATIONS: &str = r#"
    location = /exact/ui/ { KESTRA } location /exact { return 404; }
    location /prefix { KESTRA } location /prefix/x { return 404; }
    location ^~ /strong/ { KESTRA } location ~ ^/strong { return 404; }
    location /weak/ui/ { return 404; } location ~ ^/weak/ { KESTRA }
    location ~* ^/CASE/ { KESTRA } location ~ ^/EXACT-CASE/ { KESTRA }
    location /nested { location ~ /ui { KESTRA } return 404; } location ~ ^/nested { return 404; }
    location /back { location /back/ui { return 404; } return 404; } location ~ ^/back { KESTRA }
    location ^~ /kept { location /kept/ui { KESTRA } return 404; } location ~ ^/kept { return 404; }
    location ~^/glued { KESTRA } location ~ ^/first { KESTRA } location ~ ^/first/ui { return 404; }
    location ~ "^/re[a-z]{2}t/\w+/$" { KESTRA } location ~ /\.(?!well-known) { return 404; }
    location @named { KESTRA } location / { return 404; }"#;

#[test]
fn the_location_that_is_said_to_take_a_page_is_the_one_that_nginx_takes() {
    let Some(binary) = binary() else { return };
    let kestra = crate::fake_kestra::serve("");
    let pass = format!("proxy_pass http://127.0.0.1:{kestra};");
    let locations = LOCATIONS.replace("KESTRA", &pass);
    let text = |port: u16| format!("server {{ listen {port}; {locations} }}");
    let nginx = Nginx::start(binary, text, &[]);
    let config = Config { http: parse(&text(nginx.port)), ..Config::default() };
    for path in "exact prefix strong weak case exact-case nested back kept glued first repeat other"
        .split(' ')
    {
        let answer = request(nginx.port, "a", &format!("/{path}/ui/"));
        let url = format!("http://a/{path}/").parse().unwrap();
        let server = config.answering("a", nginx.port).unwrap();
        assert_eq!(passes(&config, server, &url), answer.contains("Kestra"), "{path}: {answer}");
    }
}

fn request_as(port: u16, host: &str) -> String {
    request(port, host, "/")
}

fn request(port: u16, host: &str, path: &str) -> String {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n").unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply.rsplit("\r\n").next().unwrap().to_owned()
}
