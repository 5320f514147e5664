//! What the operator sees: a pure function of the [`Wizard`].
//!
//! No frames, and the cursor always on the field with the focus: what a screen reader and a serial
//! line need is also what reads fastest.

mod difference;
mod page;
mod pages;
mod questions;
mod review;

use super::frame::{Frame, Row};
use super::theme::{Theme, glyph};
use crate::form::{self, SCREENS};
use crate::key::Key;
use crate::settings::{Secret, counted};
use crate::ui::wrapped;
use crate::wizard::{Action, Binding, Event, FormStep, Step, Wizard};
use page::{Page, Visible, elided};
use ratatui::layout::Position;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Below this, the small form: one line a field, no room for explanations.
const SMALL: (u16, u16) = (60, 16);

/// Below this, one sentence.
const LEAST: (u16, u16) = (40, 10);

/// From this width on, two panes: the form in the first columns, its preview beside it.
const WIDE: u16 = 120;

/// The columns of the form where there are two panes.
const FORM: u16 = 72;

/// Whether there is no room for the form.
pub(super) fn is_too_small((width, height): (u16, u16)) -> bool {
    width < LEAST.0 || height < LEAST.1
}

/// Draws the whole screen. The same wizard in the same size gives the same screen.
pub fn view(wizard: &Wizard, theme: Theme, (width, height): (u16, u16)) -> Frame {
    let Some(Layout { header, left, right, footer, .. }) =
        Layout::new(wizard, theme, (width, height))
    else {
        return too_small(width, height);
    };
    let top = count(&header);
    let room = height - top - count(&footer);
    let (x, y) = left.cursor.unwrap_or((1, room.saturating_sub(1)));
    let cursor = Position::new(x.min(width - 1), top + y);
    let mut right = right.map(|right| right.lines.into_iter());
    let mut left = left.lines.into_iter();
    let middle = (0..room).map(|_| {
        let mut row = vec![(0..width, left.next().unwrap_or_default())];
        if let Some(right) = &mut right {
            row.push((FORM..FORM + 1, Line::styled(glyph::DIVIDER, theme.dim())));
            row.push((FORM + 2..width - 1, right.next().unwrap_or_default()));
        }
        row
    });
    let alone = |line| vec![(0..width, line)];
    let rows = header.into_iter().map(alone).chain(middle).chain(footer.map(alone));
    let shown =
        |row: Row| row.into_iter().map(|(columns, line)| (columns, theme.shown(line))).collect();
    Frame { rows: rows.map(shown).collect(), cursor }
}

/// The event of a key: one that scrolls depends on the size of the terminal, in columns and rows.
pub fn key_event(wizard: &Wizard, theme: Theme, size: (u16, u16), key: Key) -> Event {
    match wizard.scrolls_by(key) {
        Some(lines) => {
            let layout = Layout::new(wizard, theme, size);
            Event::Scroll { lines, furthest: layout.map_or(0, |layout| layout.furthest) }
        }
        None => Event::Key(key),
    }
}

