//! Places for work that shall not all run at once: whoever comes first has one first, and gives it back by dropping it.
//! Owns the queue; knows nothing of what runs.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::{Rc, Weak};
use std::task::{Poll, Waker};

/// A number of places.
#[derive(Clone)]
pub(crate) struct Gate(Rc<Inner>);

struct Inner {
    free: Cell<usize>,
    waiting: RefCell<VecDeque<Weak<Ticket>>>,
}

#[derive(Default)]
struct Ticket {
    called: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

/// A place, until it is dropped.
#[must_use = "a dropped place is free again"]
pub(crate) struct Place(Rc<Inner>);

impl Gate {
    pub(crate) fn new(places: usize) -> Self {
        Self(Rc::new(Inner {
            free: Cell::new(places),
            waiting: RefCell::default(),
        }))
    }

    /// Waits for a place.
    pub(crate) async fn enter(&self) -> Place {
        if self.0.free.get() > 0 {
            self.0.free.set(self.0.free.get() - 1);
            return Place(Rc::clone(&self.0));
        }
        let ticket = Rc::new(Ticket::default());
        self.0
            .waiting
            .borrow_mut()
            .push_back(Rc::downgrade(&ticket));
        // Whoever is called and is gone by then hands the call on.
        let held = Called {
            inner: &self.0,
            ticket: &ticket,
        };
        poll_fn(|context| {
            if ticket.called.get() {
                return Poll::Ready(());
            }
            *ticket.waker.borrow_mut() = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
        ticket.called.set(false);
        drop(held);
        Place(Rc::clone(&self.0))
    }
}

impl Inner {
    fn give_back(&self) {
        loop {
            let next = self.waiting.borrow_mut().pop_front();
            match next.map(|ticket| ticket.upgrade()) {
                None => return self.free.set(self.free.get() + 1),
                // The one that waited is gone.
                Some(None) => {}
                Some(Some(ticket)) => {
                    ticket.called.set(true);
                    if let Some(waker) = ticket.waker.take() {
                        waker.wake();
                    }
                    return;
                }
            }
        }
    }
}

struct Called<'a> {
    inner: &'a Inner,
    ticket: &'a Ticket,
}

impl Drop for Called<'_> {
    fn drop(&mut self) {
        if self.ticket.called.get() {
            self.inner.give_back();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use std::pin::pin;
    use std::task::Context;

    /// D10: who finds no place waits, is called in turn, and nobody's place is lost.
    #[test]
    fn places_go_round_in_order_and_none_is_lost() {
        let gate = Gate::new(1);
        let first = gate.enter().now_or_never().unwrap();
        let mut context = Context::from_waker(Waker::noop());
        let mut second = pin!(gate.enter());
        assert!(second.as_mut().poll(&mut context).is_pending());
        {
            // One that gives up while it waits, and one that gives up after it was called.
            let mut third = Box::pin(gate.enter());
            assert!(third.as_mut().poll(&mut context).is_pending());
        }
        let mut fourth = Box::pin(gate.enter());
        assert!(fourth.as_mut().poll(&mut context).is_pending());
        drop(first);
        let Poll::Ready(place) = second.as_mut().poll(&mut context) else {
            panic!("the second is called");
        };
        drop(place);
        drop(fourth);
        assert!(gate.enter().now_or_never().is_some());
    }
}
