//! The pages: Kestra's own, the public one, its redirects, its health, and the scheme that Kestra
//! sees; and what else the public URL lets through, uploads and the requests of tasks.

use super::{
    CONFIGS, Client, LOGIN_IN_FRONT, NOT_SENT, NoAnswer, Observation, PageAnswer, Request, Upload,
};
use crate::checks::Outcome;
use crate::system::checks::http::text;
use url::Url;

/// How many redirects there may be in a row; nginx and Kestra need two.
const HOPS: usize = 5;

/// Kestra's user interface, asked from Kestra itself. Skipped means that nobody answers.
///
/// Kestra serves its page at any path that contains `/ui/`, so the page tells nothing about the context path.
pub(super) fn kestra(client: &Client) -> Observation {
    let url = client.inside("ui/");
    let answer = match client.get(&url) {
        Ok(answer) => answer,
        Err(why) => {
            let what = format!("Kestra does not answer at {url} from this machine");
            return Observation::skipped(what)
                .seen(&why)
                .try_this("Start Kestra, then check again");
        }
    };
    let (status, text) = (answer.status(), text(answer.response));
    let pings = client.status(&client.inside("ping")) == Some(200);
    if status == 200 && is_kestra(&text) && (pings || has_path(&text, &client.kestra.context_path))
    {
        return Observation::ok(format!("Kestra answers at {url}"));
    }
    if is_kestra(&text) || status == 404 {
        let path = client.inside("").path().to_owned();
        return Observation::failed(format!("the Kestra that runs does not serve {path}"))
            .seen(&format!("{path}ping does not answer"))
            .try_this("Restart Kestra, so that it reads the context path again");
    }
    Observation::failed(format!("what answers at {url} does not look like Kestra"))
        .status(status)
        .try_this("Check which program listens on this port")
}

/// Every version's first page is titled `Kestra`.
fn is_kestra(text: &str) -> bool {
    text.to_lowercase().contains("kestra")
}

/// The page names the path that it was made for, such as `KESTRA_UI_PATH = "/kestra/ui/"`.
fn has_path(text: &str, context_path: &str) -> bool {
    let Some((_, rest)) = text.split_once("KESTRA_UI_PATH") else { return false };
    let line = rest.lines().next().unwrap_or_default();
    ['"', '\''].iter().any(|quote| line.contains(&format!("{quote}{context_path}/ui/")))
}

/// Kestra's health on its management port, which `server local` puts on a random port.
pub(super) fn health(client: &Client) -> Observation {
    let Some(url) = &client.kestra.health else {
        return Observation::skipped("the port of Kestra's health is not known")
            .seen("endpoints.all.port");
    };
    let answer = match client.get(url) {
        Ok(answer) => answer,
        Err(why) => {
            return Observation::skipped(format!("nothing answers at {url}"))
                .seen(&why)
                .try_this("Look at endpoints.all.port; kestra server local takes a random one");
        }
    };
    match answer.status() {
        200 => Observation::ok("Kestra reports that it is healthy").seen(&text(answer.response)),
        503 => Observation::failed("Kestra reports that it is not healthy")
            .seen(&text(answer.response))
            .try_this("Look into Kestra's log for what is down"),
        status => {
            Observation::skipped(format!("{url} does not tell Kestra's health")).status(status)
        }
    }
}

/// The user interface where people open it.
pub(super) fn public_ui(client: &Client) -> Observation {
    let url = client.outside("ui/");
    let answer = match client.get(&url) {
        Ok(answer) => answer,
        Err(why) => {
            return Observation::failed(format!("{url} cannot be reached from this machine"))
                .seen(&why)
                .try_this("Check the name, that the reverse proxy runs, and the firewall");
        }
    };
    match answer.status() {
        200 => whose_page(client, &url, answer),
        401 => Observation::skipped(LOGIN_IN_FRONT).status(401),
        status @ (502 | 504) => {
            Observation::failed(format!("the reverse proxy does not reach Kestra for {url}"))
                .status(status)
                .try_this(
                    "Check the address that it forwards to; with SELinux: setsebool -P \
                     httpd_can_network_connect 1",
                )
        }
        status => Observation::failed(format!("{url} does not show Kestra's pages"))
            .status(status)
            .try_this("Check that the reverse proxy was reloaded; with nginx: nginx -T for this server name"),
    }
}

fn whose_page(client: &Client, url: &Url, answer: PageAnswer) -> Observation {
    let doubt = answer.doubt.clone();
    let text = text(answer.response);
    if !is_kestra(&text) {
        return Observation::failed(format!("{url} shows another page than Kestra's"))
            .try_this("Look for another server block with this server name: nginx -T");
    }
    let (outside, inside) = (client.outside("ping"), client.inside("ping"));
    if client.status(&outside) != Some(200) && client.status(&inside) == Some(200) {
        return Observation::failed(format!("{outside} does not arrive at Kestra as it was sent"))
        .seen("a page answers, and ping does not")
        .try_this(
            "Pass the path on unchanged: what is in front of Kestra takes it away or adds to it",
        );
    }
    let Some(doubt) = doubt else { return Observation::ok(format!("Kestra's pages are at {url}")) };
    let what = format!("Kestra's pages are at {url}, with a certificate that is not trusted");
    Observation::new(Outcome::Warning, what)
        .seen(&doubt)
        .try_this("Browsers warn, and Java refuses it, unless they know this authority")
}

