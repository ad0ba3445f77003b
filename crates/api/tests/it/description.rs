//! The OpenAPI description.

use domain::access::Permission;
use serde_json::Value;

use crate::rig::Rig;

/// An operation of the description.
pub(crate) struct Operation {
    pub(crate) method: String,
    /// Below the API's prefix.
    pub(crate) path: String,
    /// The permission it says it takes.
    pub(crate) permission: String,
}

impl Operation {
    /// Its path with every place filled in.
    pub(crate) fn at(&self, id: &str) -> String {
        let mut path = self.path.clone();
        for (place, value) in [
            ("{id}", id),
            ("{waba_id}", "waba-1"),
            ("{name}", "offer"),
            ("{language}", "en"),
            ("{code}", "ncc"),
            ("{kind}", "residence"),
            ("{confirmation}", "1"),
            ("{message}", "1"),
        ] {
            path = path.replace(place, value);
        }
        assert!(!path.contains('{'), "{path}");
        path
    }
}

pub(crate) async fn operations(rig: &Rig) -> Vec<Operation> {
    let document = document(rig).await;
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let scopes = &operation["security"][0]["staff"];
            assert_eq!(operation["security"].as_array().unwrap().len(), 1, "{path}");
            assert_eq!(scopes.as_array().unwrap().len(), 1, "{path}");
            operations.push(Operation {
                method: method.to_uppercase(),
                path: path.strip_prefix("/api/v1").unwrap().to_owned(),
                permission: scopes[0].as_str().unwrap().to_owned(),
            });
        }
    }
    assert_eq!(operations.len(), 132, "one came or went: change this, too");
    operations
}

async fn document(rig: &Rig) -> Value {
    let reply = rig.ask_as(None, ("GET", "/openapi.json"), None).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["content-type"], "application/json");
    serde_json::from_str(&reply.text).unwrap()
}

#[tokio::test]
async fn the_description() {
    let rig = Rig::new().await;
    insta::assert_json_snapshot!(document(&rig).await);
}

#[tokio::test]
async fn every_permission_is_taken_by_some_operation() {
    let rig = Rig::new().await;
    let operations = operations(&rig).await;
    for permission in Permission::ALL {
        let takes = |operation: &Operation| operation.permission == permission.name();
        assert!(operations.iter().any(takes), "{permission:?}");
    }
    for operation in operations {
        let known = |permission: &Permission| permission.name() == operation.permission;
        assert!(Permission::ALL.iter().any(known), "{}", operation.path);
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    let document = document(&Rig::new().await).await;
    let text = document.to_string();
    assert_eq!(document["openapi"], "3.1.0");
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
}
