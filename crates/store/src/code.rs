//! One-time codes for the preference page.
//!
//! A row is written for every number that asks, whether anybody here has it or not, and every try
//! counts in it. A new code takes over how often the one before was tried, so that neither a new
//! code nor a restart gives anybody more tries.

use domain::ids::SubjectId;
use domain::subject::Identifier;
use domain::time::Span;
use domain::time::Timestamp;
use seal::Zeroizing;

use crate::dialect::OptionalRow;
use crate::error::StoreError;
use crate::known::Known;
use crate::rows::v;
use crate::store::Store;
use crate::tables;
use crate::tx::Tx;

/// How long a code is good for.
const GOOD_FOR: Span = Span::minutes(10);

/// How often a number's codes may be tried until one fits.
const TRIES: u32 = 5;

/// How long a number is locked after that, from when the code was made: an hour beyond its end.
const LOCK: Span = Span::minutes(70);

/// So many codes may be made for one number in a span.
const LIMITS: [(Span, i64); 2] = [(Span::hours(1), 3), (Span::days(1), 10)];

/// A code to send.
#[derive(Debug)]
pub struct NewCode {
    /// Six digits.
    pub code: Zeroizing<String>,
}

/// The newest code of a number.
struct Row {
    id: i64,
    subject: Option<SubjectId>,
    hash: Vec<u8>,
    attempts: u32,
    expires: Timestamp,
    used: bool,
    created: Timestamp,
}

impl Store {
    /// Makes a code for a number. There is something to send only if somebody here has the number, and
    /// has not asked too often or tried too much.
    ///
    /// # Errors
    /// What the database says.
    pub async fn make_code(&self, phone: Identifier) -> Result<Option<NewCode>, StoreError> {
        self.write(move |tx| make(tx, &phone)).await
    }

    /// Tries a code: whose page it opens. A try counts whatever the code looks like.
    ///
    /// # Errors
    /// What the database says.
    pub async fn try_code(
        &self,
        phone: Identifier,
        code: &str,
    ) -> Result<Option<SubjectId>, StoreError> {
        let code = Zeroizing::new(code.to_owned());
        self.write(move |tx| attempt(tx, &phone, &code)).await
    }
}

fn make(tx: &mut Tx<'_>, phone: &Identifier) -> Result<Option<NewCode>, StoreError> {
    let tag = tx.tag(phone);
    let mut known = Known::default();
    tx.look_up(&mut known, std::iter::once(phone))?;
    let subject = known.subjects.get(&tag).copied();
    let before = newest(tx, &tag)?;
    let attempts = before.as_ref().map_or(0, |row| row.tries(tx.now()));
    let code = draw(tx)?;
    let shut = TRIES <= attempts || limited(tx, &tag)?;
    // Who asks too often, or tries too much, finds the code before as it was.
    if shut && before.is_some() {
        return Ok(None);
    }
    write(tx, (&tag, subject), (&code, GOOD_FOR), attempts);
    tx.flush()?;
    Ok(subject.map(|_| NewCode { code }))
}

fn attempt(
    tx: &mut Tx<'_>,
    phone: &Identifier,
    code: &str,
) -> Result<Option<SubjectId>, StoreError> {
    let tag = tx.tag(phone);
    let now = tx.now();
    let Some(row) = newest(tx, &tag)? else {
        // The same work as for a number with a code; nobody knows this one.
        let unknown = draw(tx)?;
        write(tx, (&tag, None), (&unknown, Span::seconds(0)), 1);
        tx.flush()?;
        return Ok(None);
    };
    let tries = row.tries(now);
    let open = tries < TRIES && !row.used && now < row.expires;
    let fits = seal::constant_time_eq(&hash(tx, row.id, code), &row.hash);
    if open && fits {
        let sql = "UPDATE codes SET used_at = $1 WHERE id = $2";
        tx.update_one(&tables::CODES, sql, (now.micros(), row.id))?;
        return Ok(row.subject);
    }
    let sql = "UPDATE codes SET attempts = $1 WHERE id = $2";
    let counted = tries.saturating_add(1).min(TRIES);
    tx.update_one(&tables::CODES, sql, (counted, row.id))?;
    Ok(None)
}

impl Row {
    /// How often codes of this number were tried in vain, as far as that counts at this instant.
    fn tries(&self, now: Timestamp) -> u32 {
        if self.used || self.created + LOCK <= now {
            0
        } else {
            self.attempts
        }
    }
}

fn newest(tx: &Tx<'_>, tag: &[u8; 16]) -> Result<Option<Row>, StoreError> {
    let sql = "SELECT id, subject_id, code, attempts, expires_at, used_at, created_at FROM codes \
               WHERE tag = $1 ORDER BY id DESC LIMIT 1";
    let mut statement = tx.connection.prepare_cached(sql)?;
    let row = statement
        .query_row([tag], |row| {
            Ok(Row {
                id: row.get(0)?,
                subject: row.get::<Option<i64>>(1)?.map(SubjectId),
                hash: row.get(2)?,
                attempts: row.get(3)?,
                expires: Timestamp::from_micros(row.get(4)?),
                used: row.get::<Option<i64>>(5)?.is_some(),
                created: Timestamp::from_micros(row.get(6)?),
            })
        })
        .optional()?;
    Ok(row)
}

fn limited(tx: &Tx<'_>, tag: &[u8; 16]) -> Result<bool, StoreError> {
    for (span, most) in LIMITS {
        let sql = "SELECT count(*) FROM codes WHERE tag = $1 AND created_at > $2";
        let since = (tx.now() - span).micros();
        let mut statement = tx.connection.prepare_cached(sql)?;
        let made: i64 = statement.query_row((tag, since), |row| row.get(0))?;
        if most <= made {
            return Ok(true);
        }
    }
    Ok(false)
}

fn write(
    tx: &mut Tx<'_>,
    (tag, subject): (&[u8; 16], Option<SubjectId>),
    (code, good_for): (&str, Span),
    attempts: u32,
) {
    let id = tx.id(&tables::CODES);
    let hash = hash(tx, id, code);
    let now = tx.now();
    let row = [
        v(id),
        v(*tag),
        v(subject),
        v(hash),
        v(attempts),
        v(now + good_for),
        v(None::<i64>),
        v(now),
    ];
    tx.put(&tables::CODES, row);
}

fn hash(tx: &Tx<'_>, id: i64, code: &str) -> [u8; 32] {
    let text = Zeroizing::new(format!("code/{id}/{code}"));
    tx.keyring().token_hash(&text)
}

/// Six digits, each as likely as any other.
fn draw(tx: &Tx<'_>) -> Result<Zeroizing<String>, StoreError> {
    let mut code = Zeroizing::new(String::with_capacity(6));
    while code.len() < 6 {
        let [byte] = tx.random().array::<1>()?;
        if byte < 250 {
            code.push(char::from(b'0' + byte % 10));
        }
    }
    Ok(code)
}
