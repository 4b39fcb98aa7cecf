//! Files that are whole, and that tell when they are not as they were written: [`ledger`] (a table), [`packed`] (bytes with a
//! checksum), [`seal`] (a text with one); and whether there is room for them.

pub mod ledger;
pub mod packed;
pub(crate) mod room;
pub mod seal;
