//! Lines, and what no configuration may hold: found before anything is parsed.
//!
//! Our parser accepts more than SnakeYAML does. What SnakeYAML refuses is refused here, so that
//! an edit is never proved by a laxer reader than the one it is for.

use super::Refusal;

/// Larger files are no configurations. Ten megabytes are read in a fraction of a second.
const LONGEST: usize = 64 << 20;

/// Refuses text that SnakeYAML cannot read, or that the two readers split into lines differently.
pub(super) fn screen(text: &str) -> Result<(), Refusal> {
    if text.len() > LONGEST {
        return Err(Refusal::new(None, "the file is larger than 64 MiB"));
    }
    let bytes = text.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        let reason = match byte {
            b'\t' | b'\n' | b' '..=b'~' => continue,
            b'\r' if bytes.get(at + 1) == Some(&b'\n') => continue,
            b'\r' => "a carriage return stands alone",
            0x80.. => match unusual(bytes, at) {
                Some(reason) => reason,
                None => continue,
            },
            _ => "a control character stands in it",
        };
        return Err(Refusal::new(Some(line_of(text, at)), reason));
    }
    Ok(())
}

/// C1 controls, the line separators of YAML 1.1, and what is no character at all.
fn unusual(bytes: &[u8], at: usize) -> Option<&'static str> {
    match (bytes[at], *bytes.get(at + 1)?, bytes.get(at + 2)) {
        (0xC2, 0x85, _) | (0xE2, 0x80, Some(0xA8 | 0xA9)) => {
            Some("a Unicode line separator stands in it")
        }
        (0xC2, 0x80..=0x9F, _) | (0xEF, 0xBF, Some(0xBE | 0xBF)) => {
            Some("a control character stands in it")
        }
        (0xEF, 0xBB, Some(0xBF)) if at > 0 => Some("a byte order mark stands inside it"),
        _ => None,
    }
}

/// The line of a byte, counted from 1.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    1 + text[..at].matches('\n').count()
}

/// Where the text begins after a byte order mark.
pub(super) fn after_bom(text: &str) -> usize {
    if text.starts_with('\u{feff}') { 3 } else { 0 }
}

/// The first byte of the line that holds this byte.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(after_bom(text), |newline| newline + 1)
}

/// The first byte after the line that holds this byte.
pub(super) fn next_line(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1)
}

/// The rest of the line from this byte on, without its ending.
pub(super) fn rest_of_line(text: &str, at: usize) -> &str {
    text[at..next_line(text, at)].trim_end_matches(['\n', '\r'])
}

/// The line that begins at this byte as (indentation, what follows it).
pub(super) fn indented(text: &str, start: usize) -> (usize, &str) {
    let line = rest_of_line(text, start);
    let content = line.trim_start_matches(' ');
    (line.len() - content.len(), content.trim_end())
}

/// Whether nothing but blanks and a comment follows on the line.
pub(super) fn is_blank_or_comment(rest: &str) -> bool {
    let rest = rest.trim_start_matches([' ', '\t']);
    rest.is_empty() || rest.starts_with('#')
}

/// The line ending that most lines have.
pub(super) fn line_ending(text: &str) -> &'static str {
    let newlines = text.matches('\n').count();
    let windows = text.matches("\r\n").count();
    if windows * 2 > newlines { "\r\n" } else { "\n" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_snakeyaml_cannot_read_is_refused_with_its_line() {
        for bad in
            ["\0", "\u{7}", "\u{7f}", "\u{85}", "\u{9b}", "\u{2028}", "\u{ffff}", "\r", "\u{feff}"]
        {
            let refused = screen(&format!("a: b\r\nc: '{bad}'\n"));
            assert_eq!(refused.map_err(|refusal| refusal.line), Err(Some(2)), "{bad:?}");
        }
        assert_eq!(screen("\u{feff}a: \"b\t\u{a0}\u{e9}\u{2014}\u{1f680}\"\r\n"), Ok(()));
    }

    #[test]
    fn the_majority_decides_about_line_endings() {
        assert_eq!(line_ending("a\r\nb\r\nc\n"), "\r\n");
        assert_eq!(line_ending("a\r\nb\n"), "\n");
    }
}
