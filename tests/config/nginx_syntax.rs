//! Every variant is taken by the real nginx, without a warning, in a private folder.
//!
//! Nothing live is touched: nginx gets its own prefix, pid, logs and temporary folders, a key of
//! its own, and ports that need no privilege. Without nginx the test fails where `CI` is `true`,
//! and reports loudly elsewhere that nothing was tested.

use super::nginx_variants::variants;
use kestra_setup::nginx_site::{Target, Version, render};
use kestra_setup::settings::{Site, SiteForm, Tls};
use std::path::Path;
use std::process::Command;

#[test]
fn nginx_takes_every_variant_without_a_warning() {
    let Some(version) = installed_nginx() else { return };
    let folder = tempfile::tempdir().unwrap();
    let tls = throw_away_certificate(folder.path());
    for (name, site) in variants("20080".parse().unwrap(), &tls) {
        for machine in machines(version) {
            let (succeeded, printed) = nginx_test(folder.path(), &site, machine);
            assert!(succeeded && !printed.contains("[warn]"), "{name} {machine:?}:\n{printed}");
        }
    }
}

fn installed_nginx() -> Option<Version> {
    let output = support::has("nginx").then(|| Command::new("nginx").arg("-v").output())?.unwrap();
    String::from_utf8_lossy(&output.stderr).parse().ok()
}

/// With the version known and not known; with IPv6 where this machine has it.
fn machines(version: Version) -> Vec<Target> {
    let interfaces = std::fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
    let mut machines = Vec::new();
    for nginx in [Some(version), None] {
        machines.push(Target { version: nginx, ipv6: false });
        if !interfaces.is_empty() {
            machines.push(Target { version: nginx, ipv6: true });
        }
    }
    machines
}

/// Whether `nginx -t` takes the site, and its output.
fn nginx_test(folder: &Path, site: &Site, machine: Target) -> (bool, String) {
    let here = folder.display();
    let include = match site.form {
        SiteForm::Server { .. } => format!("include {here}/site.conf;"),
        SiteForm::Location => {
            format!("server {{ listen unix:{here}/s.sock; include {here}/site.conf; }}")
        }
    };
    let wrapper = format!(
        "pid {here}/nginx.pid;\nerror_log {here}/error.log;\nevents {{ }}\nhttp {{\n\
         access_log off;\nclient_body_temp_path {here}/b;\nproxy_temp_path {here}/p;\n\
         fastcgi_temp_path {here}/f;\nuwsgi_temp_path {here}/u;\nscgi_temp_path {here}/s;\n\
         {include}\n}}\n"
    );
    std::fs::write(folder.join("nginx.conf"), wrapper).unwrap();
    std::fs::write(folder.join("site.conf"), render(site, &machine)).unwrap();
    let output = Command::new("nginx")
        .args(["-t", "-e", "stderr", "-p"])
        .arg(folder)
        .arg("-c")
        .arg(folder.join("nginx.conf"))
        .output()
        .unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn throw_away_certificate(folder: &Path) -> Tls {
    let (certificate, key) = (folder.join("kestra.pem"), folder.join("kestra.key"));
    let output = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-nodes", "-days", "1", "-subj", "/CN=mycompany.com", "-out"])
        .arg(&certificate)
        .arg("-keyout")
        .arg(&key)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Tls {
        certificate: certificate.to_str().unwrap().parse().unwrap(),
        key: key.to_str().unwrap().parse().unwrap(),
        port: "20443".parse().unwrap(),
    }
}
