//! The life of a package.

use domain::audit::Action;
use domain::audit::Actor;
use domain::ids::DataKeyId;
use domain::ids::PackageId;
use domain::ids::RequestId;
use domain::ids::SubjectId;
use domain::time::Timestamp;
use seal::DataKey;
use seal::RecordClass;
use seal::RecordKind;
use seal::Zeroizing;

use crate::dialect::Connection;
use crate::dialect::DbResult;
use crate::dialect::OptionalRow as _;
use crate::dialect::Params;
use crate::dialect::Row;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::package::OBJECT_KEY;
use crate::package::PackageKind;
use crate::package::PackageState;
use crate::package::at;
use crate::read::Reader;
use crate::rows::v;
use crate::tables;
use crate::tx::Tx;
use crate::tx::place;

/// How a token of a link begins.
const TOKEN: &str = "imvume_package_";

/// A package as staff see it.
#[derive(Clone, Debug)]
pub struct PackageView {
    /// Its id.
    pub id: PackageId,
    /// The request it answers.
    pub request: Option<RequestId>,
    /// Whose data.
    pub subject: SubjectId,
    /// What it holds.
    pub kind: PackageKind,
    /// Where it stands.
    pub state: PackageState,
    /// How many items it holds, so far.
    pub items: u64,
    /// How large it is, once it is whole.
    pub size: Option<u64>,
    /// The SHA-256 of the archive, once it is whole.
    pub hash: Option<Vec<u8>>,
    /// Whether a link leads to it.
    pub linked: bool,
    /// Until when it can be fetched.
    pub expires: Option<Timestamp>,
    /// When it was fetched.
    pub fetched: Option<Timestamp>,
    /// Since when.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
}

/// Where the bytes of a package stand.
#[derive(Debug)]
pub struct PackageObject {
    /// The name of its file.
    pub object: String,
    /// Its key.
    pub key: DataKey,
}

/// What became of making one.
#[derive(Clone, Copy, Debug)]
pub struct Made {
    /// The SHA-256 of the archive.
    pub hash: [u8; 32],
    /// Its size.
    pub size: u64,
    /// How many items it holds.
    pub items: u64,
    /// Until when it can be fetched.
    pub expires: Timestamp,
}

/// A package that somebody came for with a link.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// The package.
    pub id: PackageId,
    tag: Vec<u8>,
}

const COLUMNS: &str = "id, request_id, subject_id, kind, state, items, size, hash, tag, expires_at, \
                       fetched_at, created_at, updated_at";

fn view(row: &Row<'_>) -> Result<PackageView, StoreError> {
    let id: i64 = row.get(0)?;
    let damaged = |column| StoreError::Damaged {
        table: "packages",
        column,
        id,
    };
    Ok(PackageView {
        id: PackageId(id),
        request: row.get::<Option<i64>>(1)?.map(RequestId),
        subject: SubjectId(row.get(2)?),
        kind: PackageKind::from_code(row.get(3)?).ok_or_else(|| damaged("kind"))?,
        state: PackageState::from_code(row.get(4)?).ok_or_else(|| damaged("state"))?,
        items: row.get::<i64>(5)?.cast_unsigned(),
        size: row.get::<Option<i64>>(6)?.map(i64::cast_unsigned),
        hash: row.get(7)?,
        linked: row.get::<Option<Vec<u8>>>(8)?.is_some(),
        expires: row.get::<Option<i64>>(9)?.map(at),
        fetched: row.get::<Option<i64>>(10)?.map(at),
        created: at(row.get(11)?),
        updated: at(row.get(12)?),
    })
}

fn views(
    connection: &Connection,
    condition: &str,
    parameters: impl Params,
) -> Result<Vec<PackageView>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM packages WHERE {condition}");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(parameters)?;
    let mut views = Vec::new();
    while let Some(row) = rows.next()? {
        views.push(view(&row)?);
    }
    Ok(views)
}

fn one(connection: &Connection, id: PackageId) -> Result<PackageView, StoreError> {
    let found = views(connection, "id = $1", [id.0])?;
    let found = found.into_iter().next();
    Ok(found.ok_or(Refusal::Missing("package"))?)
}

