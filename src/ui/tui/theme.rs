//! The one table of glyphs and styles: no other file names a colour or a glyph.
//!
//! Meaning never depends on colour alone; every mark is a glyph or a word as well.

use super::backend::Colors;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;

/// What a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// UTF-8 and colours.
    Full,
    /// UTF-8 without colours, and the Linux console, whose font has little beyond box drawing.
    Lines,
    /// Any other locale or terminal.
    Ascii,
}

impl Level {
    /// The level of a terminal, from `TERM`, the locale (the first of `LC_ALL`, `LC_CTYPE` and
    /// `LANG` that is set) and whether colours are allowed.
    pub(crate) fn of(term: &str, locale: &str, has_colours: bool) -> Self {
        let locale = locale.to_ascii_lowercase();
        let is_utf8 = locale.contains("utf-8") || locale.contains("utf8");
        let is_serial = ["vt", "ansi", "sun"].iter().any(|name| term.starts_with(name));
        // Terminals of these locales draw some of the glyphs two columns wide.
        let is_wide = ["zh", "ja", "ko"].iter().any(|language| locale.starts_with(language));
        if !is_utf8 || is_serial || is_wide {
            Self::Ascii
        } else if term.starts_with("linux") || !has_colours {
            Self::Lines
        } else {
            Self::Full
        }
    }
}

/// The glyphs, each one column wide, as every page has them. Terminals that lack them get others:
/// see [`Theme::shown`].
pub(crate) mod glyph {
    pub(crate) const RULE: &str = "─";
    /// Between form and preview.
    pub(crate) const DIVIDER: &str = "│";
    /// In front of the row with the focus.
    pub(crate) const FOCUS: &str = "┃";
    /// The chosen option, the current step.
    pub(crate) const CHOSEN: &str = "●";
    /// Another option, a step to come.
    pub(crate) const OTHER: &str = "○";
    /// Something works, a step is done.
    pub(crate) const GOOD: &str = "✓";
    pub(crate) const BAD: &str = "✗";
    /// From one place to the next.
    pub(crate) const ARROW: &str = "→";
    /// A character of a secret, and a setting that was changed.
    pub(crate) const BULLET: &str = "•";
    /// Something waits or does not apply.
    pub(crate) const IDLE: &str = "·";
    pub(crate) const ELLIPSIS: &str = "…";
    /// The selected choice, a row that unfolds.
    pub(crate) const POINTER: &str = "▸";
    pub(crate) const DOWN: &str = "↓";
}

/// What stands for a glyph in ASCII; any other character stands for itself.
fn in_ascii(glyph: char) -> char {
    match glyph {
        '─' => '-',
        '│' => '|',
        '┃' | '→' | '▸' => '>',
        '●' | '•' => '*',
        '○' => 'o',
        '✓' => '+',
        '✗' => 'x',
        '·' => '.',
        '…' => '~',
        '↑' => '^',
        '↓' => 'v',
        other => other,
    }
}

/// Whether every terminal that is sent this draws it one column wide: ASCII, and the glyphs.
pub(crate) fn is_one_column(symbol: &str) -> bool {
    let mut chars = symbol.chars();
    let only = chars.next().filter(|_| chars.next().is_none());
    only.is_some_and(|c| c.is_ascii() || in_ascii(c) != c)
}

/// Glyphs and styles of one terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    level: Level,
    pub(crate) colors: Colors,
}

impl Theme {
    /// The theme of a terminal of this level.
    pub fn new(level: Level, colors: Colors) -> Self {
        Self { level, colors }
    }

    /// Whether the terminal is likely a slow line.
    pub(crate) fn is_ascii(self) -> bool {
        self.level == Level::Ascii
    }

    /// A line with the glyphs that this terminal has, in its texts as well.
    pub(crate) fn shown(self, mut line: Line<'static>) -> Line<'static> {
        if self.level == Level::Full {
            return line;
        }
        let own = |c| match c {
            '─' | '│' if self.level == Level::Lines => c,
            _ => in_ascii(c),
        };
        for span in line.spans.iter_mut().filter(|span| !span.content.is_ascii()) {
            span.content = span.content.chars().map(own).collect::<String>().into();
        }
        line
    }

    /// A text in this style, for a terminal without a full screen.
    pub(crate) fn painted(self, text: &str, style: Style) -> String {
        super::backend::painted(text, style, self.colors)
    }

    /// With colour where there is one, else with an attribute. The sixteen basic colours only: a
    /// palette keeps those readable.
    fn style(self, colour: Color, otherwise: Modifier) -> Style {
        if self.colors == Colors::Basic {
            Style::new().fg(colour)
        } else {
            Style::new().add_modifier(otherwise)
        }
    }

    /// The name of the program, the current step, keys, the bar in front of the focus.
    pub(crate) fn accent(self) -> Style {
        self.style(Color::Magenta, Modifier::BOLD).add_modifier(Modifier::BOLD)
    }

    /// Headings, and the value with the focus.
    pub(crate) fn strong() -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub(crate) fn good(self) -> Style {
        self.style(Color::Green, Modifier::empty())
    }

    pub(crate) fn bad(self) -> Style {
        self.style(Color::Red, Modifier::BOLD)
    }

    pub(crate) fn warn(self) -> Style {
        self.style(Color::Yellow, Modifier::BOLD)
    }

    /// Hints, and what keys do.
    pub(crate) fn dim(self) -> Style {
        self.style(Color::DarkGray, Modifier::empty())
    }

    /// A key of YAML, a directive of nginx.
    pub(crate) fn key(self) -> Style {
        self.style(Color::Cyan, Modifier::empty())
    }

    /// A line that is added.
    pub(crate) fn added(self) -> Style {
        self.style(Color::Green, Modifier::BOLD)
    }

    /// A line that is removed.
    pub(crate) fn removed(self) -> Style {
        self.style(Color::Red, Modifier::UNDERLINED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthChar as _;

    #[test]
    fn a_terminal_gets_what_it_can_show() {
        for (term, locale, has_colours, level) in [
            ("xterm-256color", "en_US.UTF-8", true, Level::Full),
            ("tmux", "C.utf8", true, Level::Full),
            ("xterm", "de_DE.UTF-8", false, Level::Lines),
            ("linux", "en_US.UTF-8", true, Level::Lines),
            ("xterm", "C", true, Level::Ascii),
            ("xterm", "", true, Level::Ascii),
            ("vt220", "en_US.UTF-8", false, Level::Ascii),
            ("xterm", "ja_JP.UTF-8", true, Level::Ascii),
        ] {
            assert_eq!(Level::of(term, locale, has_colours), level, "{term} {locale}");
        }
    }

    #[test]
    fn every_glyph_is_one_column_wide() {
        let source = include_str!("theme.rs").split("#[cfg(test)]").next().unwrap();
        let constants = source.lines().filter(|line| line.contains(" const "));
        let named: String = constants.filter_map(|line| line.split('"').nth(1)).collect();
        assert_eq!(named, "─│┃●○✓✗→•·…▸↓");
        for glyph in named.chars().chain(['↑']) {
            for glyph in [glyph, in_ascii(glyph)] {
                assert_eq!(glyph.width(), Some(1), "{glyph}");
                assert!(is_one_column(&glyph.to_string()), "{glyph}");
            }
            assert!(in_ascii(glyph).is_ascii(), "{glyph}");
        }
    }
}
