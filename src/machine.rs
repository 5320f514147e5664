//! What is on this machine, as data: files, nginx, the operator's environment.
//!
//! Everything is read by `system`, so that a test can make up any machine.

mod entries;

use crate::answers::Answers;
use crate::form::{self, Defaults, ExistingServer};
use crate::kestra_config::{self, Place, PublishedPort, Reading, Refusal};
use crate::kestra_release::Release;
use crate::nginx_site::{self, Config, Server, Target, Version, Written};
use crate::settings::ServerUrl;
use entries::Entries;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// The machine as it was when it was looked at.
#[derive(Debug, Clone, Default)]
pub struct Machine {
    config: PathBuf,
    place: Place,
    files: BTreeMap<PathBuf, Seen>,
    /// What the defaults of the questions depend on.
    pub defaults: Defaults,
    /// The nginx of this machine, as a reload would read it.
    pub nginx: Nginx,
    pub(crate) surroundings: Surroundings,
    /// The release that is installed here, for a configuration that names none.
    pub(crate) installed: Option<Release>,
    /// The files that this user could not write.
    pub(crate) unwritable: Vec<PathBuf>,
    /// The configurations among which the operator chooses; none where there is one only.
    pub candidates: Vec<Candidate>,
    /// Whether the configuration and the environment alone were looked at, so that more follows.
    pub(crate) is_partial: bool,
}

/// A file that may be this machine's Kestra configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The file; one that a unit names may be missing.
    pub path: PathBuf,
    /// Where in the file, if it holds several configurations.
    pub place: Option<Place>,
    /// The evidence, such as "kestra.service names it".
    pub reason: String,
}

/// The nginx of a machine. Everything is empty where there is none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "four facts that are independent of each other")]
pub struct Nginx {
    /// The program, found in `PATH` or in its usual places.
    pub binary: Option<PathBuf>,
    /// What `nginx -V` says.
    pub version: Option<Version>,
    /// Whether its process is there.
    pub is_running: bool,
    /// Whether systemd runs it, so that a reload goes there.
    pub is_service: bool,
    /// The nginx.conf that the program was built to read.
    pub conf: Option<PathBuf>,
    /// What that file and its includes hold.
    pub config: Config,
    /// Where a file with a server block of ours is read; none if no include fits.
    pub server_file: Option<PathBuf>,
    /// Where a file goes that nginx does not read by itself.
    pub location_file: Option<PathBuf>,
    /// Whether SELinux is enforced. Then nginx may connect to Kestra only after
    /// `setsebool -P httpd_can_network_connect 1`.
    pub selinux: bool,
    /// Whether the machine has IPv6, without which a `listen [::]:80` stops nginx.
    pub ipv6: bool,
}

/// What around a configuration may make an edit of it useless.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Surroundings {
    /// Whether there is a config.yaml beside config.yml.
    pub(crate) has_yaml_beside: bool,
    /// The Compose file beside it that gives Kestra another configuration.
    pub(crate) compose_beside: Option<String>,
    /// Whether `KESTRA_CONFIGURATION` is set here.
    pub(crate) has_configuration_variable: bool,
    /// The home that Kestra takes from the user database, where `$HOME` is another and the
    /// configuration is in that.
    pub(crate) other_home: Option<PathBuf>,
}

/// The contents of a file. `Debug` gives their size only, since they may hold secrets.
#[derive(Clone, Default)]
pub struct Text(Arc<Contents>);

#[derive(Default)]
struct Contents {
    text: String,
    /// The configurations in it, read once: it may be large.
    readings: OnceLock<Vec<(Place, Arc<Reading>)>>,
    /// The first that was asked for and is none of these: named by hand, or not to be read.
    named: OnceLock<(Place, Result<Arc<Reading>, Refusal>)>,
}

/// A path that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub(crate) snapshot: Snapshot,
    /// Where the path leads, if a link is on it: a write changes that file.
    pub(crate) target: Option<PathBuf>,
}

impl From<Snapshot> for Seen {
    fn from(snapshot: Snapshot) -> Self {
        Self { snapshot, target: None }
    }
}

