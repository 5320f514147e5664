//! The full screen: bytes of a terminal in, bytes of a terminal out.
//!
//! One loop, one channel, no tick: it draws when something changed and sleeps otherwise. Whatever
//! may block is done on a thread of its own and comes back as an event.

pub mod backend;
pub mod frame;
pub mod input;
pub mod reader;
pub mod terminal;
pub mod theme;
pub mod view;
mod work;

use crate::checks::Check;
use crate::key::Key;
use crate::messages;
use crate::system::effects::EffectRunner;
use crate::system::signals::{self, Signal};
use crate::system::{draft, elevate};
use crate::wizard::{Effect, Event, Exit, Step, Wizard};
use input::{Decoder, Input};
use reader::Typed;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};
use std::{io, mem};
use terminal::FullScreen;
use theme::Theme;
use view::{key_event, view};

/// Works also where nothing can be shown.
const QUIT: Key = Key::Ctrl('c');

/// How long typing rests before the live preview follows it.
const PAUSE: Duration = Duration::from_millis(400);

/// How the full screen was left.
#[derive(Debug)]
pub(crate) enum Left {
    /// By the operator, who decided what becomes of the answers.
    Exit(Exit, Box<Wizard>),
    /// By a signal, with this exit code.
    Signal(u8),
    /// The operator asked for questions one by one.
    Plain(Box<Wizard>),
}

enum Happening {
    Typed(Typed),
    Signal(Signal),
    Event(Event),
}

impl From<Typed> for Happening {
    fn from(typed: Typed) -> Self {
        Self::Typed(typed)
    }
}

impl From<Signal> for Happening {
    fn from(signal: Signal) -> Self {
        Self::Signal(signal)
    }
}

/// Runs the wizard on the full screen until it is left.
///
/// # Errors
/// Where the terminal cannot be taken over.
pub(crate) fn run(
    wizard: Wizard,
    first: Option<Effect>,
    runner: EffectRunner,
    theme: Theme,
    escape_delay: Duration,
) -> io::Result<Left> {
    let (sender, happenings) = channel();
    signals::listen(sender.clone())?;
    let screen = FullScreen::enter(theme.colors)?;
    reader::listen(io::stdin(), Decoder::new(escape_delay), sender.clone())?;
    let cancelled = Arc::default();
    let mut full = Loop {
        wizard,
        screen,
        runner,
        theme,
        sender,
        happenings,
        cancelled,
        remind_at: None,
        pause_at: None,
        tick_at: None,
        shown_at: None,
        leaving: None,
    };
    Ok(full.run(first))
}

/// Whether the terminal has no room for the form.
pub(crate) fn is_too_small() -> bool {
    view::is_too_small(terminal::size().into())
}

struct Loop {
    wizard: Wizard,
    screen: FullScreen,
    runner: EffectRunner,
    theme: Theme,
    sender: Sender<Happening>,
    happenings: Receiver<Happening>,
    /// Stops the check that is under way.
    cancelled: Arc<AtomicBool>,
    remind_at: Option<Instant>,
    /// When the live preview is planned again.
    pause_at: Option<Instant>,
    /// When the next second of a test is over.
    tick_at: Option<Instant>,
    /// When this page was shown. What is typed while the program starts is meant for its first.
    shown_at: Option<Instant>,
    /// The exit code of a signal that came while files were written: nothing interrupts that.
    leaving: Option<u8>,
}

impl Loop {
    fn run(&mut self, first: Option<Effect>) -> Left {
        let mut left = self.begin(first);
        loop {
            if let Some(left) = left.unwrap_or_else(|_| self.hang_up()) {
                return left;
            }
            left = self.turn();
        }
    }

    fn begin(&mut self, first: Option<Effect>) -> io::Result<Option<Left>> {
        let left = first.map_or(Ok(None), |effect| self.perform(effect))?;
        self.draw()?;
        if self.wizard.machine().is_partial {
            work::discover(self.wizard.machine().clone(), self.sender.clone());
        }
        Ok(left)
    }

