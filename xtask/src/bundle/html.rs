//! Pages of the bundle: final names, integrity, and the policy for hosts that send no headers.
//!
//! Owns href and src of hand-written pages; relative only, so that the app works below any path.

use std::collections::BTreeSet;

use super::references::{Linked, no_placeholder_left};
use super::{Asset, Bundle};
use crate::say::{Failure, Outcome};

const CSP: &str = "<!-- portico:csp -->";
const PRELOAD: &str = "<!-- portico:preload -->";
const SCRIPT: &str = "<!-- portico:script -->";

/// What a page may be told.
pub(super) struct Context<'a> {
    pub(super) linked: &'a Linked,
    pub(super) entry: &'a str,
    pub(super) glue: &'a str,
    pub(super) wasm: &'a str,
    pub(super) proxy: Option<&'a str>,
}

/// Whether a file is a page, which keeps its name.
pub(super) fn is_page(path: &str) -> bool {
    path.rsplit('.').next() == Some("html")
}

/// An origin fit for the policy: https, or http on this machine; no path, nothing else.
pub(crate) fn check_origin(origin: &str) -> Outcome<String> {
    let trimmed = origin.trim().trim_end_matches('/');
    let local = ["http://localhost", "http://127.0.0.1", "http://[::1]"]
        .iter()
        .any(|local| {
            trimmed
                .strip_prefix(local)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        });
    let host = trimmed.split_once("://").map_or("", |(_, host)| host);
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
    if (local || trimmed.starts_with("https://")) && !host.is_empty() && host.chars().all(plain) {
        Ok(trimmed.to_owned())
    } else {
        Err(Failure::new(format!(
            "The proxy's origin must look like https://portico.example (http only on this machine), \
             without path or query: {origin:?}."
        )))
    }
}

/// The app's policy as a meta tag (threat model, section 5). `frame-ancestors` does nothing in a
/// meta tag and is left out: a host that cannot send headers cannot forbid framing.
fn app_policy(proxy: Option<&str>) -> String {
    let proxy = proxy.map(|origin| format!(" {origin}")).unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'{proxy}; manifest-src 'self'; \
         base-uri 'none'; form-action 'none'; object-src 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'"
    )
}

/// The return page's policy, likewise, with the page's own style where it has one.
const RETURN_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// The finished page and the paths of what it loads or links to.
///
/// Errors: a reference to a file that is not there, an absolute path, a marker missing from
/// `index.html`, a placeholder that nothing fills in.
pub(super) fn finish(
    page: &str,
    text: &str,
    context: &Context<'_>,
    pages: &BTreeSet<String>,
    bundle: &Bundle,
) -> Outcome<(String, BTreeSet<String>)> {
    let mut refers_to = BTreeSet::new();
    let mut told_proxy = false;
    let mut text = rewrite_tags(text, |tag| {
        if name_of(tag) == "link" && attribute(tag, "data-trunk").is_some() {
            return Ok(Some(String::new())); // Trunk's own note to itself.
        }
        if let (Some(proxy), Some(range)) = (context.proxy, proxy_url(tag)) {
            told_proxy = true;
            return Ok(Some(
                [&tag[..range.start], proxy, &tag[range.end..]].concat(),
            ));
        }
        tag_with_final_names(page, tag, context, pages, bundle, &mut refers_to)
    })?;

    if page == "index.html" {
        if context.proxy.is_some() && !told_proxy {
            return Err(Failure::new(
                "index.html has no <portico-connections proxy-url=\"…\">, so the app cannot be told \
                 where its proxy is.",
            ));
        }
        for marker in [CSP, PRELOAD, SCRIPT] {
            if !text.contains(marker) {
                return Err(Failure::new(format!("index.html lacks the line {marker}.")));
            }
        }
        if text.find(CSP) > text.find(PRELOAD) || text.find(CSP) > text.find(SCRIPT) {
            return Err(Failure::new(format!(
                "In index.html, {CSP} must come first: a policy holds for what follows it."
            )));
        }
        let integrity = |path: &str| bundle.get(path).map(Asset::integrity).unwrap_or_default();
        // The WebAssembly's integrity is checked by the fetch that uses it: Chromium ignores it on a
        // preload of this kind and warns, and matches the two without it.
        let preload = format!(
            "<link rel=\"modulepreload\" href=\"./{glue}\" integrity=\"{}\" crossorigin />\n    \
             <link rel=\"preload\" as=\"fetch\" type=\"application/wasm\" href=\"./{wasm}\" \
             crossorigin />",
            integrity(context.glue),
            glue = context.glue,
            wasm = context.wasm,
        );
        let script = format!(
            "<script type=\"module\" src=\"./{}\" integrity=\"{}\" crossorigin></script>",
            context.entry,
            integrity(context.entry)
        );
        text = text.replace(PRELOAD, &preload).replace(SCRIPT, &script);
        refers_to.extend([context.glue, context.wasm, context.entry].map(str::to_owned));
    }
    let policy = if page.starts_with("return") {
        RETURN_POLICY.to_owned()
    } else {
        app_policy(context.proxy)
    };
    let meta = format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\" />");
    text = text.replace(CSP, &meta);
    no_placeholder_left(page, &text)?;
    Ok((text, refers_to))
}

