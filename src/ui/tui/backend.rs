//! What ratatui drew, in as few bytes as a terminal can be told in, and one `write` a frame.
//!
//! The one thing to know: the backend remembers what the screen shows, where the cursor is and
//! which style is on, so that nothing is sent twice. A typed character costs one byte; ratatui's
//! own backends send 40, which is a second and a half of a long URL on a serial line.

mod path;
mod pen;
#[cfg(test)]
mod tests;

use super::theme::is_one_column;
use crossterm::Command;
pub use pen::Colors;
use pen::Pen;
pub(in crate::ui) use pen::painted;
use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect, Size};
use ratatui::style::{Color, Modifier};
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;

/// Resets the style and clears the screen, and leaves the cursor at its top.
const CLEAR: &str = "\x1b[m\x1b[H\x1b[2J";

/// Erases from the cursor to the end of the line, in the style that is on.
const ERASE_LINE: &str = "\x1b[K";

/// A backend for ratatui's `Terminal`, which hides the cursor never and asks the terminal nothing.
pub(crate) struct LeanBackend<W> {
    wire: W,
    colors: Colors,
    /// What the next `write` sends.
    out: String,
    /// What the screen shows once that is sent.
    shown: Buffer,
    /// Where the cursor is; unknown after the last column, where terminals differ.
    cursor: Option<Position>,
    /// The style that is on.
    pen: Option<Pen>,
    /// Where the cursor belongs at the end of the frame.
    wanted: Position,
}

impl<W: Write> LeanBackend<W> {
    /// A backend that writes to `wire`. Nothing is known of the screen before the first clear.
    pub(crate) fn new(wire: W, size: Size, colors: Colors) -> Self {
        Self {
            wire,
            colors,
            out: String::new(),
            shown: Buffer::empty(size.into()),
            cursor: None,
            pen: None,
            wanted: Position::ORIGIN,
        }
    }

    /// Takes the size that the terminal has now; ratatui draws everything anew if it is another.
    pub(crate) fn resize(&mut self, size: Size) {
        self.shown.resize(Rect::from(size));
    }

    /// Sends a command with the next frame, such as one that changes a mode. It must neither move
    /// the cursor nor change the style.
    ///
    /// # Errors
    ///
    /// If the command cannot be written as text, which none of crossterm's does here.
    pub(crate) fn queue(&mut self, command: impl Command) -> io::Result<()> {
        command.write_ansi(&mut self.out).map_err(io::Error::other)
    }

    /// Puts the changed cells of one line on the screen.
    fn draw_line(&mut self, changed: &[Position]) {
        let Some(first) = changed.first() else { return };
        let blank_from = self.blank_from(first.y);
        let (text, blanks) = changed.split_at(changed.partition_point(|at| at.x < blank_from));
        for &at in text {
            self.put(at);
        }
        match blanks.first() {
            Some(&at) if blanks.len() > ERASE_LINE.len() => self.erase_line(at),
            _ => blanks.iter().for_each(|&at| self.put(at)),
        }
    }

    /// The column from which on a line is blank.
    fn blank_from(&self, y: u16) -> u16 {
        let width = self.shown.area.width;
        (0..width).rev().find(|&x| !is_blank(&self.shown[(x, y)])).map_or(0, |last| last + 1)
    }

    fn put(&mut self, at: Position) {
        self.go_to(at);
        self.take(Pen::of(&self.shown[at], self.colors));
        let symbol = self.shown[at].symbol();
        self.out.push_str(symbol);
        // Terminals disagree on the width of what is neither ASCII nor a glyph of the theme, and
        // on where the cursor is after the last column.
        let is_sure = is_one_column(symbol) && at.x + 1 < self.shown.area.width;
        self.cursor = is_sure.then_some(Position { x: at.x + 1, ..at });
    }

    fn erase_line(&mut self, from: Position) {
        self.go_to(from);
        self.take(Pen::default());
        self.out.push_str(ERASE_LINE);
    }

    fn go_to(&mut self, to: Position) {
        // Nearly every character follows the one before.
        if self.cursor == Some(to) {
            return;
        }
        let path = path::shortest(self.cursor, to);
        match self.text_between(self.cursor, to) {
            Some(text) if text.len() <= path.len() => self.out.push_str(&text),
            _ => self.out.push_str(&path),
        }
        self.cursor = Some(to);
    }

    /// The text between two places of a line, if writing it again leads from one to the other.
    fn text_between(&self, from: Option<Position>, to: Position) -> Option<String> {
        let from = from.filter(|from| from.y == to.y && from.x < to.x)?;
        // The first half of a wide character may precede it.
        let cells = || (from.x.saturating_sub(1)..to.x).map(|x| &self.shown[(x, to.y)]);
        let skipped = usize::from(from.x > 0);
        let is_same_style = |cell| Some(Pen::of(cell, self.colors)) == self.pen;
        (cells().all(|cell| is_one_column(cell.symbol()))
            && cells().skip(skipped).all(is_same_style))
        .then(|| cells().skip(skipped).map(Cell::symbol).collect())
    }

    fn take(&mut self, pen: Pen) {
        pen.write_after(self.pen, &mut self.out);
        self.pen = Some(pen);
    }
}

impl<W: Write> Backend for LeanBackend<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut changed = Vec::new();
        let right = self.shown.area.right();
        for (x, y, cell) in content {
            let end = (x + columns(cell)).min(right);
            let before = (x..end).map(|x| x + columns(&self.shown[(x, y)])).max();
            (x..end).for_each(|x| self.shown[(x, y)].reset());
            self.shown[(x, y)] = cell.clone();
            changed.push(Position { x, y });
            // The other half of a wide character: ratatui takes it for a blank that stays.
            changed.extend((end..before.unwrap_or(end).min(right)).map(|x| Position { x, y }));
        }
        changed.dedup();
        for line in changed.chunk_by(|one, next| one.y == next.y) {
            self.draw_line(line);
        }
        Ok(())
    }

    /// Does nothing: the cursor is what a screen reader follows.
    fn hide_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Does nothing: the cursor is never hidden.
    fn show_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.wanted)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.wanted = position.into();
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        // ratatui clears twice when the screen becomes narrower.
        if !self.out.ends_with(CLEAR) {
            self.out.push_str(CLEAR);
        }
        self.shown.reset();
        self.cursor = Some(Position::ORIGIN);
        self.pen = Some(Pen::default());
        Ok(())
    }

    /// Clears all; the other regions belong to inline viewports and are refused.
    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        match region {
            ClearType::All => self.clear(),
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.shown.area.as_size())
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size()?, pixels: Size::ZERO })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.go_to(self.wanted);
        let frame = std::mem::take(&mut self.out);
        if frame.is_empty() {
            return Ok(());
        }
        self.wire.write_all(frame.as_bytes())?;
        self.wire.flush()
    }
}

/// How many columns a cell covers.
fn columns(cell: &Cell) -> u16 {
    u16::try_from(cell.symbol().width()).unwrap_or(1).max(1)
}

/// Whether erasing leaves what this cell shows.
fn is_blank(cell: &Cell) -> bool {
    let marks = Modifier::REVERSED | Modifier::UNDERLINED;
    cell.symbol() == " " && cell.bg == Color::Reset && !cell.modifier.intersects(marks)
}
