//! The words of an nginx configuration, with the place where each of them stands.
//!
//! This reads what nginx accepts and makes the best of everything else: whether a text is valid is
//! nginx's own to say. It knows nothing of the disk.

use std::mem::take;
use std::ops::Range;

/// Blocks nested deeper than this are not read. Real configurations nest four deep.
const DEEPEST: usize = 32;

/// A word as nginx understands it, without its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    /// Where it stands in the text, quotes included, in bytes.
    pub(super) span: Range<usize>,
}

/// `name args;` or `name args { block }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Directive {
    pub(super) name: String,
    pub(super) args: Vec<Word>,
    pub(super) block: Vec<Directive>,
}

impl Directive {
    fn new(mut words: Vec<Word>) -> Option<Self> {
        if words.is_empty() {
            return None;
        }
        let name = words.remove(0).text;
        Some(Self { name, args: words, block: Vec::new() })
    }

    /// The first argument, if there is one.
    pub(super) fn first(&self) -> Option<&Word> {
        self.args.first()
    }
}

/// Every directive of a text. A block that is never closed ends with the text.
pub(super) fn parse(text: &str) -> Vec<Directive> {
    let mut read = Reading::default();
    for token in (Tokens { text, at: 0 }) {
        if read.take(token).is_none() {
            break;
        }
    }
    while read.close().is_some() {}
    read.done
}

#[derive(Default)]
struct Reading {
    words: Vec<Word>,
    open: Vec<Directive>,
    done: Vec<Directive>,
}

impl Reading {
    /// Takes one more token; `None` when blocks nest too deep.
    fn take(&mut self, token: Token) -> Option<()> {
        match token {
            Token::Word(word) => self.words.push(word),
            Token::End => self.end(),
            Token::Close => drop(self.close()),
            Token::Open if self.open.len() == DEEPEST => return None,
            Token::Open => self.open.extend(Directive::new(take(&mut self.words))),
        }
        Some(())
    }

    fn end(&mut self) {
        if let Some(directive) = Directive::new(take(&mut self.words)) {
            self.file(directive);
        }
    }

    fn close(&mut self) -> Option<()> {
        self.words.clear();
        let directive = self.open.pop()?;
        self.file(directive);
        Some(())
    }

    fn file(&mut self, directive: Directive) {
        let siblings = self.open.last_mut().map_or(&mut self.done, |parent| &mut parent.block);
        siblings.push(directive);
    }
}

#[derive(Debug, PartialEq)]
enum Token {
    Word(Word),
    End,
    Open,
    Close,
}

struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
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
}

impl<'a> Tokens<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_space_and_comments(&mut self) {
        loop {
            let rest = self.rest().trim_start();
            self.at = self.text.len() - rest.len();
            if !rest.starts_with('#') {
                return;
            }
            self.at += rest.find('\n').unwrap_or(rest.len());
        }
    }

    /// A backslash keeps the next character, whatever it is.
    fn quoted(&mut self, quote: char) -> Token {
        let start = self.at;
        let mut text = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        self.at = self.text.len();
        while let Some((at, char)) = chars.next() {
            match char {
                '\\' => text.extend(chars.next().map(|(_, kept)| kept)),
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
                '\\' => text.extend(chars.next().map(|(_, kept)| kept)),
                ';' | '{' | '}' if !in_variable => {
                    self.at = start + at;
                    break;
                }
                char if char.is_whitespace() => {
                    self.at = start + at;
                    break;
                }
                char => text.push(char),
            }
        }
        Token::Word(Word { text, span: start..self.at })
    }
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
    fn the_braces_of_a_variable_open_no_block() {
        assert_eq!(words("return 308 /${name}/x;"), [["308", "/${name}/x"]]);
    }

    #[test]
    fn blocks_hold_what_stands_in_them() {
        let read = parse("http { server { listen 80; } } user me;");
        assert_eq!(read[0].block[0].block[0].args[0].text, "80");
        assert_eq!(read[1].name, "user");
    }

    #[test]
    fn a_word_knows_where_it_stands() {
        let text = "x \"a b\";";
        let span = parse(text)[0].args[0].span.clone();
        assert_eq!(&text[span], "\"a b\"");
    }

    #[test]
    fn deep_nesting_is_cut_off() {
        assert_eq!(parse(&"a{".repeat(100_000)).len(), 1);
    }

    proptest! {
        #[test]
        fn nothing_panics(text in r#"[a-z ;{}"'\\#$\n\u{e9}]{0,60}"#) {
            parse(&text);
        }
    }
}
