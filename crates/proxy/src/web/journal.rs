//! `/v1/journal`: who did what, for admins; read by page or handed over as an export.
//! Owns the query's form and the cursor. Changes nothing.

use super::connections::canonical;
use super::who::{Who, require_admin};
use crate::app::Shared;
use crate::error::{ApiError, ApiResult};
use crate::export::{Export, ExportError};
use crate::store::journal::{self, Filter};
use axum::Json;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::TryStreamExt as _;
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use portico_core::error::ErrorCode;
use portico_core::journal::{Action, JournalHead, JournalPage, genesis};
use serde::{Deserialize, Serialize};

const PAGE: u32 = 100;
const LARGEST_PAGE: u32 = 500;
/// Of a word that is asked for; none of ours comes near it.
const LONGEST_WORD: usize = 200;
/// Such a word, for `openapi`.
#[cfg(feature = "openapi")]
const WORD: &str = "^[^\\u0000-\\u001f\\u007f-\\u009f]{1,200}$";
const CURSOR: &str = "seq:";

/// Query of `GET /v1/journal`.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    #[cfg_attr(feature = "openapi", schemars(extend("pattern" = WORD)))]
    action: Option<String>,
    #[cfg_attr(feature = "openapi", schemars(extend("pattern" = WORD)))]
    actor: Option<String>,
    #[cfg_attr(feature = "openapi", schemars(extend("pattern" = WORD)))]
    target: Option<String>,
    #[cfg_attr(feature = "openapi", schemars(extend("pattern" = WORD)))]
    outcome: Option<String>,
    /// Milliseconds since 1970: entries from then on.
    #[cfg_attr(feature = "openapi", schemars(range(min = i64::MIN, max = i64::MAX)))]
    from_ms: Option<i64>,
    /// Milliseconds since 1970: entries before.
    #[cfg_attr(feature = "openapi", schemars(range(min = i64::MIN, max = i64::MAX)))]
    to_ms: Option<i64>,
    /// `next` of the page before.
    after: Option<String>,
    /// Entries of a page; 100 where it is absent.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = 500)))]
    limit: Option<u32>,
    #[serde(default)]
    order: Order,
}

#[derive(Clone, Copy, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
enum Order {
    Asc,
    #[default]
    Desc,
}

impl Question {
    pub(super) fn limit(&self) -> ApiResult<u32> {
        let limit = self.limit.unwrap_or(PAGE);
        if (1..=LARGEST_PAGE).contains(&limit) {
            Ok(limit)
        } else {
            Err(misfit("limit is a number from 1 to 500."))
        }
    }

    pub(super) fn filter(self) -> ApiResult<Filter> {
        for word in [&self.action, &self.actor, &self.target, &self.outcome] {
            let fits = word.as_deref().is_none_or(|word| {
                (1..=LONGEST_WORD).contains(&word.chars().count())
                    && !word.chars().any(char::is_control)
            });
            if !fits {
                return Err(misfit(
                    "action, actor, target and outcome have 1 to 200 characters each.",
                ));
            }
        }
        Ok(Filter {
            action: self.action,
            actor: self.actor,
            target: self.target,
            outcome: self.outcome,
            from_ms: self.from_ms,
            to_ms: self.to_ms,
            after: self.after.as_deref().map(place).transpose()?,
            oldest_first: matches!(self.order, Order::Asc),
        })
    }
}

fn misfit(sentence: &str) -> ApiError {
    ApiError::with_detail(ErrorCode::InvalidRequest, sentence)
}

pub(super) fn cursor(seq: u64) -> String {
    URL_SAFE_NO_PAD.encode(format!("{CURSOR}{seq}"))
}

pub(super) fn place(cursor: &str) -> ApiResult<u64> {
    let text = URL_SAFE_NO_PAD.decode(cursor).ok();
    text.and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| canonical(text.strip_prefix(CURSOR)?))
        .ok_or_else(|| misfit("after is not a cursor of this journal."))
}

/// `GET /v1/journal`.
pub(super) async fn list(
    State(app): State<Shared>,
    Who(who): Who,
    Query(question): Query<Question>,
) -> ApiResult<Json<JournalPage>> {
    require_admin(&app, &who, Action::JournalRead, None).await?;
    let limit = question.limit()?;
    let filter = question.filter()?;
    let db = app.store.readers();
    // One more than asked for tells whether there is another page.
    let mut entries = journal::page(db, &who.owner, &filter, limit + 1).await?;
    let asked = usize::try_from(limit).unwrap_or(usize::MAX);
    let next = (entries.len() > asked).then(|| {
        entries.truncate(asked);
        entries.last().map(|entry| cursor(entry.seq))
    });
    // After the entries, so that it is never older than they are.
    let head = journal::head(db, &who.owner).await?;
    Ok(Json(JournalPage {
        entries,
        head: head.unwrap_or_else(|| JournalHead {
            seq: 0,
            hash: genesis(&who.owner.tenant, &who.owner.org),
        }),
        next: next.flatten(),
    }))
}

/// Query of `GET /v1/journal/export`.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    #[serde(default = "one")]
    /// Number of the first entry.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = i64::MAX)))]
    pub(super) first: u64,
    /// Number of the last; where it is absent, all there are.
    #[cfg_attr(feature = "openapi", schemars(range(max = u64::MAX)))]
    pub(super) last: Option<u64>,
}

fn one() -> u64 {
    1
}

/// `GET /v1/journal/export?first=1&last=N`: JSON Lines as the core's verifier reads them.
pub(super) async fn export(
    State(app): State<Shared>,
    Who(who): Who,
    Query(part): Query<Part>,
) -> ApiResult<Response> {
    require_admin(&app, &who, Action::JournalExport, None).await?;
    let opened = Export::open(&app.store, who.owner.clone(), part.first, part.last).await;
    let export = opened.map_err(refusal)?;
    // Organization ids hold nothing else that a file's name should not.
    let org = who.owner.org.replace(':', "_");
    let name = format!(
        "attachment; filename=\"portico-journal-{org}-{}.jsonl\"",
        part.first
    );
    let name = HeaderValue::try_from(name).map_err(|_| ErrorCode::Internal)?;
    let lines = export.stream(app.store.clone()).inspect_err(|error| {
        // What breaks off is no complete answer, and the client sees that it is none.
        tracing::error!(error = %error, alert = true, "an export of the journal broke off");
    });
    let headers = [
        (
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-ndjson"),
        ),
        (CONTENT_DISPOSITION, name),
    ];
    Ok((headers, Body::from_stream(lines)).into_response())
}

fn refusal(error: ExportError) -> ApiError {
    match error {
        ExportError::OutOfRange(entries) => ApiError::with_detail(
            ErrorCode::InvalidRequest,
            format!("The journal has {entries} entries; the range asked for is not among them."),
        ),
        ExportError::Database(error) => error.into(),
        error => {
            tracing::error!(error = %error, alert = true, "the journal cannot be exported");
            ErrorCode::Internal.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_place_and_nothing_else_does() {
        for seq in [0, 1, 42, u64::MAX] {
            assert_eq!(place(&cursor(seq)).unwrap(), seq);
        }
        for bad in [
            "",
            "42",
            "c2VxOg",
            "c2VxOi0x",
            "eHl6OjQy",
            "c2VxOjQy=",
            "c2VxOis0Mg",
            "c2VxOjA0Mg",
        ] {
            assert!(place(bad).is_err(), "{bad}");
        }
    }
}
