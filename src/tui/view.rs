//! What the operator sees: a pure function of the [`Wizard`].
//!
//! ASCII only, no frames, the cursor always on the field with the focus: what a screen reader and a
//! serial line need is also what reads fastest.

mod asking;
mod page;
mod pages;
mod reviewing;
mod syntax;

use super::theme::Theme;
use crate::form::SCREENS;
use crate::wizard::{Binding, Step, Wizard};
use page::Page;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

/// Below this, the small form: one line a field, no room for explanations.
const SMALL: (u16, u16) = (60, 16);

/// Below this, one sentence.
const LEAST: (u16, u16) = (40, 10);

/// Draws everything.
pub fn view(wizard: &Wizard, theme: Theme, frame: &mut Frame<'_>) {
    let area = frame.area();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        return too_small(frame);
    }
    let is_small = area.width < SMALL.0 || area.height < SMALL.1;
    let look = Look { theme, width: area.width, is_small };
    let header = if is_small { look.small_title(wizard) } else { look.title(wizard) };
    let footer = [look.rule(), look.footer(wizard.bindings())];
    let rows = area.height - u16::try_from(header.len() + footer.len()).unwrap_or(0);
    let top = area.height - rows - 2;

    let page = look.page(wizard, rows);
    let (lines, cursor) = page.visible(rows);
    put(frame, 0, &header);
    put(frame, top, &lines);
    put(frame, area.height - 2, &footer);
    let (x, y) = cursor.unwrap_or((1, rows.saturating_sub(1)));
    frame.set_cursor_position(Position::new(x.min(area.width - 1), top + y));
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
            (None, Step::Asking(asking)) => asking::page(self, wizard, asking),
            (None, Step::Reviewing(reviewing)) => reviewing::page(self, wizard, reviewing, rows),
            (None, Step::Writing(_)) => pages::writing(self),
            (None, Step::Choosing(choosing)) => pages::choosing(self, choosing),
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
        let used: usize = spans.iter().map(Span::width).sum();
        let state = wizard.state();
        let gap = usize::from(self.width).saturating_sub(used + state.len() + 1);
        spans.push(Span::raw(" ".repeat(gap)));
        spans.push(Span::raw(state));
        vec![Line::from(spans), self.rule()]
    }

    fn small_title(self, wizard: &Wizard) -> Vec<Line<'static>> {
        let current = wizard.number();
        let name = steps().nth(current).unwrap_or_default();
        let title = format!(" Kestra setup  {}/4 {name}", current + 1);
        vec![Line::styled(title, self.theme.strong())]
    }

    fn rule(self) -> Line<'static> {
        Line::raw("-".repeat(self.width.into()))
    }

    /// The keys of this moment, as many as fit.
    fn footer(self, bindings: &[Binding]) -> Line<'static> {
        let mut text = String::new();
        for label in bindings.iter().map(|binding| binding.label).filter(|label| !label.is_empty())
        {
            let gap = if text.is_empty() || self.is_small { " " } else { "  " };
            if text.len() + gap.len() + label.len() < self.width.into() {
                text.push_str(gap);
                text.push_str(label);
            }
        }
        Line::raw(text)
    }
}

fn steps() -> impl Iterator<Item = &'static str> {
    SCREENS.iter().map(|screen| screen.title).chain(["Review"])
}
