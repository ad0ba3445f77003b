//! What is not served, told apart.

use axum::http::Method;
use whatsapp::error::GraphError;

use crate::path::Target;

/// Edges that steer the connection to Meta. Apps never reach them through the gateway.
const CONTROL_PLANE: &[&str] = &[
    "activities",
    "assigned_users",
    "business_compliance_info",
    "conversational_automation",
    "deregister",
    "message_history",
    "message_qrdls",
    "migrate_message_templates",
    "phone_numbers",
    "register",
    "request_code",
    "settings",
    "smb_app_data",
    "subscribed_apps",
    "subscriptions",
    "thread_control",
    "unpause",
    "upsert_message_templates",
    "username",
    "verify_code",
    "whatsapp_business_encryption",
    "whatsapp_commerce_settings",
];

/// Edges of groups: what is done there reaches several people, whose consent differs.
const GROUPS: &[&str] = &["groups", "invite_link", "join_requests", "participants"];

/// Edges of calls.
const CALLS: &[&str] = &["call_permissions", "calls"];

/// Edges that are served, for some methods.
const SERVED: &[&str] = &[
    "block_users",
    "contact_book",
    "imvume_aliases",
    "imvume_consent_requests",
    "imvume_queue",
    "imvume_requests",
    "marketing_messages",
    "media",
    "message_templates",
    "messages",
    "whatsapp_business_profile",
];

/// What is not served: another method of a path that is, the control plane, what the organisation
/// does not do, or nothing at all.
pub(crate) fn elsewhere(target: Target<'_>, method: &Method) -> GraphError {
    let steers = [Method::POST, Method::DELETE].contains(method);
    let edge = match target {
        Target::Edge(_, edge) => edge,
        Target::Node(_) if steers => return GraphError::control_plane(),
        Target::Media(_) | Target::Node(_) => return GraphError::method(),
    };
    // Writing the profile steers the number.
    if CONTROL_PLANE.contains(&edge) || (edge == "whatsapp_business_profile" && steers) {
        GraphError::control_plane()
    } else if GROUPS.contains(&edge) {
        GraphError::denied(
            "groups are not open to apps here, because a message to one reaches several people at \
             once; write to each person instead",
        )
    } else if CALLS.contains(&edge) {
        GraphError::denied("calls are not open to apps here; ask the person in a message to call")
    } else if SERVED.contains(&edge) {
        GraphError::method()
    } else {
        GraphError::not_found()
    }
}