impl Reader<'_> {
    /// Packages, newest first, from below `before`; of one person if wanted.
    ///
    /// # Errors
    /// What the database says.
    pub fn packages(
        &self,
        subject: Option<SubjectId>,
        before: Option<PackageId>,
        limit: u32,
    ) -> Result<Vec<PackageView>, StoreError> {
        let before = before.map_or(i64::MAX, |id| id.0);
        match subject {
            None => views(
                self.connection,
                "id < $1 ORDER BY id DESC LIMIT $2",
                (before, limit),
            ),
            Some(subject) => views(
                self.connection,
                "subject_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
                (subject.0, before, limit),
            ),
        }
    }

    /// A package.
    ///
    /// # Errors
    /// What the database says.
    pub fn package(&self, id: PackageId) -> Result<Option<PackageView>, StoreError> {
        Ok(views(self.connection, "id = $1", [id.0])?
            .into_iter()
            .next())
    }

    /// The package a token leads to; nothing is taken.
    ///
    /// # Errors
    /// What the database says.
    pub fn package_behind(
        &self,
        token_hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<PackageView>, StoreError> {
        let found = views(self.connection, "tag = $1", [&token_hash[..]])?;
        Ok(found.into_iter().find(|package| is_there(package, now)))
    }

    /// The packages that somebody has to work on, the oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub fn packages_to_make(&self, limit: u32) -> Result<Vec<PackageView>, StoreError> {
        let states = (
            PackageState::Scanning.code(),
            PackageState::Making.code(),
            limit,
        );
        let condition = "state < 7 AND state IN ($1, $2) ORDER BY id LIMIT $3";
        views(self.connection, condition, states)
    }

    /// Packages whose time is over, or whose person was erased.
    ///
    /// # Errors
    /// What the database says.
    pub fn packages_over(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<PackageView>, StoreError> {
        views(
            self.connection,
            "state < 7 AND (expires_at <= $1 OR subject_id IN \
             (SELECT id FROM subjects WHERE erased_at IS NOT NULL)) ORDER BY id LIMIT $2",
            (now.micros(), limit),
        )
    }

    /// Names of the objects that packages after `after` have or may get.
    ///
    /// # Errors
    /// What the database says.
    pub fn package_objects(&self, after: PackageId) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT object FROM packages WHERE state < 7 AND id > $1";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_map([after.0], |row| row.get(0))?)
    }

    /// Where the bytes of a package stand; none once the person was erased.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where its key does not open.
    pub fn package_object(&self, id: PackageId) -> Result<Option<PackageObject>, StoreError> {
        let sql = "SELECT p.object, p.key_id, p.sealed_key FROM packages p \
                   JOIN data_keys k ON k.id = p.key_id WHERE p.id = $1";
        let found = self.connection.prepare_cached(sql)?.query_row(
            [id.0],
            |row| -> DbResult<(String, i64, Vec<u8>)> {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            },
        );
        let Some((object, key_id, sealed)) = found.optional()? else {
            return Ok(None);
        };
        let key = crate::keys::load(self.connection, &self.keys, DataKeyId(key_id))?;
        let place = place(RecordKind::Package, OBJECT_KEY, id.0, key_id);
        let key = key.open_key(&place, &sealed);
        let key = key.map_err(|_| StoreError::Damaged {
            table: "packages",
            column: "sealed_key",
            id: id.0,
        })?;
        Ok(Some(PackageObject { object, key }))
    }
}

fn is_there(package: &PackageView, now: Timestamp) -> bool {
    package.state == PackageState::Ready && package.expires.is_some_and(|expires| now < expires)
}

