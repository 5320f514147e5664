//! What in an nginx file delays or ends the live views of Kestra, which are event streams.

use super::conf::{Directive, parse};
use crate::checks::{Finding, Outcome};

/// How long nginx waits for the next event where nothing is said, in seconds.
const DEFAULT: u64 = 60;

/// Kestra itself keeps a silent stream open for an hour (`facts/kestra.md` 7).
const KESTRAS: u64 = 3600;

/// What a location says about streams, or the blocks around it.
#[derive(Clone, Copy)]
struct Streams {
    is_buffered: bool,
    timeout: u64,
}

/// What holds back or cuts the event streams that go through this file; `path` is where it lies.
#[must_use]
pub fn trouble(text: &str, path: &str) -> Vec<Finding> {
    let mut proxied = Vec::new();
    collect(&parse(text), Streams { is_buffered: true, timeout: DEFAULT }, &mut proxied);
    let buffered = proxied.iter().any(|streams| streams.is_buffered).then(|| {
        note(
            "nginx-buffering",
            "nginx holds live executions back: proxy_buffering off is missing.".to_owned(),
            path,
            "Put \"proxy_buffering off;\" into Kestra's location, then reload nginx.",
        )
    });
    let shortest = proxied.iter().map(|streams| streams.timeout).min();
    let cut = shortest.filter(|timeout| *timeout < KESTRAS).map(|timeout| {
        note(
            "nginx-timeout",
            format!(
                "nginx ends a live view that is silent for {timeout} s; Kestra would wait an hour."
            ),
            path,
            "Put \"proxy_read_timeout 3600s;\" into Kestra's location, then reload nginx.",
        )
    });
    buffered.into_iter().chain(cut).collect()
}

fn note(code: &'static str, what: String, path: &str, remedy: &str) -> Finding {
    let (evidence, remedy) = (path.to_owned(), remedy.to_owned());
    Finding { code, outcome: Outcome::Note, summary: what, evidence, remedy }
}

/// The settings of every block that passes requests on; a block inherits what it does not say.
fn collect(block: &[Directive], around: Streams, proxied: &mut Vec<Streams>) {
    let said = |name| block.iter().rfind(|it| it.name == name).and_then(Directive::first);
    let streams = Streams {
        is_buffered: said("proxy_buffering").map_or(around.is_buffered, |it| it.text != "off"),
        timeout: said("proxy_read_timeout")
            .and_then(|it| seconds(&it.text))
            .unwrap_or(around.timeout),
    };
    if said("proxy_pass").is_some() {
        proxied.push(streams);
    }
    for directive in block {
        collect(&directive.block, streams, proxied);
    }
}

/// A time as nginx writes it: `90`, `600s`, `1h 30m`.
fn seconds(time: &str) -> Option<u64> {
    let mut total = 0;
    let mut rest = time.trim();
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number: u64 = rest[..end].parse().ok()?;
        let unit_end =
            rest[end..].find(|c: char| !c.is_ascii_alphabetic()).map_or(rest.len(), |at| end + at);
        total += match &rest[end..unit_end] {
            "" | "s" => number,
            "ms" => number / 1000,
            "m" => number * 60,
            "h" => number * 3600,
            "d" => number * 86_400,
            _ => return None,
        };
        rest = rest[unit_end..].trim_start();
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<&'static str> {
        trouble(text, "/k.conf").into_iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn what_the_wizard_recommends_holds_nothing_back() {
        assert_eq!(
            codes(
                "location / { proxy_pass http://k; proxy_buffering  off; proxy_read_timeout 1h; }"
            ),
            [""; 0]
        );
        assert_eq!(
            codes(
                "server { proxy_buffering off; proxy_read_timeout 3600s; location / { proxy_pass http://k; } }"
            ),
            [""; 0]
        );
    }

    #[test]
    fn a_missing_line_and_a_short_time_are_found() {
        assert_eq!(
            codes("location / { proxy_pass http://k; }"),
            ["nginx-buffering", "nginx-timeout"]
        );
        let short =
            "location / { proxy_pass http://k; proxy_buffering off; proxy_read_timeout 600s; }";
        assert!(trouble(short, "/k.conf")[0].summary.contains("600 s"));
        assert_eq!(codes("location / { return 204; }"), [""; 0]);
    }

    #[test]
    fn times_are_read_as_nginx_reads_them() {
        for (time, wanted) in
            [("90", 90), ("600s", 600), ("1h 30m", 5400), ("1500ms", 1), ("2d", 172_800)]
        {
            assert_eq!(seconds(time), Some(wanted), "{time}");
        }
        assert_eq!(seconds("soon"), None);
    }
}
