//! Asynchronous work with an owner: dropping the handle ends the work and what it holds (timers, requests).
//! Owns lifetimes only; knows nothing of what runs.

use futures_util::future::{AbortHandle, abortable};
use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

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

/// Runs work to its end, even if nobody waits for it any more.
///
/// For what the browser answers by callbacks that cannot be called off, such as a database request: it
/// takes milliseconds, and then nothing of it is left.
pub(super) async fn finish<T: 'static>(work: impl Future<Output = T> + 'static) -> T {
    struct Outcome<T> {
        result: Option<T>,
        waiting: Option<Waker>,
    }
    let outcome = Rc::new(RefCell::new(Outcome {
        result: None,
        waiting: None,
    }));
    let ours = Rc::clone(&outcome);
    wasm_bindgen_futures::spawn_local(async move {
        let result = work.await;
        let waiting = {
            let mut outcome = ours.borrow_mut();
            outcome.result = Some(result);
            outcome.waiting.take()
        };
        if let Some(waiting) = waiting {
            waiting.wake();
        }
    });
    poll_fn(move |context| {
        let mut outcome = outcome.borrow_mut();
        if let Some(result) = outcome.result.take() {
            return Poll::Ready(result);
        }
        outcome.waiting = Some(context.waker().clone());
        Poll::Pending
    })
    .await
}