/// Everything on the screen, in one size of the terminal.
struct Layout {
    header: Vec<Line<'static>>,
    left: Visible,
    right: Option<Visible>,
    footer: [Line<'static>; 2],
    /// How far the part that scrolls can be scrolled.
    furthest: usize,
}

impl Layout {
    /// `None` where the terminal is too small for the form.
    fn new(wizard: &Wizard, theme: Theme, (width, height): (u16, u16)) -> Option<Self> {
        if is_too_small((width, height)) {
            return None;
        }
        let is_small = width < SMALL.0 || height < SMALL.1;
        // The other pages have nothing to show beside.
        let has_preview = matches!(wizard.step(), Step::FormStep(_) | Step::Review(_));
        let is_split = width >= WIDE && !is_small && has_preview;
        let ui = Ui { theme, width, is_small };
        let header = if is_small { vec![ui.title(wizard)] } else { ui.header(wizard) };
        let rows = height - count(&header) - 2;
        let form = if is_split { Ui { width: FORM, ..ui } } else { ui };
        let page = form.page(wizard, rows, is_split);
        let beside = Ui { width: width.saturating_sub(FORM + 3), ..ui };
        let is_shortened = page.is_shortened;
        let help = |ui| Some(pages::help(ui, wizard, is_shortened, wizard.help?));
        let (left, right) = if is_split {
            (page, Some(help(beside).unwrap_or_else(|| beside.beside(wizard, rows))))
        } else {
            (help(ui).unwrap_or(page), None)
        };
        let (left, right) = (left.visible(rows), right.map(|page| page.visible(rows)));
        let scrolled = match wizard.step() {
            _ if wizard.help.is_some() => wizard.help,
            Step::Done(_) => Some(wizard.scrolled),
            _ => None,
        };
        // The form itself does not scroll.
        let furthest = right.as_ref().unwrap_or(&left).furthest;
        let more = scrolled.map_or(0, |scrolled| furthest.saturating_sub(scrolled));
        let footer = [ui.rule_above_keys(more), ui.footer(wizard, furthest)];
        Some(Self { header, left, right, footer, furthest })
    }
}

/// A text with the mask of secrets in the glyph of the form.
fn masked(text: &str) -> String {
    text.replace(Secret::MASK, &glyph::BULLET.repeat(Secret::MASK.len()))
}

fn count(lines: &[Line<'_>]) -> u16 {
    u16::try_from(lines.len()).unwrap_or(u16::MAX)
}

fn too_small(width: u16, height: u16) -> Frame {
    let text =
        format!("Terminal is {width}x{height}. Enlarge it, or press p for questions one by one.");
    let lines = wrapped(&text, width.into()).into_iter();
    let rows = lines.map(|line| vec![(0..width, Line::from(line))]).collect();
    Frame { rows, cursor: Position::ORIGIN }
}

/// What all pages depend on.
#[derive(Clone, Copy)]
struct Ui {
    theme: Theme,
    width: u16,
    is_small: bool,
}

impl Ui {
    fn page(self, wizard: &Wizard, rows: u16, is_split: bool) -> Page {
        match wizard.step() {
            Step::FormStep(step) => questions::page(self, wizard, step, rows, is_split),
            Step::Review(review) => review::page(self, wizard, review, rows, is_split),
            Step::Discovering(_) if wizard.machine().is_partial => {
                pages::waiting("Looking for nginx on this machine, at most 2 s")
            }
            Step::Discovering(_) => pages::waiting("Reading the files"),
            Step::Writing(_) => pages::waiting("Writing"),
            Step::Dialog(dialog) => pages::dialog(self, dialog, rows),
            Step::Done(result) => pages::done(self, wizard, result),
        }
    }

    /// The right pane: what the answers do to the files.
    fn beside(self, wizard: &Wizard, rows: u16) -> Page {
        if let Step::Review(review) = wizard.step() {
            return review::beside(self, review, rows);
        }
        let mut page = Page::new(self.width);
        if let Step::FormStep(step) = wizard.step() {
            questions::preview(self, wizard, step, &mut page, rows.into());
        }
        page
    }

    /// The name, the steps and the file, above a rule.
    fn header(self, wizard: &Wizard) -> Vec<Line<'static>> {
        let current = wizard.number();
        let is_done = |number| number < current || matches!(wizard.step(), Step::Done(_));
        let mut spans = vec![Span::raw("  ")];
        for (number, title) in steps().enumerate() {
            if number > 0 {
                let link = format!(" {0}{0} ", glyph::RULE);
                spans.push(Span::styled(link, self.theme.dim()));
            }
            let (mark, mark_style, style) = if is_done(number) {
                (glyph::GOOD, self.theme.good(), Style::new())
            } else if number == current {
                (glyph::CHOSEN, self.theme.accent(), self.theme.accent())
            } else {
                (glyph::OTHER, self.theme.dim(), self.theme.dim())
            };
            spans.push(Span::styled(format!("{mark} "), mark_style));
            spans.push(Span::styled(title, style));
        }
        vec![self.with_state("Kestra setup".to_owned(), wizard), Line::from(spans), self.rule()]
    }

    /// The number of the step, and the state of the files at the right.
    fn title(self, wizard: &Wizard) -> Line<'static> {
        let current = wizard.number();
        let name = steps().nth(current).unwrap_or_default();
        self.with_state(format!("Kestra setup  {}/{} {name}", current + 1, steps().count()), wizard)
    }

