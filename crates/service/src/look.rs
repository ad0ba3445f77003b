//! What an app may read of its number: the number, the business profile.

use domain::access::AppScope;
use whatsapp::error::GraphError;
use whatsapp::paging;

use crate::Answer;
use crate::Caller;
use crate::Failure;
use crate::Service;

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
        let body = self.fetch_from_meta(&url, phone_number_id).await?;
        let base = self.settings.apps_url.as_str();
        let body = paging::rewrite(&body, base).map_err(|_| Failure::unavailable())?;
        Ok(Answer::plain(body))
    }
}
