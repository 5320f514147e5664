//! What only tests call is dead code that the compiler cannot see.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Adds the code below a folder of `src`, without comments and tests.
fn collect(path: &Path, code: &mut String) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            collect(&entry.unwrap().path(), code);
        }
    } else if !path.ends_with("tests.rs") {
        let text = fs::read_to_string(path).unwrap();
        let program = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let is_code = |line: &&str| !line.trim_start().starts_with("//");
        code.extend(program.lines().filter(is_code).flat_map(|line| [line, "\n"]));
    }
}

#[test]
fn every_public_function_is_called_by_the_program() {
    let mut code = String::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut code);
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let words: Vec<_> = code.split(|c| !is_word(c)).filter(|word| !word.is_empty()).collect();
    let (mut uses, mut public) = (BTreeMap::<_, usize>::new(), Vec::new());
    for (at, word) in words.iter().enumerate() {
        let is_definition = at > 0 && words[at - 1] == "fn";
        *uses.entry(word).or_default() += usize::from(!is_definition);
        let before = &words[at.saturating_sub(4)..at];
        if is_definition && before.contains(&"pub") {
            public.push(word);
        }
    }
    public.retain(|name| uses[name] == 0);
    assert_eq!(public, Vec::<&&str>::new(), "only tests call these");
}
