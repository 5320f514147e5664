//! The ways out of a write that was interrupted: finish it, undo it, or leave it as it is.

use super::checkpoint::Open;
use crate::system::fs::step::Step;
use crate::system::fs::{Proof, Receipt, WriteError, transaction};

/// Writes the rest, and proves the whole as the write itself would have.
///
/// # Errors
/// As [`write`](crate::system::fs::write): on failure everything is put back.
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

/// Leaves every file as it is now, and removes only what was temporary. For files that someone else
/// changed since; the write counts as done, so `rollback` still has the backups.
///
/// # Errors
/// A temporary file cannot be removed, or the journal cannot be closed.
pub fn leave(interrupted: &Open) -> Result<(), WriteError> {
    interrupted.steps().iter().try_for_each(Step::remove_temp)?;
    interrupted.close()
}
