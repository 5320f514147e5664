//! What things look like. Meaning never depends on it: every mark is a word or a sign as well.

use ratatui::style::{Color, Modifier, Style};

/// The styles of one terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Whether the terminal gets colours.
    has_colours: bool,
}

impl Theme {
    /// With the eight basic colours, which every palette keeps readable.
    #[must_use]
    pub fn colours() -> Self {
        Self { has_colours: true }
    }

    /// Bold, underlined and reversed text only, for `NO_COLOR` and monochrome terminals.
    #[must_use]
    pub fn mono() -> Self {
        Self { has_colours: false }
    }

    fn coloured(self, colour: Color, otherwise: Modifier) -> Style {
        if self.has_colours {
            Style::new().fg(colour)
        } else {
            Style::new().add_modifier(otherwise)
        }
    }

    /// The name of the program, headings, the label with the focus.
    #[must_use]
    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The screen that is shown, the way that Enter takes.
    #[must_use]
    pub fn chosen(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// What stands in the way.
    #[must_use]
    pub fn error(self) -> Style {
        self.coloured(Color::Red, Modifier::BOLD).add_modifier(Modifier::BOLD)
    }

    /// What is good to know.
    #[must_use]
    pub fn note(self) -> Style {
        self.coloured(Color::Yellow, Modifier::empty())
    }

    /// What works.
    #[must_use]
    pub fn good(self) -> Style {
        self.coloured(Color::Green, Modifier::empty())
    }

    /// A line that comes.
    #[must_use]
    pub fn added(self) -> Style {
        self.coloured(Color::Green, Modifier::BOLD)
    }

    /// A line that goes.
    #[must_use]
    pub fn removed(self) -> Style {
        self.coloured(Color::Red, Modifier::empty())
    }

    /// A key of YAML, a directive of nginx.
    #[must_use]
    pub fn key(self) -> Style {
        self.coloured(Color::Cyan, Modifier::empty())
    }

    /// A comment in a file, and where the following lines stand.
    #[must_use]
    pub fn comment(self) -> Style {
        self.coloured(Color::Blue, Modifier::empty())
    }

    /// Plain text.
    #[must_use]
    pub fn plain(self) -> Style {
        Style::new()
    }
}
