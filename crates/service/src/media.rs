//! Media: up to Meta and down from it, with a sealed copy here.

use std::sync::Arc;

use bytes::Bytes;
use domain::access::AppScope;
use domain::disclose;
use domain::disclose::Contract;
use domain::ids::MediaId;
use domain::ids::NumberId;
use domain::subject::Restriction;
use egress::Request;
use http::HeaderMap;
use http::Method;
use http::header;
use seal::DataKey;
use seal::Place;
use seal::RecordKind;
use seal::Zeroizing;
use serde::Deserialize;
use serde::Serialize;
use store::media::KeptObject;
use store::media::NewMedia;
use store::read::MediaRow;
use url::Url;
use whatsapp::error::GraphError;
use whatsapp::response::parse_media_info;
use whatsapp::response::parse_media_upload;

use crate::Answer;
use crate::Caller;
use crate::Failure;
use crate::Service;
use crate::ids;
use crate::object;
use crate::picture;
use crate::send::mapped;

/// The largest object of the platform.
const LARGEST: usize = 100 * 1024 * 1024;

/// How many files may be on their way from Meta at once.
pub(crate) const DOWNLOADS: usize = 8;

/// The place of an object's bytes under its own key.
const BYTES: u8 = 3;

/// What is known of a media object; sealed in its row.
#[derive(Clone, Default, Deserialize, Serialize)]
pub(crate) struct Reference {
    /// Meta's id of it.
    id: String,
    #[serde(default)]
    pub(crate) mime_type: Option<String>,
    #[serde(default)]
    filename: Option<String>,
    /// SHA-256 of the working copy, in hexadecimal.
    #[serde(default)]
    pub(crate) sha256: Option<String>,
    #[serde(default)]
    size: Option<u64>,
}

/// Meta's id in a stored reference; empty if it cannot be read, which Meta refuses.
pub(crate) fn upstream_id(reference: &[u8]) -> String {
    parse(reference).id
}

pub(crate) fn parse(reference: &[u8]) -> Reference {
    serde_json::from_slice(reference).unwrap_or_default()
}

/// A media object for an app.
#[derive(Debug)]
pub struct Fetched {
    /// Its type.
    pub mime_type: String,
    /// Its bytes.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl Service {
    /// `POST /{phone-number-id}/media`: hands an object to Meta, without metadata, and keeps a
    /// sealed copy.
    ///
    /// # Errors
    /// Graph's 400 for an image that cannot be read; what Meta refuses.
    pub async fn upload(
        &self,
        caller: &Caller,
        phone_number_id: &str,
        (mime, filename): (&str, &str),
        bytes: Vec<u8>,
    ) -> Result<Answer, Failure> {
        caller.needs(AppScope::Media)?;
        let number = self.number(caller, phone_number_id)?;
        let bytes = picture::strip(mime, bytes)
            .map_err(|_| GraphError::of(131_053, "The file is not what its type says."))?;
        let boundary =
            seal::new_token("imvume-", self.store.random()).map_err(|_| Failure::unavailable())?;
        let form = form(&boundary, (mime, filename), &bytes);
        let url = self.graph(&[&number.phone_number_id, "media"]);
        let kind = format!("multipart/form-data; boundary={}", boundary.as_str());
        let sent = self
            .call(
                (Method::POST, &url),
                &number.phone_number_id,
                Some((&kind, form.into())),
            )
            .await
            .map_err(|_| Failure::unavailable())?;
        if !sent.status.is_success() {
            return Err(mapped(&sent));
        }
        let id = parse_media_upload(&sent.body).map_err(|_| Failure::unavailable())?;
        let reference = Reference {
            id: id.into_string(),
            mime_type: Some(mime.to_owned()),
            filename: Some(filename.to_owned()),
            ..Reference::default()
        };
        let stored = serde_json::to_vec(&reference).unwrap_or_default();
        let new = NewMedia {
            app: caller.app,
            number: number.id,
            reference: stored,
        };
        let media = self.store.add_media(new).await?;
        self.keep(media, reference, bytes).await?;
        let body = serde_json::json!({"id": ids::media(&caller.ids, media)});
        Ok(Answer::plain(body.to_string().into_bytes()))
    }

    /// `GET /{media-id}`: where the object can be fetched from this gateway.
    ///
    /// # Errors
    /// Graph's 404 for an object that is not the app's.
    pub async fn locate(&self, caller: &Caller, media_id: &str) -> Result<Answer, Failure> {
        caller.needs(AppScope::Media)?;
        let media = ids::open_media(&caller.ids, media_id).ok_or_else(GraphError::not_found)?;
        self.may_have(caller, media).await?;
        let reference = self.ensure(media).await?;
        let body = serde_json::json!({
            "messaging_product": "whatsapp",
            "url": self.media_url(media_id),
            "mime_type": reference.mime_type,
            "sha256": reference.sha256,
            "file_size": reference.size,
            "id": media_id,
        });
        Ok(Answer::plain(whatsapp::ascii_json(&body).into_bytes()))
    }

