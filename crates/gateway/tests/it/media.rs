//! Files, up and down.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::message::IdentityMode;
use http::Request;
use serde_json::Value;
use serde_json::json;
use testkit::Answer;
use testkit::NUMBER;
use testkit::THANDI;
use testkit::TestApp;
use testkit::TestGateway;

/// What must not leave a picture: a place and a name, as EXIF, XMP and comment.
pub(crate) const SECRETS: [&str; 3] = [
    "GPSLatitude-33.9249",
    "xmp-photographer-Thandi",
    "comment-of-the-camera",
];

/// A JPEG of one grey dot with everything a telephone adds.
pub(crate) fn jpeg() -> Vec<u8> {
    let segment = |code: u8, content: &[u8]| {
        let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
        [&[0xff, code], &length[..], content].concat()
    };
    let exif = format!("Exif\0\0MM\0*\0\0\0\x08{}", SECRETS[0]);
    let xmp = format!("http://ns.adobe.com/xap/1.0/\0{}", SECRETS[1]);
    [
        vec![0xff, 0xd8],
        segment(0xe0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0"),
        segment(0xe1, exif.as_bytes()),
        segment(0xe1, xmp.as_bytes()),
        segment(0xfe, SECRETS[2].as_bytes()),
        segment(0xdb, &[1; 65]),
        segment(0xc0, &[8, 0, 1, 0, 1, 1, 1, 0x11, 0]),
        segment(0xda, &[1, 1, 0, 0, 63, 0]),
        vec![0x55, 0xff, 0xd9],
    ]
    .concat()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

async fn get(gateway: &TestGateway, app: &TestApp, path: &str) -> Answer {
    gateway.call(app, "GET", path, &Value::Null).await
}

fn form(parts: &[(&str, Option<&str>, &str, &[u8])]) -> Vec<u8> {
    let mut form = Vec::new();
    for (name, filename, mime, bytes) in parts {
        let filename = filename.map_or(String::new(), |name| format!("; filename=\"{name}\""));
        let head = format!(
            "--limit\r\nContent-Disposition: form-data; name=\"{name}\"{filename}\r\nContent-Type: {mime}\r\n\r\n"
        );
        form.extend([head.as_bytes(), bytes, b"\r\n"].concat());
    }
    form.extend(b"--limit--\r\n");
    form
}

async fn upload(gateway: &TestGateway, app: &TestApp, form: Vec<u8>) -> Answer {
    let request = Request::post("/").header("content-type", "multipart/form-data; boundary=limit");
    gateway
        .request(app, &format!("/v23.0/{NUMBER}/media"), request, form)
        .await
}

/// Uploads a picture.
pub(crate) async fn try_picture(gateway: &TestGateway, app: &TestApp) -> Answer {
    let parts = form(&[
        ("messaging_product", None, "text/plain", b"whatsapp"),
        ("type", None, "text/plain", b"image/jpeg"),
        ("file", Some("tattoo.jpg"), "image/jpeg", &jpeg()),
    ]);
    upload(gateway, app, parts).await
}

async fn upload_picture(gateway: &TestGateway, app: &TestApp) -> String {
    let answer = try_picture(gateway, app).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    answer.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_picture_comes_down_without_what_tells() {
    let gateway = TestGateway::start().await;
    let data = STANDARD.encode(jpeg());
    gateway
        .hear(json!({"from": "thandi", "type": "image", "image": {"caption": "My cup", "mime_type": "image/jpeg", "data": data}}))
        .await;
    for app in [&gateway.real, &gateway.alias] {
        let told = app.take()[0].message().unwrap()["image"].clone();
        let id = told["id"].as_str().unwrap();
        assert_eq!(told["caption"], "My cup");
        let located = get(&gateway, app, &format!("/v23.0/{id}")).await;
        assert_eq!(located.status, 200, "{:?}", located.body);
        let located = located.json();
        assert_eq!(located["id"], json!(id));
        assert_eq!(located["url"], told["url"]);
        let url = located["url"].as_str().unwrap();
        assert!(url.starts_with(&gateway.apps_url), "{url}");
        let fetched = get(&gateway, app, url).await;
        assert_eq!(fetched.status, 200);
        assert_eq!(fetched.header("content-type"), Some("image/jpeg"));
        assert_eq!(fetched.header("x-content-type-options"), Some("nosniff"));
        assert!(fetched.body.starts_with(&[0xff, 0xd8]));
        for secret in SECRETS {
            assert!(
                holds(&jpeg(), secret) && !holds(&fetched.body, secret),
                "{secret}"
            );
        }
        assert_eq!(located["file_size"], json!(fetched.body.len()));
        let hash = aws_hash(&fetched.body);
        assert_eq!(located["sha256"], json!(hash.0));
        assert_eq!(
            told["sha256"],
            json!(hash.1),
            "the hash is of what the app gets"
        );
    }
    // A file is asked for once, whoever wants it.
    let calls = gateway.look("calls/count").await;
    assert_eq!(calls["calls"]["GET /{node}"], 1, "{calls}");
    at_rest(&gateway, &[&SECRETS[..], &["My cup", "JFIF"]].concat());
}

/// SHA-256 in hexadecimal, and in base64.
fn aws_hash(bytes: &[u8]) -> (String, String) {
    let hash = seal::sha256(bytes);
    let hex = hash.iter().map(|byte| format!("{byte:02x}"));
    (hex.collect::<Vec<_>>().concat(), STANDARD.encode(hash))
}

/// Nothing of this stands readable in the data directory.
fn at_rest(gateway: &TestGateway, secrets: &[&str]) {
    for (path, bytes) in gateway.files() {
        for secret in secrets {
            assert!(!holds(&bytes, secret), "{secret} in {}", path.display());
        }
    }
}

#[tokio::test]
async fn a_file_goes_up_without_what_tells() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    let id = upload_picture(&gateway, &gateway.real).await;
    let body = json!({"messaging_product": "whatsapp", "to": THANDI.address(), "type": "image", "image": {"id": id}});
    let answer = gateway.send(&gateway.real, &body).await;
    assert_eq!(answer.verdict(), (200, 0), "{:?}", answer.body);
    let sent = gateway.sent().await;
    let meta = sent[0]["body"]["image"]["id"].as_str().unwrap().to_owned();
    assert_ne!(meta, id);
    // What Meta has is the working copy.
    let request =
        |url: String| Request::get(url).header("authorization", "Bearer emulator-access-token");
    let located = request(format!("{}/v23.0/{meta}", gateway.emulator.base_url()));
    let located = gateway.client.call(located, "").await.json();
    let file = request(located["url"].as_str().unwrap().to_owned());
    let file = gateway.client.call(file, "").await;
    assert!(file.body.starts_with(&[0xff, 0xd8]));
    for secret in SECRETS {
        assert!(!holds(&file.body, secret), "{secret}");
    }
    at_rest(&gateway, &[&SECRETS[..], &["tattoo.jpg", "JFIF"]].concat());
    let own = get(&gateway, &gateway.real, &format!("/_media/{id}")).await;
    assert_eq!(own.body, file.body);
    // Nobody else's.
    let other = gateway.add_app("other", IdentityMode::Real).await;
    for app in [&gateway.alias, &other] {
        for path in [format!("/v23.0/{id}"), format!("/_media/{id}")] {
            assert_eq!(get(&gateway, app, &path).await.status, 404);
        }
        let delete = gateway
            .call(app, "DELETE", &format!("/{id}"), &Value::Null)
            .await;
        assert_eq!(delete.status, 404);
    }
    assert_eq!(gateway.send(&other, &body).await.verdict(), (400, 131_009));
    // Deleted, it is gone here, and at Meta.
    let files = gateway.files().len();
    let path = format!("/v23.0/{id}");
    let deleted = gateway
        .call(&gateway.real, "DELETE", &path, &Value::Null)
        .await;
    assert_eq!(deleted.json(), json!({"success": true}));
    assert_eq!(get(&gateway, &gateway.real, &path).await.status, 404);
    assert_eq!(
        get(&gateway, &gateway.real, &format!("/_media/{id}"))
            .await
            .status,
        404
    );
    assert_eq!(
        gateway.send(&gateway.real, &body).await.verdict(),
        (400, 131_009)
    );
    assert_eq!(gateway.files().len(), files - 1);
    let located = request(format!("{}/v23.0/{meta}", gateway.emulator.base_url()));
    assert_ne!(gateway.client.call(located, "").await.status, 200);
}

#[tokio::test]
async fn what_came_in_is_not_an_apps_to_delete() {
    let gateway = TestGateway::start().await;
    gateway
        .hear(json!({"from": "thandi", "type": "image"}))
        .await;
    let id = gateway.real.take()[0].message().unwrap()["image"]["id"].clone();
    let path = format!("/v23.0/{}", id.as_str().unwrap());
    assert_eq!(
        gateway
            .call(&gateway.real, "DELETE", &path, &Value::Null)
            .await
            .status,
        404
    );
    assert_eq!(get(&gateway, &gateway.real, &path).await.status, 200);
    assert_eq!(
        get(&gateway, &gateway.alias, &path).await.status,
        404,
        "ids are an app's own"
    );
}

fn odd() -> Vec<(&'static str, Vec<u8>, u16)> {
    let product: (&str, Option<&str>, &str, &[u8]) =
        ("messaging_product", None, "text/plain", b"whatsapp");
    let jpeg = jpeg();
    let large = vec![0; 5 * 1024 * 1024 + 1];
    let many: Vec<(&str, Option<&str>, &str, &[u8])> =
        vec![("type", None, "text/plain", b"image/jpeg"); 1_000];
    vec![
        (
            "no product",
            form(&[("file", Some("a.jpg"), "image/jpeg", &jpeg)]),
            400,
        ),
        ("no file", form(&[product]), 400),
        (
            "no filename",
            form(&[product, ("file", None, "image/jpeg", &jpeg)]),
            400,
        ),
        (
            "wrong type",
            form(&[product, ("file", Some("a.svg"), "image/svg+xml", &jpeg)]),
            400,
        ),
        (
            "not what it says",
            form(&[product, ("file", Some("a.jpg"), "image/jpeg", b"<svg/>")]),
            400,
        ),
        (
            "empty",
            form(&[product, ("file", Some("a.jpg"), "image/jpeg", b"")]),
            400,
        ),
        (
            "too large",
            form(&[product, ("file", Some("a.jpg"), "image/jpeg", &large)]),
            413,
        ),
        ("many parts", form(&many), 400),
        (
            "unknown part",
            form(&[product, ("x", None, "text/plain", b"x")]),
            400,
        ),
        (
            "cut off",
            b"--limit\r\nContent-Disposition: form-data; name=\"file\"".to_vec(),
            400,
        ),
    ]
}

#[tokio::test]
async fn a_form_may_say_what_kind_of_thing_the_file_is() {
    let gateway = TestGateway::start().await;
    let parts = form(&[
        ("messaging_product", None, "text/plain", b"whatsapp"),
        ("type", None, "text/plain", b"image"),
        ("file", Some("tattoo.jpg"), "image/jpeg", &jpeg()),
    ]);
    let answer = upload(&gateway, &gateway.real, parts).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
}

#[tokio::test]
async fn odd_forms() {
    let gateway = TestGateway::start().await;
    for (what, form, status) in odd() {
        let answer = upload(&gateway, &gateway.real, form).await;
        assert_eq!(answer.status, status, "{what}: {:?}", answer.body);
    }
    let path = format!("/v23.0/{NUMBER}/media");
    for (kind, status) in [("multipart/form-data", 400), ("application/json", 415)] {
        let request = Request::post("/").header("content-type", kind);
        let answer = gateway.request(&gateway.real, &path, request, "{}").await;
        assert_eq!(answer.status, status, "{kind}");
    }
    let calls = gateway.look("calls/count").await;
    assert_eq!(calls["calls"]["POST /{node}/media"], Value::Null, "{calls}");
}
