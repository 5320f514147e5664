//! The size of the terminal, asked of the system and never of the terminal.

use rustix::termios::tcgetwinsize;
use std::io;

/// Whether the terminal is smaller than the smallest form, 40 columns and 10 rows. One that does
/// not know its size, such as a serial line, is not.
pub fn is_tiny() -> bool {
    let Ok(size) = tcgetwinsize(io::stdin()) else { return false };
    let is_known = size.ws_col > 0 && size.ws_row > 0;
    is_known && (size.ws_col < 40 || size.ws_row < 10)
}