    /// `GET` of the address that [`Service::locate`] gave.
    ///
    /// # Errors
    /// Graph's 404 for an object that is not the app's.
    pub async fn fetch(&self, caller: &Caller, media_id: &str) -> Result<Fetched, Failure> {
        caller.needs(AppScope::Media)?;
        let media = ids::open_media(&caller.ids, media_id).ok_or_else(GraphError::not_found)?;
        self.may_have(caller, media).await?;
        let reference = self.ensure(media).await?;
        let row = self.media_row(media).await?;
        let bytes = self.open(row).await?;
        let mime_type = reference
            .mime_type
            .unwrap_or_else(|| "application/octet-stream".into());
        Ok(Fetched { mime_type, bytes })
    }

    /// `DELETE /{media-id}`: here and at Meta.
    ///
    /// # Errors
    /// Graph's 404 for an object that is not the app's own upload.
    pub async fn delete_media(&self, caller: &Caller, media_id: &str) -> Result<Answer, Failure> {
        caller.needs(AppScope::Media)?;
        let media = ids::open_media(&caller.ids, media_id).ok_or_else(GraphError::not_found)?;
        let row = self.media_row(media).await?;
        if row.app != Some(caller.app) {
            return Err(GraphError::not_found().into());
        }
        let phone_number_id = self.phone_number_id(row.number)?;
        let url = self.graph(&[&parse(&row.reference).id]);
        let answer = self
            .call((Method::DELETE, &url), &phone_number_id, None)
            .await;
        if let Some(object) = self.store.delete_media(media).await? {
            let directory = self.settings.media.clone();
            let removed =
                tokio::task::spawn_blocking(move || object::remove(&directory, &object)).await;
            if !matches!(removed, Ok(Ok(()))) {
                tracing::warn!(
                    media = media.0,
                    "cannot remove a media file; its key is gone"
                );
            }
        }
        match answer {
            Ok(response) if response.status.is_success() => Ok(Answer::success()),
            Ok(response) => Err(mapped(&response)),
            Err(_) => Err(Failure::unavailable()),
        }
    }

    /// The address of an object at this gateway.
    pub(crate) fn media_url(&self, media_id: &str) -> String {
        let base = self.settings.apps_url.as_str().trim_end_matches('/');
        format!("{base}/_media/{media_id}")
    }

    async fn media_row(&self, media: MediaId) -> Result<MediaRow, Failure> {
        let row = self.store.read(move |reader| reader.media(media)).await?;
        row.ok_or_else(|| GraphError::not_found().into())
    }

    fn phone_number_id(&self, number: NumberId) -> Result<String, Failure> {
        let registry = self.store.registry();
        let number = registry.number(number).ok_or_else(GraphError::not_found)?;
        Ok(number.phone_number_id.clone())
    }

    /// Judges handing an object to an app like any other disclosure.
    async fn may_have(&self, caller: &Caller, media: MediaId) -> Result<(), Failure> {
        let row = self.media_row(media).await?;
        if row.app.is_some_and(|app| app != caller.app) {
            return Err(GraphError::not_found().into());
        }
        let (subject, app, now) = (row.subject, caller.app, self.store.clock().now());
        let uploaded = row.app.is_some();
        let (held, sharing) = self
            .store
            .read(move |reader| {
                let sharing = reader.sharing(app, subject, now)?;
                // What an app has uploaded itself is nothing that is shared with it.
                Ok((reader.subject(subject)?, sharing.filter(|_| !uploaded)))
            })
            .await?;
        let restriction = held
            .and_then(|(_, since)| since)
            .map_or(Restriction::None, |since| Restriction::Restricted { since });
        let contract = Contract {
            active: true,
            covers_number: caller.covers(row.number),
            identity: caller.identity,
            sharing,
        };
        disclose::decide(contract, restriction)
            .map(drop)
            .map_err(|_| GraphError::not_found().into())
    }

    /// Sees to it that an object is kept here, fetching it from Meta the first time.
    pub(crate) async fn ensure(&self, media: MediaId) -> Result<Reference, Failure> {
        let _turn = self.fetching.take(&media).await;
        let row = self.media_row(media).await?;
        let reference = parse(&row.reference);
        if row.object.is_some() {
            return Ok(reference);
        }
        let _room = self
            .downloads
            .acquire()
            .await
            .map_err(|_| Failure::unavailable())?;
        let phone_number_id = self.phone_number_id(row.number)?;
        let url = self.graph(&[&reference.id]);
        let located = self.call((Method::GET, &url), &phone_number_id, None).await;
        let located = located.map_err(|_| Failure::unavailable())?;
        if !located.status.is_success() {
            return Err(mapped(&located));
        }
        let info = parse_media_info(&located.body).map_err(|_| Failure::unavailable())?;
        let bytes = self.download(&info.url, &phone_number_id).await?;
        let mime = info
            .mime_type
            .or_else(|| reference.mime_type.clone())
            .unwrap_or_default();
        let bytes = picture::strip(&mime, bytes)
            .map_err(|_| GraphError::of(131_052, "The file is not what its type says."))?;
        self.keep(
            media,
            Reference {
                mime_type: Some(mime),
                ..reference
            },
            bytes,
        )
        .await
    }