/// What was at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Snapshot {
    /// Nothing; a write creates the file.
    Absent,
    /// A file of UTF-8 text.
    Text(Text),
    /// Something that cannot be read, and why.
    Unreadable(String),
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.path.display(), self.reason)
    }
}

impl Nginx {
    /// What a text for it depends on.
    pub fn target(&self) -> Target {
        Target { version: self.version, ipv6: self.ipv6 }
    }
}

impl Text {
    /// The contents, secrets included.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Every configuration that is found in it, and can be read.
    pub(crate) fn readings(&self) -> &[(Place, Arc<Reading>)] {
        self.0.readings.get_or_init(|| kestra_config::readings(self.as_str()))
    }

    fn reading(&self, place: &Place) -> Result<Arc<Reading>, Refusal> {
        if let Some((_, reading)) = self.readings().iter().find(|(known, _)| known == place) {
            return Ok(Arc::clone(reading));
        }
        let read = || kestra_config::read_at(self.as_str(), place).map(Arc::new);
        let (known, reading) = self.0.named.get_or_init(|| (place.clone(), read()));
        if known == place { reading.clone() } else { read() }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text {}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Arc::new(Contents { text, ..Contents::default() }))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.as_str().len())
    }
}

impl Snapshot {
    /// The text, if there is one.
    pub(crate) fn text(&self) -> Option<&Text> {
        match self {
            Self::Text(text) => Some(text),
            Self::Absent | Self::Unreadable(_) => None,
        }
    }
}

impl Machine {
    /// Kestra's configuration is or will be in this file, at this place; nothing was looked at.
    pub fn new(config: PathBuf, place: Place) -> Self {
        Self { config, place, ..Self::default() }
    }

    /// The same, although nothing more could be found out about it.
    pub(crate) fn as_far_as_known(&self) -> Self {
        Self { is_partial: false, ..self.clone() }
    }

    /// The same files with the configuration at another place.
    pub(crate) fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// Takes what is at a path now.
    pub fn see(&mut self, path: PathBuf, seen: impl Into<Seen>) {
        self.files.insert(path, seen.into());
    }

