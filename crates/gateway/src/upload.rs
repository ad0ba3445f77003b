//! The multipart form of a media upload.

use axum::body::Body;
use axum::extract::FromRequest;
use axum::extract::Multipart;
use axum::extract::multipart::MultipartRejection;
use axum::http::Request;
use axum::http::header;
use whatsapp::error::GraphError;

/// How many parts a form may have.
const PARTS: usize = 16;
/// The largest part that is not the file.
const FIELD: usize = 256;

/// The types Meta takes, with the largest file of each in bytes.
const KINDS: &[(&str, usize)] = &[
    ("image/jpeg", 5 * MIB),
    ("image/png", 5 * MIB),
    ("image/webp", MIB / 2),
    ("audio/", 16 * MIB),
    ("video/mp4", 16 * MIB),
    ("video/3gpp", 16 * MIB),
    ("text/plain", 100 * MIB),
    ("application/pdf", 100 * MIB),
    ("application/msword", 100 * MIB),
    ("application/vnd.", 100 * MIB),
];
const MIB: usize = 1024 * 1024;

/// A file to upload.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) mime: String,
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// Reads the form.
///
/// # Errors
/// 415 for another kind of body, 413 for a file beyond its type's bound, 400 for the rest.
pub(crate) async fn read(request: Request<Body>) -> Result<File, GraphError> {
    let is_form = request
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data"));
    let mut form =
        Multipart::from_request(request, &())
            .await
            .map_err(|rejection| match rejection {
                MultipartRejection::InvalidBoundary(_) if is_form => {
                    GraphError::invalid("The body must be multipart/form-data with a boundary.")
                }
                _ => GraphError {
                    status: 415,
                    ..GraphError::invalid("The body must be multipart/form-data with a boundary.")
                },
            })?;
    let (mut file, mut product, mut kind) = (None, false, None);
    for count in 0.. {
        let Some(mut part) = form.next_field().await.map_err(|_| broken())? else {
            break;
        };
        if count >= PARTS {
            return Err(GraphError::invalid("The form has too many parts."));
        }
        let name = part.name().unwrap_or_default().to_owned();
        if name == "file" {
            let mime = part.content_type().unwrap_or_default().to_owned();
            let name = part.file_name().unwrap_or_default().to_owned();
            let mut bytes = Vec::new();
            while let Some(chunk) = part.chunk().await.map_err(|_| broken())? {
                bytes.extend_from_slice(&chunk);
                if bytes.len() > 100 * MIB {
                    return Err(too_large());
                }
            }
            file = Some(File { mime, name, bytes });
            continue;
        }
        let text = field(&mut part).await?;
        match name.as_str() {
            "messaging_product" => product = text == "whatsapp",
            "type" => kind = Some(text),
            "ttl_minutes" => {}
            _ => {
                return Err(GraphError::invalid(
                    "The form has a part that is not documented.",
                ));
            }
        }
    }
    let mut file = file.ok_or_else(|| missing("The form has no part `file`."))?;
    if !product {
        return Err(missing("The form must say `messaging_product=whatsapp`."));
    }
    // Some clients say only what kind of thing it is, `image`; then the file's own part tells.
    if let Some(kind) = kind.filter(|kind| kind.contains('/')) {
        file.mime = kind;
    }
    check(file)
}

async fn field(part: &mut axum::extract::multipart::Field<'_>) -> Result<String, GraphError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(|_| broken())? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > FIELD {
            return Err(GraphError::invalid("A part of the form is too long."));
        }
    }
    String::from_utf8(bytes).map_err(|_| GraphError::invalid("A part of the form is not UTF-8."))
}

fn check(file: File) -> Result<File, GraphError> {
    let mime = file
        .mime
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let kind = KINDS.iter().find(|(kind, _)| {
        if kind.ends_with(['/', '.']) {
            mime.starts_with(kind)
        } else {
            mime == *kind
        }
    });
    let Some((_, largest)) = kind else {
        return Err(GraphError::invalid(
            "WhatsApp does not take files of this type.",
        ));
    };
    if file.name.is_empty() {
        return Err(missing("The part `file` has no filename."));
    }
    if file.bytes.len() > *largest {
        return Err(too_large());
    }
    if file.bytes.is_empty() {
        return Err(GraphError::invalid("The file is empty."));
    }
    Ok(file)
}

fn broken() -> GraphError {
    GraphError::invalid("The form is cut off or malformed.")
}

fn missing(details: &'static str) -> GraphError {
    GraphError::of(131_008, details)
}

fn too_large() -> GraphError {
    GraphError {
        status: 413,
        ..GraphError::invalid("The file is larger than its type may be.")
    }
}
