//! What every key does, once: `update` and the footer read the same tables.

use crate::key::Key;

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Accept the answer, or choose.
    Accept,
    Back,
    /// To the next field, or the next choice.
    NextField,
    /// To the previous field, or the previous choice.
    PreviousField,
    /// Open the setting with this number.
    Edit(usize),
    Help,
    CloseHelp,
    /// Scroll by this many lines.
    Scroll(i16),
    Reveal,
    Test,
    /// Ask whether to write the plan.
    Write,
    Confirm,
    /// Do not write the plan.
    Decline,
    NextTab,
    /// Show the file on the whole screen.
    Full,
    /// Take back the last change to the answers.
    UndoChange,
    Copy,
    /// Take the choice with this number.
    Choose(usize),
    StartOver,
    Quit,
    Stay,
    /// Leave, and keep the answers as a draft.
    KeepDraft,
    Leave,
    Reload,
    CheckAll,
    UndoWrite,
    Redraw,
    /// Give the terminal back to the shell.
    Suspend,
}

/// One key of a step.
#[derive(Debug)]
pub(crate) struct Binding {
    pub(crate) key: Key,
    pub(crate) action: Action,
    /// What the footer shows; empty for keys that it does not name. `{digits}` are those that the
    /// step has.
    pub(crate) label: &'static str,
    /// Whether a footer with too little room may leave it out.
    pub(crate) is_spare: bool,
}

const fn shown(key: Key, action: Action, label: &'static str) -> Binding {
    Binding { key, action, label, is_spare: false }
}

const fn spare(key: Key, action: Action, label: &'static str) -> Binding {
    Binding { key, action, label, is_spare: true }
}

const fn silent(key: Key, action: Action) -> Binding {
    Binding { key, action, label: "", is_spare: true }
}

/// The keys of a step, in the order of the footer: tables, since some keys belong to several steps.
pub(super) type Tables = &'static [&'static [Binding]];

/// What a key does in these tables.
pub(super) fn action(tables: Tables, key: Key) -> Option<Action> {
    let rows = tables.iter().chain(&[EVERYWHERE]).copied().flatten();
    rows.into_iter().find(|row| row.key == key).map(|row| row.action)
}

const EVERYWHERE: &[Binding] =
    &[silent(Key::Ctrl('l'), Action::Redraw), silent(Key::Ctrl('z'), Action::Suspend)];

/// Every screen of the form.
pub(super) const SCREEN: Tables = &[MOVE, LEAVE];

/// The proxy's screen has a test.
pub(super) const PROXY_SCREEN: Tables = &[MOVE, TEST, LEAVE];

const MOVE: &[Binding] = &[
    shown(Key::Enter, Action::Accept, "enter next"),
    spare(Key::Tab, Action::NextField, "tab field"),
    shown(Key::Esc, Action::Back, "esc back"),
    silent(Key::Down, Action::NextField),
    silent(Key::BackTab, Action::PreviousField),
    silent(Key::Up, Action::PreviousField),
    silent(Key::Ctrl('r'), Action::Reveal),
];

const TEST: &[Binding] = &[spare(Key::Ctrl('t'), Action::Test, "^t test")];

const LEAVE: &[Binding] =
    &[shown(Key::F1, Action::Help, "f1 help"), spare(Key::Ctrl('c'), Action::Quit, "^c quit")];

const SCROLL: &[Binding] = &[
    silent(Key::Down, Action::Scroll(1)),
    silent(Key::Up, Action::Scroll(-1)),
    silent(Key::PageDown, Action::Scroll(10)),
    silent(Key::PageUp, Action::Scroll(-10)),
    silent(Key::Home, Action::Scroll(i16::MIN)),
    silent(Key::End, Action::Scroll(i16::MAX)),
];