    /// One thing that happens, and what the screen shows then.
    fn turn(&mut self) -> io::Result<Option<Left>> {
        let place = self.wizard.place();
        let left = match self.next() {
            // Typed for a screen that is gone: impatient repeats must not answer the next one.
            Happening::Typed(typed) if Some(typed.at) < self.shown_at => return Ok(None),
            happening => self.take(happening)?,
        };
        if left.is_none() {
            let drawn_at = self.draw()?;
            if self.wizard.place() != place {
                self.shown_at = Some(drawn_at);
            }
        }
        Ok(left)
    }

    /// A terminal that can no longer be used is a lost line, whoever notices first.
    fn hang_up(&mut self) -> Option<Left> {
        self.leaving = Signal::Hangup.exit_code();
        self.leave_after_writing()
    }

    fn draw(&mut self) -> io::Result<Instant> {
        let Self { wizard, screen, theme, .. } = self;
        screen.draw(|size| view(wizard, *theme, size.into()))
    }

    fn next(&mut self) -> Happening {
        let Some(at) = self.remind_at.into_iter().chain(self.pause_at).chain(self.tick_at).min()
        else {
            return self.happenings.recv().unwrap_or(Happening::Signal(Signal::Hangup));
        };
        match self.happenings.recv_timeout(work::until(at)) {
            Ok(happening) => happening,
            // The time is over; the channel does not end, since this loop has a sender too.
            Err(_) if self.pause_at == Some(at) => {
                self.pause_at = None;
                Happening::Event(Event::Paused)
            }
            Err(_) if self.tick_at == Some(at) => {
                let is_test = |check: &Check| matches!(check, Check::Outbound(_));
                let goes_on = self.wizard.is_running(is_test);
                self.tick_at = goes_on.then(|| work::after(Duration::from_secs(1)));
                let step = self.runner.step.lock().map_or("", |step| *step);
                Happening::Event(Event::Second(step))
            }
            Err(_) => {
                self.remind_at = None;
                Happening::Event(Event::Reminder)
            }
        }
    }

    fn take(&mut self, happening: Happening) -> io::Result<Option<Left>> {
        let event = match happening {
            Happening::Typed(Typed { input, .. }) => {
                let size = terminal::size().into();
                match input {
                    input if view::is_too_small(size) && input != Input::Key(QUIT) => {
                        return Ok(self.typed_unseen(&input));
                    }
                    Input::Key(key) => key_event(&self.wizard, self.theme, size, key),
                    Input::Paste(text) => Event::Paste(text),
                }
            }
            Happening::Event(event) => event,
            Happening::Signal(signal) => return self.signal(signal),
        };
        let is_another = matches!(event, Event::Loaded(_, Ok(_)));
        let is_machine = is_another || matches!(event, Event::Discovered(_));
        let has_changed = is_machine || matches!(event, Event::FilesRead(_));
        let is_input = matches!(event, Event::Key(_) | Event::Paste(_));
        let focus = self.wizard.focused();
        let effect = self.wizard.update(event);
        if is_machine {
            self.runner.follow(self.wizard.machine());
        }
        if is_another {
            work::discover_release(self.wizard.machine().clone(), self.sender.clone());
        }
        let left = effect.map_or(Ok(None), |effect| self.perform(effect))?;
        if is_input || has_changed {
            self.plan_preview(self.wizard.focused() != focus, has_changed);
        }
        Ok(left.or_else(|| self.leave_after_writing()))
    }

    /// Lets the live preview follow: at once where a field was left, else when typing pauses. Where
    /// bytes are slow, a pause is no reason to draw; other files are.
    fn plan_preview(&mut self, is_left: bool, has_changed: bool) {
        let is_due = is_left || has_changed || !self.theme.is_ascii();
        if matches!(self.wizard.step(), Step::FormStep(_)) && is_due {
            let pause = if is_left { Duration::ZERO } else { PAUSE };
            self.pause_at = Some(work::after(pause));
        }
    }