pub(super) fn begin(
    tx: &mut Tx<'_>,
    actor: Actor,
    (subject, request): (SubjectId, Option<RequestId>),
    kind: PackageKind,
) -> Result<PackageId, StoreError> {
    let sql = "SELECT 1 FROM subjects WHERE id = $1 AND erased_at IS NULL";
    if !tx.connection.prepare_cached(sql)?.exists([subject.0])? {
        return Err(Refusal::Missing("subject").into());
    }
    if let Some(request) = request {
        let sql = "SELECT 1 FROM requests WHERE id = $1 AND subject_id = $2";
        let mut statement = tx.connection.prepare_cached(sql)?;
        if !statement.exists((request.0, subject.0))? {
            return Err(Refusal::Missing("request").into());
        }
    }
    let mut leaf = tx.open_leaf()?;
    let (key_id, key) = tx.key(&mut leaf, subject, RecordClass::Form)?;
    let id = PackageId(tx.id(&tables::PACKAGES));
    let own = DataKey::generate(tx.random())?;
    let place = place(RecordKind::Package, OBJECT_KEY, id.0, key_id.0);
    let sealed = key.seal_key(tx.random(), &place, &own)?;
    let name: [u8; 16] = tx.random().array()?;
    let row = [
        v(id),
        v(request),
        v(subject),
        v(kind.code()),
        v(seal::hex(&name)),
        v(key_id),
        v(sealed),
        v(PackageState::Scanning.code()),
        v(None::<Vec<u8>>),
        v(None::<i64>),
        v(0_i64),
        v(None::<Vec<u8>>),
        v(None::<i64>),
        v(None::<i64>),
        v(tx.now()),
        v(tx.now()),
    ];
    tx.cover(&mut leaf, &tables::PACKAGES, row);
    tx.close_leaf(leaf, actor, Action::PackageChanged, &["package/begun"]);
    crate::record::access(tx, actor, subject, &format!("package {id}"))?;
    Ok(id)
}

