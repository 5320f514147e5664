//! What the view makes and the backend draws.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use ratatui::widgets::Widget;
use std::ops::Range;

/// Everything on a screen. A row that equals the one drawn before in its place is not drawn again.
#[derive(Default)]
pub struct Frame {
    /// From top to bottom; rows that are missing are blank.
    pub rows: Vec<Row>,
    /// Where the cursor is, counted from 0.
    pub cursor: Position,
}

/// Lines beside each other, each in the columns that it may use.
pub type Row = Vec<(Range<u16>, Line<'static>)>;

/// Draws a row on the first line of an area.
pub fn render(row: &Row, area: Rect, buffer: &mut Buffer) {
    for (columns, line) in row {
        let columns = Rect { x: columns.start, width: columns.end - columns.start, ..area };
        line.render(columns.intersection(area), buffer);
    }
}