/// The review. Enter is bound to nothing: holding it must never write.
pub(super) const REVIEW: Tables = &[
    &[
        shown(Key::Char('w'), Action::Write, "w write"),
        shown(Key::Char('1'), Action::Edit(1), "{digits} edit"),
        spare(Key::Tab, Action::NextTab, "tab file"),
        spare(Key::Char('f'), Action::Full, "f full"),
        spare(Key::Esc, Action::Back, "esc back"),
        spare(Key::Char('r'), Action::Reveal, "r secrets"),
        spare(Key::Char('u'), Action::UndoChange, "u undo"),
        silent(Key::Char('t'), Action::Test),
        spare(Key::Char('y'), Action::Copy, "y copy"),
        shown(Key::Char('?'), Action::Help, "? help"),
        silent(Key::F1, Action::Help),
        silent(Key::Char('2'), Action::Edit(2)),
        silent(Key::Char('3'), Action::Edit(3)),
        silent(Key::Char('4'), Action::Edit(4)),
        silent(Key::Char('5'), Action::Edit(5)),
        silent(Key::Char('6'), Action::Edit(6)),
        silent(Key::Char('7'), Action::Edit(7)),
        silent(Key::Char('8'), Action::Edit(8)),
        silent(Key::Char('9'), Action::Edit(9)),
        silent(Key::Char('q'), Action::Quit),
        silent(Key::Ctrl('c'), Action::Quit),
    ],
    SCROLL,
];

/// While asking whether to write. Other keys do nothing.
pub(super) const CONFIRMING: Tables = &[&[
    shown(Key::Enter, Action::Confirm, "enter yes"),
    shown(Key::Esc, Action::Decline, "esc no"),
    silent(Key::Char('y'), Action::Confirm),
    silent(Key::Char('n'), Action::Decline),
    silent(Key::Ctrl('c'), Action::Quit),
]];

/// While the files are looked at, which a disk far away may take its time for.
pub(super) const DISCOVERING: Tables =
    &[&[shown(Key::Esc, Action::Back, "esc back"), spare(Key::Ctrl('c'), Action::Quit, "^c quit")]];

/// Nothing interrupts a write.
pub(super) const WRITING: Tables = &[];

pub(super) const DIALOG: Tables = &[&[
    shown(Key::Enter, Action::Accept, "enter choose"),
    spare(Key::Char('1'), Action::Choose(0), "{digits} choose"),
    shown(Key::Esc, Action::Back, "esc back"),
    spare(Key::Char('?'), Action::Help, "? help"),
    silent(Key::F1, Action::Help),
    silent(Key::Char('n'), Action::StartOver),
    silent(Key::Char('2'), Action::Choose(1)),
    silent(Key::Char('3'), Action::Choose(2)),
    silent(Key::Char('4'), Action::Choose(3)),
    silent(Key::Down, Action::NextField),
    silent(Key::Tab, Action::NextField),
    silent(Key::Up, Action::PreviousField),
    silent(Key::BackTab, Action::PreviousField),
    silent(Key::Ctrl('c'), Action::Quit),
    silent(Key::Char('q'), Action::Quit),
]];

pub(super) const DONE: Tables = &[
    &[
        shown(Key::Enter, Action::Leave, "enter quit"),
        shown(Key::Char('r'), Action::Reload, "r reload nginx"),
        spare(Key::Char('c'), Action::CheckAll, "c check"),
        spare(Key::Char('u'), Action::UndoWrite, "u undo"),
        spare(Key::Char('?'), Action::Help, "? help"),
        silent(Key::F1, Action::Help),
        silent(Key::Char('q'), Action::Leave),
        silent(Key::Esc, Action::Leave),
        silent(Key::Ctrl('c'), Action::Leave),
    ],
    SCROLL,
];

/// While the help is open.
pub(super) const HELP: Tables = &[
    &[
        shown(Key::Esc, Action::CloseHelp, "esc close help"),
        shown(Key::PageDown, Action::Scroll(10), "pgdn scroll"),
        silent(Key::Enter, Action::CloseHelp),
        silent(Key::F1, Action::CloseHelp),
        silent(Key::Char('?'), Action::CloseHelp),
        silent(Key::Char('q'), Action::CloseHelp),
        silent(Key::Ctrl('c'), Action::Quit),
    ],
    SCROLL,
];

/// While asking whether to quit.
pub(super) const QUITTING: Tables = &[&[
    shown(Key::Char('s'), Action::KeepDraft, "s keep a draft"),
    shown(Key::Ctrl('c'), Action::Quit, "^c discard"),
    shown(Key::Esc, Action::Stay, "esc stay"),
    silent(Key::Char('q'), Action::Quit),
    silent(Key::Char('n'), Action::Stay),
    silent(Key::Enter, Action::Stay),
]];
