//! Files that are whole, and that tell when they are not as they were written: [`files`] (writing in one move, and locks),
//! [`ledger`] (a table), [`packed`] (bytes with a checksum), [`seal`] (a text with one), `replay` (a replay that grows);
//! and whether there is room for them.

pub mod files;
pub mod ledger;
pub mod packed;
pub(crate) mod replay;
pub(crate) mod room;
pub mod seal;
