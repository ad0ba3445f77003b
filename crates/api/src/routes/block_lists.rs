//! A cleansing file on its way in: read as it comes, in force when all of it is there.

use axum::Json;
use axum::extract::Request;
use domain::cleansing::BadFile;
use domain::cleansing::BadRow;
use domain::cleansing::Country;
use domain::cleansing::Rows;
use futures_util::StreamExt as _;
use seal::Sha256Stream;
use serde::Deserialize;
use store::block_list::BlockList;
use whatsapp::recipient::E164;

use crate::access::Allowed;
use crate::access::perm;
use crate::body::At;
use crate::problem::Kind;
use crate::problem::Problem;
use crate::routes::block_registries::ImportView;
use crate::routes::block_registries::named;

/// How large a file may be, in bytes.
const MOST_BYTES: u64 = 1 << 30;
/// How many lines that cannot be read are named.
const NAMED: usize = 20;

/// How a file is to be read.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportQuery {
    /// The country whose national numbers are read as such: `ZA`. Without it every number needs its
    /// country code.
    country: Option<String>,
    /// Whether the list comes into force although lines of it cannot be read. Nobody is released then:
    /// such a line may be about anybody. `false` unless told.
    #[serde(default)]
    skip_bad: bool,
}

/// What reading a file brought.
struct Taken {
    hash: [u8; 32],
    /// The first lines that could not be read.
    bad: Vec<(u64, BadRow)>,
}

/// Bring in a registry's list.
///
/// The body is the file itself: one phone number or e-mail address a line, or a table whose first line
/// names its columns. It is the complete list: whoever is on it is blocked, whoever no longer is, is
/// released, all in one moment once the last line has been read. Until then, and if it breaks off, the
/// list in force is as it was.
#[utoipa::path(
    post,
    path = "/block-registries/{code}/imports",
    tag = "block registries",
    params(("code" = String, Path, description = "The registry's short name"), ImportQuery),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, description = "The import", body = ImportView)),
    security(("staff" = ["manage-purposes"]))
)]
pub(crate) async fn bring_in(
    allowed: Allowed<perm::ManagePurposes, ImportQuery>,
    At(code): At<String>,
    request: Request,
) -> Result<Json<ImportView>, Problem> {
    let registry = named(&allowed.registry(), &code)?.id;
    let country = match allowed.query.country.as_deref() {
        None => None,
        Some(code) => {
            let country = Country::from_code(code);
            let detail = "national numbers are read of ZA only";
            Some(country.ok_or_else(|| Problem::value("country", detail))?)
        }
    };
    let mut list = BlockList::begin(allowed.store(), registry).await?;
    let taken = take(&mut list, country, request).await;
    let skip_bad = allowed.query.skip_bad;
    let (lines, bad) = list.lines();
    let taken = match taken {
        Ok(taken) if lines == 0 || (bad > 0 && !skip_bad) => Err(refused(&taken, (lines, bad))),
        taken => taken,
    };
    match taken {
        Ok(taken) => {
            let done = list.put_in_force(allowed.actor, taken.hash).await?;
            Ok(Json(ImportView::from(&done)))
        }
        Err(problem) => {
            list.give_up().await?;
            Err(problem)
        }
    }
}

async fn take(
    list: &mut BlockList,
    country: Option<Country>,
    request: Request,
) -> Result<Taken, Problem> {
    let mut body = request.into_body().into_data_stream();
    let mut reader = Rows::new(country, |text| {
        let phone = E164::parse(text).ok()?;
        Some(phone.as_str().to_owned())
    });
    let (mut hash, mut bytes) = (Sha256Stream::default(), 0);
    let (mut rows, mut bad) = (Vec::new(), Vec::new());
    let mut open = true;
    while open {
        if let Some(piece) = body.next().await {
            let piece = piece.map_err(|_| Problem::new(Kind::Body, "it broke off"))?;
            bytes += piece.len() as u64;
            if bytes > MOST_BYTES {
                return Err(Kind::TooLarge.into());
            }
            hash.update(&piece);
            reader.take(&piece, &mut rows).map_err(of_file)?;
        } else {
            reader.end(&mut rows).map_err(of_file)?;
            open = false;
        }
        for row in rows.drain(..) {
            match row.found {
                Ok(identifiers) => list.line(&identifiers).await?,
                Err(why) => {
                    list.bad();
                    if bad.len() < NAMED {
                        bad.push((row.number, why));
                    }
                }
            }
        }
    }
    Ok(Taken {
        hash: hash.finish(),
        bad,
    })
}

fn of_file(fault: BadFile) -> Problem {
    Problem::value("file", fault.to_string())
}

/// Why a file is not taken: an empty list would release everybody.
fn refused(taken: &Taken, (lines, bad): (u64, u64)) -> Problem {
    if lines == 0 {
        let detail = "the file has no lines; a list without anybody on it would release everybody";
        return Problem::value("file", detail);
    }
    let named: Vec<String> = taken
        .bad
        .iter()
        .map(|(number, why)| format!("line {number}: {why}"))
        .collect();
    let more = if bad > taken.bad.len() as u64 {
        "; and more"
    } else {
        ""
    };
    let detail = format!(
        "{bad} of {lines} lines cannot be read, so nothing was changed: {}{more}",
        named.join("; ")
    );
    Problem::value("file", detail)
}
