//! What the operator sees: a pure function of the [`Wizard`].
//!
//! ASCII only, no frames, the cursor always on the field with the focus: what a screen reader and a
//! serial line need is also what reads fastest.

mod about;
mod asking;
mod page;
mod pages;
mod reviewing;
mod syntax;

use super::theme::Theme;
use crate::form::{self, SCREENS};
use crate::key::Key;
use crate::wizard::{Action, Binding, Event, Step, Wizard};
use page::{Page, Visible};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

/// Below this, the small form: one line a field, no room for explanations.
const SMALL: (u16, u16) = (60, 16);

/// Below this, one sentence.
const LEAST: (u16, u16) = (40, 10);

/// Draws everything.
pub fn view(wizard: &Wizard, theme: Theme, frame: &mut Frame<'_>) {
    let Rect { width, height, .. } = frame.area();
    let Some(Layout { header, page, footer }) = Layout::new(wizard, theme, (width, height)) else {
        return too_small(frame);
    };
    let top = u16::try_from(header.len()).unwrap_or(0);
    put(frame, 0, &header);
    put(frame, top, &page.lines);
    put(frame, height - 2, &footer);
    let (x, y) = page.cursor.unwrap_or((1, height.saturating_sub(top + 3)));
    frame.set_cursor_position(Position::new(x.min(width - 1), top + y));
}

/// The event of a key: one that scrolls depends on the size of the terminal, in columns and rows.
#[must_use]
pub fn key_event(wizard: &Wizard, theme: Theme, size: (u16, u16), key: Key) -> Event {
    match wizard.scrolls_by(key) {
        Some(lines) => {
            let layout = Layout::new(wizard, theme, size);
            Event::Scroll { lines, furthest: layout.map_or(0, |layout| layout.page.furthest) }
        }
        None => Event::Key(key),
    }
}

/// Everything on the screen, in one size of the terminal.
struct Layout {
    header: Vec<Line<'static>>,
    page: Visible,
    footer: [Line<'static>; 2],
}

impl Layout {
    /// `None` where the terminal is too small for the form.
    fn new(wizard: &Wizard, theme: Theme, (width, height): (u16, u16)) -> Option<Self> {
        if width < LEAST.0 || height < LEAST.1 {
            return None;
        }
        let is_small = width < SMALL.0 || height < SMALL.1;
        let look = Look { theme, width, is_small };
        let header = if is_small { vec![look.small_title(wizard)] } else { look.title(wizard) };
        let footer = [look.rule(), look.footer(wizard)];
        let rows = height - u16::try_from(header.len() + footer.len()).unwrap_or(0);
        let page = look.page(wizard, rows).visible(rows);
        Some(Self { header, page, footer })
    }
}

fn put(frame: &mut Frame<'_>, top: u16, lines: &[Line<'_>]) {
    let area = frame.area();
    for (line, y) in lines.iter().zip(top..area.height) {
        frame.render_widget(line, Rect::new(0, y, area.width, 1));
    }
}

fn too_small(frame: &mut Frame<'_>) {
    let Rect { width, height, .. } = frame.area();
    let text =
        format!("Terminal is {width}x{height}. Enlarge it, or press p for questions one by one.");
    let lines: Vec<_> = page::wrapped(&text, width.into()).into_iter().map(Line::from).collect();
    put(frame, 0, &lines);
    frame.set_cursor_position(Position::new(0, 0));
}

/// What all pages depend on.
#[derive(Clone, Copy)]
struct Look {
    theme: Theme,
    width: u16,
    is_small: bool,
}

