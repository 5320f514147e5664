//! What every key does, once: `update` and the footer read the same tables.

use crate::key::Key::{
    self, BackTab, Char, Ctrl, Down, End, Enter, Esc, F1, Home, PageDown, PageUp, Tab, Up,
};

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
    /// Open the setting with the number of the key.
    Edit,
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
    /// Take the choice with the number of the key.
    Choose,
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

/// What some keys of a step do.
#[derive(Debug)]
pub(crate) struct Binding {
    keys: &'static [Key],
    pub(crate) action: Action,
    /// What the footer shows; empty for keys that it does not name. `{digits}` are those that the
    /// step has.
    pub(crate) label: &'static str,
    /// Whether a footer with too little room may leave it out.
    pub(crate) is_spare: bool,
}

const fn shown(keys: &'static [Key], action: Action, label: &'static str) -> Binding {
    Binding { keys, action, label, is_spare: false }
}

const fn spare(keys: &'static [Key], action: Action, label: &'static str) -> Binding {
    Binding { keys, action, label, is_spare: true }
}

const fn silent(keys: &'static [Key], action: Action) -> Binding {
    Binding { keys, action, label: "", is_spare: true }
}

/// The keys of a step, in the order of the footer: tables, since some keys belong to several steps.
pub(super) type Tables = &'static [&'static [Binding]];

/// What a key does in these tables.
pub(super) fn action(tables: Tables, key: Key) -> Option<Action> {
    let mut rows = tables.iter().chain(&[EVERYWHERE]).copied().flatten();
    rows.find(|row| row.keys.contains(&key)).map(|row| row.action)
}

const EVERYWHERE: &[Binding] =
    &[silent(&[Ctrl('l')], Action::Redraw), silent(&[Ctrl('z')], Action::Suspend)];

/// Every screen of the form.
pub(super) const SCREEN: Tables = &[MOVE, LEAVE];

/// The proxy's screen has a test.
pub(super) const PROXY_SCREEN: Tables = &[MOVE, TEST, LEAVE];

const MOVE: &[Binding] = &[
    shown(&[Enter], Action::Accept, "enter next"),
    spare(&[Tab, Down], Action::NextField, "tab field"),
    shown(&[Esc], Action::Back, "esc back"),
    silent(&[BackTab, Up], Action::PreviousField),
    silent(&[Ctrl('r')], Action::Reveal),
];

const TEST: &[Binding] = &[spare(&[Ctrl('t')], Action::Test, "^t test")];

const LEAVE: &[Binding] =
    &[shown(&[F1], Action::Help, "f1 help"), spare(&[Ctrl('c')], Action::Quit, "^c quit")];

const SCROLL: &[Binding] = &[
    silent(&[Down], Action::Scroll(1)),
    silent(&[Up], Action::Scroll(-1)),
    silent(&[PageDown], Action::Scroll(10)),
    silent(&[PageUp], Action::Scroll(-10)),
    silent(&[Home], Action::Scroll(i16::MIN)),
    silent(&[End], Action::Scroll(i16::MAX)),
];

const DIGITS: &[Key] = &[
    Char('1'),
    Char('2'),
    Char('3'),
    Char('4'),
    Char('5'),
    Char('6'),
    Char('7'),
    Char('8'),
    Char('9'),
];

/// The review. Enter is bound to nothing: holding it must never write.
pub(super) const REVIEW: Tables = &[
    &[
        shown(&[Char('w')], Action::Write, "w write"),
        shown(DIGITS, Action::Edit, "{digits} edit"),
        spare(&[Tab], Action::NextTab, "tab file"),
        spare(&[Char('f')], Action::Full, "f full"),
        spare(&[Esc], Action::Back, "esc back"),
        spare(&[Char('r')], Action::Reveal, "r secrets"),
        spare(&[Char('u')], Action::UndoChange, "u undo"),
        silent(&[Char('t')], Action::Test),
        spare(&[Char('y')], Action::Copy, "y copy"),
        shown(&[Char('?'), F1], Action::Help, "? help"),
        silent(&[Char('q'), Ctrl('c')], Action::Quit),
    ],
    SCROLL,
];

/// While asking whether to write. Other keys do nothing.
pub(super) const CONFIRMING: Tables = &[&[
    shown(&[Enter, Char('y')], Action::Confirm, "enter yes"),
    shown(&[Esc, Char('n')], Action::Decline, "esc no"),
    silent(&[Ctrl('c')], Action::Quit),
]];

/// While the files are looked at, which a disk far away may take its time for.
pub(super) const DISCOVERING: Tables =
    &[&[shown(&[Esc], Action::Back, "esc back"), spare(&[Ctrl('c')], Action::Quit, "^c quit")]];

/// Nothing interrupts a write.
pub(super) const WRITING: Tables = &[];

pub(super) const DIALOG: Tables = &[&[
    shown(&[Enter], Action::Accept, "enter choose"),
    spare(DIGITS, Action::Choose, "{digits} choose"),
    shown(&[Esc], Action::Back, "esc back"),
    spare(&[Char('?'), F1], Action::Help, "? help"),
    silent(&[Char('n')], Action::StartOver),
    silent(&[Down, Tab], Action::NextField),
    silent(&[Up, BackTab], Action::PreviousField),
    silent(&[Char('q'), Ctrl('c')], Action::Quit),
]];

pub(super) const DONE: Tables = &[
    &[
        shown(&[Enter, Esc, Char('q'), Ctrl('c')], Action::Leave, "enter quit"),
        shown(&[Char('r')], Action::Reload, "r reload nginx"),
        spare(&[Char('c')], Action::CheckAll, "c check"),
        spare(&[Char('u')], Action::UndoWrite, "u undo"),
        spare(&[Char('?'), F1], Action::Help, "? help"),
    ],
    SCROLL,
];

/// While the help is open.
pub(super) const HELP: Tables = &[
    &[
        shown(&[Esc, Enter, F1, Char('?'), Char('q')], Action::CloseHelp, "esc close help"),
        shown(&[PageDown], Action::Scroll(10), "pgdn scroll"),
        silent(&[Ctrl('c')], Action::Quit),
    ],
    SCROLL,
];

/// While asking whether to quit.
pub(super) const QUITTING: Tables = &[&[
    shown(&[Char('s')], Action::KeepDraft, "s keep a draft"),
    shown(&[Ctrl('c'), Char('q')], Action::Quit, "^c discard"),
    shown(&[Esc, Enter, Char('n')], Action::Stay, "esc stay"),
]];
