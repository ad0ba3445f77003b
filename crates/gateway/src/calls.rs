//! Each call of an app and its verb.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Method;
use axum::http::Request;
use domain::access::AppScope;
use service::Answer;
use service::Blocking;
use service::Caller;
use service::Failure;
use service::PageQuery;
use service::Service;
use service::TemplateQuery;
use whatsapp::error::GraphError;

use crate::apps::json;
use crate::apps::send_headers;
use crate::apps::upload;
use crate::path::Target;
use crate::query::Query;
use crate::refused::elsewhere;

/// A call that has been authenticated, before its path is looked at.
pub(crate) struct Call<'c> {
    pub(crate) service: &'c Arc<Service>,
    pub(crate) caller: &'c Caller,
    pub(crate) query: &'c Query,
    pub(crate) request: Request<Body>,
}

impl Call<'_> {
    /// A call of `/{id}/{edge}`.
    pub(crate) async fn edge(self, id: &str, edge: &str) -> Result<Answer, Failure> {
        let method = self.request.method().clone();
        let (service, caller, query) = (self.service, self.caller, self.query);
        match (&method, edge) {
            (&Method::POST, "messages" | "marketing_messages") => self.send(id, edge).await,
            (&Method::POST, "calls") if self.service.allows_calls() => {
                query.only(&[])?;
                let (headers, body) = json(self.request).await?;
                let headers = send_headers(&headers)?;
                service.calls(caller, id, &body, headers).await
            }
            (&Method::POST, "media") => {
                query.only(&[])?;
                upload(service, caller, id, self.request).await
            }
            (&Method::POST, "imvume_aliases") => {
                query.only(&[])?;
                let (_, body) = json(self.request).await?;
                service.mint(caller, id, &body).await
            }
            (&Method::POST, "imvume_consent_requests") => {
                query.only(&[])?;
                let (_, body) = json(self.request).await?;
                service.app_consent_request(caller, id, &body).await
            }
            (&Method::POST, "imvume_requests") => {
                query.only(&[])?;
                let (_, body) = json(self.request).await?;
                service.app_request(caller, id, &body).await
            }
            (_, "imvume_erasures") => self.erasures(id).await,
            (_, "imvume_queue") => self.queue(id).await,
            (_, "message_templates") => self.templates(id).await,
            (_, "block_users") => self.block_users(id).await,
            (&Method::DELETE, "contact_book") => {
                query.only(&["messaging_product", "bsuid"])?;
                let (Some("whatsapp"), Some(bsuid)) =
                    (query.get("messaging_product"), query.get("bsuid"))
                else {
                    return Err(missing("messaging_product=whatsapp and bsuid").into());
                };
                service.delete_contact(caller, id, bsuid).await
            }
            (&Method::GET, "whatsapp_business_profile") => {
                let fields = query.only(&["fields"])?.get("fields");
                service.profile(caller, id, fields).await
            }
            _ => Err(elsewhere(Target::Edge(id, edge), &method).into()),
        }
    }

    async fn send(self, id: &str, edge: &str) -> Result<Answer, Failure> {
        self.query.only(&[])?;
        self.caller.needs(AppScope::Send)?;
        let (headers, body) = json(self.request).await?;
        let headers = send_headers(&headers)?;
        let (service, caller) = (self.service, self.caller);
        if edge == "marketing_messages" {
            return service.marketing_messages(caller, id, &body, headers).await;
        }
        service.messages(caller, id, &body, headers).await
    }

    async fn queue(self, id: &str) -> Result<Answer, Failure> {
        let (service, caller, query) = (self.service, self.caller, self.query);
        match *self.request.method() {
            Method::GET => {
                query.only(&["after", "limit"])?;
                service.queued(caller, id, page(query)?).await
            }
            Method::DELETE => {
                query.only(&["message_id"])?;
                let message = query.get("message_id");
                let message = message.ok_or_else(|| missing("message_id"))?;
                service.cancel_queued(caller, id, message).await
            }
            _ => Err(GraphError::method().into()),
        }
    }

    async fn erasures(self, id: &str) -> Result<Answer, Failure> {
        let (service, caller, query) = (self.service, self.caller, self.query);
        match *self.request.method() {
            Method::GET => {
                query.only(&["after"])?;
                service.erasures_due(caller, id, query.get("after")).await
            }
            Method::POST => {
                query.only(&[])?;
                let (_, body) = json(self.request).await?;
                service.acknowledge_own_erasure(caller, id, &body).await
            }
            _ => Err(GraphError::method().into()),
        }
    }

    async fn templates(self, id: &str) -> Result<Answer, Failure> {
        let (service, caller, query) = (self.service, self.caller, self.query);
        match *self.request.method() {
            Method::GET => {
                query.only(&[
                    "after", "before", "category", "fields", "language", "limit", "name", "status",
                    "summary",
                ])?;
                let wanted = TemplateQuery {
                    name: query.get("name"),
                    language: query.get("language"),
                    category: query.get("category"),
                    status: query.get("status"),
                    fields: query.get("fields"),
                    page: page(query)?,
                };
                service.templates(caller, id, &wanted)
            }
            Method::POST => {
                query.only(&[])?;
                caller.needs(AppScope::Templates)?;
                let (_, body) = json(self.request).await?;
                service.create_template(caller, id, &body).await
            }
            Method::DELETE => {
                query.only(&["hsm_id", "name"])?;
                caller.needs(AppScope::Templates)?;
                let name = query.get("name").ok_or_else(|| missing("name"))?;
                let which = (name, query.get("hsm_id"));
                service.delete_template(caller, id, which).await
            }
            _ => Err(GraphError::method().into()),
        }
    }

    async fn block_users(self, id: &str) -> Result<Answer, Failure> {
        let (service, caller, query) = (self.service, self.caller, self.query);
        let blocking = match *self.request.method() {
            Method::GET => {
                query.only(&["after", "before", "limit"])?;
                return service.blocked(caller, id, page(query)?).await;
            }
            Method::POST => Blocking::Block,
            Method::DELETE => Blocking::Unblock,
            _ => return Err(GraphError::method().into()),
        };
        query.only(&[])?;
        caller.needs(AppScope::Block)?;
        let (_, body) = json(self.request).await?;
        service.set_blocked(caller, id, &body, blocking).await
    }

    /// A call of `/{id}`: a number, a template or a media object.
    pub(crate) async fn node(self, id: &str) -> Result<Answer, Failure> {
        let method = self.request.method().clone();
        let (service, caller, query) = (self.service, self.caller, self.query);
        match method {
            Method::GET if is_metas(id) => {
                let fields = query.only(&["fields"])?.get("fields");
                match service.template(caller, id, fields)? {
                    Some(template) => Ok(template),
                    None => service.number_fields(caller, id, fields).await,
                }
            }
            Method::POST if is_metas(id) && service.knows_template(caller, id) => {
                query.only(&[])?;
                caller.needs(AppScope::Templates)?;
                let (_, body) = json(self.request).await?;
                service.edit_template(caller, id, &body).await
            }
            Method::GET => {
                self.media_query()?;
                service.locate(caller, id).await
            }
            Method::DELETE if !is_metas(id) => {
                self.media_query()?;
                service.delete_media(caller, id).await
            }
            _ => Err(elsewhere(Target::Node(id), &method).into()),
        }
    }

    /// Media calls may name the number the object belongs to.
    fn media_query(&self) -> Result<(), GraphError> {
        let number = self
            .query
            .only(&["phone_number_id"])?
            .get("phone_number_id");
        number.map_or(Ok(()), |number| self.service.uses(self.caller, number))
    }
}

fn page(query: &Query) -> Result<PageQuery<'_>, GraphError> {
    Ok(PageQuery {
        limit: query.count("limit")?,
        after: query.get("after"),
        before: query.get("before"),
    })
}

fn missing(what: &'static str) -> GraphError {
    GraphError::of(131_008, format!("the query has to hold {what}"))
}

/// Meta's ids are digits, and so are the ids of media objects here, which are longer.
fn is_metas(id: &str) -> bool {
    id.len() <= 32 && id.bytes().all(|byte| byte.is_ascii_digit())
}