/// Where the public address leads, step by step: it has to stay on the same server and path.
pub(super) fn redirect(client: &Client) -> Observation {
    let public = &client.kestra.public;
    let mut here = public.clone();
    if public.path() != "/" {
        here.set_path(public.path().trim_end_matches('/'));
    }
    let mut way = here.path().to_owned();
    for _ in 0..HOPS {
        let answer = match client.get(&here) {
            Ok(answer) => answer,
            Err(why) => return Observation::failed(format!("{here} gives no answer")).seen(&why),
        };
        let status = answer.status();
        let Some(location) = answer.header("location").filter(|_| status / 100 == 3) else {
            return arrived(public, &here, status, &way);
        };
        let next = here.join(&location).ok().filter(|next| is_within(next, public));
        let Some(next) = next else {
            // nginx adds a final slash itself, and names the scheme and the port that it listens on.
            let is_of_nginx = here.path() != public.path() && location.ends_with(public.path());
            return Observation::failed("a redirect leads away from the public address")
                .seen(&format!("{here} -> {location}"))
                .try_this(if is_of_nginx {
                    "Let the reverse proxy name the path alone where it adds the final slash: \
                     absolute_redirect off; in nginx's server block. Then reload it"
                } else {
                    "Check that the context path has no final slash, and that the reverse proxy \
                     passes Host, X-Forwarded-Proto and X-Forwarded-Host on"
                });
        };
        way = format!("{way} -> {}", next.path());
        here = next;
    }
    Observation::failed(format!("{public} redirects in a circle")).seen(&way)
}

/// A doubled slash is what a context path with a final slash makes of Kestra's redirect.
fn is_within(next: &Url, public: &Url) -> bool {
    let path = next.path();
    next.origin() == public.origin() && path.starts_with(public.path()) && !path.contains("//")
}

fn arrived(public: &Url, here: &Url, status: u16, way: &str) -> Observation {
    let is_ui = here.path().strip_prefix(public.path()).is_some_and(|rest| rest.starts_with("ui"));
    if is_ui && status == 200 {
        return Observation::ok(format!("{public} leads to Kestra's pages")).seen(way);
    }
    if status == 401 {
        return Observation::skipped(LOGIN_IN_FRONT).seen(&format!("{way}, status 401"));
    }
    Observation::failed(format!("{public} does not lead to Kestra's pages"))
        .seen(&format!("{way}, status {status}"))
        .try_this("Check that the context path is the same in the address, in Kestra and in the reverse proxy")
}

