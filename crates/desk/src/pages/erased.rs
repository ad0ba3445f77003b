//! The certificate of an erasure. Nobody is known here any more, so the link alone leads to it; it names
//! nobody, and tells whoever has the link no more than that somebody was erased.

use askama::Template;
use axum::body::Body;
use axum::extract::Path;
use axum::extract::State;
use axum::response::IntoResponse as _;
use axum::response::Response;
use http::HeaderValue;
use http::StatusCode;
use http::header;
use service::erasure_certificate::CertificateForms;

use crate::answer;
use crate::answer::Framing;
use crate::page::Id;
use crate::page::Page;
use crate::pages::error;
use crate::request::Asked;
use crate::state::Desk;

#[derive(Template)]
#[template(path = "erased.html")]
struct Erased {
    page: Page,
    /// What it says, as HTML that is safe to show.
    said: String,
    note: String,
    pdf: String,
}

#[derive(Template)]
#[template(path = "erased_none.html")]
struct Nothing {
    page: Page,
    text: Id,
}

/// The certificate as a page.
pub(crate) async fn show(
    State(desk): State<Desk>,
    Path(token): Path<String>,
    asked: Asked,
) -> Response {
    let text = asked.speak(None);
    let forms = match forms(&desk, &asked, &token).await {
        Ok(forms) => forms,
        Err(refusal) => return refusal,
    };
    let page = asked.page(&text, &forms.document.subject);
    let erased = Erased {
        page: page.in_other_languages(&[]),
        said: forms.document.said(),
        note: format!("/erased/{token}/note"),
        pdf: format!("/erased/{token}/pdf"),
    };
    let response = answer::page(StatusCode::OK, &erased, Framing::Nobody);
    asked.remember(response)
}

/// The signed note, as a file to keep.
pub(crate) async fn note(
    State(desk): State<Desk>,
    Path(token): Path<String>,
    asked: Asked,
) -> Response {
    match forms(&desk, &asked, &token).await {
        Ok(forms) => file(
            forms.note.into_bytes(),
            ("text/plain; charset=utf-8", "certificate.txt"),
        ),
        Err(refusal) => refusal,
    }
}

/// The certificate as PDF.
pub(crate) async fn pdf(
    State(desk): State<Desk>,
    Path(token): Path<String>,
    asked: Asked,
) -> Response {
    let forms = match forms(&desk, &asked, &token).await {
        Ok(forms) => forms,
        Err(refusal) => return refusal,
    };
    match forms.pdf() {
        Some(bytes) => file(bytes, ("application/pdf", "certificate.pdf")),
        None => error::page(&asked, StatusCode::INTERNAL_SERVER_ERROR),
    }
}

async fn forms(desk: &Desk, asked: &Asked, token: &str) -> Result<CertificateForms, Response> {
    if let Some(refusal) = asked.pace() {
        return Err(refusal);
    }
    let text = asked.speak(None);
    let found = desk
        .service
        .certificate_by_link(token, text.language.tag)
        .await;
    match found {
        Ok(Some(forms)) => Ok(forms),
        Ok(None) => {
            let page = asked.page(&text, &text.say("erased-none-title"));
            let nothing = Nothing {
                page,
                text: Id("erased-none-text"),
            };
            Err(answer::page(
                StatusCode::NOT_FOUND,
                &nothing,
                Framing::Nobody,
            ))
        }
        Err(error) => Err(error::refused(asked, error)),
    }
}

/// A file to keep.
fn file(bytes: Vec<u8>, (kind, name): (&'static str, &'static str)) -> Response {
    let mut response = Body::from(bytes).into_response();
    let headers = response.headers_mut();
    answer::protect(headers, answer::NOTHING);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let named = format!("attachment; filename=\"{name}\"");
    if let Ok(named) = HeaderValue::from_str(&named) {
        headers.insert(header::CONTENT_DISPOSITION, named);
    }
    response
}
