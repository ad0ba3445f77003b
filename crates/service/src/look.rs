//! What an app may read of its number: the number, the business profile, the templates.

use domain::access::AppScope;
use http::Method;
use serde_json::Value;
use serde_json::json;
use whatsapp::error::GraphError;

use crate::Answer;
use crate::Caller;
use crate::Failure;
use crate::Service;
use crate::send::mapped;

/// The fields of a number an app may read. What concerns the connection to Meta (webhooks,
/// settings, certificates) is the control plane's.
const NUMBER_FIELDS: &[&str] = &[
    "id",
    "verified_name",
    "display_phone_number",
    "quality_rating",
    "throughput",
    "status",
    "name_status",
    "platform_type",
    "code_verification_status",
    "is_official_business_account",
];

/// The fields of a business profile.
const PROFILE_FIELDS: &[&str] = &[
    "about",
    "address",
    "description",
    "email",
    "profile_picture_url",
    "websites",
    "vertical",
    "messaging_product",
];

/// How many templates one page holds at the most.
const PAGE: usize = 250;

impl Service {
    /// `GET /{phone-number-id}`.
    ///
    /// # Errors
    /// Graph's 404 for a number that is not the app's; what Meta refuses.
    pub async fn number_fields(
        &self,
        caller: &Caller,
        phone_number_id: &str,
        fields: Option<&str>,
    ) -> Result<Answer, Failure> {
        caller.needs(AppScope::Read)?;
        let number = self.number(caller, phone_number_id)?;
        self.read_fields(
            &[&number.phone_number_id],
            &number.phone_number_id,
            (NUMBER_FIELDS, fields),
        )
        .await
    }

    /// `GET /{phone-number-id}/whatsapp_business_profile`.
    ///
    /// # Errors
    /// As [`Service::number_fields`].
    pub async fn profile(
        &self,
        caller: &Caller,
        phone_number_id: &str,
        fields: Option<&str>,
    ) -> Result<Answer, Failure> {
        caller.needs(AppScope::Read)?;
        let number = self.number(caller, phone_number_id)?;
        let path = [number.phone_number_id.as_str(), "whatsapp_business_profile"];
        self.read_fields(&path, &number.phone_number_id, (PROFILE_FIELDS, fields))
            .await
    }

    async fn read_fields(
        &self,
        path: &[&str],
        phone_number_id: &str,
        (allowed, asked): (&[&str], Option<&str>),
    ) -> Result<Answer, Failure> {
        let fields = match asked {
            Some(asked) => {
                let known = |field: &&str| allowed.contains(field);
                if let Some(_foreign) = asked.split(',').find(|field| !known(field)) {
                    return Err(GraphError::invalid(
                        "A field in `fields` is not open to apps; ask for the documented ones.",
                    )
                    .into());
                }
                asked.to_owned()
            }
            None => allowed.join(","),
        };
        let mut url = self.graph(path);
        url.query_pairs_mut().append_pair("fields", &fields);
        match self.call((Method::GET, &url), phone_number_id, None).await {
            Ok(response) if response.status.is_success() => {
                let value: Value =
                    serde_json::from_slice(&response.body).map_err(|_| Failure::unavailable())?;
                Ok(Answer::plain(whatsapp::ascii_json(&value).into_bytes()))
            }
            Ok(response) => Err(mapped(&response).into()),
            Err(_) => Err(Failure::unavailable()),
        }
    }

    /// `GET /{waba-id}/message_templates`, from the synced catalogue: one page with everything.
    ///
    /// # Errors
    /// Graph's 404 for an account none of whose numbers is the app's.
    pub fn templates(
        &self,
        caller: &Caller,
        waba_id: &str,
        name: Option<&str>,
        limit: Option<usize>,
    ) -> Result<Answer, Failure> {
        caller.needs(AppScope::Read)?;
        let registry = self.store.registry();
        let own = |number: &&store::registry::Number| {
            number.waba_id == waba_id && caller.covers(number.id)
        };
        registry
            .numbers
            .iter()
            .find(own)
            .ok_or_else(GraphError::not_found)?;
        let data: Vec<Value> = registry
            .templates
            .iter()
            .filter(|template| template.waba_id == waba_id)
            .filter(|template| name.is_none_or(|name| template.name == name))
            .take(limit.unwrap_or(PAGE).clamp(1, PAGE))
            .map(|template| {
                let mut raw: Value = serde_json::from_str(&template.raw).unwrap_or_default();
                if let Some(raw) = raw.as_object_mut() {
                    // Webhooks may have told more since the last sync.
                    raw.insert("category".to_owned(), template.category.name().into());
                }
                raw
            })
            .collect();
        let body = json!({
            "summary": {
                "total_count": data.len(),
                "message_template_count": data.len(),
                "message_template_limit": PAGE,
                "are_translations_complete": true,
            },
            "data": data,
            "paging": {"cursors": {}},
        });
        Ok(Answer::plain(whatsapp::ascii_json(&body).into_bytes()))
    }
}