/// Has a package go from one state to another.
pub(super) fn step(
    tx: &mut Tx<'_>,
    actor: Actor,
    (id, from): (PackageId, PackageState),
    (to, rule): (PackageState, &'static str),
) -> Result<(), StoreError> {
    let package = one(tx.connection, id)?;
    if package.state != from {
        return Err(Refusal::Ended("step of the package").into());
    }
    let sql = "UPDATE packages SET state = $1, updated_at = $2 WHERE id = $3";
    tx.update_one(&tables::PACKAGES, sql, (to.code(), tx.now().micros(), id.0))?;
    told(tx, actor, &package, rule)
}

/// Takes down what became of a package.
fn told(
    tx: &mut Tx<'_>,
    actor: Actor,
    package: &PackageView,
    rule: &'static str,
) -> Result<(), StoreError> {
    let detail = format!("package {}", package.id);
    let told = (actor, Action::PackageChanged, &[rule] as &[&str]);
    // Of somebody who was erased there is no key left to seal it under.
    let sql = "SELECT 1 FROM subjects WHERE id = $1 AND erased_at IS NULL";
    let there = tx
        .connection
        .prepare_cached(sql)?
        .exists([package.subject.0])?;
    tx.note(there.then_some(package.subject), &detail, told)?;
    tx.flush()
}

pub(super) fn progress(tx: &mut Tx<'_>, id: PackageId, items: u64) -> Result<(), StoreError> {
    in_state(tx, id, &[PackageState::Scanning, PackageState::Making])?;
    let sql = "UPDATE packages SET items = $1, updated_at = $2 WHERE id = $3";
    let row = (items.cast_signed(), tx.now().micros(), id.0);
    tx.update_one(&tables::PACKAGES, sql, row)
}

/// The package, if it is in one of these states.
pub(super) fn in_state(
    tx: &Tx<'_>,
    id: PackageId,
    states: &[PackageState],
) -> Result<PackageView, StoreError> {
    let package = one(tx.connection, id)?;
    if states.contains(&package.state) {
        Ok(package)
    } else {
        Err(Refusal::Ended("step of the package").into())
    }
}

pub(super) fn made(tx: &mut Tx<'_>, id: PackageId, made: &Made) -> Result<(), StoreError> {
    let package = in_state(tx, id, &[PackageState::Making])?;
    let sql = "UPDATE packages SET state = $1, hash = $2, size = $3, items = $4, expires_at = $5, \
               updated_at = $6 WHERE id = $7";
    let row = (
        PackageState::Ready.code(),
        &made.hash[..],
        made.size.cast_signed(),
        made.items.cast_signed(),
        made.expires.micros(),
        tx.now().micros(),
        id.0,
    );
    tx.update_one(&tables::PACKAGES, sql, row)?;
    told(tx, Actor::System, &package, "package/made")
}

pub(super) fn failed(tx: &mut Tx<'_>, id: PackageId) -> Result<(), StoreError> {
    let package = in_state(tx, id, &[PackageState::Scanning, PackageState::Making])?;
    let sql = "UPDATE packages SET state = $1, updated_at = $2 WHERE id = $3";
    let row = (PackageState::Failed.code(), tx.now().micros(), id.0);
    tx.update_one(&tables::PACKAGES, sql, row)?;
    told(tx, Actor::System, &package, "package/failed")
}

pub(super) fn link(
    tx: &mut Tx<'_>,
    actor: Actor,
    id: PackageId,
) -> Result<Zeroizing<String>, StoreError> {
    let package = in_state(tx, id, &[PackageState::Ready, PackageState::Fetched])?;
    if package.expires.is_none_or(|expires| expires <= tx.now()) {
        return Err(Refusal::Ended("package").into());
    }
    let token = seal::new_token(TOKEN, tx.random())?;
    let hash = tx.keyring().token_hash(&token);
    let sql = "UPDATE packages SET state = $1, tag = $2, updated_at = $3 WHERE id = $4";
    let row = (
        PackageState::Ready.code(),
        &hash[..],
        tx.now().micros(),
        id.0,
    );
    tx.update_one(&tables::PACKAGES, sql, row)?;
    told(tx, actor, &package, "package/linked")?;
    Ok(token)
}

pub(super) fn claim(tx: &mut Tx<'_>, token: &str) -> Result<Option<Claimed>, StoreError> {
    let hash = tx.keyring().token_hash(token);
    let found = views(tx.connection, "tag = $1", [&hash[..]])?;
    let found = found
        .into_iter()
        .find(|package| is_there(package, tx.now()));
    let Some(package) = found else {
        return Ok(None);
    };
    let sql = "UPDATE packages SET state = $1, tag = NULL, fetched_at = $2, updated_at = $2 \
               WHERE id = $3";
    let row = (
        PackageState::Fetched.code(),
        tx.now().micros(),
        package.id.0,
    );
    tx.update_one(&tables::PACKAGES, sql, row)?;
    told(tx, Actor::Person, &package, "package/fetched")?;
    Ok(Some(Claimed {
        id: package.id,
        tag: hash.to_vec(),
    }))
}

pub(super) fn give_back(tx: &mut Tx<'_>, claimed: &Claimed) -> Result<(), StoreError> {
    let package = one(tx.connection, claimed.id)?;
    // Another link may have been issued meanwhile.
    if package.state != PackageState::Fetched || package.linked {
        return Ok(());
    }
    let sql = "UPDATE packages SET state = $1, tag = $2, fetched_at = NULL, updated_at = $3 \
               WHERE id = $4";
    let row = (
        PackageState::Ready.code(),
        claimed.tag.as_slice(),
        tx.now().micros(),
        claimed.id.0,
    );
    tx.update_one(&tables::PACKAGES, sql, row)?;
    told(tx, Actor::System, &package, "package/not-fetched")
}

pub(super) fn cancel(tx: &mut Tx<'_>, actor: Actor, id: PackageId) -> Result<(), StoreError> {
    let package = one(tx.connection, id)?;
    if !matches!(package.state, PackageState::Ready | PackageState::Fetched) {
        return end(tx, actor, id, PackageState::Cancelled).map(drop);
    }
    // Whoever removes what is over removes its file, too.
    let sql = "UPDATE packages SET tag = NULL, expires_at = $1, updated_at = $1 WHERE id = $2";
    tx.update_one(&tables::PACKAGES, sql, (tx.now().micros(), id.0))?;
    told(tx, actor, &package, "package/withdrawn")
}

pub(super) fn end(
    tx: &mut Tx<'_>,
    actor: Actor,
    id: PackageId,
    state: PackageState,
) -> Result<String, StoreError> {
    let package = one(tx.connection, id)?;
    if package.state.is_over() {
        return Err(Refusal::Ended("package").into());
    }
    let sql = "UPDATE packages SET state = $1, tag = NULL, updated_at = $2 WHERE id = $3";
    let row = (state.code(), tx.now().micros(), id.0);
    tx.update_one(&tables::PACKAGES, sql, row)?;
    let sql = "DELETE FROM redactions WHERE package_id = $1";
    tx.connection.prepare_cached(sql)?.execute([id.0])?;
    told(
        tx,
        actor,
        &package,
        match state {
            PackageState::Cancelled => "package/cancelled",
            _ => "package/removed",
        },
    )?;
    let sql = "SELECT object FROM packages WHERE id = $1";
    Ok(tx
        .connection
        .prepare_cached(sql)?
        .query_row([id.0], |row| row.get(0))?)
}
