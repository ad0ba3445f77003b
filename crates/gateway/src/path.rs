//! The paths of the Cloud API, read once and strictly.

/// What a path asks for, its version taken off.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Target<'p> {
    /// `/{id}`: a number, or a media object.
    Node(&'p str),
    /// `/{id}/{edge}`.
    Edge(&'p str, &'p str),
    /// The address of a media object at this gateway.
    Media(&'p str),
}

/// The newest version of the API that is taken for one.
const NEWEST: u32 = 40;

/// Reads a path. Trailing, doubled and escaped separators, dots, and versions that do not exist make
/// it none of ours.
pub(crate) fn read(path: &str) -> Option<Target<'_>> {
    let mut segments = path.strip_prefix('/')?.split('/');
    let first = segments.next()?;
    if first == "_media" {
        let id = segments.next().filter(|id| is_id(id))?;
        return segments.next().is_none().then_some(Target::Media(id));
    }
    let id = if is_version(first) {
        segments.next()?
    } else {
        first
    };
    if !is_id(id) {
        return None;
    }
    let target = match segments.next() {
        None => Target::Node(id),
        Some(edge) if is_edge(edge) => Target::Edge(id, edge),
        Some(_) => return None,
    };
    segments.next().is_none().then_some(target)
}

/// `v23.0` and its like.
fn is_version(segment: &str) -> bool {
    let number = segment
        .strip_prefix('v')
        .and_then(|rest| rest.strip_suffix(".0"));
    number
        .filter(|number| number.len() <= 2 && number.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|number| number.parse::<u32>().ok())
        .is_some_and(|number| (1..=NEWEST).contains(&number))
}

fn is_id(segment: &str) -> bool {
    !segment.is_empty()
        && segment.len() <= 64
        && segment
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn is_edge(segment: &str) -> bool {
    !segment.is_empty()
        && segment.len() <= 64
        && segment
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::Target::Edge;
    use super::Target::Media;
    use super::Target::Node;
    use super::read;

    #[test]
    fn paths() {
        for (path, target) in [
            (
                "/v23.0/106540352242922/messages",
                Some(Edge("106540352242922", "messages")),
            ),
            (
                "/106540352242922/messages",
                Some(Edge("106540352242922", "messages")),
            ),
            ("/v23.0/mAb_-9", Some(Node("mAb_-9"))),
            ("/106540352242922", Some(Node("106540352242922"))),
            ("/_media/mAb", Some(Media("mAb"))),
            ("/_media/mAb/x", None),
            ("/v23.0/1/messages/", None),
            ("/v23.0//messages", None),
            ("//1/messages", None),
            ("/v23.0/%2e%2e/messages", None),
            ("/v23.0/../messages", None),
            ("/v99.0/1/messages", None),
            ("/v0.0/1/messages", None),
            ("/v23.1/1/messages", None),
            ("/v23.0/1/messages/2", None),
            ("/v23.0", None),
            ("/", None),
            ("", None),
        ] {
            assert_eq!(read(path), target, "{path}");
        }
    }
}
