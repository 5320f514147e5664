//! A screen as an SVG: a rectangle, and a line of text for each run of cells in one style. Several
//! screens are one SVG that shows them one after the other.

use std::fmt::Write as _;
use vt100::{Cell, Color, Screen};

/// The size of a character cell, in units of the picture.
const CELL: (u16, u16) = (9, 19);
const MARGIN: u16 = 12;

const BACKGROUND: &str = "#1b1f24";
const FOREGROUND: &str = "#d8dee4";
/// The eight basic colours.
const PALETTE: [&str; 8] =
    ["#7d8590", "#ff7b72", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#39c5cf", "#d8dee4"];

/// Draws the screen, its cursor included.
pub(crate) fn draw(screen: &Screen) -> String {
    background(screen) + &content(screen) + "</svg>\n"
}

/// A screen of a film and how long it is shown, in milliseconds.
pub(crate) struct Frame {
    background: String,
    content: String,
    milliseconds: u32,
}

impl Frame {
    pub(crate) fn new(screen: &Screen, milliseconds: u32) -> Self {
        Self { background: background(screen), content: content(screen), milliseconds }
    }
}

/// Draws a film, over and over. Whoever wants no motion gets its last frame.
pub(crate) fn film(frames: &[Frame]) -> String {
    let [.., last] = frames else { return String::new() };
    let whole: u32 = frames.iter().map(|frame| frame.milliseconds).sum();
    let mut svg = last.background.clone() + "<style>\n";
    let (mut start, mut contents) = (0, String::new());
    for (frame, number) in frames.iter().zip(1..) {
        let percent = |at: u32| f64::from(at) * 100.0 / f64::from(whole);
        let end = start + frame.milliseconds;
        let _ = writeln!(
            svg,
            "@keyframes f{number} {{ 0% {{ opacity: 0 }} {:.2}% {{ opacity: 1 }} {:.2}% {{ opacity: 0 }} }}\n\
             .f{number} {{ opacity: 0; animation: f{number} {whole}ms step-end infinite }}",
            percent(start),
            percent(end),
        );
        let _ = writeln!(contents, "<g class=\"f{number}\">\n{}</g>", frame.content);
        start = end;
    }
    let _ = writeln!(
        svg,
        "@media (prefers-reduced-motion) {{ g {{ animation: none !important }} .f{} {{ opacity: 1 }} }}\n</style>",
        frames.len()
    );
    svg + &contents + "</svg>\n"
}

fn background(screen: &Screen) -> String {
    let (rows, columns) = screen.size();
    let (width, height) = (columns.get() * CELL.0 + 2 * MARGIN, rows.get() * CELL.1 + 2 * MARGIN);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-monospace, Menlo, Consolas, monospace\" font-size=\"15\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n"
    )
}

fn content(screen: &Screen) -> String {
    let (rows, columns) = screen.size();
    let mut svg = String::new();
    let (row, column) = screen.cursor_position();
    let (x, y) = (MARGIN + column * CELL.0, MARGIN + row * CELL.1);
    let _ = writeln!(
        svg,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" fill=\"#6e7681\"/>",
        CELL.0, CELL.1
    );
    (0..rows.get()).for_each(|row| draw_row(screen, row, columns.get(), &mut svg));
    svg
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
