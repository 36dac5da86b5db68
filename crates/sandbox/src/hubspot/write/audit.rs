//! Owns the record of pipeline changes that the `/audit` paths answer (platform 6.2). Serves none of them.

use serde::Serialize;
use serde_json::{Value, json};

use super::Target;
use crate::model::Portal;
use crate::time::Instant;

/// How many changes are kept; the oldest go first.
const KEPT: usize = 1_000;

/// Writes down a change of a pipeline or stage. `action` is `CREATE`, `UPDATE` or `DELETE`.
pub(super) fn record(
    portal: &mut Portal,
    target: &Target,
    action: &str,
    identifier: &str,
    state: &impl Serialize,
) {
    let mut raw = serde_json::to_value(state).unwrap_or(Value::Null);
    if let Some(raw) = raw.as_object_mut() {
        raw.insert("objectTypeId".to_owned(), json!(target.type_id));
    }
    if portal.pipeline_audit.len() == KEPT {
        portal.pipeline_audit.remove(0);
    }
    portal.pipeline_audit.push(json!({
        "portalId": portal.id,
        "identifier": identifier,
        "action": action,
        "timestamp": Instant(target.now),
        "fromUserId": target.user,
        "rawObject": raw,
    }));
}
