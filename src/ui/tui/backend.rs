//! What the view made, in as few bytes as a terminal can be told in, and one `write` a frame.
//!
//! The one thing to know: the backend remembers what the screen shows, where the cursor is and
//! which style is on, so that nothing is sent or drawn twice. A typed character costs one byte;
//! ratatui's own backends send 40, which is a second and a half of a long URL on a serial line.

mod path;
mod pen;
#[cfg(test)]
mod tests;

use super::frame::{Frame, Row, render};
use super::theme::is_one_column;
use crossterm::Command;
pub use pen::Colors;
use pen::Pen;
pub(in crate::ui) use pen::painted;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect, Size};
use ratatui::style::Modifier;
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;

/// Resets the style and clears the screen, and leaves the cursor at its top.
const CLEAR: &str = "\x1b[m\x1b[H\x1b[2J";

/// Erases from the cursor to the end of the line, in the style that is on.
const ERASE_LINE: &str = "\x1b[K";

/// Draws frames on a terminal. It never hides the cursor, which is what a screen reader follows, and
/// asks the terminal nothing.
pub(crate) struct LeanBackend<W> {
    wire: W,
    colors: Colors,
    /// What the next `write` sends.
    out: String,
    /// The rows that were drawn last; none after a clear.
    rows: Vec<Row>,
    /// What the screen shows once that is sent.
    shown: Buffer,
    /// Where the cursor is; unknown after the last column, where terminals differ.
    cursor: Option<Position>,
    /// The style that is on.
    pen: Option<Pen>,
}

impl<W: Write> LeanBackend<W> {
    /// A backend that writes to `wire`. Nothing is known of the screen before the first clear.
    pub(crate) fn new(wire: W, size: Size, colors: Colors) -> Self {
        Self {
            wire,
            colors,
            out: String::new(),
            rows: Vec::new(),
            shown: Buffer::empty(size.into()),
            cursor: None,
            pen: None,
        }
    }

    /// Takes the size that the terminal has now. If it is another, everything is drawn anew.
    pub(crate) fn resize(&mut self, size: Size) {
        if self.shown.area.as_size() != size {
            self.shown.resize(size.into());
            self.clear();
        }
    }

    /// Clears the terminal with the next frame, whatever it shows.
    pub(crate) fn clear(&mut self) {
        self.out.push_str(CLEAR);
        self.rows.clear();
        self.shown.reset();
        self.cursor = Some(Position::ORIGIN);
        self.pen = Some(Pen::default());
    }

    /// Draws what differs from the frame before, and sends it.
    ///
    /// # Errors
    ///
    /// If the wire cannot be written to.
    pub(crate) fn draw(&mut self, mut frame: Frame) -> io::Result<()> {
        let Size { width, height } = self.shown.area.as_size();
        frame.rows.resize(height.into(), Row::default());
        self.rows.resize(height.into(), Row::default());
        let before = std::mem::replace(&mut self.rows, frame.rows);
        for (y, before) in (0..height).zip(before) {
            if before != self.rows[usize::from(y)] {
                self.draw_row(Rect::new(0, y, width, 1));
            }
        }
        self.go_to(frame.cursor);
        let bytes = std::mem::take(&mut self.out);
        if bytes.is_empty() {
            return Ok(());
        }
        self.wire.write_all(bytes.as_bytes())?;
        self.wire.flush()
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

    /// Puts the changed cells of one row on the screen.
    fn draw_row(&mut self, area: Rect) {
        let (mut shown, mut wanted) = (Buffer::empty(area), Buffer::empty(area));
        for at in area.positions() {
            shown[at] = self.shown[at].clone();
        }
        render(&self.rows[usize::from(area.y)], area, &mut wanted);
        let mut changed = Vec::new();
        for (x, y, cell) in shown.diff(&wanted) {
            let end = (x + columns(cell)).min(area.width);
            let before = (x..end).map(|x| x + columns(&self.shown[(x, y)])).max();
            (x..end).for_each(|x| self.shown[(x, y)].reset());
            self.shown[(x, y)] = cell.clone();
            changed.push(Position { x, y });
            // The other half of a wide character: ratatui takes it for a blank that stays.
            let others = end..before.unwrap_or(end).min(area.width);
            changed.extend(others.map(|x| Position { x, y }));
        }
        changed.dedup();
        let blank_from = self.blank_from(area.y);
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

/// How many columns a cell covers.
fn columns(cell: &Cell) -> u16 {
    u16::try_from(cell.symbol().width()).unwrap_or(1).max(1)
}

/// Whether erasing leaves what this cell shows.
fn is_blank(cell: &Cell) -> bool {
    cell.symbol() == " " && !cell.modifier.contains(Modifier::UNDERLINED)
}
