//! The text of an nginx configuration as directives, each with the file and the line it is in.
//!
//! The parser accepts what nginx accepts and makes the best of everything else: whether a text is
//! valid is for nginx to decide.

use std::mem::take;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Blocks nested deeper than this are not read. Real configurations nest four deep.
const DEEPEST: usize = 32;

/// A word as nginx understands it, without its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// Quotes and backslashes removed.
    pub(crate) text: String,
    /// Where it is in the text, quotes included, in bytes.
    pub(crate) span: Range<usize>,
}

/// `name args;` or `name args { block }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// Its first word.
    pub name: String,
    pub(crate) args: Vec<Word>,
    /// What is between its braces; empty where it has none.
    pub block: Vec<Self>,
    /// The file, as nginx names it.
    pub(crate) file: Arc<Path>,
    /// The line of its name, counted from 1.
    pub(crate) line: usize,
}

impl Directive {
    /// The first argument, if there is one.
    pub(crate) fn first(&self) -> Option<&str> {
        self.args.first().map(|word| word.text.as_str())
    }

    /// The arguments, joined by single spaces.
    pub fn value(&self) -> String {
        let words: Vec<_> = self.args.iter().map(|word| word.text.as_str()).collect();
        words.join(" ")
    }
}

/// Every directive of a text that is in no file. A block that is never closed ends with the text.
pub fn parse(text: &str) -> Vec<Directive> {
    parse_file(text, Path::new(""))
}

/// Every directive of a file.
pub fn parse_file(text: &str, file: &Path) -> Vec<Directive> {
    let lines = text.match_indices('\n').map(|(at, _)| at).collect();
    let mut parser = Parser { text, at: 0, file: file.into(), lines };
    let mut directives = parser.block(0);
    // What follows a brace that closes nothing.
    while parser.at < text.len() {
        directives.extend(parser.block(0));
    }
    directives
}

/// The directives of a block and of every block in it, in the order of the text.
pub(crate) fn flat(block: &[Directive]) -> impl Iterator<Item = &Directive> {
    let mut open = vec![block.iter()];
    std::iter::from_fn(move || {
        while let Some(siblings) = open.last_mut() {
            if let Some(directive) = siblings.next() {
                open.push(directive.block.iter());
                return Some(directive);
            }
            open.pop();
        }
        None
    })
}

/// A time as nginx writes it, in seconds: `90`, `600s`, `1h 30m`. `None` for anything else, also
/// for one too large to count.
pub(crate) fn seconds(time: &str) -> Option<u64> {
    let mut total: u64 = 0;
    let mut rest = time.trim();
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number: u64 = rest[..end].parse().ok()?;
        let unit_end =
            rest[end..].find(|c: char| !c.is_ascii_alphabetic()).map_or(rest.len(), |at| end + at);
        let seconds = match &rest[end..unit_end] {
            "" | "s" => Some(number),
            "ms" => Some(number / 1000),
            "m" => number.checked_mul(60),
            "h" => number.checked_mul(3600),
            "d" => number.checked_mul(86_400),
            "w" => number.checked_mul(604_800),
            "M" => number.checked_mul(2_592_000),
            "y" => number.checked_mul(31_536_000),
            _ => None,
        };
        total = total.checked_add(seconds?)?;
        rest = rest[unit_end..].trim_start();
    }
    Some(total)
}