/// Headers by which a reverse proxy tells that its client came by https.
const OVER_HTTPS: &[(&str, &str)] =
    &[("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "kestra-setup.invalid")];

/// Whether Kestra knows that its users come by https. It shows in cookies without `Secure`, and in
/// `Strict-Transport-Security`; nothing else in its answers depends on it. Releases before
/// September 2026 ignore what a reverse proxy tells them, so Kestra itself is asked first.
pub(super) fn scheme(client: &Client) -> Observation {
    if client.kestra.public.scheme() != "https" {
        return Observation::skipped("the public address is not https");
    }
    let ask = |url: &dyn Fn(&str) -> Url, headers| {
        let urls = ["ui/", CONFIGS].map(url);
        let answers = urls.iter().map(|url| client.send(&Request { headers, ..Request::get(url) }));
        shows_https(&answers.flatten().collect::<Vec<_>>())
    };
    match (ask(&|page| client.outside(page), &[]), ask(&|page| client.inside(page), OVER_HTTPS)) {
        (Some(true), _) => Observation::ok("Kestra knows that its users come by https"),
        (_, Some(true)) => {
            Observation::new(Outcome::Warning, "Kestra believes that its users come by http")
                .seen("a cookie without Secure on an https address")
                .try_this(
                    "Let what is in front of Kestra pass X-Forwarded-Proto https and \
                     X-Forwarded-Host on, then reload it",
                )
        }
        (_, Some(false)) => Observation::ok(
            "this release of Kestra ignores X-Forwarded-Proto: its cookies lack Secure whatever \
             the reverse proxy tells it",
        ),
        (_, None) => Observation::skipped("Kestra's answers do not show which scheme it sees"),
    }
}

/// What the answers show about the scheme, if anything.
fn shows_https(answers: &[PageAnswer]) -> Option<bool> {
    let heads = || answers.iter().map(|answer| answer.response.headers());
    let cookies = heads().flat_map(|head| head.get_all("set-cookie"));
    let is_strict = heads().any(|head| head.contains_key("strict-transport-security"));
    let cookies = cookies.map(|cookie| is_secure(&String::from_utf8_lossy(cookie.as_bytes())));
    cookies.reduce(|all, one| all && one).or(is_strict.then_some(true))
}

fn is_secure(cookie: &str) -> bool {
    cookie.split(';').any(|attribute| attribute.trim().eq_ignore_ascii_case("secure"))
}

/// Over nginx's limit, and small enough for any line.
const UPLOAD: usize = 1_500_000;

/// `micronaut.server.max-request-size` of Kestra.
const LARGEST_UPLOAD: u64 = 10 * 1024 * 1024 * 1024;

/// Whether files get through that Kestra accepts: over 1 MB, nginx's usual limit, and 10 GB, its own.
/// Offers them to a page that does not exist: whatever is in front counts before Kestra is asked.
/// nginx and Apache refuse a length alone, so nothing is sent of the largest; Caddy counts bytes.
pub(super) fn upload_limit(client: &Client) -> Observation {
    let url = client.outside("kestra-setup-check");
    let body = vec![b' '; UPLOAD];
    let upload = |upload| {
        let answer = client.send(&Request { upload: Some(upload), ..Request::get(&url) });
        answer.map(|answer| answer.status()).map_err(NoAnswer::into_words)
    };
    let offered = upload(Upload::Declared(LARGEST_UPLOAD));
    let sent = upload(Upload::Sent(&body));
    match (offered, sent) {
        (_, Ok(413)) => refused("uploads over 1 MB are refused on the way to Kestra"),
        (Ok(413), _) => refused("uploads of 10 GB, which Kestra accepts, are refused on the way"),
        (_, Ok(status @ 502..=504)) => {
            Observation::skipped("the reverse proxy does not reach Kestra").status(status)
        }
        (_, Ok(status)) => {
            Observation::ok("uploads pass, as large as Kestra accepts them").status(status)
        }
        // Kestra may answer before it has read the body, which is no refusal.
        (Ok(_), Err(why)) => Observation::ok("a length of 10 GB is not refused").seen(&why),
        (Err(asked), Err(why)) if asked == NOT_SENT => {
            Observation::ok("a length of 10 GB is not refused").seen(&why)
        }
        (_, Err(why)) => Observation::skipped("an upload of 1.5 MB got no answer").seen(&why),
    }
}

fn refused(what: &str) -> Observation {
    Observation::new(Outcome::Warning, what).status(413).try_this(
        "Allow 10 GB where Kestra is passed on: client_max_body_size 10g; in nginx, \
         LimitRequestBody 0 in Apache, request_body max_size in Caddy. Then reload it",
    )
}

/// Whether tasks that call Kestra itself reach it. Those of git and of Kestra's own plugin take its
/// address from `kestra.tasks.sdk.authentication.url`, else from `kestra.url`: a public URL sends them
/// through whatever is in front, from the machine of the worker.
pub(super) fn task_address(client: &Client) -> Observation {
    if client.kestra.has_task_url {
        return Observation::ok("tasks call Kestra at an address of their own")
            .seen("kestra.tasks.sdk.authentication.url");
    }
    let inside = match client.get(&client.inside(CONFIGS)) {
        Ok(answer) => answer.status(),
        Err(why) => return Observation::skipped("Kestra itself does not answer").seen(&why),
    };
    let seen = match client.get(&client.outside(CONFIGS)) {
        Ok(answer) if answer.doubt.is_some() => {
            format!("the certificate: {}", answer.doubt.unwrap_or_default())
        }
        Ok(answer) if answer.status() == inside => {
            return Observation::ok(
                "tasks that call Kestra reach it through the public URL, from here",
            );
        }
        Ok(answer) => format!("status {} instead of {inside}", answer.status()),
        Err(why) => why,
    };
    let mut internal = client.inside("").to_string();
    internal.truncate(internal.trim_end_matches('/').len());
    Observation::new(
        Outcome::Warning,
        "tasks that call Kestra (git, Kestra's own plugin) will fail: the public URL does not lead \
         from here to its API",
    )
    .seen(&seen)
    .try_this(format!(
        "Give them the internal address: kestra.tasks.sdk.authentication.url: {internal} with \
         kestra.tasks.sdk.authentication.username: <e-mail> and \
         kestra.tasks.sdk.authentication.password: <password>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_allowed(location: &str) -> bool {
        let public: Url = "http://localhost/kestra/".parse().unwrap();
        is_within(&public.join("/kestra").unwrap().join(location).unwrap(), &public)
    }

    #[test]
    fn a_redirect_stays_on_the_server_and_under_the_path() {
        for location in ["http://internal:8080/kestra/", "/kestra//ui/", "//ui/", "/ui/"] {
            assert!(!is_allowed(location), "{location}");
        }
        assert!(is_allowed("/kestra/ui/") && is_allowed("kestra/"));
    }

    #[test]
    fn a_page_names_the_path_that_it_was_made_for() {
        let page = "<script>\nKESTRA_UI_PATH = \"/kestra/ui/\";\nKESTRA_BASE = '/other/ui/';\n";
        assert!(has_path(page, "/kestra"));
        assert!(!has_path(page, "") && !has_path(page, "/other") && !has_path("Kestra", ""));
    }

    #[test]
    fn a_cookie_is_secure_by_its_attribute_alone() {
        assert!(is_secure("csrfToken=x; Path=/; secure") && !is_secure("secure=1; Path=/"));
    }
}
