//! Files that are whole, and that tell when they are not as they were written: [`whole`] (writing in one move), `files` (in
//! a folder that is locked), `ledger` (a table), `packed` (bytes with a checksum), `seal` (a text with one), `replay` (a replay
//! that grows); and whether there is room for them.

#[cfg(feature = "run")]
pub mod files;
#[cfg(feature = "run")]
pub mod ledger;
#[cfg(feature = "run")]
pub mod packed;
#[cfg(feature = "run")]
pub(crate) mod replay;
#[cfg(feature = "run")]
pub(crate) mod room;
#[cfg(feature = "run")]
pub mod seal;
pub mod whole;