    /// The file of Kestra's configuration, there or not.
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// Where in that file it is.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// The files that were looked at.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        self.files.keys().cloned().collect()
    }

    /// What was at a path; `None` if nobody looked.
    pub fn snapshot(&self, path: &Path) -> Option<&Snapshot> {
        self.files.get(path).map(|seen| &seen.snapshot)
    }

    /// Where a path that was looked at leads, if a link is on it.
    pub fn target(&self, path: &Path) -> Option<PathBuf> {
        self.files.get(path)?.target.clone()
    }

    /// The text of a file that was looked at.
    pub(crate) fn text(&self, path: &Path) -> Option<&Text> {
        self.snapshot(path)?.text()
    }

    /// The configuration as Micronaut reads it; `None` where there is no file.
    ///
    /// # Errors
    /// Where the text cannot be read as Kestra would.
    pub fn reading(&self) -> Result<Option<Arc<Reading>>, Refusal> {
        self.text(&self.config).map(|text| text.reading(&self.place)).transpose()
    }

    /// The server block of this nginx that answers the public URL. One that neither has the name nor
    /// passes requests on is the default of the port by chance, and not meant; one that only sends
    /// people to https leads to what else serves that.
    pub(crate) fn site(&self, url: &ServerUrl) -> Option<Server<'_>> {
        let name = url.host().to_string();
        let config = &self.nginx.config;
        let leads_away = |server: Server<'_>| {
            url.is_https() && !server.has_tls() && nginx_site::redirects(config, server, url)
        };
        config.answering_url(url).find(|server| {
            nginx_site::passes(config, *server, url)
                || server.has_name(&name) && !leads_away(*server)
        })
    }

    /// The nginx file, if it is one that the wizard wrote.
    pub(crate) fn written(&self, path: &Path) -> Option<Written> {
        nginx_site::read(self.text(path)?.as_str())
    }

    /// An nginx file that these answers name counts as one of the usual ones, once it is read.
    pub(crate) fn expect_nginx_file(&mut self, answers: &Answers) {
        if answers.is_set(&form::NGINX_FILE) {
            self.defaults.nginx_files.insert(0, answers.get(&form::NGINX_FILE).into_owned());
        }
    }

    /// The answers that the files give, on this machine.
    ///
    /// # Errors
    /// Where the configuration cannot be read.
    pub fn answers(&self) -> Result<Answers, Refusal> {
        let reading = self.reading()?.filter(|reading| !reading.is_empty());
        let mut found = Entries::default();
        let mut defaults =
            Defaults { is_reconfiguration: reading.is_some(), ..self.defaults.clone() };
        if let Some(reading) = &reading {
            found.configuration(reading);
            defaults.kestra_port = port(reading).unwrap_or(defaults.kestra_port);
            let published = self.published_port(reading).and_then(|it| it.upstream);
            let mounted = || defaults.service.as_ref()?.upstream.clone();
            if let Some((host, port)) = published.or_else(mounted) {
                (defaults.kestra_host, defaults.kestra_port) = (host, port);
            }
        }
        defaults.release = self.release().and_then(|release| release.era).or(defaults.release);
        found.password_in_env_file(self, &defaults.env_file);
        let files =
            defaults.nginx_files.iter().chain([&defaults.server_file, &defaults.location_file]);
        let ours = |file: &String| Some((self.written(Path::new(file))?, file.clone()));
        let ours = files.into_iter().find_map(ours);
        if let Some((written, file)) = ours {
            found.nginx(&written, &file);
            defaults.tls_port = written.site.tls_port();
        }
        defaults.existing_servers = self.existing_servers();
        Ok(found.answers(defaults))
    }

    /// The port on which Kestra listens where it runs.
    pub(crate) fn kestra_port(&self) -> u16 {
        let reading = self.reading().ok().flatten();
        reading.and_then(|it| port(&it)).unwrap_or(kestra_config::KESTRA_PORT)
    }

    /// The port that the edited service of a Compose file publishes.
    pub(crate) fn published_port(&self, reading: &Reading) -> Option<PublishedPort> {
        let text = self.text(&self.config)?.as_str();
        let port = port(reading).unwrap_or(kestra_config::KESTRA_PORT);
        kestra_config::published_port(text, self.place.used_by(), port)
    }

    /// The release that runs Kestra: as the file of the configuration has it, else as it is
    /// installed.
    pub(crate) fn release(&self) -> Option<Release> {
        let text = self.text(&self.config).map_or("", Text::as_str);
        let image = kestra_config::image(text, &self.place).map(|image| {
            let of = self.place.used_by().first();
            let of = of.map_or("the values".to_owned(), |service| format!("service {service}"));
            Release::of_image(image, format!("image of {of}"))
        });
        image.or_else(|| self.installed.clone())
    }

    /// The server blocks that the wizard did not write; those that only redirect come last.
    fn existing_servers(&self) -> Vec<ExistingServer> {
        let config = &self.nginx.config;
        let is_ours = |server: &Server<'_>| self.written(config.file(*server)).is_some();
        let described = |server: Server<'_>| {
            let is_plain = |name: &&str| *name != "_" && !name.contains(['*', '~', '"']);
            // `.a.example` is `a.example` and all below it.
            let host = |name: &str| name.strip_prefix('.').unwrap_or(name).to_ascii_lowercase();
            let locations = server.0.block.iter().filter(|it| it.name == "location");
            ExistingServer {
                names: server.names().filter(is_plain).map(host).collect(),
                place: format!("{}:{}", config.file(server).display(), server.0.line),
                has_tls: server.has_tls(),
                locations: locations.map(|it| (it.value(), it.line)).collect(),
            }
        };
        let serves = |server: &Server<'_>| {
            let mut directives = nginx_site::conf::flat(&server.0.block);
            directives.any(|it| it.name.ends_with("_pass") || it.name == "root")
        };
        let mut theirs: Vec<_> = config.servers().filter(|server| !is_ours(server)).collect();
        theirs.sort_by_key(|server| !serves(server));
        let described = theirs.into_iter().map(described);
        described.filter(|server| !server.names.is_empty()).collect()
    }
}

