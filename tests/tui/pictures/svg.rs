//! A screen as an SVG: a rectangle, and a line of text for each run of cells in one style.

use std::fmt::Write as _;
use vt100::{Cell, Color, Screen};

/// The size of a character cell, in units of the picture.
const CELL: (u16, u16) = (9, 19);
const MARGIN: u16 = 12;

const BACKGROUND: &str = "#1b1f24";
const FOREGROUND: &str = "#d8dee4";
/// The eight basic colours.
const PALETTE: [&str; 8] =
    ["#484f58", "#ff7b72", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#39c5cf", "#d8dee4"];

/// Draws the screen, its cursor included.
pub(crate) fn draw(screen: &Screen) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let (width, height) = (columns * CELL.0 + 2 * MARGIN, rows * CELL.1 + 2 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-monospace, Menlo, Consolas, monospace\" font-size=\"15\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n"
    );
    let (row, column) = screen.cursor_position();
    let (x, y) = (MARGIN + column * CELL.0, MARGIN + row * CELL.1);
    let _ = writeln!(
        svg,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" fill=\"#6e7681\"/>",
        CELL.0, CELL.1
    );
    (0..rows).for_each(|row| draw_row(screen, row, columns, &mut svg));
    svg + "</svg>\n"
}

fn draw_row(screen: &Screen, row: u16, columns: u16, svg: &mut String) {
    let mut column = 0;
    while column < columns {
        let style = screen.cell(row, column).map(style);
        let run: String = (column..columns)
            .map_while(|at| screen.cell(row, at).filter(|cell| Some(self::style(cell)) == style))
            .map(
                |cell| {
                    if cell.has_contents() { cell.contents().to_owned() } else { " ".to_owned() }
                },
            )
            .collect();
        let length = u16::try_from(run.chars().count()).unwrap_or(1).max(1);
        if !run.trim().is_empty() {
            draw_run(&run, (row, column, length), style.unwrap_or_default(), svg);
        }
        column += length;
    }
}

fn draw_run(run: &str, (row, column, length): (u16, u16, u16), style: Style, svg: &mut String) {
    let text = run.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let (x, y) = (MARGIN + column * CELL.0, MARGIN + row * CELL.1 + 14);
    let weight = if style.is_bold { " font-weight=\"bold\"" } else { "" };
    let _ = writeln!(
        svg,
        "<text x=\"{x}\" y=\"{y}\" textLength=\"{}\" fill=\"{}\"{weight} xml:space=\"preserve\">{text}</text>",
        length * CELL.0,
        style.colour
    );
}

#[derive(Clone, Copy, PartialEq)]
struct Style {
    colour: &'static str,
    is_bold: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { colour: FOREGROUND, is_bold: false }
    }
}

fn style(cell: &Cell) -> Style {
    let colour = match cell.fgcolor() {
        Color::Idx(index) => PALETTE[usize::from(index) % PALETTE.len()],
        Color::Default | Color::Rgb(..) => FOREGROUND,
    };
    Style { colour, is_bold: cell.bold() }
}
