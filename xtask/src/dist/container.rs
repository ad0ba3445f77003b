//! The container: the files it is made of, and the image where an engine runs.

use std::fs;

use anyhow::Context as _;
use anyhow::bail;

use crate::dist::Item;
use crate::dist::Release;
use crate::dist::copy;
use crate::dist::packaging;
use crate::output::say;
use crate::process;

/// Programs that build an image, in the order they are tried, and how to tell that they can.
const ENGINES: &[(&str, &[&str])] = &[
    ("podman", &["info"]),
    ("docker", &["info"]),
    ("buildah", &["info"]),
];

/// Lays out what the image is made of, and builds it where an engine runs.
///
/// # Errors
///
/// The Containerfile breaks a rule, a file cannot be copied, or the engine fails.
pub(super) fn make(release: &Release) -> anyhow::Result<()> {
    let containerfile = packaging("Containerfile");
    let text = fs::read_to_string(&containerfile).context("cannot read the Containerfile")?;
    let faults = faults(&text);
    if !faults.is_empty() {
        bail!("the Containerfile: {}", faults.join("; "));
    }
    let items = [
        (containerfile, "Containerfile", 0o644),
        (process::root().join("LICENSE"), "LICENSE", 0o644),
        (release.binary.clone(), "imvume", 0o755),
        (release.materials.clone(), "imvume.cdx.json", 0o644),
    ];
    let items = items.map(|(from, to, mode)| Item {
        from,
        to: to.to_owned(),
        mode,
    });
    let context = release.out.join("container");
    copy(&context, &items)?;
    let runs = |(program, probe): &&(&str, &[&str])| {
        process::succeeds(process::program(program).args(*probe))
    };
    let Some((engine, _)) = ENGINES.iter().find(runs) else {
        say("no container engine runs here: the Containerfile is checked, no image is built");
        say("to build it, run `podman build container` where this was made");
        return Ok(());
    };
    let tag = format!("imvume:{}", release.version);
    process::run(
        process::program(engine)
            .args(["build", "--tag", &tag, "--file"])
            .arg(context.join("Containerfile"))
            .arg(&context),
    )?;
    process::run(process::program(engine).args(["run", "--rm", "--read-only", &tag, "--version"]))
}

/// What is wrong with a Containerfile.
fn faults(text: &str) -> Vec<&'static str> {
    let joined = text.replace("\\\n", " ");
    let lines: Vec<(&str, &str)> = joined
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .collect();
    let all = |word: &str| -> Vec<&str> {
        let found = lines.iter().filter(|(first, _)| *first == word);
        found.map(|(_, rest)| rest.trim()).collect()
    };
    let pinned = |image: &&str| {
        let (_, tag) = image.rsplit_once(':').unwrap_or((image, ""));
        !tag.is_empty() && tag != "latest"
    };
    let account = |user: &&str| {
        user.split(':')
            .all(|id| id.parse().is_ok_and(|id: u32| 0 < id))
    };
    let exact = |command: &&str| command.starts_with('[');
    let last = |word: &str| all(word).last().copied();
    let rules = [
        (all("FROM").iter().all(pinned), "an image without a version"),
        (!all("FROM").is_empty(), "no image to begin with"),
        (
            last("USER").as_ref().is_some_and(account),
            "runs as root, or as a name",
        ),
        (
            last("ENTRYPOINT").as_ref().is_some_and(exact),
            "starts through a shell",
        ),
        (last("VOLUME").is_some(), "no volume for the data"),
        (
            last("HEALTHCHECK").is_some(),
            "nothing asks after its health",
        ),
        (
            all("ADD").is_empty(),
            "ADD fetches and unpacks; COPY does neither",
        ),
        (
            all("ARG").is_empty() && all("ENV").is_empty(),
            "settings belong into the configuration",
        ),
    ];
    let broken = rules.into_iter().filter(|(holds, _)| !holds);
    broken.map(|(_, fault)| fault).collect()
}

#[cfg(test)]
mod tests {
    use super::faults;

    const OURS: &str = include_str!("../../../packaging/Containerfile");

    #[test]
    fn our_containerfile_keeps_the_rules() {
        assert_eq!(faults(OURS), [""; 0]);
    }

    #[test]
    fn each_rule_can_be_broken() {
        let cases = [
            ("FROM debian:12-slim", "FROM debian:latest"),
            ("FROM debian:12-slim", "FROM debian"),
            ("USER 10001:10001", "USER 0:0"),
            ("USER 10001:10001", "USER imvume"),
            ("USER 10001:10001", "# nobody"),
            (
                "ENTRYPOINT [\"/usr/bin/imvume\"]",
                "ENTRYPOINT /usr/bin/imvume",
            ),
            ("VOLUME /var/lib/imvume", "# none"),
            ("HEALTHCHECK ", "# HEALTHCHECK "),
            ("WORKDIR ", "ADD https://example.org/x.tar /x\nWORKDIR "),
            ("WORKDIR ", "ENV LEVEL=debug\nWORKDIR "),
        ];
        for (ours, other) in cases {
            assert!(OURS.contains(ours), "{ours}");
            assert_eq!(faults(&OURS.replace(ours, other)).len(), 1, "{other}");
        }
    }
}
