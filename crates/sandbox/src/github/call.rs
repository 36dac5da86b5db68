//! Owns one call on its way to a handler, and the routes' type. Knows no route and no rule.

use serde_json::{Map, Value};

use super::access::{Caller, Need};
use super::error::Error;
use super::limits::Weight;
use super::model::{GitHub, Level, Repository};
use crate::http::{Fields, Request, Response};

/// What a handler gives back.
pub(super) type Answer = Result<Response, Error>;

/// One row of the table.
#[derive(Clone, Copy)]
pub(super) struct Route {
    /// Upper-case method.
    pub(super) method: &'static str,
    /// `{name}` is one segment, `{name*}` all that follow.
    pub(super) patterns: &'static [&'static str],
    /// What the caller must have.
    pub(super) need: Need,
    /// What it costs.
    pub(super) weight: Weight,
    /// The room that answers.
    pub(super) handler: fn(&mut Call<'_>) -> Answer,
    /// GitHub's page, below `https://docs.github.com/`.
    pub(super) source: &'static str,
}

impl Route {
    /// Path parameters if `segments` fit one of the patterns.
    pub(super) fn matched(&self, segments: &[String]) -> Option<Vec<(&'static str, String)>> {
        self.patterns
            .iter()
            .find_map(|pattern| fit(pattern, segments))
    }
}

fn fit(pattern: &'static str, segments: &[String]) -> Option<Vec<(&'static str, String)>> {
    let mut params = Vec::new();
    let mut rest = segments.iter();
    for want in pattern[1..].split('/') {
        let name = want
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'));
        if let Some(name) = name.and_then(|name| name.strip_suffix('*')) {
            let tail: Vec<&str> = rest.by_ref().map(String::as_str).collect();
            params.push((name, tail.join("/")));
            return (!tail.is_empty()).then_some(params);
        }
        let segment = rest.next()?;
        match name {
            None if want == segment => {}
            Some(name) if !segment.is_empty() => params.push((name, segment.clone())),
            _ => return None,
        }
    }
    rest.next().is_none().then_some(params)
}

/// One call on its way through a handler.
pub(super) struct Call<'a> {
    /// All of GitHub.
    pub(super) github: &'a mut GitHub,
    /// As received.
    pub(super) request: &'a Request,
    /// Decoded path parameters.
    pub(super) params: Vec<(&'static str, String)>,
    /// Decoded query.
    pub(super) query: Fields,
    /// Unix seconds.
    pub(super) now: u64,
    /// Who calls.
    pub(super) caller: Caller,
    /// `http://host`, as the caller wrote the host.
    pub(super) base: String,
    /// The repository of the path and what the caller may do in it.
    pub(super) repository: Option<(u64, Level)>,
}

