//! Which call a path is, as one of a closed list of patterns.

use crate::path;
use crate::path::Target;

/// Edges that have a pattern of their own, in order.
const EDGES: &[(&str, &str)] = &[
    ("block_users", "/{id}/block_users"),
    ("calls", "/{id}/calls"),
    ("contact_book", "/{id}/contact_book"),
    ("groups", "/{id}/groups"),
    ("imvume_aliases", "/{id}/imvume_aliases"),
    ("imvume_consent_requests", "/{id}/imvume_consent_requests"),
    ("imvume_erasures", "/{id}/imvume_erasures"),
    ("imvume_queue", "/{id}/imvume_queue"),
    ("imvume_requests", "/{id}/imvume_requests"),
    ("marketing_messages", "/{id}/marketing_messages"),
    ("media", "/{id}/media"),
    ("message_templates", "/{id}/message_templates"),
    ("messages", "/{id}/messages"),
    ("settings", "/{id}/settings"),
    (
        "whatsapp_business_profile",
        "/{id}/whatsapp_business_profile",
    ),
];

/// The pattern of a path at the apps' door, for lines and figures. It holds nothing of the path
/// itself: ids are left out, and so is an edge that is not on the list.
pub fn pattern(path: &str) -> &'static str {
    match path::read(path) {
        Some(Target::Edge(_, edge)) => EDGES
            .iter()
            .find(|(name, _)| *name == edge)
            .map_or("/{id}/{edge}", |(_, pattern)| *pattern),
        Some(Target::Media(_)) => "/_media/{id}",
        Some(Target::Node(_)) => "/{id}",
        None => "none",
    }
}

#[cfg(test)]
mod tests {
    use super::EDGES;
    use super::pattern;

    #[test]
    fn a_pattern_holds_nothing_of_its_path() {
        for (path, expected) in [
            ("/v23.0/106540352242922/messages", "/{id}/messages"),
            ("/106540352242922/media", "/{id}/media"),
            ("/v23.0/106540352242922", "/{id}"),
            ("/_media/mAb_9", "/_media/{id}"),
            ("/v23.0/106540352242922/register", "/{id}/{edge}"),
            ("/27825550142/thandi", "/{id}/{edge}"),
            ("/v23.0/27825550142/messages/thandi", "none"),
            ("/", "none"),
        ] {
            assert_eq!(pattern(path), expected, "{path}");
        }
    }

    #[test]
    fn the_list_is_in_order() {
        assert!(EDGES.is_sorted());
        for (edge, pattern) in EDGES {
            assert_eq!(*pattern, format!("/{{id}}/{edge}"));
        }
    }
}