    /// A title with the state and the path of the configuration at the right, as far as there is
    /// room for them.
    fn with_state(self, title: String, wizard: &Wizard) -> Line<'static> {
        let state = wizard.state();
        let room = usize::from(self.width).saturating_sub(title.len() + state.len() + 9);
        let path = match wizard.answers().defaults().config_file.as_str() {
            path if room < 12 || self.is_small => elided(path, 0),
            path => elided(path, room),
        };
        let gap = if path.is_empty() { 0 } else { 3 };
        let used = 2 + title.len() + state.len() + gap + path.chars().count() + 2;
        let space = usize::from(self.width).saturating_sub(used).max(1);
        Line::from(vec![
            Span::raw("  "),
            Span::styled(title, self.theme.accent()),
            Span::raw(" ".repeat(space)),
            Span::styled(state, self.theme.dim()),
            Span::raw(" ".repeat(gap) + &path),
        ])
    }

    fn rule(self) -> Line<'static> {
        Line::styled(glyph::RULE.repeat(self.width.into()), self.theme.dim())
    }

    /// The rule above the keys, which tells how much of the page is below.
    fn rule_above_keys(self, more: usize) -> Line<'static> {
        if more == 0 {
            return self.rule();
        }
        let more = counted(more, "more line");
        let text = format!(" {} {more}: pgdn {1}{1}", glyph::DOWN, glyph::RULE);
        let width = usize::from(self.width).saturating_sub(text.chars().count());
        Line::styled(glyph::RULE.repeat(width) + &text, self.theme.dim())
    }

    /// The keys of this moment; those that can be spared go first where there is too little room.
    fn footer(self, wizard: &Wizard, furthest: usize) -> Line<'static> {
        let gap = if self.is_small { 2 } else { 3 };
        let scrolls = |action| furthest > 0 || !matches!(action, Action::Scroll(_));
        let named = wizard.bindings().filter(|Binding { action, label, .. }| {
            !label.is_empty() && wizard.offers(*action) && scrolls(*action)
        });
        let mut keys: Vec<_> =
            named.map(|binding| (binding.is_spare, self.label(wizard, binding))).collect();
        let width = |keys: &[(bool, String)]| -> usize {
            keys.iter().map(|(_, label)| label.len() + gap).sum()
        };
        while width(&keys) > usize::from(self.width)
            && let Some(spare) = keys.iter().rposition(|(is_spare, _)| *is_spare)
        {
            keys.remove(spare);
        }
        let mut spans = vec![Span::raw("  ")];
        for (number, (_, label)) in keys.iter().enumerate() {
            let (key, what) = label.split_once(' ').unwrap_or((label, ""));
            let space = " ".repeat(if number > 0 { gap } else { 0 });
            spans.push(Span::raw(space));
            spans.push(Span::styled(key.to_owned(), self.theme.accent()));
            spans.push(Span::styled(format!(" {what}"), self.theme.dim()));
        }
        Line::from(spans)
    }

    /// What the footer calls a key; where it matters, what exactly it would do now.
    fn label(self, wizard: &Wizard, binding: &Binding) -> String {
        match (binding.action, wizard.step()) {
            (Action::Accept, Step::FormStep(FormStep { problem: Some(problem), .. }))
                if problem.fixes.len() == 1 =>
            {
                // The correction is named above; nothing else has room beside more words.
                let what = if self.is_small { "use it" } else { "use the correction" };
                format!("enter {what}")
            }
            (Action::Accept, Step::FormStep(step)) if step.is_returning => {
                "enter review".to_owned()
            }
            (Action::Write, Step::Review(review)) => {
                match review.files().iter().filter(|change| !change.is_noop()).count() {
                    0 => binding.label.to_owned(),
                    count => format!("{} {}", binding.label, counted(count, "file")),
                }
            }
            (Action::Choose, Step::Dialog(dialog)) => match dialog.failure.choices.len() {
                1 => "1 choose".to_owned(),
                count => binding.label.replace("{digits}", &format!("1-{}", count.min(4))),
            },
            (Action::Edit, _) => binding.label.replace("{digits}", &form::review_digits()),
            _ => binding.label.to_owned(),
        }
    }
}

fn steps() -> impl Iterator<Item = &'static str> {
    SCREENS.iter().map(|screen| screen.title).chain(["Review"])
}
