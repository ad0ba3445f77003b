//! A bucket as a place: requests signed by `rusty-s3` (signature version 4, in the query), sent by the
//! client of this crate. Long files go and come in pieces.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::header;
use rusty_s3::Credentials;
use rusty_s3::S3Action;
use rusty_s3::UrlStyle;
use rusty_s3::actions::CreateMultipartUpload;
use rusty_s3::actions::ListObjectsV2;
use url::Url;
use zeroize::Zeroizing;

use crate::Egress;
use crate::Request;
use crate::Response;
use crate::place::Listed;
use crate::place::PlaceError;
use crate::place::io;

/// A piece of a long file. S3 wants at least 5 MiB and at most 10,000 of them.
const PIECE: usize = 16 << 20;
/// How long a signature is good for.
const GOOD_FOR: Duration = Duration::from_mins(5);
/// How long one exchange may take.
const EXCHANGE: Duration = Duration::from_mins(1);
/// The most of an answer that is not a file.
const ANSWER: usize = 4 << 20;

/// The key of an account.
pub struct Keys {
    /// Its id.
    pub id: String,
    /// The key.
    pub secret: Zeroizing<String>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

/// A bucket.
#[derive(Clone)]
pub struct Bucket {
    egress: Egress,
    inner: rusty_s3::Bucket,
    keys: Credentials,
    prefix: String,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bucket({self})")
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = self.inner.base_url();
        write!(
            f,
            "s3:{}{}{}",
            base.host_str().unwrap_or_default(),
            base.path(),
            self.prefix
        )
    }
}

impl Bucket {
    /// A bucket of a service at `endpoint`, below a prefix that is empty or ends with `/`.
    ///
    /// # Errors
    /// [`PlaceError::Name`] for an endpoint, a bucket or a prefix that cannot be one.
    pub fn new(
        egress: Egress,
        endpoint: Url,
        (bucket, region, prefix): (&str, &str, &str),
        keys: &Keys,
    ) -> Result<Self, PlaceError> {
        let (name, region) = (bucket.to_owned(), region.to_owned());
        let inner = rusty_s3::Bucket::new(endpoint, UrlStyle::Path, name, region)
            .map_err(|_| PlaceError::Name)?;
        let keys = Credentials::new(keys.id.clone(), keys.secret.as_str());
        if !prefix.is_empty() {
            let folder = prefix.strip_suffix('/').ok_or(PlaceError::Name)?;
            crate::place::checked(folder)?;
        }
        Ok(Self {
            egress,
            inner,
            keys,
            prefix: prefix.to_owned(),
        })
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    pub(super) async fn put(&self, name: &str, file: &Path) -> Result<u64, PlaceError> {
        let mut source = File::open(file).map_err(io("reading the file"))?;
        let size = source.metadata().map_err(io("reading the file"))?.len();
        let key = self.key(name);
        if size <= PIECE as u64 {
            let content = piece(&mut source)?;
            let action = self.inner.put_object(Some(&self.keys), &key);
            let (method, url) = (Method::PUT, signed(&action));
            fine(&self.ask((method, &url), content, ANSWER).await?)?;
            return Ok(size);
        }
        let action = self.inner.create_multipart_upload(Some(&self.keys), &key);
        let url = signed(&action);
        let begun = self.ask((Method::POST, &url), Bytes::new(), ANSWER).await?;
        let begun = CreateMultipartUpload::parse_response(text(fine(&begun)?)?)
            .map_err(|_| PlaceError::Answer)?;
        let sent = self.pieces(&key, begun.upload_id(), &mut source).await;
        if sent.is_err() {
            // What was sent would be kept, and paid for.
            let upload = begun.upload_id();
            let action = self
                .inner
                .abort_multipart_upload(Some(&self.keys), &key, upload);
            let url = signed(&action);
            let _ = self.ask((Method::DELETE, &url), Bytes::new(), ANSWER).await;
        }
        sent.map(|()| size)
    }

    async fn pieces(&self, key: &str, upload: &str, source: &mut File) -> Result<(), PlaceError> {
        let mut tags = Vec::new();
        for number in 1.. {
            let content = piece(source)?;
            if content.is_empty() {
                break;
            }
            let action = self
                .inner
                .upload_part(Some(&self.keys), key, number, upload);
            let url = signed(&action);
            let answer = self.ask((Method::PUT, &url), content, ANSWER).await?;
            fine(&answer)?;
            let tag = answer.headers.get(header::ETAG);
            let tag = tag
                .and_then(|tag| tag.to_str().ok())
                .ok_or(PlaceError::Answer)?;
            tags.push(tag.to_owned());
        }
        let tags = tags.iter().map(String::as_str);
        let action = self
            .inner
            .complete_multipart_upload(Some(&self.keys), key, upload, tags);
        let url = signed(&action);
        let body = Bytes::from(action.body());
        let answer = self.ask((Method::POST, &url), body, ANSWER).await?;
        // It may say so only after it has said 200.
        if text(fine(&answer)?)?.contains("<Error>") {
            return Err(PlaceError::Refused(answer.status.as_u16()));
        }
        Ok(())
    }

    pub(super) async fn get(
        &self,
        name: &str,
        (to, most): (&Path, u64),
    ) -> Result<u64, PlaceError> {
        let key = self.key(name);
        let mut to = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(to)
            .map_err(io("making the file"))?;
        let mut have = 0_u64;
        loop {
            let action = self.inner.get_object(Some(&self.keys), &key);
            let url = signed(&action);
            let range = format!("bytes={have}-{}", have + PIECE as u64 - 1);
            let mut headers = HeaderMap::new();
            let range = HeaderValue::from_str(&range).map_err(|_| PlaceError::Name)?;
            headers.insert(header::RANGE, range);
            let answer = self
                .send((Method::GET, &url), (headers, Bytes::new()), PIECE)
                .await?;
            // An empty file has no range.
            if answer.status.as_u16() == 416 && have == 0 {
                break;
            }
            let content = fine(&answer)?;
            let whole = whole_length(&answer).unwrap_or(content.len() as u64);
            if most < whole {
                return Err(PlaceError::TooLarge);
            }
            to.write_all(content).map_err(io("fetching the file"))?;
            have += content.len() as u64;
            if whole <= have {
                break;
            }
            if content.is_empty() {
                return Err(PlaceError::Answer);
            }
        }
        to.sync_all().map_err(io("fetching the file"))?;
        Ok(have)
    }

    pub(super) async fn list(&self, prefix: &str) -> Result<Vec<Listed>, PlaceError> {
        let prefix = self.key(prefix);
        let mut found = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let mut action = self.inner.list_objects_v2(Some(&self.keys));
            action.with_prefix(prefix.as_str());
            if let Some(token) = &token {
                action.with_continuation_token(token.as_str());
            }
            let url = signed(&action);
            let answer = self.ask((Method::GET, &url), Bytes::new(), ANSWER).await?;
            let page = ListObjectsV2::parse_response(text(fine(&answer)?)?)
                .map_err(|_| PlaceError::Answer)?;
            for object in page.contents {
                let name = object.key.strip_prefix(&self.prefix).unwrap_or_default();
                found.push(Listed {
                    name: name.to_owned(),
                    size: object.size.unwrap_or_default(),
                });
            }
            token = page.next_continuation_token;
            if token.is_none() {
                return Ok(found);
            }
        }
    }

