//! Styles, in the codes that every terminal since the VT100 knows or ignores.
//!
//! Colours are 30-37 and 90-97, never `38;5;n`: a terminal that does not know 38 takes the 5 for
//! blinking.

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier, Style};
use std::fmt::Write;

/// Which colours the terminal gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colors {
    /// The sixteen basic ones; others are left out.
    Basic,
    /// None, for `NO_COLOR` and terminals without.
    Mono,
}

/// The attributes that the theme has, with their codes. It has no background either.
const ATTRIBUTES: [(Modifier, u8); 2] = [(Modifier::BOLD, 1), (Modifier::UNDERLINED, 4)];

/// A style as a terminal keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Pen {
    color: Option<u8>,
    attributes: Modifier,
}

impl Pen {
    /// The style of a cell.
    pub(super) fn of(cell: &Cell, colors: Colors) -> Self {
        let known = ATTRIBUTES.map(|(attribute, _)| attribute).into_iter().collect();
        let color = if colors == Colors::Basic { basic(cell.fg) } else { None };
        Self { color, attributes: cell.modifier.intersection(known) }
    }

    /// Writes what turns the style before, if it is known, into this one.
    pub(super) fn write_after(self, before: Option<Self>, out: &mut String) {
        if before == Some(self) {
            return;
        }
        let kept = before.filter(|before| self.keeps(*before));
        let codes = self.codes_beside(kept.unwrap_or_default());
        out.push_str("\x1b[");
        if kept.is_none() && !codes.is_empty() {
            out.push_str("0;");
        }
        out.push_str(&codes);
        out.push('m');
    }

    /// Whether nothing of the style before has to be taken away.
    fn keeps(self, before: Self) -> bool {
        self.attributes.contains(before.attributes)
            && (self.color.is_some() || before.color.is_none())
    }

    fn codes_beside(self, before: Self) -> String {
        let attributes = ATTRIBUTES.into_iter().filter_map(|(attribute, code)| {
            let added = self.attributes.difference(before.attributes);
            added.contains(attribute).then_some(code)
        });
        let color = self.color.filter(|_| self.color != before.color);
        let mut codes = String::new();
        for code in attributes.chain(color) {
            let separator = if codes.is_empty() { "" } else { ";" };
            // Writing to a String cannot fail.
            let _ = write!(codes, "{separator}{code}");
        }
        codes
    }
}

/// A text in this style, and plain again behind it.
pub(in crate::ui) fn painted(text: &str, style: Style, colors: Colors) -> String {
    let mut cell = Cell::EMPTY;
    let pen = Pen::of(cell.set_style(style), colors);
    let mut out = String::new();
    pen.write_after(Some(Pen::default()), &mut out);
    out.push_str(text);
    Pen::default().write_after(Some(pen), &mut out);
    out
}

/// The code of a basic colour in the foreground.
pub(super) fn basic(color: Color) -> Option<u8> {
    let code = match color {
        Color::Black => 30,
        Color::Red => 31,
        Color::Green => 32,
        Color::Yellow => 33,
        Color::Blue => 34,
        Color::Magenta => 35,
        Color::Cyan => 36,
        Color::Gray => 37,
        Color::DarkGray => 90,
        Color::LightRed => 91,
        Color::LightGreen => 92,
        Color::LightYellow => 93,
        Color::LightBlue => 94,
        Color::LightMagenta => 95,
        Color::LightCyan => 96,
        Color::White => 97,
        Color::Reset | Color::Rgb(..) | Color::Indexed(_) => return None,
    };
    Some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pen(style: Style, colors: Colors) -> Pen {
        Pen::of(Cell::new("x").set_style(style), colors)
    }

    fn change(before: Style, after: Style) -> String {
        let mut out = String::new();
        pen(after, Colors::Basic).write_after(Some(pen(before, Colors::Basic)), &mut out);
        out
    }

    #[test]
    fn only_what_changes_is_said() {
        let plain = Style::new();
        for (before, after, codes) in [
            (plain, plain, ""),
            (plain, plain.bold(), "\x1b[1m"),
            (plain.bold(), plain.bold().underlined(), "\x1b[4m"),
            (plain.bold(), plain, "\x1b[m"),
            (plain.bold(), plain.underlined(), "\x1b[0;4m"),
            (plain.red(), plain.green(), "\x1b[32m"),
            (plain.red(), plain.bold().light_red(), "\x1b[1;91m"),
            (plain.red(), plain, "\x1b[m"),
        ] {
            assert_eq!(change(before, after), codes);
        }
    }

    #[test]
    fn every_basic_colour_has_its_code() {
        use Color as C;
        let dark = [C::Black, C::Red, C::Green, C::Yellow, C::Blue, C::Magenta, C::Cyan, C::Gray];
        assert!(dark.into_iter().zip(30..).all(|(color, code)| basic(color) == Some(code)));
        let light = [
            C::DarkGray,
            C::LightRed,
            C::LightGreen,
            C::LightYellow,
            C::LightBlue,
            C::LightMagenta,
            C::LightCyan,
            C::White,
        ];
        assert!(light.into_iter().zip(90..).all(|(color, code)| basic(color) == Some(code)));
        assert_eq!([C::Reset, C::Indexed(1), C::Rgb(1, 2, 3)].map(basic), [None; 3]);
    }

    #[test]
    fn mono_has_attributes_and_no_colours() {
        let style = Style::new().red().underlined();
        assert_eq!(pen(style, Colors::Mono), pen(Style::new().underlined(), Colors::Basic));
    }

    #[test]
    fn an_unknown_style_is_reset() {
        let mut out = String::new();
        pen(Style::new().bold(), Colors::Basic).write_after(None, &mut out);
        pen(Style::new(), Colors::Basic).write_after(None, &mut out);
        assert_eq!(out, "\x1b[0;1m\x1b[m");
    }
}
