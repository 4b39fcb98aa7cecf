//! Copies of a pattern's arrays in the memory of devices, which live as long as the pattern.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

/// One copy per device that has asked; what it is, the device's kernels know.
#[derive(Default)]
pub(crate) struct Uploads(Mutex<Vec<Arc<dyn Any + Send + Sync>>>);

impl Uploads {
    /// The copy of this type that `is_wanted`, made on the first call.
    pub(crate) fn find_or_insert<T: Any + Send + Sync>(
        &self,
        is_wanted: impl Fn(&T) -> bool,
        make: impl FnOnce() -> T,
    ) -> Arc<T> {
        let mut copies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = copies
            .iter()
            .filter_map(|copy| Arc::clone(copy).downcast::<T>().ok())
            .find(|copy| is_wanted(copy));
        known.unwrap_or_else(|| {
            let copy = Arc::new(make());
            copies.push(Arc::clone(&copy) as Arc<dyn Any + Send + Sync>);
            copy
        })
    }

    /// Drops the copies of this type that are of no more use.
    pub(crate) fn forget<T: Any + Send + Sync>(&self, is_stale: impl Fn(&T) -> bool) {
        let mut copies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        copies.retain(|copy| !copy.downcast_ref::<T>().is_some_and(&is_stale));
    }
}
