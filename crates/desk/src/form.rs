//! The forms on which people ask for messages.

use domain::confirmation::Route;

/// One form.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Form {
    /// Its code, which stands in its address.
    pub code: String,
    /// The codes of the purposes it offers, in the order in which they are shown.
    pub purposes: Vec<String>,
    /// The languages it is offered in; none: all that are on.
    pub languages: Vec<String>,
    /// The origins (`https://shop.example`) whose pages may frame it and send to it.
    pub embed: Vec<String>,
    /// How a confirmation may go out, in the order in which that is offered.
    pub routes: Vec<Route>,
}

impl Form {
    /// Whether an e-mail address is needed for a route, or a number.
    pub(crate) fn asks_email(&self) -> bool {
        self.routes.contains(&Route::Email)
    }

    /// Whether it is the person who says how the confirmation comes.
    pub(crate) fn asks_route(&self) -> bool {
        1 < self.routes.len()
    }
}