impl Call<'_> {
    /// A path parameter; empty when the pattern has none of that name.
    pub(super) fn param(&self, name: &str) -> &str {
        self.params
            .iter()
            .find(|(n, _)| *n == name)
            .map_or("", |(_, value)| value)
    }

    /// Where the REST API begins.
    pub(super) fn api(&self) -> String {
        format!("{}/api/v3", self.base)
    }

    /// The caller's user id.
    pub(super) fn user(&self) -> Result<u64, Error> {
        self.caller
            .user()
            .ok_or_else(Error::requires_authentication)
    }

    /// The repository of the path.
    pub(super) fn repository(&self) -> Result<&Repository, Error> {
        self.repository
            .and_then(|(id, _)| self.github.repositories.get(&id))
            .map(|repository| &**repository)
            .ok_or_else(Error::not_found)
    }

    /// The same, to change it.
    pub(super) fn repository_mut(&mut self) -> Result<&mut Repository, Error> {
        self.repository
            .and_then(|(id, _)| self.github.repositories.get_mut(&id))
            .map(|repository| &mut **repository)
            .ok_or_else(Error::not_found)
    }

    /// The same, which must hold a commit: the git endpoints answer 409 without.
    pub(super) fn filled_repository(&self) -> Result<&Repository, Error> {
        let repository = self.repository()?;
        if repository.is_empty() {
            return Err(Error::new(409, "Git Repository is empty."));
        }
        Ok(repository)
    }

    /// Where the repository's REST resources begin.
    pub(super) fn repository_url(&self) -> Result<String, Error> {
        let repository = self.repository()?;
        Ok(format!(
            "{}/repos/{}",
            self.api(),
            self.full_name(repository)
        ))
    }

    /// `owner/name`.
    pub(super) fn full_name(&self, repository: &Repository) -> String {
        let owner = self.github.accounts.get(&repository.owner);
        format!(
            "{}/{}",
            owner.map_or("ghost", |a| a.login.as_str()),
            repository.name
        )
    }

    /// Whether `Accept` names a media type of this parameter: `raw`, `object`.
    pub(super) fn accepts(&self, kind: &str) -> bool {
        accepts(self.request, kind)
    }

    /// The body as a JSON object.
    pub(super) fn body(&self) -> Result<Body, Error> {
        if self.request.body.is_empty() {
            return Ok(Body(Map::new()));
        }
        match serde_json::from_slice(&self.request.body) {
            Ok(Value::Object(map)) => Ok(Body(map)),
            Ok(_) => Err(Error::new(400, "Body should be a JSON object")),
            Err(_) => Err(Error::new(400, "Problems parsing JSON")),
        }
    }
}

/// Whether `Accept` names a media type of this parameter: `raw`, `object`.
pub(super) fn accepts(request: &Request, kind: &str) -> bool {
    request.header("accept").is_some_and(|accept| {
        accept.split(',').any(|media| {
            let media = media.split(';').next().unwrap_or_default().trim();
            media
                .strip_prefix("application/vnd.github.")
                .map(|rest| rest.strip_prefix("v3.").unwrap_or(rest))
                .map(|rest| rest.split('+').next().unwrap_or_default())
                == Some(kind)
        })
    })
}

/// A request's JSON object; members are read with GitHub's own errors.
pub(super) struct Body(Map<String, Value>);

impl Body {
    /// Members that came another way.
    pub(super) const fn of(members: Map<String, Value>) -> Self {
        Self(members)
    }

    /// A member as sent, `null` included.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A string that must be there.
    pub(super) fn text(&self, name: &str) -> Result<&str, Error> {
        self.optional(name)?
            .ok_or_else(|| Error::not_supplied(name))
    }

    /// A string that may be missing, but not be something else.
    pub(super) fn optional(&self, name: &str) -> Result<Option<&str>, Error> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(Error::wrong_type(name, other, "a string")),
        }
    }

    /// A truth value, false when missing.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Error> {
        match self.0.get(name) {
            None => Ok(false),
            Some(Value::Bool(value)) => Ok(*value),
            Some(other) => Err(Error::wrong_type(name, other, "a boolean")),
        }
    }

    /// A list, empty when missing.
    pub(super) fn list(&self, name: &str) -> Result<&[Value], Error> {
        match self.0.get(name) {
            None => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(other) => Err(Error::wrong_type(name, other, "an array")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fit;

    #[test]
    fn patterns_fit_segments_and_tails() {
        let segments = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
        let cases = [
            ("/user", "user", Some(vec![])),
            ("/user", "user/x", None),
            ("/repos/{owner}/{repo}", "repos/a/b", Some(vec!["a", "b"])),
            ("/repos/{owner}/{repo}", "repos/a/", None),
            ("/c/{path*}", "c/a/b/c", Some(vec!["a/b/c"])),
            ("/c/{path*}", "c", None),
        ];
        for (pattern, path, want) in cases {
            let got = fit(pattern, &segments(path));
            let values = got
                .as_ref()
                .map(|g| g.iter().map(|(_, v)| v.as_str()).collect::<Vec<_>>());
            assert_eq!(values, want, "{pattern} {path}");
        }
    }
}
