//! Workspaces of an org: names that group connections. Owns the table `workspace` and who leaves with it.

use super::connections::seen;
use super::{DbResult, Owner};
use portico_core::wire::Workspace;
use portico_core::workspace::name_key;
use sqlx::{AnyConnection, AnyExecutor, FromRow};

#[derive(FromRow)]
struct Row {
    id: String,
    name: String,
    version: i64,
    connections: i64,
}

impl Row {
    fn workspace(self) -> DbResult<Workspace> {
        Ok(Workspace {
            id: self
                .id
                .parse()
                .map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
            name: self.name,
            version: self.version.unsigned_abs(),
            connections: u32::try_from(self.connections).unwrap_or(u32::MAX),
        })
    }
}

macro_rules! select_workspace {
    ($tail:literal) => {
        concat!(
            "SELECT id, name, version, (SELECT COUNT(*) FROM connection
                WHERE connection.tenant = workspace.tenant AND connection.org = workspace.org
                  AND connection.workspace = workspace.id) AS connections
             FROM workspace WHERE tenant = $1 AND org = $2",
            $tail
        )
    };
}

/// All of an org, by name.
pub(crate) async fn list(db: impl AnyExecutor<'_>, owner: &Owner) -> DbResult<Vec<Workspace>> {
    let rows: Vec<Row> = sqlx::query_as(select_workspace!(""))
        .bind(&owner.tenant)
        .bind(&owner.org)
        .fetch_all(db)
        .await?;
    let mut all = rows
        .into_iter()
        .map(Row::workspace)
        .collect::<DbResult<Vec<_>>>()?;
    // Here, for the two databases order words differently.
    all.sort_by_cached_key(|workspace| name_key(&workspace.name));
    Ok(all)
}

/// One of an org.
pub(crate) async fn find(
    db: impl AnyExecutor<'_>,
    owner: &Owner,
    id: &str,
) -> DbResult<Option<Workspace>> {
    let row: Option<Row> = sqlx::query_as(select_workspace!(" AND id = $3"))
        .bind(&owner.tenant)
        .bind(&owner.org)
        .bind(id)
        .fetch_optional(db)
        .await?;
    row.map(Row::workspace).transpose()
}

/// How many an org has.
pub(crate) async fn count(db: &mut AnyConnection, owner: &Owner) -> DbResult<u32> {
    let count: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM workspace WHERE tenant = $1 AND org = $2")
            .bind(&owner.tenant)
            .bind(&owner.org)
            .fetch_one(db)
            .await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Adds one. A name that is taken is a unique violation.
pub(crate) async fn insert(
    db: &mut AnyConnection,
    owner: &Owner,
    id: &str,
    name: &str,
) -> DbResult<()> {
    sqlx::query(
        "INSERT INTO workspace (id, tenant, org, name, name_key, version, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, 1, unixepoch('subsec'), unixepoch('subsec'))",
    )
    .bind(id)
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(name)
    .bind(name_key(name))
    .execute(db)
    .await?;
    Ok(())
}

/// Changes the name if the version is still the one the person saw. False when it is not; a name that is taken
/// is a unique violation.
pub(crate) async fn rename(
    db: &mut AnyConnection,
    owner: &Owner,
    id: &str,
    version: u64,
    name: &str,
) -> DbResult<bool> {
    let changed = sqlx::query(
        "UPDATE workspace SET name = $1, name_key = $2, version = version + 1, updated_at = unixepoch('subsec')
         WHERE tenant = $3 AND org = $4 AND id = $5 AND version = $6",
    )
    .bind(name)
    .bind(name_key(name))
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(id)
    .bind(seen(version))
    .execute(db)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Removes one if the version is still the one the person saw; its connections stay, without a workspace.
/// Answers their ids, or nothing when the version is another.
pub(crate) async fn delete(
    db: &mut AnyConnection,
    owner: &Owner,
    id: &str,
    version: u64,
) -> DbResult<Option<Vec<String>>> {
    let removed = sqlx::query(
        "DELETE FROM workspace WHERE tenant = $1 AND org = $2 AND id = $3 AND version = $4",
    )
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(id)
    .bind(seen(version))
    .execute(&mut *db)
    .await?;
    if removed.rows_affected() == 0 {
        return Ok(None);
    }
    let left = sqlx::query_scalar(
        "UPDATE connection SET workspace = NULL, version = version + 1, updated_at = unixepoch('subsec')
         WHERE tenant = $1 AND org = $2 AND workspace = $3 RETURNING id",
    )
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(id)
    .fetch_all(db)
    .await?;
    Ok(Some(left))
}
