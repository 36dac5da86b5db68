//! Asynchronous work with an owner: dropping the handle ends the work and what it holds (timers, requests).
//! Owns lifetimes only; knows nothing of what runs.

use futures_util::future::{AbortHandle, abortable};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Work that ends with its handle.
#[must_use = "the work ends when its handle is dropped"]
pub(crate) struct Task {
    handle: AbortHandle,
    over: Rc<Cell<bool>>,
}

impl Task {
    /// Starts the work.
    pub(crate) fn spawn(work: impl Future<Output = ()> + 'static) -> Self {
        let (work, handle) = abortable(work);
        let over = Rc::new(Cell::new(false));
        let ended = Rc::clone(&over);
        wasm_bindgen_futures::spawn_local(async move {
            // An error means that the owner is gone: nobody is left to tell.
            let _ = work.await;
            ended.set(true);
        });
        Self { handle, over }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.handle.abort();
    }
}

/// Any number of tasks with one owner.
#[derive(Default)]
pub(crate) struct Tasks(RefCell<Vec<Task>>);

impl Tasks {
    /// Starts work that ends, at the latest, with this set.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + 'static) {
        let task = Task::spawn(work);
        let mut tasks = self.0.borrow_mut();
        tasks.retain(|task| !task.over.get());
        tasks.push(task);
    }
}
