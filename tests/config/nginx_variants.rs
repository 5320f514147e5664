//! Every kind of text that the wizard writes for nginx.

use kestra_setup::settings::{Port, ServerNames};
use kestra_setup::settings::{Site, SiteForm, Template, Tls};

/// Both wordings, with and without a context path, in each form; named as the golden files are.
pub(crate) fn variants(listen: Port, tls: &Tls) -> Vec<(String, Site)> {
    let mut all = Vec::new();
    for template in [Template::Recommended, Template::Documented] {
        for (path_name, path) in [("root", ""), ("path", "/kestra")] {
            for (form_name, form) in forms(listen, tls) {
                let site = Site {
                    context_path: path.parse().unwrap(),
                    upstream: "localhost:8080".parse().unwrap(),
                    template,
                    form,
                    has_tls_in_front: false,
                };
                all.push((format!("{template}-{path_name}-{form_name}"), site));
            }
        }
    }
    all
}

fn forms(listen: Port, tls: &Tls) -> [(&'static str, SiteForm); 4] {
    let server = |names: &str, tls: Option<Tls>| {
        let names: ServerNames = names.parse().unwrap();
        SiteForm::Server { names, listen, tls }
    };
    let high = Tls { port: "8443".parse().unwrap(), ..tls.clone() };
    [
        ("location", SiteForm::Location),
        ("server", server("mycompany.com", None)),
        ("tls", server("mycompany.com", Some(tls.clone()))),
        ("tls-8443-many", server("mycompany.com *.mycompany.com [2001:db8::1]", Some(high))),
    ]
}
