//! What has to be settled before the wizard can start: a file that holds several configurations, or
//! one that Kestra could not read either.

use super::{CommandError, words};
use crate::kestra_config::Place;
use crate::system::console::{self, Console};
use crate::system::discover::{DiscoverError, Discovery, look};
use crate::system::editor;
use crate::system::fs;
use std::path::{Path, PathBuf};

/// Looks at the machine, and asks what stands in the way of that.
pub(super) fn look_and_settle(
    config: Option<&Path>,
    place: Option<&Place>,
    console: &mut Console,
) -> Result<Discovery, CommandError> {
    let mut config = config.map(Path::to_owned);
    loop {
        let error = match look(config.as_deref(), place.cloned()) {
            Err(DiscoverError::Several { path, places }) => {
                let place = which(&path, &places, console)?;
                return Ok(look(Some(&path), Some(place))?);
            }
            Err(error) => error,
            looked => return Ok(looked?),
        };
        let (DiscoverError::Refused { path, .. } | DiscoverError::NoPlace { path, .. }) = &error
        else {
            return Err(error.into());
        };
        let path = path.clone();
        console.say(&words(&error.into()));
        config = Some(mended(path, console)?);
    }
}

fn which(path: &Path, places: &[Place], console: &mut Console) -> Result<Place, CommandError> {
    console.say(&format!("{} holds several configurations of Kestra:", path.display()));
    let names: Vec<_> = places.iter().map(ToString::to_string).collect();
    choose(&names, console)?.and_then(|number| places.get(number).cloned()).ok_or_else(|| {
        CommandError::Answers(vec!["None was chosen; nothing was changed.".to_owned()])
    })
}

/// The file to go on with: the same once its operator has corrected it, or another one.
fn mended(path: PathBuf, console: &mut Console) -> Result<PathBuf, CommandError> {
    let separate = fs::beside(&path);
    let ways = [
        "Open it in your editor, then look again".to_owned(),
        format!("Write a separate file: {}", separate.display()),
        "Quit".to_owned(),
    ];
    match choose(&ways, console)? {
        Some(0) => {
            if let Err(error) = editor::open(&path) {
                console.say(&format!("The editor could not be used: {error}"));
            }
            Ok(path)
        }
        Some(1) => Ok(separate),
        _ => Err(CommandError::Refused("the configuration was left as it is".to_owned())),
    }
}

/// Asks for one of these, counted from 0; `None` for any other line, or the end of the input.
fn choose(choices: &[String], console: &mut Console) -> Result<Option<usize>, CommandError> {
    for (choice, number) in choices.iter().zip(1..) {
        console.say(&format!("{number}. {choice}"));
    }
    console.say(&format!("Number 1 to {}:", choices.len()));
    let line = match console::first_line_of_input() {
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
        line => line.map_err(super::wizard::lost)?,
    };
    let number: Option<usize> = line.reveal().trim().parse().ok();
    Ok(number.and_then(|number| number.checked_sub(1)))
}