fn port(reading: &Reading) -> Option<u16> {
    reading.get("micronaut.server.port")?.text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nginx_site::conf::parse_file;

    const SITES: &str = "server {
  server_name ops.example.com;
  return 301 https://ops.example.com$request_uri;
}
server {
  listen 443 ssl;
  server_name ops.example.com;
  location / { proxy_pass http://localhost:8080; }
}";

    /// A machine with these sites, and the answers there for this address.
    fn answers(sites: &str, url: &str) -> (Machine, Answers) {
        let mut machine = Machine::new("c.yml".into(), Place::default());
        machine.nginx.config.http = parse_file(sites, Path::new("/etc/nginx/sites-enabled/ops"));
        machine.defaults.has_nginx = true;
        let mut answers = machine.answers().unwrap();
        answers.set(&form::URL, url);
        (machine, answers)
    }

    #[test]
    fn a_configuration_is_read_once_also_where_its_place_was_named_by_hand() {
        let text =
            Text::from("kestra.url: http://a.example/\napp:\n  kestra.url: http://b.example/\n");
        let read = |place: &str| text.reading(&place.parse().unwrap());
        let url = |reading: &Reading| reading.get("kestra.url").map(|it| it.text.clone());
        for (place, wanted) in [(".", "http://a.example/"), ("app", "http://b.example/")] {
            let (first, again) = (read(place).unwrap(), read(place).unwrap());
            assert!(Arc::ptr_eq(&first, &again), "{place}");
            assert_eq!(url(&first).as_deref(), Some(wanted));
        }
        assert!(read("absent").is_err());
        assert_eq!(url(&read("app").unwrap()).as_deref(), Some("http://b.example/"));
    }

    #[test]
    fn a_name_that_a_server_block_has_already_gets_locations() {
        for (url, wanted) in
            [("https://ops.example.com/", "location"), ("https://other.example.com/", "server")]
        {
            for sites in [SITES.to_owned(), SITES.replace("ops.example.com", ".Ops.example.com")] {
                assert_eq!(answers(&sites, url).1.get(&form::NGINX_FORM), wanted, "{url}");
            }
        }
    }

    #[test]
    fn the_block_that_serves_is_named_before_the_one_that_redirects() {
        let (_, answers) = answers(SITES, "https://ops.example.com/");
        let server = answers.defaults().existing_server("ops.example.com").unwrap();
        assert_eq!(server.place, "/etc/nginx/sites-enabled/ops:5");
        assert_eq!(server.locations, [("/".to_owned(), 8)]);
    }

    #[test]
    fn a_default_server_that_leads_nowhere_is_not_the_site_of_kestra() {
        let site = |text: &str, url: &str| {
            let (machine, _) = answers(text, url);
            machine.site(&url.parse().unwrap()).map(|server| server.0.line)
        };
        let welcome = "server { listen 80 default_server; server_name _; root /var/www; }";
        assert_eq!(site(welcome, "http://ops.example.com/"), None);
        let kestra = welcome.replace("root /var/www;", "location / { proxy_pass http://k:1; }");
        assert_eq!(site(&kestra, "http://ops.example.com/"), Some(1));
        assert_eq!(site(SITES, "https://ops.example.com/"), Some(5));
    }

    #[test]
    fn a_connection_that_is_off_and_a_file_of_locations_are_found_as_such() {
        let mut machine = Machine::new("c.yml".into(), Place::default());
        let config = "micronaut.http.services.api: {proxy-type: DIRECT, proxy-address: 'p:1'}\n";
        machine.see("c.yml".into(), Snapshot::Text(config.into()));
        let mut answers = machine.answers().unwrap();
        assert_eq!(answers.found(&form::CONNECTION), Some("direct"));
        let file = "/etc/nginx/kestra-locations.conf";
        for (field, text) in [
            (&form::URL, "http://ops.example.com/"),
            (&form::REVERSE_PROXY, "nginx"),
            (&form::NGINX_FORM, "location"),
            (&form::NGINX_FILE, file),
        ] {
            answers.set(field, text);
        }
        let site = answers.settings().unwrap().nginx.unwrap().site;
        let text = nginx_site::render(&site, &machine.nginx.target());
        machine.see(file.into(), Snapshot::Text(text.into()));
        machine.expect_nginx_file(&answers);
        assert_eq!(machine.answers().unwrap().found(&form::NGINX_FORM), Some("location"));
    }
}
