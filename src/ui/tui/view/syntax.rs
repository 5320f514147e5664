//! Keys and comments of YAML and nginx, told apart by colour. Nobody relies on it.

use super::Look;
use crate::plan::{DiffLine, DiffTag, FileKind};
use crate::settings::ascii;
use ratatui::text::{Line, Span};

/// One line of a preview: marks in column 2, then the text.
pub(super) fn line(
    look: Look,
    kind: FileKind,
    line: &DiffLine,
    is_difference: bool,
) -> Line<'static> {
    let theme = look.theme;
    let text = ascii(&line.text);
    match line.tag {
        DiffTag::Hunk => Line::styled(format!(" {text}"), theme.comment()),
        DiffTag::Added => Line::styled(format!(" +{text}"), theme.added()),
        DiffTag::Removed => Line::styled(format!(" -{text}"), theme.removed()),
        DiffTag::Equal => {
            let mut spans = vec![Span::raw(if is_difference { "  " } else { " " })];
            spans.extend(coloured(look, kind, &text));
            Line::from(spans)
        }
    }
}

fn coloured(look: Look, kind: FileKind, text: &str) -> Vec<Span<'static>> {
    let indent = text.len() - text.trim_start().len();
    if text[indent..].starts_with('#') {
        return vec![Span::styled(text.to_owned(), look.theme.comment())];
    }
    let key = match kind {
        FileKind::Config => text.find(": ").or_else(|| text.strip_suffix(':').map(str::len)),
        FileKind::Env => text.find('='),
        FileKind::Nginx => text[indent..].find(' ').map(|end| indent + end),
        FileKind::Unknown => None,
    };
    let (key, rest) = text.split_at(key.unwrap_or(0));
    vec![Span::styled(key.to_owned(), look.theme.key()), Span::raw(rest.to_owned())]
}