impl Look {
    fn page(self, wizard: &Wizard, rows: u16) -> Page {
        match (wizard.help(), wizard.step()) {
            (Some(scroll), step) => pages::help(self, step, scroll),
            (None, Step::FormStep(asking)) => asking::page(self, wizard, asking),
            (None, Step::Review(reviewing)) => reviewing::page(self, wizard, reviewing, rows),
            (None, Step::Discovering(_)) if wizard.machine().is_partial => {
                pages::waiting(self, "Looking for nginx on this machine (at most 2 s)...")
            }
            (None, Step::Discovering(_)) => pages::waiting(self, "Reading the files..."),
            (None, Step::Writing(_)) => pages::waiting(self, "Writing..."),
            (None, Step::Dialog(choosing)) => pages::choosing(self, choosing, rows),
            (None, Step::Done(saved)) => pages::done(self, wizard, saved),
        }
    }

    /// The steps, the one that is shown in brackets, and the state of the files at the right.
    fn title(self, wizard: &Wizard) -> Vec<Line<'static>> {
        let current = wizard.number();
        let mut spans = vec![Span::styled(" Kestra setup   ", self.theme.strong())];
        for (number, title) in steps().enumerate() {
            let name = format!("{} {title}", number + 1);
            spans.push(if number == current {
                Span::styled(format!("[{name}]"), self.theme.strong())
            } else {
                Span::raw(format!(" {name} "))
            });
            spans.push(Span::raw(" "));
        }
        let line = Line::from(spans);
        let has_room = line.width() + wizard.state().len() < self.width.into();
        let line = if has_room { self.with_state(line, wizard) } else { self.small_title(wizard) };
        vec![line, self.rule()]
    }

    /// The number of the step, and the state of the files at the right.
    fn small_title(self, wizard: &Wizard) -> Line<'static> {
        let current = wizard.number();
        let name = steps().nth(current).unwrap_or_default();
        let title = format!(" Kestra setup  {}/4 {name}", current + 1);
        self.with_state(Line::styled(title, self.theme.strong()), wizard)
    }

    fn with_state(self, mut line: Line<'static>, wizard: &Wizard) -> Line<'static> {
        let state = wizard.state();
        let gap = usize::from(self.width).saturating_sub(line.width() + state.len() + 1);
        line.push_span(Span::raw(" ".repeat(gap.max(1)) + &state));
        line
    }

    fn rule(self) -> Line<'static> {
        Line::raw("-".repeat(self.width.into()))
    }

    /// The keys of this moment; those that can be spared go first where there is too little room.
    fn footer(self, wizard: &Wizard) -> Line<'static> {
        let gap = if self.is_small { " " } else { "  " };
        let named = wizard
            .bindings()
            .filter(|binding| !binding.label.is_empty() && wizard.offers(binding.action));
        let mut keys: Vec<_> =
            named.map(|binding| (binding.is_spare, self.label(wizard, binding))).collect();
        let width = |keys: &[(bool, String)]| -> usize {
            keys.iter().map(|(_, label)| label.len() + gap.len()).sum()
        };
        while width(&keys) > usize::from(self.width)
            && let Some(spare) = keys.iter().rposition(|(is_spare, _)| *is_spare)
        {
            keys.remove(spare);
        }
        let labels: Vec<_> = keys.into_iter().map(|(_, label)| label).collect();
        Line::raw(format!(" {}", labels.join(gap)))
    }

    /// What the footer calls a key; where it matters, what exactly it would do now.
    fn label(self, wizard: &Wizard, binding: &Binding) -> String {
        match (binding.action, wizard.step()) {
            (Action::Accept, Step::FormStep(asking)) if asking.is_returning() => {
                "Enter to review".to_owned()
            }
            (Action::Write, Step::Review(reviewing)) if !self.is_small => {
                match reviewing.files().iter().filter(|change| !change.is_noop()).count() {
                    0 => binding.label.to_owned(),
                    1 => format!("{} 1 file", binding.label),
                    count => format!("{} {count} files", binding.label),
                }
            }
            _ => binding.label.replace("{digits}", &form::review_digits()),
        }
    }
}

fn steps() -> impl Iterator<Item = &'static str> {
    SCREENS.iter().map(|screen| screen.title).chain(["Review"])
}
