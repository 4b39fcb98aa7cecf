//! The disk and the memory of this machine: [`room`] says whether what is asked for fits.

pub(crate) mod room;
