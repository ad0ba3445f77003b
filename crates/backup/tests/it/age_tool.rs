//! Held against the `age` tool (Debian package `age`), in both directions.

use std::fs;
use std::io::Read as _;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use backup::BackupError;
use backup::age::Identity;
use backup::age::Opener;
use backup::age::Recipient;
use backup::age::Sealer;
use seal::Random;

/// Lengths around the borders of a piece.
const LENGTHS: [usize; 7] = [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000];

pub(crate) fn identity(seed: u64) -> Identity {
    Identity::from_secret(&Random::seeded(seed).array().unwrap()).unwrap()
}

fn sealed(content: &[u8], recipients: &[Recipient]) -> Vec<u8> {
    let mut sealer = Sealer::new(Vec::new(), &Random::system(), recipients).unwrap();
    sealer.write_all(content).unwrap();
    sealer.finish().unwrap()
}

fn opened(file: &[u8], identity: Identity) -> Result<Vec<u8>, BackupError> {
    let mut content = Vec::new();
    Opener::new(file, &[identity])?.read_to_end(&mut content)?;
    Ok(content)
}

fn run(arguments: &[&Path]) {
    let mut command = Command::new(arguments[0]);
    let output = command.args(&arguments[1..]).output();
    let Ok(output) = output else {
        panic!("the Debian package `age` is needed")
    };
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {told}");
}

#[test]
fn what_is_sealed_here_opens_there() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let (first, second) = (identity(1), identity(2));
    fs::write(at("key"), second.to_text().as_bytes()).unwrap();
    for length in LENGTHS {
        let content = vec![7; length];
        let file = sealed(&content, &[first.recipient(), second.recipient()]);
        fs::write(at("file"), file).unwrap();
        run(&[
            Path::new("age"),
            Path::new("-d"),
            Path::new("-i"),
            &at("key"),
            Path::new("-o"),
            &at("out"),
            &at("file"),
        ]);
        // The tool makes no file for nothing.
        let out = fs::read(at("out")).unwrap_or_default();
        assert_eq!(out, content, "{length}");
    }
}

#[test]
fn what_is_sealed_there_opens_here() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    run(&[Path::new("age-keygen"), Path::new("-o"), &at("key")]);
    let text = fs::read_to_string(at("key")).unwrap();
    let told = text
        .lines()
        .find_map(|line| line.strip_prefix("# public key: "));
    let identity = || Identity::list(&text).unwrap().pop().unwrap();
    let recipient: Recipient = told.unwrap().parse().unwrap();
    assert_eq!(identity().recipient(), recipient);
    assert_eq!(recipient.to_string(), told.unwrap());
    assert!(text.contains(identity().to_text().as_str()));
    for length in LENGTHS {
        let content = vec![9; length];
        fs::write(at("in"), &content).unwrap();
        run(&[
            Path::new("age"),
            Path::new("-r"),
            Path::new(told.unwrap()),
            Path::new("-o"),
            &at("file"),
            &at("in"),
        ]);
        let file = fs::read(at("file")).unwrap();
        assert_eq!(opened(&file, identity()).unwrap(), content, "{length}");
    }
}

#[test]
fn every_fault_has_its_error() {
    let key = || identity(1);
    let file = sealed(&vec![5; 150_000], &[key().recipient()]);
    let cut = |length: usize| opened(&file[..length], key()).unwrap_err();
    for length in [
        0,
        10,
        60,
        file.len() - 1,
        file.len() - 20_000,
        file.len() / 2,
    ] {
        assert!(matches!(cut(length), BackupError::Truncated), "{length}");
    }
    let flipped = |place: usize| {
        let mut file = file.clone();
        file[place] ^= 1;
        opened(&file, key()).unwrap_err()
    };
    let head = file.len() - 150_000 - 3 * 16 - 16;
    for place in [head - 3, head + 5, head + 100, head + 70_000] {
        assert!(matches!(flipped(place), BackupError::Altered), "{place}");
    }
    assert!(matches!(flipped(file.len() - 1), BackupError::Truncated));
    assert!(matches!(flipped(1), BackupError::Other(_)));
    assert!(matches!(
        opened(&file, identity(2)),
        Err(BackupError::WrongKey)
    ));
    let newer = String::from_utf8_lossy(&file[..head]).replacen("/v1", "/v2", 1);
    let newer = opened(newer.as_bytes(), key());
    assert!(matches!(
        newer,
        Err(BackupError::Newer { found: 2, known: 1 })
    ));
}

#[test]
fn keys_are_read_strictly() {
    let key = identity(1);
    let (recipient, secret) = (key.recipient().to_string(), key.to_text());
    assert!(recipient.parse::<Recipient>().is_ok());
    let upper = recipient.to_uppercase();
    for wrong in [
        "",
        "age1",
        recipient.get(1..).unwrap(),
        &upper,
        &recipient.replacen('1', "l", 1),
        &secret,
    ] {
        assert!(wrong.parse::<Recipient>().is_err(), "{wrong}");
    }
    let mut changed = recipient.clone().into_bytes();
    changed[20] = if changed[20] == b'q' { b'p' } else { b'q' };
    assert!(
        String::from_utf8(changed)
            .unwrap()
            .parse::<Recipient>()
            .is_err()
    );
    assert!(Recipient::list("# nobody\n\n").is_err());
    let listed = Recipient::list(&format!("# first\n{recipient}\n\n {recipient} \n")).unwrap();
    assert_eq!(listed, [key.recipient(), key.recipient()]);
    assert!(secret.to_lowercase().parse::<Identity>().is_err());
}
