//! Texts with a secret in them, as real files have them.

/// What every secret of the corpus begins with, and nothing else in it.
pub const SECRET: &str = "hunter2";

/// The texts of one kind (`config`, `own`, `broken`, `env`, `nginx`, `answers`), each with a secret
/// of its own: a number follows [`SECRET`].
pub fn secret_texts(kind: &str) -> Vec<String> {
    let heading = format!("\n== {kind}\n\n");
    let corpus = include_str!("../secrets.txt");
    let (_, texts) = corpus.split_once(&heading).expect("a kind of the corpus");
    let texts = texts.split("\n\n").take_while(|text| !text.starts_with("== "));
    let numbered = |(number, text): (usize, &str)| {
        assert!(text.contains(SECRET), "{text}");
        text.trim_matches('\n').replace(SECRET, &format!("{SECRET}x{number}")) + "\n"
    };
    texts.enumerate().map(numbered).collect()
}

/// Fails where a secret is in what was shown, with the lines that have one.
pub fn assert_no_secret(shown: &str, text: &str) {
    let lines: Vec<_> = shown.lines().filter(|line| line.contains(SECRET)).collect();
    assert!(lines.is_empty(), "{lines:#?}\nof\n{text}");
}