    /// What cannot be seen is not answered; `p` goes on line by line, which needs no room.
    fn typed_unseen(&mut self, input: &Input) -> Option<Left> {
        if *input != Input::Key(Key::Char('p')) || self.is_writing() {
            return None;
        }
        // Whoever asks from now on has the keyboard alone, and would not hear of these.
        mem::forget(reader::pause());
        self.cancel();
        self.wizard.abandon_checks();
        Some(Left::Plain(Box::new(self.wizard.clone())))
    }

    fn signal(&mut self, signal: Signal) -> io::Result<Option<Left>> {
        if let Some(code) = signal.exit_code() {
            self.leaving = Some(code);
            return Ok(self.leave_after_writing());
        }
        match signal {
            Signal::Stop => self.suspend()?,
            Signal::Continue => self.screen.resume()?,
            // Drawing takes the size that the terminal has by then.
            _ => {}
        }
        Ok(None)
    }

    fn is_writing(&self) -> bool {
        matches!(self.wizard.step(), Step::Writing(_))
    }

    /// Nothing interrupts a write, nor makes it wait half way.
    fn suspend(&mut self) -> io::Result<()> {
        if self.is_writing() { Ok(()) } else { self.screen.suspend() }
    }

    /// Leaves for a signal, once no file is half written. The draft has no secrets in it.
    fn leave_after_writing(&mut self) -> Option<Left> {
        let code = self.leaving?;
        if self.is_writing() {
            return None;
        }
        // The text in the field is an answer as well.
        self.wizard.commit();
        draft::save(&self.wizard);
        Some(Left::Signal(code))
    }

    /// Does what belongs to the terminal here, everything else on a thread of its own.
    fn perform(&mut self, effect: Effect) -> io::Result<Option<Left>> {
        match effect {
            Effect::Exit(exit) => {
                return Ok(Some(Left::Exit(exit, Box::new(self.wizard.clone()))));
            }
            Effect::Redraw => self.screen.redraw(),
            Effect::Suspend => self.suspend()?,
            Effect::Copy(text) => self.screen.copy(text.as_str())?,
            Effect::Remind(after) => self.remind_at = Some(work::after(after)),
            Effect::Cancel => self.cancel(),
            Effect::Elevate(plan) => {
                let EffectRunner { config, place, .. } = &self.runner;
                let result = self.screen.lend(|| elevate::run(&plan, config, place));
                self.forget_interrupts();
                let effect =
                    self.wizard.update(messages::elevated(&plan, &self.runner.config, result));
                return effect.map_or(Ok(None), |effect| self.perform(effect));
            }
            effect => {
                if matches!(effect, Effect::Check(Check::Outbound(_))) {
                    // A newer test makes the one under way pointless.
                    self.cancel();
                    self.tick_at = Some(work::after(Duration::from_secs(1)));
                }
                work::start(effect, &self.runner, &self.cancelled, self.sender.clone());
            }
        }
        Ok(None)
    }

    /// A Ctrl-C at the prompt of another program was meant for that one. It may arrive here a moment
    /// after that program has ended of it.
    fn forget_interrupts(&self) {
        let settled = work::after(Duration::from_millis(50));
        let next = || self.happenings.recv_timeout(work::until(settled)).ok();
        let arrived: Vec<_> = std::iter::from_fn(next).collect();
        let is_interrupt = |it: &Happening| matches!(it, Happening::Signal(Signal::Interrupt));
        for other in arrived.into_iter().filter(|it| !is_interrupt(it)) {
            // The receiver is this loop's own.
            let _ = self.sender.send(other);
        }
    }

    /// Stops the check that is under way, and none that comes after.
    fn cancel(&mut self) {
        self.cancelled.store(true, Ordering::Relaxed);
        self.cancelled = Arc::default();
    }
}
