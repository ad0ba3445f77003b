//! What a new instance begins with: four purposes, one for each class, and one notice.

use domain::audit::Action;
use domain::audit::Actor;
use domain::consent::EvidenceGrade;
use domain::purpose::LegalBasis;
use domain::purpose::PurposeClass;

use crate::admin;
use crate::admin::NewNotice;
use crate::admin::NewPurpose;
use crate::error::StoreError;
use crate::registry::NoticeChange;
use crate::tx::Tx;

const NOTICE: &str = "We keep what you write to us on WhatsApp to answer you and to serve your \
orders. We send promotions only if you have said yes to them. Write STOP at any time and promotions \
end at once; START begins them again. WhatsApp (Meta) carries the messages and can process them for \
us. You may ask us what we hold about you, have it corrected, or have it deleted.";

/// Sets up an instance that has nothing yet.
pub(crate) fn seed(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    if !tx.registry().purposes.is_empty() {
        return Ok(());
    }
    let told = (
        Actor::System,
        Action::InstanceCreated,
        &["instance/created"] as &[&str],
    );
    tx.note(None, "instance created", told)?;
    for (code, title, class, basis, grade) in [
        (
            "customer-care",
            "Answers to people who write in",
            PurposeClass::Care,
            LegalBasis::Contract,
            EvidenceGrade::Asserted,
        ),
        (
            "authentication",
            "One-time codes",
            PurposeClass::Authentication,
            LegalBasis::Contract,
            EvidenceGrade::Asserted,
        ),
        (
            "service-updates",
            "News about orders and appointments",
            PurposeClass::Utility,
            LegalBasis::Contract,
            EvidenceGrade::Asserted,
        ),
        (
            "marketing",
            "Offers and promotions",
            PurposeClass::Promotional,
            LegalBasis::Consent,
            EvidenceGrade::Recorded,
        ),
    ] {
        let new = NewPurpose {
            code: code.to_owned(),
            title: title.to_owned(),
            class,
            basis,
            grade,
            identity_check: false,
        };
        admin::add_purpose(tx, Actor::System, &new)?;
    }
    let notice = NewNotice {
        code: "messages".to_owned(),
        language: "en".to_owned(),
        title: "Messages on WhatsApp".to_owned(),
        body: NOTICE.to_owned(),
        change: NoticeChange::ConsentAnew,
    };
    admin::publish_notice(tx, Actor::System, &notice).map(drop)
}
