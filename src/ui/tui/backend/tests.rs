use super::*;
use proptest::prelude::*;
use ratatui::style::{Style, Stylize};
use ratatui::text::Line;
use std::cell::RefCell;
use std::num::NonZeroU16;
use std::rc::Rc;

/// Keeps what each `write` sent, and takes at most so many bytes of it.
#[derive(Clone)]
struct Wire {
    writes: Rc<RefCell<Vec<Vec<u8>>>>,
    at_most: usize,
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.at_most);
        self.writes.borrow_mut().push(bytes[..taken].to_vec());
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A terminal that is drawn on, and the emulator that shows the result.
struct Bench {
    backend: LeanBackend<Wire>,
    emulator: vt100::Parser,
    wire: Wire,
}

impl Bench {
    fn new(width: u16, height: u16) -> Self {
        let wire = Wire { writes: Rc::default(), at_most: usize::MAX };
        let size = Size { width, height };
        let mut backend = LeanBackend::new(wire.clone(), size, Colors::Basic);
        backend.clear();
        let (width, height) = (NonZeroU16::new(width).unwrap(), NonZeroU16::new(height).unwrap());
        Self { backend, emulator: vt100::Parser::new(height, width, 0), wire }
    }

    /// Draws a frame and returns what each `write` sent.
    fn draw(&mut self, frame: Frame) -> Vec<Vec<u8>> {
        self.backend.draw(frame).unwrap();
        let writes = std::mem::take(&mut *self.wire.writes.borrow_mut());
        for bytes in &writes {
            self.emulator.process(bytes);
        }
        writes
    }

    fn resize(&mut self, width: u16, height: u16) {
        self.backend.resize(Size { width, height });
        let (width, height) = (NonZeroU16::new(width).unwrap(), NonZeroU16::new(height).unwrap());
        self.emulator.screen_mut().set_size(height, width);
    }
}

/// The address screen of the wizard, as far as its bytes matter.
fn form(url: &str) -> Frame {
    let lines = [
        (0, " Kestra setup   [1 Address]   2 Proxy    3 nginx    4 Review         new config"),
        (1, &"-".repeat(80)),
        (2, " Where will people open Kestra?"),
        (5, "             Kestra puts this in the links it sends (Slack, e-mail alerts)."),
        (6, "             Full address without ui/ or api/, e.g. https://my-host.com/kestra/"),
        (8, " The wizard takes from this address:"),
        (9, "   kestra.url      https://ops.example.com/kestra/   (\"/\" added at the end)"),
        (10, "   context path    /kestra                           (change in step 3)"),
        (11, "   server name     ops.example.com                   (change in step 3)"),
        (14, " Note: the address is https. The nginx file in step 3 listens on port 80 only."),
        (15, "       The last screen shows how to add a certificate."),
        (19, " Will write   /home/kestra/.kestra/config.yml   new file, directory writable"),
        (20, "              /etc/nginx/conf.d/kestra.conf     new file, directory writable"),
        (22, &"-".repeat(80)),
        (23, " Enter next   Tab field   Esc back   F1 help   ^C quit"),
    ];
    let mut rows = vec![Row::new(); 24];
    for (y, line) in lines {
        rows[y].push((0..80, Line::raw(line.to_owned())));
    }
    rows[0].push((16..27, Line::raw("[1 Address]").bold()));
    rows[4].push((1..11, Line::raw("Public URL").bold()));
    rows[4].push((13..80, Line::raw(format!("{url:_<65}"))));
    Frame { rows, cursor: Position::new(13 + u16::try_from(url.len()).unwrap(), 4) }
}

#[test]
fn a_typed_character_costs_one_byte() {
    let mut bench = Bench::new(80, 24);
    bench.draw(form("https://"));
    assert_eq!(bench.draw(form("https://o")), [b"o"]);
    assert_eq!(bench.draw(form("https://op")), [b"p"]);
}

#[test]
fn an_erased_character_costs_three_bytes() {
    let mut bench = Bench::new(80, 24);
    bench.draw(form("https://"));
    assert_eq!(bench.draw(form("https:/")), [b"\x08_\x08"]);
}

#[test]
fn a_frame_without_a_change_writes_nothing() {
    let mut bench = Bench::new(80, 24);
    bench.draw(form(""));
    assert_eq!(bench.draw(form("")), [] as [Vec<u8>; 0]);
}

#[test]
fn the_first_frame_is_one_write_smaller_than_that_of_whiptail() {
    let first = Bench::new(80, 24).draw(form(""));
    assert_eq!(first.len(), 1);
    assert!(first[0].len() < 1200, "{} bytes", first[0].len());
}