    pub(super) async fn delete(&self, name: &str) -> Result<(), PlaceError> {
        let key = self.key(name);
        let action = self.inner.delete_object(Some(&self.keys), &key);
        let url = signed(&action);
        let answer = self
            .ask((Method::DELETE, &url), Bytes::new(), ANSWER)
            .await?;
        match fine(&answer) {
            Err(PlaceError::Missing) => Ok(()),
            other => other.map(drop),
        }
    }

    async fn ask(
        &self,
        what: (Method, &Url),
        body: Bytes,
        most: usize,
    ) -> Result<Response, PlaceError> {
        self.send(what, (HeaderMap::new(), body), most).await
    }

    async fn send(
        &self,
        (method, url): (Method, &Url),
        (headers, body): (HeaderMap, Bytes),
        most: usize,
    ) -> Result<Response, PlaceError> {
        let request = Request {
            method,
            url,
            headers,
            body,
            max_response: most,
            timeout: EXCHANGE,
        };
        Ok(self.egress.send(request).await?)
    }
}

fn signed<'a>(action: &impl S3Action<'a>) -> Url {
    action.sign(GOOD_FOR)
}

/// What an answer brought, if it is one of success.
fn fine(answer: &Response) -> Result<&Bytes, PlaceError> {
    match answer.status.as_u16() {
        200..=299 => Ok(&answer.body),
        404 => Err(PlaceError::Missing),
        status => Err(PlaceError::Refused(status)),
    }
}

fn text(bytes: &Bytes) -> Result<&str, PlaceError> {
    std::str::from_utf8(bytes).map_err(|_| PlaceError::Answer)
}

/// How long the whole file is that a part was answered of.
fn whole_length(answer: &Response) -> Option<u64> {
    let range = answer.headers.get(header::CONTENT_RANGE)?.to_str().ok()?;
    range.rsplit_once('/')?.1.parse().ok()
}

/// The next piece of a file; empty at its end.
fn piece(source: &mut File) -> Result<Bytes, PlaceError> {
    let mut content = Vec::new();
    source
        .take(PIECE as u64)
        .read_to_end(&mut content)
        .map_err(io("reading the file"))?;
    Ok(content.into())
}