    async fn download(&self, url: &str, phone_number_id: &str) -> Result<Vec<u8>, Failure> {
        let url = Url::parse(url)
            .ok()
            .filter(|url| self.is_metas(url))
            .ok_or_else(Failure::unavailable)?;
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, self.bearer(phone_number_id));
        let request = Request {
            method: Method::GET,
            url: &url,
            headers,
            body: Bytes::new(),
            max_response: LARGEST,
            timeout: self.settings.call_timeout,
        };
        let response = self
            .egress
            .send(request)
            .await
            .map_err(|_| Failure::unavailable())?;
        if response.status.is_success() {
            Ok(response.body.to_vec())
        } else {
            Err(mapped(&response))
        }
    }

    /// Whether an address may be given the number's token: Meta's media hosts, or wherever the
    /// Graph API itself is configured to be.
    fn is_metas(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let known = [".fbsbx.com", ".fbcdn.net", ".whatsapp.net", ".facebook.com"];
        url.origin() == self.settings.graph.origin()
            || (url.scheme() == "https" && known.iter().any(|domain| host.ends_with(domain)))
    }

    /// Seals an object under a key of its own and writes it: the file is durable first, then the row
    /// points at it.
    async fn keep(
        &self,
        media: MediaId,
        mut reference: Reference,
        bytes: Vec<u8>,
    ) -> Result<Reference, Failure> {
        reference.sha256 = Some(hex(&seal::sha256(&bytes)));
        reference.size = Some(bytes.len() as u64);
        let random = self.store.random().clone();
        let directory = self.settings.media.clone();
        let written = tokio::task::spawn_blocking(move || {
            let name = hex(&random.array::<16>().ok()?);
            let key = DataKey::generate(&random).ok()?;
            let sealed = key.seal_media(&random, &bytes_place(media), &bytes).ok()?;
            object::write(&directory, &name, &sealed).ok()?;
            Some((name, key))
        });
        let (object, key) = written
            .await
            .ok()
            .flatten()
            .ok_or_else(Failure::unavailable)?;
        let kept = KeptObject {
            object,
            key: Arc::new(key),
            size: reference.size.unwrap_or_default(),
            reference: serde_json::to_vec(&reference).unwrap_or_default(),
        };
        let object = kept.object.clone();
        if let Err(error) = self.store.keep_media(media, kept).await {
            // Its row is gone, with whom it was of: the file must not stay.
            let directory = self.settings.media.clone();
            let removed =
                tokio::task::spawn_blocking(move || object::remove(&directory, &object)).await;
            if !matches!(removed, Ok(Ok(()))) {
                tracing::warn!("cannot remove a media file without a row; it is swept at a start");
            }
            return Err(error.into());
        }
        Ok(reference)
    }

    async fn open(&self, row: MediaRow) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let (Some(object), Some(key)) = (row.object, row.object_key) else {
            return Err(GraphError::not_found().into());
        };
        let directory = self.settings.media.clone();
        let opened = tokio::task::spawn_blocking(move || {
            let sealed = object::read(&directory, &object).ok()?;
            key.open_media(&bytes_place(row.id), &sealed).ok()
        });
        opened.await.ok().flatten().ok_or_else(|| {
            tracing::error!(media = row.id.0, "a media file is missing or damaged");
            Failure::unavailable()
        })
    }
}

pub(crate) const fn bytes_place(media: MediaId) -> Place {
    Place {
        record: RecordKind::Media,
        field: BYTES,
        id: media.0.cast_unsigned(),
        key: 0,
    }
}

fn hex(bytes: &[u8]) -> String {
    let nibble = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|byte| [nibble(byte >> 4), nibble(byte & 15)])
        .collect()
}

/// The multipart form Meta's media call takes (RFC 7578). The boundary is random.
fn form(boundary: &str, (mime, filename): (&str, &str), bytes: &[u8]) -> Vec<u8> {
    let plain = |text: &str| -> String {
        text.chars()
            .filter(|c| !c.is_control() && *c != '"' && *c != '\\')
            .collect()
    };
    let (mime, filename) = (plain(mime), plain(filename));
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\n\
         whatsapp\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\n\
         {mime}\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; \
         filename=\"{filename}\"\r\nContent-Type: {mime}\r\n\r\n"
    );
    let mut form = Vec::with_capacity(head.len() + bytes.len() + boundary.len() + 8);
    form.extend_from_slice(head.as_bytes());
    form.extend_from_slice(bytes);
    form.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    form
}
