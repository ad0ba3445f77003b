//! Places: a directory, and a bucket that misbehaves. A real service is spoken to by
//! `tests/clients/buckets.py`.

use std::fs;
use std::path::Path;

use egress::Egress;
use egress::Policy;
use egress::place::Bucket;
use egress::place::Keys;
use egress::place::Place;
use egress::place::PlaceError;
use tempfile::TempDir;
use url::Url;

use crate::host::Host;
use crate::host::Then;

fn directory() -> (TempDir, Place) {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("place");
    fs::create_dir(&root).unwrap();
    (directory, Place::Directory(root))
}

fn file(directory: &TempDir, content: &[u8]) -> std::path::PathBuf {
    let path = directory.path().join("file");
    fs::write(&path, content).unwrap();
    path
}

#[tokio::test]
async fn what_is_put_is_there() {
    let (around, place) = directory();
    let (name, to) = ("an/object.age", around.path().join("fetched"));
    let source = file(&around, b"content");
    assert_eq!(place.put(name, &source).await.unwrap(), 7);
    fs::write(&source, b"newer").unwrap();
    assert_eq!(place.put(name, &source).await.unwrap(), 5);
    let listed = place.list("an/").await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(
        listed.first().map(|one| (one.name.as_str(), one.size)),
        Some((name, 5))
    );
    assert_eq!(place.get(name, &to, 5).await.unwrap(), 5);
    assert_eq!(fs::read(&to).unwrap(), b"newer");
    assert!(matches!(
        place.get(name, &to, 4).await,
        Err(PlaceError::TooLarge)
    ));
    assert!(matches!(
        place.get("none", &to, 4).await,
        Err(PlaceError::Missing)
    ));
    place.delete(name).await.unwrap();
    place.delete(name).await.unwrap();
    assert!(place.list("").await.unwrap().is_empty());
    assert!(place.list("none/of/it").await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_half_written_is_not_listed() {
    let (around, place) = directory();
    let Place::Directory(root) = &place else {
        panic!("a directory")
    };
    fs::write(root.join("object.new"), b"half").unwrap();
    let source = file(&around, b"content");
    place.put("object", &source).await.unwrap();
    let listed = place.list("").await.unwrap();
    assert_eq!(listed.len(), 1);
    // What cannot be read leaves what was there.
    let missing = around.path().join("missing");
    assert!(place.put("object", &missing).await.is_err());
    assert_eq!(fs::read(root.join("object")).unwrap(), b"content");
}

#[tokio::test]
async fn a_disk_that_is_not_there_is_no_empty_one() {
    let (around, _) = directory();
    let place = Place::Directory(around.path().join("unmounted"));
    let source = file(&around, b"content");
    assert!(place.list("").await.is_err());
    assert!(place.put("object", &source).await.is_err());
    assert!(!around.path().join("unmounted").exists());
}

#[tokio::test]
async fn a_name_leads_nowhere_else() {
    let (around, place) = directory();
    let source = file(&around, b"content");
    for name in [
        "",
        "/etc/passwd",
        "../out",
        "a/../b",
        "a//b",
        "a/.b",
        "a b",
        "\u{e9}",
    ] {
        let put = place.put(name, &source).await;
        assert!(matches!(put, Err(PlaceError::Name)), "{name}");
    }
}

fn bucket(host: &Host) -> Place {
    let policy = Policy {
        allow_private: vec!["127.0.0.1".parse().unwrap()],
        ..Policy::default()
    };
    let endpoint = Url::parse(&format!("http://{}", host.address)).unwrap();
    let keys = Keys {
        id: "account".to_owned(),
        secret: "very-secret".to_owned().into(),
    };
    let egress = Egress::new(policy).unwrap();
    let bucket = Bucket::new(egress, endpoint, ("backups", "us-east-1", "below/"), &keys);
    Place::S3(Box::new(bucket.unwrap()))
}

async fn asked(then: Then, source: &Path) -> (Result<u64, PlaceError>, Vec<String>) {
    let host = Host::start(then).await;
    let put = bucket(&host).put("object", source).await;
    (put, host.requests())
}

#[tokio::test]
async fn a_bucket_that_refuses_says_so_and_no_more() {
    let (around, _) = directory();
    let source = file(&around, b"content");
    let cases = [
        (
            "HTTP/1.1 403 Forbidden\r\ncontent-length: 6\r\n\r\nsecret",
            "403",
        ),
        ("HTTP/1.1 500 Internal\r\ncontent-length: 0\r\n\r\n", "500"),
        (
            "HTTP/1.1 301 Moved\r\nlocation: http://127.0.0.1/\r\ncontent-length: 0\r\n\r\n",
            "301",
        ),
    ];
    for (answer, status) in cases {
        let (put, requests) = asked(Then::Answer(answer), &source).await;
        let told = put.unwrap_err().to_string();
        assert!(told.contains(status), "{told}");
        assert!(
            !told.contains("secret") && !told.contains("object"),
            "{told}"
        );
        assert!(
            requests
                .iter()
                .all(|request| !request.contains("very-secret"))
        );
    }
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf";
    let (put, _) = asked(Then::Close(cut), &source).await;
    assert!(matches!(put, Err(PlaceError::Egress(_))));
}

#[tokio::test]
async fn what_a_bucket_says_is_bounded() {
    let (around, _) = directory();
    let host = Host::start(Then::Answer(
        "HTTP/1.1 206 Partial\r\ncontent-range: bytes 0-3/99\r\ncontent-length: 4\r\n\r\nfour",
    ))
    .await;
    let to = around.path().join("fetched");
    let got = bucket(&host).get("object", &to, 10).await;
    assert!(matches!(got, Err(PlaceError::TooLarge)));
    let host = Host::start(Then::Answer(
        "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n<x>",
    ))
    .await;
    assert!(matches!(
        bucket(&host).list("").await,
        Err(PlaceError::Answer)
    ));
}