/// Gives each tag, `<` and `>` included, to `change`; comments and text pass as they are.
fn rewrite_tags(
    text: &str,
    mut change: impl FnMut(&str) -> Outcome<Option<String>>,
) -> Outcome<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = if rest.starts_with("<!--") {
            rest.find("-->").map_or(rest.len(), |end| end + 3)
        } else {
            tag_end(rest)
        };
        let (tag, after) = rest.split_at(end);
        match if tag.starts_with("<!") {
            None
        } else {
            change(tag)?
        } {
            Some(changed) => out.push_str(&changed),
            None => out.push_str(tag),
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// Length of the tag at the start of `text`; a `>` within quotes does not end it.
fn tag_end(text: &str) -> usize {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '"' || c == '\'' => quote = Some(c),
            None if c == '>' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Where the element's `proxy-url` has its value.
fn proxy_url(tag: &str) -> Option<std::ops::Range<usize>> {
    (name_of(tag) == "portico-connections")
        .then(|| attribute(tag, "proxy-url"))
        .flatten()
}

fn name_of(tag: &str) -> &str {
    let name = tag.trim_start_matches('<');
    name.split(|c: char| c.is_whitespace() || c == '>' || c == '/')
        .next()
        .unwrap_or_default()
}

/// Where the value of an attribute lies in its tag; an empty range after a bare name.
fn attribute(tag: &str, name: &str) -> Option<std::ops::Range<usize>> {
    let found = tag.match_indices(name).find(|(at, _)| {
        let before = tag[..*at]
            .chars()
            .next_back()
            .is_some_and(char::is_whitespace);
        let after = tag[at + name.len()..].chars().next();
        before && after.is_none_or(|c| c.is_whitespace() || "=/>".contains(c))
    })?;
    let end = found.0 + name.len();
    let Some(quoted) = tag[end..].strip_prefix("=\"") else {
        return Some(end..end);
    };
    let start = end + 2;
    Some(start..start + quoted.find('"')?)
}

fn tag_with_final_names(
    page: &str,
    tag: &str,
    context: &Context<'_>,
    pages: &BTreeSet<String>,
    bundle: &Bundle,
    refers_to: &mut BTreeSet<String>,
) -> Outcome<Option<String>> {
    let Some(range) = ["href", "src"]
        .iter()
        .find_map(|name| attribute(tag, name))
        .filter(|range| !range.is_empty())
    else {
        return Ok(None);
    };
    let value = &tag[range.clone()];
    if value.starts_with('#')
        || value.starts_with("data:")
        || value.contains("://")
        || value.starts_with("mailto:")
    {
        return Ok(None);
    }
    if value.starts_with('/') {
        return Err(Failure::new(format!(
            "{page} refers to {value}: an absolute path breaks below a sub-path; write ./ instead."
        )));
    }
    let file = value.strip_prefix("./").unwrap_or(value);
    let file = file.strip_prefix("www/").unwrap_or(file);
    let (file, suffix) = file.split_at(file.find(['#', '?']).unwrap_or(file.len()));
    let path = match context.linked.get(file) {
        Some(path) => path.clone(),
        None if pages.contains(file) || bundle.contains_key(file) => file.to_owned(),
        None => {
            return Err(Failure::new(format!(
                "{page} refers to {value}, which is not in www/."
            )));
        }
    };
    let mut changed = format!(
        "{}./{path}{suffix}{}",
        &tag[..range.start],
        &tag[range.end..]
    );
    let checked = name_of(tag) == "script"
        || (name_of(tag) == "link"
            && attribute(tag, "rel")
                .is_some_and(|rel| ["stylesheet", "modulepreload"].contains(&&tag[rel])));
    if checked
        && attribute(tag, "integrity").is_none()
        && let Some(asset) = bundle.get(&path)
    {
        let quote = range.start + 2 + path.len() + suffix.len() + 1;
        changed.insert_str(
            quote,
            &format!(" integrity=\"{}\" crossorigin", asset.integrity()),
        );
    }
    refers_to.insert(path);
    Ok(Some(changed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle() -> (Linked, Bundle) {
        let asset = || Asset::new(b"x".to_vec(), BTreeSet::new());
        let linked = Linked::from([
            ("page.css".into(), "page-1.css".into()),
            ("page.js".into(), "page-1.js".into()),
            ("favicon.svg".into(), "favicon-1.svg".into()),
        ]);
        let files = linked
            .values()
            .map(|path: &String| (path.clone(), asset()))
            .collect();
        (linked, files)
    }

    fn finished(
        page: &str,
        text: &str,
        proxy: Option<&str>,
    ) -> Outcome<(String, BTreeSet<String>)> {
        let (linked, bundle) = bundle();
        let context = Context {
            linked: &linked,
            entry: "e.js",
            glue: "g.js",
            wasm: "w.wasm",
            proxy,
        };
        finish(
            page,
            text,
            &context,
            &BTreeSet::from(["index.html".into(), "return.html".into()]),
            &bundle,
        )
    }

    #[test]
    fn references_get_final_names_and_integrity() {
        let sri = Asset::new(b"x".to_vec(), BTreeSet::new()).integrity();
        let cases = [
            (
                "<link rel=\"stylesheet\" href=\"www/page.css\" />",
                format!(
                    "<link rel=\"stylesheet\" href=\"./page-1.css\" integrity=\"{sri}\" crossorigin />"
                ),
            ),
            (
                "<script type=\"module\" src=\"./page.js\"></script>",
                format!(
                    "<script type=\"module\" src=\"./page-1.js\" integrity=\"{sri}\" crossorigin></script>"
                ),
            ),
            (
                "<link rel=\"icon\" href=\"favicon.svg\">",
                "<link rel=\"icon\" href=\"./favicon-1.svg\">".into(),
            ),
            (
                "<a href=\"index.html#/portals\">",
                "<a href=\"./index.html#/portals\">".into(),
            ),
            (
                "<a href=\"https://example.org/page.css\">",
                "<a href=\"https://example.org/page.css\">".into(),
            ),
            (
                "<!-- <script src=\"/gone.js\"> -->",
                "<!-- <script src=\"/gone.js\"> -->".into(),
            ),
            (
                "<p title=\"a > b\" data-href=\"x\">&lt;</p>",
                "<p title=\"a > b\" data-href=\"x\">&lt;</p>".into(),
            ),
        ];
        for (text, want) in cases {
            assert_eq!(finished("other.html", text, None).unwrap().0, want);
        }
    }

    #[test]
    fn a_reference_that_cannot_hold_is_refused() {
        for (text, named) in [
            ("<script src=\"gone.js\"></script>", "gone.js"),
            ("<script src=\"/page.js\"></script>", "sub-path"),
            ("<p>__PORTICO_TYPO__</p>", "__PORTICO_TYPO__"),
        ] {
            let failure = finished("other.html", text, None).unwrap_err().to_string();
            assert!(failure.contains(named), "{failure}");
        }
    }

    /// Threat model 5: the policy as a meta tag, without what a meta tag cannot do.
    #[test]
    fn the_policy_names_the_proxy_and_comes_before_what_it_governs() {
        let markers = "<!-- portico:csp --><!-- portico:preload --><!-- portico:script -->";
        let text = format!("{markers}<portico-connections proxy-url=\".\">");
        let proxy = Some("https://proxy.example");
        let (page, _) = finished("index.html", &text, proxy).unwrap();
        assert!(
            page.contains("proxy-url=\"https://proxy.example\""),
            "{page}"
        );
        assert!(
            finished("index.html", markers, proxy).is_err(),
            "nobody told the app"
        );
        assert!(
            page.contains("connect-src 'self' https://proxy.example;"),
            "{page}"
        );
        assert!(
            page.contains("require-trusted-types-for 'script'"),
            "{page}"
        );
        assert!(!page.contains("frame-ancestors"), "{page}");
        let late = "<!-- portico:preload --><!-- portico:script --><!-- portico:csp -->";
        assert!(finished("index.html", late, None).is_err());
        let (page, _) = finished("return.html", "<!-- portico:csp -->", None).unwrap();
        assert!(!page.contains("connect-src"), "{page}");
    }

    #[test]
    fn trunks_own_link_leaves_the_page() {
        let text = "<link data-trunk rel=\"rust\" data-trunk-id=\"0\" /><p></p>";
        assert_eq!(finished("other.html", text, None).unwrap().0, "<p></p>");
    }

    #[test]
    fn a_proxy_is_an_origin() {
        for origin in [
            "https://p.example",
            "https://p.example:8443/",
            "http://localhost:7878",
        ] {
            assert_eq!(check_origin(origin).unwrap(), origin.trim_end_matches('/'));
        }
        let bad = [
            "http://p.example",
            "https://p.example/v1",
            "https://",
            "p.example",
            "https://p; x",
            "http://localhost.evil.example",
        ];
        for origin in bad {
            assert!(check_origin(origin).is_err(), "{origin}");
        }
    }
}
