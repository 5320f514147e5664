//! A real forward proxy that asks for a password. It cannot resolve a name, so nothing leaves the
//! machine; its log tells whom it let in.

use super::config::LOGIN;
use std::fs::{Permissions, read_to_string, set_permissions, write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command};
use std::time::Duration;
use support::{free_port, within};
use tempfile::TempDir;

pub(crate) struct Squid {
    pub(crate) port: u16,
    child: Child,
    dir: TempDir,
}

/// squid wants to end in its own time, or it leaves shared memory behind.
impl Drop for Squid {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.child.wait();
    }
}

impl Squid {
    /// `None`, with a notice, where there is no squid.
    pub(crate) fn start() -> Option<Self> {
        if !support::has("squid") {
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        let port = free_port();
        // root's squid becomes another user, who has to read and write here too.
        set_permissions(dir.path(), Permissions::from_mode(0o777)).unwrap();
        write(dir.path().join("asker"), asker()).unwrap();
        write(dir.path().join("squid.conf"), conf(port, &dir)).unwrap();
        let mut command = Command::new("squid");
        command
            .args(["-N", "-n", &format!("kestra{port}"), "-f"])
            .arg(dir.path().join("squid.conf"));
        let squid = Self { port, child: command.spawn().unwrap(), dir };
        squid.wait_until(|squid| TcpStream::connect(("127.0.0.1", squid.port)).is_ok());
        Some(squid)
    }

    /// The first line about api.kestra.io in the log.
    pub(crate) fn first_connect(&self) -> String {
        self.wait_until(|squid| squid.log("access.log").contains("api.kestra.io:443"));
        let log = self.log("access.log");
        log.lines().find(|line| line.contains("api.kestra.io:443")).unwrap().to_owned()
    }

    fn wait_until(&self, is_so: impl Fn(&Self) -> bool) {
        let so = within(Duration::from_secs(60), || is_so(self));
        assert!(so, "{}{}", self.log("cache.log"), self.log("access.log"));
    }

    fn log(&self, name: &str) -> String {
        read_to_string(self.dir.path().join(name)).unwrap_or_default()
    }
}

/// Lets in whoever knows the login; squid hands it over with its special characters encoded.
fn asker() -> String {
    let password = LOGIN.1.replace('%', "%25").replace(' ', "%20");
    let user = LOGIN.0;
    format!(
        "while read -r user password; do\n\
         if [ \"$user $password\" = '{user} {password}' ]; then echo OK; else echo ERR; fi\ndone\n"
    )
}

fn conf(port: u16, dir: &TempDir) -> String {
    let dir = dir.path().display();
    format!(
        "http_port 127.0.0.1:{port}\nvisible_hostname proxy.test\npid_filename {dir}/pid\n\
         access_log stdio:{dir}/access.log\ncache_log {dir}/cache.log\ncoredump_dir {dir}\n\
         cache deny all\ncache_mem 8 MB\npinger_enable off\nnetdb_filename none\n\
         shutdown_lifetime 0 seconds\ndns_nameservers 127.0.0.1\ndns_timeout 1 seconds\n\
         auth_param basic program /bin/sh {dir}/asker\nauth_param basic children 1 startup=1 idle=1\n\
         auth_param basic realm test\nacl logged_in proxy_auth REQUIRED\n\
         http_access allow logged_in\nhttp_access deny all\n"
    )
}
