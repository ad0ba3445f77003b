//! What the handlers work with.

use std::fmt;
use std::sync::Arc;

use store::Store;

use crate::erasing::Erasing;
use crate::lists::Lists;
use crate::meta::Meta;
use crate::office::Office;
use crate::portal::Portal;
use crate::requests::Requests;

/// What the admin API is made of.
#[derive(Clone)]
pub struct ApiState {
    /// Everything Imvume keeps.
    pub store: Arc<Store>,
    /// The newest signed checkpoint of the log as a signed note, once there is one.
    pub checkpoint: Arc<dyn Fn() -> Option<String> + Send + Sync>,
    /// What can be asked of Meta.
    pub meta: Arc<dyn Meta>,
    /// The rulebook, and what the log's files prove.
    pub office: Arc<dyn Office>,
    /// Whoever erases people.
    pub erasing: Arc<dyn Erasing>,
    /// Whoever reads lists of people.
    pub lists: Arc<dyn Lists>,
    /// Whoever writes to people outside of WhatsApp.
    pub portal: Arc<dyn Portal>,
    /// Whoever carries requests of people on.
    pub requests: Arc<dyn Requests>,
}

impl fmt::Debug for ApiState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiState").finish_non_exhaustive()
    }
}