/// A size as nginx writes it, in bytes: `0`, `512`, `8k`, `10m`, `1G`. `None` for anything else.
pub(crate) fn bytes(size: &str) -> Option<u64> {
    let digits = size.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match size[digits.len()..].to_ascii_lowercase().as_str() {
        "" => 1,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

#[derive(Debug, PartialEq)]
enum Token {
    Word(Word),
    End,
    Open,
    Close,
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    file: Arc<Path>,
    /// Where the line ends are.
    lines: Vec<usize>,
}

impl<'a> Parser<'a> {
    /// The directives up to the brace that closes this block.
    fn block(&mut self, depth: usize) -> Vec<Directive> {
        let (mut block, mut words) = (Vec::new(), Vec::new());
        while let Some(token) = self.token() {
            let opens = match token {
                Token::Word(word) => {
                    words.push(word);
                    continue;
                }
                Token::Close => break,
                Token::Open => true,
                Token::End => false,
            };
            if opens && depth == DEEPEST {
                self.at = self.text.len();
                break;
            }
            let mut words = take(&mut words).into_iter();
            let Some(Word { text: name, span }) = words.next() else { continue };
            let line = self.lines.partition_point(|end| *end < span.start) + 1;
            let file = Arc::clone(&self.file);
            let inner = if opens { self.block(depth + 1) } else { Vec::new() };
            block.push(Directive { name, args: words.collect(), block: inner, file, line });
        }
        block
    }

    fn token(&mut self) -> Option<Token> {
        self.skip_space_and_comments();
        let token = match self.rest().chars().next()? {
            ';' => Token::End,
            '{' => Token::Open,
            '}' => Token::Close,
            quote @ ('"' | '\'') => return Some(self.quoted(quote)),
            _ => return Some(self.bare()),
        };
        self.at += 1;
        Some(token)
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_space_and_comments(&mut self) {
        loop {
            let rest = self.rest().trim_ascii_start();
            self.at = self.text.len() - rest.len();
            if !rest.starts_with('#') {
                return;
            }
            self.at += rest.find('\n').unwrap_or(rest.len());
        }
    }

    /// A backslash keeps a quote from closing it.
    fn quoted(&mut self, quote: char) -> Token {
        let start = self.at;
        let mut text = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        self.at = self.text.len();
        while let Some((at, char)) = chars.next() {
            match char {
                '\\' => text.extend(chars.next().into_iter().flat_map(|(_, next)| unescaped(next))),
                char if char == quote => {
                    self.at = start + at + 1;
                    break;
                }
                char => text.push(char),
            }
        }
        Token::Word(Word { text, span: start..self.at })
    }

    /// A quote inside a bare word is a character like any other, and so are the braces of `${name}`.
    fn bare(&mut self) -> Token {
        let start = self.at;
        let mut text = String::new();
        let mut chars = self.rest().char_indices();
        self.at = self.text.len();
        while let Some((at, char)) = chars.next() {
            let in_variable =
                char == '{' && text.ends_with('$') || char == '}' && is_in_variable(&text);
            match char {
                '\\' => text.extend(chars.next().into_iter().flat_map(|(_, next)| unescaped(next))),
                ';' | '{' | '}' if !in_variable => {
                    self.at = start + at;
                    break;
                }
                char if char.is_ascii_whitespace() => {
                    self.at = start + at;
                    break;
                }
                char => text.push(char),
            }
        }
        Token::Word(Word { text, span: start..self.at })
    }
}

/// What a backslash and this character mean (`ngx_conf_read_token`): regular expressions keep theirs.
fn unescaped(next: char) -> impl Iterator<Item = char> {
    let (backslash, char) = match next {
        '"' | '\'' | '\\' => (None, next),
        't' => (None, '\t'),
        'r' => (None, '\r'),
        'n' => (None, '\n'),
        _ => (Some('\\'), next),
    };
    backslash.into_iter().chain([char])
}

fn is_in_variable(word: &str) -> bool {
    word.rfind("${").is_some_and(|open| !word[open..].contains('}'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<Vec<String>> {
        parse(text).iter().map(|d| d.args.iter().map(|w| w.text.clone()).collect()).collect()
    }

    #[test]
    fn a_comment_is_not_a_directive() {
        assert_eq!(words("# listen 80;\nlisten 81; # {"), [["81"]]);
    }

    #[test]
    fn quotes_hide_what_they_hold() {
        assert_eq!(words(r#"a "b; {" 'c\'d' e"f;"#), [["b; {", "c'd", "e\"f"]]);
    }

    #[test]
    fn a_regular_expression_keeps_its_backslashes() {
        assert_eq!(words(r#"a ~^\d+\.x\;$ "\w\"\\" \t;"#), [[r"~^\d+\.x\;$", "\\w\"\\", "\t"]]);
    }

    #[test]
    fn a_blank_that_is_not_ascii_is_part_of_a_word() {
        assert_eq!(words("a b\u{a0}c\u{3000}\td;"), [["b\u{a0}c\u{3000}", "d"]]);
    }

    #[test]
    fn the_braces_of_a_variable_open_no_block() {
        assert_eq!(words("return 308 /${name}/x;"), [["308", "/${name}/x"]]);
    }

    #[test]
    fn blocks_hold_their_directives() {
        let read = parse("http { server { listen 80; } } user me;");
        assert_eq!(read[0].block[0].block[0].args[0].text, "80");
        assert_eq!(read[1].name, "user");
    }

    #[test]
    fn a_word_knows_its_place() {
        let text = "x \"a b\";";
        let span = parse(text)[0].args[0].span.clone();
        assert_eq!(&text[span], "\"a b\"");
    }

    #[test]
    fn a_directive_knows_its_line() {
        let read = parse("# a\nserver {\n  listen\n    80;\n}\nuser me;");
        let lines: Vec<_> = flat(&read).map(|it| (it.name.as_str(), it.line)).collect();
        assert_eq!(lines, [("server", 2), ("listen", 3), ("user", 6)]);
    }

    #[test]
    fn times_and_sizes_are_read_as_nginx_reads_them() {
        for (time, wanted) in
            [("90", 90), ("600s", 600), ("1h 30m", 5400), ("1500ms", 1), ("2d", 172_800)]
        {
            assert_eq!(seconds(time), Some(wanted), "{time}");
        }
        for (time, days) in [("3w", 21), ("2M", 60), ("1y", 365)] {
            assert_eq!(seconds(time), Some(days * 86_400), "{time}");
        }
        for (size, wanted) in [("0", 0), ("8k", 8192), ("10M", 10 << 20), ("10g", 10 << 30)] {
            assert_eq!(bytes(size), Some(wanted), "{size}");
        }
    }

    #[test]
    fn a_number_too_large_is_none() {
        for time in
            ["soon", "1q", "9999999999999999d", "18446744073709551615 1", "9".repeat(99).as_str()]
        {
            assert_eq!(seconds(time), None, "{time}");
        }
        for size in ["big", "99999999999999999999", "18446744073709551615g", "1é"] {
            assert_eq!(bytes(size), None, "{size}");
        }
    }

    #[test]
    fn deep_nesting_is_cut_off() {
        assert_eq!(parse(&"a{".repeat(100_000)).len(), 1);
    }

    proptest! {
        #[test]
        fn nothing_panics(text in r#"[a-z ;{}"'\\#$\n\u{e9}]{0,60}"#) {
            let read = parse(&text);
            for directive in flat(&read) {
                let _ = (seconds(&directive.value()), bytes(&directive.value()));
            }
        }
    }
}
