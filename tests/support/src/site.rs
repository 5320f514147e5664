//! The nginx texts under test: what the wizard makes of its answers, and nothing by hand.

use kestra_setup::answers::Answers;
use kestra_setup::form::{self, Defaults, Field};
use kestra_setup::nginx_site::{Target, render};
use kestra_setup::system::nginx::{Deadline, find};

/// One way to put nginx in front of Kestra.
#[derive(Debug, Clone, Copy)]
pub struct Site {
    pub recommended: bool,
    /// Empty, or `/kestra`.
    pub context: &'static str,
    /// The port of Kestra.
    pub upstream: u16,
}

impl Site {
    /// Both wordings, with and without a context path.
    pub fn all(upstream: u16) -> impl Iterator<Item = Self> {
        let both = move |recommended| {
            ["", "/kestra"].map(|context| Self { recommended, context, upstream })
        };
        [true, false].into_iter().flat_map(both)
    }

    /// A server block of its own.
    pub fn server(&self, listen: u16) -> String {
        self.written(Defaults::default(), &[(&form::LISTEN, &listen.to_string())])
    }

    /// What is written for the nginx of this machine, after these answers.
    pub fn written(&self, here: Defaults, answered: &[(&Field, &str)]) -> String {
        let mut answers = Answers::new(here, [].into());
        let style = if self.recommended { "recommended" } else { "documented" };
        answers.set(&form::URL, &format!("http://my-host.com{}/", self.context));
        answers.set(&form::REVERSE_PROXY, "nginx");
        answers.set(&form::NGINX_STYLE, style);
        answers.set(&form::UPSTREAM, &format!("localhost:{}", self.upstream));
        for (field, text) in answered {
            answers.set(field, text);
        }
        render(&answers.settings().unwrap().nginx.unwrap().site, &target())
    }
}

fn target() -> Target {
    find(Deadline::usual()).target()
}
