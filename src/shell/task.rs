//! Asynchronous work with an owner: dropping the handle ends the work and what it holds (timers, requests).
//! Owns lifetimes only; knows nothing of what runs.

use futures_util::future::{AbortHandle, abortable};

/// Work that ends with its handle.
#[must_use = "the work ends when its handle is dropped"]
pub(crate) struct Task {
    handle: AbortHandle,
}

impl Task {
    /// Starts the work.
    pub(crate) fn spawn(work: impl Future<Output = ()> + 'static) -> Self {
        let (work, handle) = abortable(work);
        wasm_bindgen_futures::spawn_local(async move {
            // An error means that the owner is gone: nobody is left to tell.
            let _ = work.await;
        });
        Self { handle }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.handle.abort();
    }
}
