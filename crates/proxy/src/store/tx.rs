//! A write transaction that wakes whoever waits for its news, once it commits.
//! Owns nothing but that order: nobody is woken for what is not there yet, and no call site can forget to wake.

use super::{DbResult, Owner};
use crate::events::Bus;
use sqlx::{Any, AnyConnection, Transaction};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// A write transaction. Dropping it undoes it.
pub(crate) struct Tx {
    inner: Transaction<'static, Any>,
    bus: Arc<Bus>,
    told: Vec<(Owner, Option<String>)>,
    has_deliveries: bool,
}

impl Tx {
    pub(super) fn new(inner: Transaction<'static, Any>, bus: Arc<Bus>) -> Self {
        Self {
            inner,
            bus,
            told: Vec::new(),
            has_deliveries: false,
        }
    }

    /// Remembers whom to wake: listeners of an organization, and of a connection.
    pub(crate) fn will_tell(&mut self, owner: &Owner, connection: Option<&str>) {
        self.told
            .push((owner.clone(), connection.map(str::to_owned)));
    }

    /// Remembers that there is something to send.
    pub(crate) fn will_deliver(&mut self) {
        self.has_deliveries = true;
    }

    pub(crate) async fn commit(self) -> DbResult<()> {
        let committed = self.inner.commit().await;
        // A commit whose answer was lost may have happened: waking for nothing does no harm.
        for (owner, connection) in self.told {
            self.bus.changed(&owner, connection);
        }
        if self.has_deliveries {
            self.bus.wake_senders();
        }
        committed
    }

    pub(crate) async fn rollback(self) -> DbResult<()> {
        self.inner.rollback().await
    }
}

impl Deref for Tx {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.inner
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.inner
    }
}
