//! One tab at a time (Web Locks). Owns taking and giving back; knows not what is locked.

use js_sys::{Function, Object, Promise, Reflect};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortController;

/// Held, or waited for, until it is dropped.
#[must_use = "a dropped lock is given back"]
pub(super) struct Lock {
    /// Ends the promise that the browser holds the lock for.
    release: Rc<RefCell<Option<Function>>>,
    /// Stops waiting.
    waiting: Option<AbortController>,
    /// Called by the browser, if it is still there by then.
    granted: Option<Closure<dyn FnMut(JsValue) -> JsValue>>,
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(release) = self.release.take() {
            // It is a promise's own function, which takes everything.
            let _ = release.call0(&JsValue::UNDEFINED);
        }
        if let Some(waiting) = &self.waiting {
            waiting.abort();
        }
        self.granted = None;
    }
}

impl Lock {
    /// The lock, once it is free.
    ///
    /// Where the browser has no locks, or denies them, everybody gets one: work done twice is harm
    /// enough to avoid, not to refuse.
    pub(super) async fn take(name: &str) -> Self {
        let mut lock = Self {
            release: Rc::default(),
            waiting: AbortController::new().ok(),
            granted: None,
        };
        let Some((manager, request)) = manager() else {
            return lock;
        };
        let options = Object::new();
        if let Some(waiting) = &lock.waiting {
            let _ = Reflect::set(&options, &"signal".into(), &waiting.signal());
        }

        let mut answer = None;
        let answered = Promise::new(&mut |resolve, _| answer = Some(resolve));
        let release = Rc::clone(&lock.release);
        let granted = Closure::<dyn FnMut(JsValue) -> JsValue>::new(move |_| {
            if let Some(answer) = &answer {
                let _ = answer.call0(&JsValue::UNDEFINED);
            }
            Promise::new(&mut |resolve, _| {
                release.replace(Some(resolve));
            })
            .into()
        });
        let promise = request.call3(&manager, &name.into(), &options, granted.as_ref());
        lock.granted = Some(granted);
        let Some(promise) = promise
            .ok()
            .and_then(|promise| promise.dyn_into::<Promise>().ok())
        else {
            return lock;
        };
        // The request's own promise ends only with the lock, or at once if the browser denies it.
        let first = Promise::race(&js_sys::Array::of2(&answered, &promise));
        let _ = JsFuture::from(first).await;
        lock
    }
}

fn manager() -> Option<(JsValue, Function)> {
    let navigator = web_sys::window()?.navigator();
    let manager = Reflect::get(&navigator, &"locks".into()).ok()?;
    let request = Reflect::get(&manager, &"request".into()).ok()?;
    Some((manager, request.dyn_into().ok()?))
}
