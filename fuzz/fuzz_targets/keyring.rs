//! The keyring file: as it lies on disk, and behind its seal; and what a key bundle carries of it.
//!
//! The first byte of the input says whether the rest is the file, the body of a file that is sealed
//! here as format version 1 or 2 says, or what a bundle carried. Otherwise the body would never be
//! reached: nobody guesses the seal.

#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use aws_lc_rs::aead;
use libfuzzer_sys::fuzz_target;
use seal::Keyring;
use seal::Random;
use seal::RootKey;
use seal::hmac_sha256;
use seal::sha256;
use tempfile::TempDir;

struct Scene {
    root: RootKey,
    secret: Vec<u8>,
    path: PathBuf,
    _folder: TempDir,
}

static SCENE: LazyLock<Scene> = LazyLock::new(|| {
    let folder = TempDir::new().unwrap();
    let random = Random::seeded(1);
    let key = folder.path().join("root");
    let root = RootKey::create_file(&key, &random).unwrap();
    let path = folder.path().join("keyring");
    Keyring::create(&path, &root, &random, 0).unwrap();
    Scene {
        root,
        secret: secret(&fs::read_to_string(&key).unwrap()),
        path,
        _folder: folder,
    }
});

fuzz_target!(|input: (u8, &[u8])| {
    let (way, bytes) = input;
    let scene = &*SCENE;
    let sealed = way & 3 != 0;
    let file = match way & 3 {
        0 => bytes.to_vec(),
        3 => return bring_back(scene, bytes),
        format => close(scene, format, bytes),
    };
    // The file exists and keeps its mode, which the keyring insists on.
    fs::write(&scene.path, &file).unwrap();
    let Ok(keyring) = Keyring::open(&scene.path, &scene.root) else {
        return;
    };
    assert!(sealed, "a file that was not sealed with the root key opens");
    let current = keyring.current_epoch();
    assert_eq!(
        keyring.epoch(current.id()).map(|epoch| epoch.id()),
        Some(current.id())
    );
    assert_eq!(
        keyring.suppression_all("x").first(),
        Some(&keyring.suppression("x"))
    );
    let _ = keyring.existing_quarantine_key(0);
});

fn bring_back(scene: &Scene, permanent: &[u8]) {
    let path = scene.path.with_extension("back");
    let _ = fs::remove_file(&path);
    let Ok(keyring) = Keyring::restore(&path, &scene.root, permanent, &Random::seeded(2), 0) else {
        assert!(!path.exists(), "a refused bundle leaves a keyring behind");
        return;
    };
    let carried = keyring.export_permanent().unwrap();
    // Everything but the number of the epoch is as it came.
    assert_eq!(carried[5..], permanent[5..]);
}

/// The bytes of the root key in its file.
fn secret(file: &str) -> Vec<u8> {
    use base64::Engine as _;
    let text = file.trim_end().rsplit(':').next().unwrap();
    base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(text)
        .unwrap()
}

/// HKDF-Expand for one block (RFC 5869 §2.3), as all keys here are derived.
fn derive(secret: &[u8], label: &str) -> [u8; 32] {
    hmac_sha256(secret, &[label.as_bytes(), &[0, 1]].concat())
}

fn close(scene: &Scene, format: u8, body: &[u8]) -> Vec<u8> {
    // How the root key is had: as it is.
    let line = vec![0; if format == 1 { 0 } else { 29 }];
    let length = 30 + line.len() + 29 + body.len() + 32;
    let mut out = b"IMVMKEYS\x00".to_vec();
    out.push(format);
    out.extend(u32::try_from(length).unwrap().to_be_bytes());
    out.extend_from_slice(&derive(&scene.secret, "imvume/root/id/v1")[..16]);
    out.extend(line);
    let wrapping = derive(&scene.secret, "imvume/root/keyring/v1");
    let key = derive(&wrapping, "imvume/wrap/cipher/v1");
    let cipher = aead::LessSafeKey::new(aead::UnboundKey::new(&aead::AES_256_GCM, &key).unwrap());
    let mut sealed = body.to_vec();
    let nonce = aead::Nonce::assume_unique_for_key([0; 12]);
    cipher
        .seal_in_place_append_tag(nonce, aead::Aad::from(&out), &mut sealed)
        .unwrap();
    out.push(1);
    out.extend([0; 12]);
    out.extend(sealed);
    let checksum = sha256(&out);
    out.extend(checksum);
    out
}
