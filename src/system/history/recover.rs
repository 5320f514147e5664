//! The two ways out of a write that was interrupted.

use super::checkpoint::Open;
use crate::system::files::{Proof, Receipt, WriteError, transaction};

/// Writes the rest, and proves the whole as the write itself would have.
///
/// # Errors
/// As [`write`](crate::system::files::write): on failure everything is put back.
/// [`WriteError::Changed`] names a file that someone else changed since.
pub fn finish(interrupted: Open, proof: Proof) -> Result<Receipt, WriteError> {
    transaction::complete(interrupted, proof)
}

/// Puts every file back as it was before that write.
///
/// # Errors
/// The checkpoint stays open if a file cannot be put back. [`WriteError::Changed`] names a file
/// that someone else changed since; the others are put back.
pub fn undo(interrupted: Open) -> Result<(), WriteError> {
    transaction::back(interrupted)
}
