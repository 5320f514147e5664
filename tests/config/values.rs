//! Properties that every value has, whatever is typed.

use kestra_setup::settings::{
    ContextPath, FilePath, Host, Invalid, NginxFile, Port, ProxyAddress, ServerNames, ServerUrl,
    Upstream, VariableName,
};
use proptest::prelude::*;
use std::fmt::{Debug, Display};
use std::str::FromStr;

/// What an accepted text must not hold: nginx syntax, and YAML syntax except the colon of a port
/// and the comma, equals sign and at sign that paths may hold.
const SYNTAX: &str = " ;{}$\"'#\\`&!|>%\n\r\t";

/// Texts that are near enough to be accepted, and far enough to be hostile.
fn texts() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "http://",
        "https://",
        "socks5://",
        "mycompany",
        "localhost",
        ".com",
        ".",
        "..",
        "*.",
        "/",
        "//",
        "kestra",
        "ui",
        "api",
        "v1",
        "conf.d/",
        ".conf",
        ":",
        ":8080",
        "443",
        "0",
        "[::1]",
        "[2001:db8::1]",
        "::1",
        "10.0.0.5",
        "0.0.0.0",
        "[::]",
        "1.2.3.4",
        "@",
        "user:pw@",
        "?",
        "#",
        ";",
        "{",
        "}",
        "${x}",
        "$",
        "\"",
        "'",
        "\\",
        "%2f",
        " ",
        ",",
        "\n",
        "\r",
        "\t",
        "\u{0}",
        "\u{1b}[31m",
        "\u{200b}",
        "\u{ad}",
        "\u{a0}",
        "münchen",
        "例え",
        "。",
        "／",
        "％",
        "_",
        "-",
        "~",
        "&",
        "!",
        "|",
        ">",
        "`",
    ]);
    prop_oneof![
        prop::collection::vec(pieces, 0..6).prop_map(|pieces| pieces.concat()),
        any::<String>(),
        "\\PC{0,24}"
    ]
}

fn holds<T>(text: &str, syntax: &str) -> Result<(), TestCaseError>
where
    T: FromStr<Err = Invalid> + Display + Debug + PartialEq,
{
    match text.parse::<T>() {
        Ok(value) => {
            let shown = value.to_string();
            prop_assert!(shown.is_ascii() && !shown.contains(|c| syntax.contains(c)), "{shown:?}");
            prop_assert_eq!(shown.parse::<T>(), Ok(value));
        }
        Err(Invalid { suggestion: Some(meant), .. }) => {
            prop_assert!(meant.parse::<T>().is_ok(), "{meant:?}");
        }
        Err(_) => {}
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn nothing_accepted_holds_syntax_and_all_of_it_reads_back(text in texts()) {
        holds::<Host>(&text, SYNTAX)?;
        holds::<Port>(&text, SYNTAX)?;
        holds::<ServerUrl>(&text, SYNTAX)?;
        holds::<ContextPath>(&text, SYNTAX)?;
        holds::<Upstream>(&text, SYNTAX)?;
        holds::<ProxyAddress>(&text, SYNTAX)?;
        holds::<FilePath>(&text, SYNTAX)?;
        holds::<NginxFile>(&text, SYNTAX)?;
        holds::<VariableName>(&text, SYNTAX)?;
        holds::<ServerNames>(&text, SYNTAX.trim_start_matches(' '))?;
    }
}
