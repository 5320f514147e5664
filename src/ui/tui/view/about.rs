//! What is good to know on a screen of the form, below its fields.

use super::asking::Rows;
use super::page::Page;
use crate::answers::Source;
use crate::checks::{Finding, Outcome, SCOPE, sentence};
use crate::form::{self, ScreenId};
use crate::lint;
use crate::plan;
use crate::settings::{ServerUrl, ascii};
use std::path::PathBuf;

impl Rows<'_> {
    /// What is good to know on this screen.
    pub(super) fn about(&self, page: &mut Page) {
        match self.asking.screen().id {
            ScreenId::Address => self.about_address(page),
            ScreenId::Proxy => self.about_proxy(page),
            ScreenId::Nginx => self.about_nginx(page),
        }
    }

    fn about_address(&self, page: &mut Page) {
        let typed = self.asking.typed().0;
        if let Ok(url) = typed.parse::<ServerUrl>() {
            self.taken_from(page, &url, typed);
            page.blank();
        }
        self.will_write(page);
    }

    fn taken_from(&self, page: &mut Page, url: &ServerUrl, typed: &str) {
        let answers = self.wizard.answers();
        let (address, path, host) =
            (url.to_string(), url.path().to_string(), url.host().to_string());
        let corrected = match address.strip_prefix(typed) {
            Some("") => "",
            Some("/") => "(\"/\" added at the end)",
            _ => "(corrected)",
        };
        let path = if path.is_empty() { "/".to_owned() } else { path };
        self.row(page, " ", "The wizard takes from this address:");
        // What stands in the files does not follow the address.
        let follows = |field| answers.found(field).is_none() && !answers.is_set(field);
        let path = follows(&form::CONTEXT_PATH).then_some(("context path", path, CHANGED_LATER));
        let is_asked = answers.asks(&form::SERVER_NAME) && follows(&form::SERVER_NAME);
        let host = is_asked.then_some(("server name", host, CHANGED_LATER));
        let rows = std::iter::once(("kestra.url", address, corrected)).chain(path).chain(host);
        for (label, value, remark) in rows {
            let text = format!("{value:<33} {remark}");
            let has_room = 18 + text.len() < self.look.width.into();
            let text = if has_room { text } else { value };
            self.row(page, &format!("   {label:<14} "), text.trim_end());
        }
        page.blank();
        let has_nginx = answers.get(&form::REVERSE_PROXY) == "nginx";
        if url.is_https() && has_nginx && answers.get(&form::CERTIFICATE).is_empty() {
            self.note(page, HTTPS_WITHOUT_CERTIFICATE);
        }
        for note in url.notes() {
            self.note(page, &note);
        }
    }

    fn will_write(&self, page: &mut Page) {
        let answers = self.wizard.answers();
        let nginx =
            answers.asks(&form::NGINX_FILE).then(|| answers.get(&form::NGINX_FILE).into_owned());
        let files = [Some(answers.defaults().config_file.clone()), nginx];
        let width = files.iter().flatten().map(String::len).max().unwrap_or(0);
        for (path, label) in files.into_iter().flatten().zip(["Will write", ""]) {
            let exists = self.wizard.machine().text(&PathBuf::from(&path)).is_some();
            let state = if exists { "exists" } else { "new file" };
            let is_closed = self.wizard.machine().unwritable.contains(&PathBuf::from(&path));
            let rights = if is_closed { ", not writable for you" } else { "" };
            let text = format!("{path:<width$}   {state}{rights}");
            self.row(page, &format!(" {label:<12}"), &text);
        }
        for remark in plan::config_notes(self.wizard.machine(), None) {
            self.note(page, &remark);
        }
    }

    fn about_proxy(&self, page: &mut Page) {
        let answers = self.wizard.answers();
        if let Some(found) = &answers.defaults().proxy {
            let is_used = matches!(answers.source(&form::PROXY_ADDRESS), Source::Environment(_))
                && answers.asks(&form::PROXY_ADDRESS);
            let used = if is_used { "   (used above)" } else { "" };
            let (variable, proxy) = (&found.variable, &found.proxy);
            let text = format!("{variable}={}://{}{used}", proxy.kind, proxy.address);
            self.row(page, " From your shell: ", &text);
            page.blank();
        }
        let way = self.wizard.way_out();
        let finding = way.as_ref().and_then(|check| self.wizard.finding(check));
        self.row(page, " Test        ", "^T  reach https://api.kestra.io this way (max 10 s)");
        if way.as_ref().is_some_and(|way| self.wizard.is_running(|running| running == way)) {
            self.row(page, TEST, "testing...");
        } else if let Some(finding) = finding {
            self.finding(page, finding);
        }
        page.blank();
        self.row(page, " ", COVERS);
    }

    fn finding(&self, page: &mut Page, finding: &Finding) {
        let theme = self.look.theme;
        let (word, style) = match finding.outcome {
            Outcome::Ok => ("ok: ", theme.good()),
            Outcome::Note => ("Note: ", theme.note()),
            Outcome::Warning => ("Warning: ", theme.note()),
            Outcome::Skipped => ("not tested: ", theme.plain()),
            Outcome::Failed => ("Test failed: ", theme.error()),
        };
        page.labelled(TEST, self.look.width, &format!("{word}{}", finding.summary), style);
        let remedy = sentence(&finding.remedy);
        let remedy = match finding.outcome {
            // A machine that the operator sits at may be closed where Kestra's is not.
            Outcome::Failed => format!("{remedy} You can continue."),
            _ => remedy,
        };
        if !remedy.is_empty() {
            self.row(page, TEST, remedy.trim_start());
        }
        self.row(page, TEST, SCOPE);
    }

    fn about_nginx(&self, page: &mut Page) {
        let answers = self.wizard.answers();
        let labels = std::iter::once("Found").chain(std::iter::repeat(""));
        for (line, label) in lint::nginx_summary(self.wizard.machine()).iter().zip(labels) {
            self.row(page, &format!(" {label:<7}"), line);
        }
        for note in self.wizard.nginx_notes() {
            self.note(page, &note);
        }
        if !answers.get(&form::CONTEXT_PATH).is_empty() {
            self.note(
                page,
                "some releases of Kestra keep the login out of reach below a path; F1.",
            );
        }
        if answers.asks(&form::UPSTREAM) {
            page.blank();
            self.flow(page);
        }
    }

    /// The way of a request: the address, nginx, Kestra.
    fn flow(&self, page: &mut Page) {
        let answers = self.wizard.answers();
        let [url, path] = [&form::URL, &form::CONTEXT_PATH]
            .map(|field| ascii(&answers.shown(field)).into_owned());
        let has_tls =
            answers.asks(&form::CERTIFICATE) && !answers.get(&form::CERTIFICATE).is_empty();
        let nginx = match answers.asks(&form::LISTEN) {
            true if has_tls => "nginx :443".to_owned(),
            true => format!("nginx :{}", ascii(&answers.shown(&form::LISTEN))),
            false => "your server block,".to_owned(),
        };
        let path = if path.is_empty() { "/".to_owned() } else { path };
        let steps = [
            format!("->  {nginx} {path}"),
            format!("->  http://{}{path}", ascii(&answers.shown(&form::UPSTREAM))),
        ];
        let widest = steps.iter().map(String::len).max().unwrap_or(0);
        let has_room = 8 + url.len() + 2 + widest < self.look.width.into();
        let [first, second] = steps;
        if has_room {
            self.row(page, "        ", &format!("{url}  {first}"));
            self.row(page, &" ".repeat(8 + url.len() + 2), &second);
        } else {
            self.row(page, "        ", &url);
            self.row(page, "          ", &first);
            self.row(page, "          ", &second);
        }
    }

    fn row(&self, page: &mut Page, label: &str, text: &str) {
        page.labelled(label, self.look.width, text, self.look.theme.plain());
    }

    fn note(&self, page: &mut Page, note: &str) {
        page.labelled(" Note: ", self.look.width, note, self.look.theme.note());
    }
}

/// Where the outcome of the test stands.
const TEST: &str = "             ";

const CHANGED_LATER: &str = "(change in step 3)";

const COVERS: &str = "Covers the Kestra API only. HTTP tasks and plugins use their own settings or \
                      JAVA_OPTS -Dhttps.proxyHost; F1 explains.";

const HTTPS_WITHOUT_CERTIFICATE: &str = "the address is https. Without a certificate in step 3 \
                                         nginx serves plain http; the last page shows how to add one.";
