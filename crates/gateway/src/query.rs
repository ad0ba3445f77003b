//! Query strings, read once and strictly: each member once, and only those a call takes.

use axum::http::Uri;
use url::form_urlencoded;
use whatsapp::error::GraphError;

/// Every call takes it; the door checks it.
const PROOF: &str = "appsecret_proof";

/// The members of a query string.
#[derive(Debug)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// # Errors
    /// Graph's 400 for a member that comes twice.
    pub(crate) fn read(uri: &Uri) -> Result<Self, GraphError> {
        let mut members: Vec<(String, String)> = Vec::new();
        let text = uri.query().unwrap_or_default();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            if members.iter().any(|(other, _)| *other == name) {
                return Err(GraphError::malformed(
                    "a member of the query was given twice",
                ));
            }
            members.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(members))
    }

    /// # Errors
    /// Graph's 400 for a member that is not among `names`: what is not looked at must not seem to
    /// have been.
    pub(crate) fn only(&self, names: &[&str]) -> Result<&Self, GraphError> {
        let known = |name: &str| name == PROOF || names.contains(&name);
        if self.0.iter().all(|(name, _)| known(name)) {
            Ok(self)
        } else {
            Err(GraphError::malformed(
                "the query has a member that this call does not take",
            ))
        }
    }

    /// A member's value.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut members = self.0.iter();
        members
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    /// # Errors
    /// Graph's 400 for a number that is none.
    pub(crate) fn count(&self, name: &str) -> Result<Option<usize>, GraphError> {
        let count = self.get(name).map(str::parse).transpose();
        count.map_err(|_| GraphError::malformed("a number in the query is none"))
    }

    /// The proof that whoever calls holds the app's secret.
    pub(crate) fn proof(&self) -> Option<&str> {
        self.get(PROOF)
    }
}

#[cfg(test)]
mod tests {
    use super::Query;

    #[test]
    fn queries() {
        let check = |query: &str, expected: Result<Option<&str>, u16>| {
            let uri = format!("/1/block_users{query}").parse().unwrap();
            let read = Query::read(&uri).and_then(|read| {
                let fields = read.only(&["fields", "limit"])?.get("fields");
                Ok(fields.map(str::to_owned))
            });
            let read = read.map_err(|error| error.status);
            let expected = expected.map(|fields| fields.map(str::to_owned));
            assert_eq!(read, expected, "{query}");
        };
        check("", Ok(None));
        check("?", Ok(None));
        check("?fields=id%2Cstatus", Ok(Some("id,status")));
        check("?fields=id,status&limit=3", Ok(Some("id,status")));
        check("?appsecret_proof=00&fields=", Ok(Some("")));
        check("?fields=a&fields=b", Err(400));
        check("?field%73=a&fields=b", Err(400));
        check("?other=1", Err(400));
        check("?fields", Ok(Some("")));
        let uri = "/1?limit=many&after=9".parse().unwrap();
        let query = Query::read(&uri).unwrap();
        assert!(query.count("limit").is_err());
        assert_eq!(query.count("after").unwrap(), Some(9));
        assert_eq!(query.count("before").unwrap(), None);
    }
}