#[test]
fn the_end_of_a_line_is_erased_not_written_over() {
    let mut bench = Bench::new(80, 24);
    let mut line = |text: &str| {
        let row = vec![(0..80, Line::raw(text.to_owned()))];
        bench.draw(Frame { rows: vec![row], cursor: Position::ORIGIN })
    };
    line(&"x".repeat(80));
    assert_eq!(line("xx"), [b"xx\x1b[K\r"]);
}

#[test]
fn what_a_write_does_not_take_the_next_one_sends() {
    let mut bench = Bench::new(80, 24);
    bench.backend.wire.at_most = 7;
    bench.draw(form("https://"));
    assert!(bench.emulator.screen().contents().contains("^C quit"));
}

#[test]
fn a_command_travels_with_the_frame() {
    let mut bench = Bench::new(80, 24);
    bench.backend.queue(crossterm::event::EnableBracketedPaste).unwrap();
    assert_eq!(bench.draw(form("")).len(), 1);
    assert!(bench.emulator.screen().bracketed_paste());
}

/// Texts at places, each in a style; where the cursor belongs; a new size.
#[derive(Debug, Clone)]
struct Picture {
    texts: Vec<(u16, u16, &'static str, Style)>,
    cursor: (u16, u16),
    size: Option<(u16, u16)>,
}

fn pictures() -> impl Strategy<Value = Vec<Picture>> {
    let texts = ["x", "label", "  ", "          ", "a b", "____", "\u{fc}", "漢字", "-----------"];
    let styles = [
        Style::new(),
        Style::new().bold(),
        Style::new().underlined().light_blue(),
        Style::new().red(),
    ];
    let text = prop::sample::select(texts.to_vec());
    let style = prop::sample::select(styles.to_vec());
    let texts = prop::collection::vec((0..6_u16, 0..20_u16, text, style), 0..12);
    let size = prop::option::weighted(0.2, (12..24_u16, 3..7_u16));
    let picture = (texts, (0..12_u16, 0..3_u16), size).prop_map(|(texts, cursor, size)| Picture {
        texts,
        cursor,
        size,
    });
    prop::collection::vec(picture, 1..8)
}

/// Paints from left to right, and nothing over a text: no view cuts a wide character in half.
fn paint(picture: &Picture, (width, height): (u16, u16)) -> Frame {
    let mut texts = picture.texts.clone();
    texts.sort_by_key(|&(y, x, ..)| (y, x));
    let mut rows = vec![Row::new(); height.into()];
    let mut end = (0, 0);
    for (y, x, text, style) in texts {
        if x < width && y < height && (y, x) >= end {
            end = (y, x + u16::try_from(text.width()).unwrap());
            rows[usize::from(y)].push((x..width, Line::styled(text, style)));
        }
    }
    Frame { rows, cursor: picture.cursor.into() }
}

/// A cell as it looks: text, colour and attributes.
type Look = (String, vt100::Color, bool, bool);

fn look_of_cell(cell: &Cell) -> Look {
    let color = |code: Option<u8>| match code {
        None => vt100::Color::Default,
        Some(code) => vt100::Color::Idx(if code >= 90 { code - 82 } else { code - 30 }),
    };
    let pen = |wanted| cell.modifier.contains(wanted);
    let text = cell.symbol().to_owned();
    (text, color(pen::basic(cell.fg)), pen(Modifier::BOLD), pen(Modifier::UNDERLINED))
}

fn look_of_screen(cell: &vt100::Cell) -> Look {
    let text = if cell.has_contents() { cell.contents() } else { " " };
    (text.to_owned(), cell.fgcolor(), cell.bold(), cell.underline())
}

/// What cannot be seen on a blank is not compared.
fn visible(look: Look) -> Look {
    let (text, color, bold, underline) = look;
    if text == " " && !underline {
        return (text, vt100::Color::Default, false, underline);
    }
    (text, color, bold, underline)
}

proptest! {
    #[test]
    fn the_screen_shows_what_was_drawn(frames in pictures()) {
        let mut bench = Bench::new(20, 6);
        let mut size = (20, 6);
        for picture in frames {
            if let Some((width, height)) = picture.size {
                size = (width, height);
                bench.resize(width, height);
            }
            let frame = paint(&picture, size);
            let mut buffer = Buffer::empty(Rect::new(0, 0, size.0, size.1));
            for (row, y) in frame.rows.iter().zip(0..) {
                render(row, Rect::new(0, y, size.0, 1), &mut buffer);
            }
            bench.draw(frame);
            let screen = bench.emulator.screen();
            prop_assert_eq!(screen.cursor_position(), (picture.cursor.1, picture.cursor.0));
            for Position { x, y } in buffer.area.positions() {
                let cell = screen.cell(y, x).unwrap();
                if !cell.is_wide_continuation() {
                    let (shown, drawn) = (look_of_screen(cell), look_of_cell(&buffer[(x, y)]));
                    prop_assert_eq!(visible(shown), visible(drawn), "column {}, line {}", x, y);
                }
            }
        }
    }
}
