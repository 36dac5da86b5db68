//! The built app: files of one folder, with the policies of threat model section 5. Owns no content.

use crate::config::Config;
use crate::error::ApiError;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue};
use portico_core::error::ErrorCode;
use tower_http::services::ServeDir;

const APP_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; \
    trusted-types 'none'";
const RETURN_POLICY: &str = "default-src 'none'; script-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), \
    clipboard-read=(), display-capture=(), encrypted-media=(), fullscreen=(), gamepad=(), geolocation=(), \
    gyroscope=(), hid=(), identity-credentials-get=(), idle-detection=(), local-fonts=(), magnetometer=(), \
    microphone=(), midi=(), payment=(), picture-in-picture=(), publickey-credentials-get=(), \
    screen-wake-lock=(), serial=(), storage-access=(), usb=(), window-management=(), \
    xr-spatial-tracking=()";
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// Serves the app, or nothing where it is hosted elsewhere.
pub(super) fn service(config: &Config) -> Router {
    let Some(folder) = &config.app_dir else {
        return Router::new().fallback(async || ApiError::from(ErrorCode::NotFound));
    };
    let files = ServeDir::new(folder)
        .precompressed_br()
        .precompressed_gzip();
    let https = config.base_url.starts_with("https://");
    Router::new()
        .fallback_service(files)
        .layer(from_fn_with_state(https, with_policies))
}

async fn with_policies(State(https): State<bool>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let found = response.status().is_success() || response.status().is_redirection();
    let is_return_page = path == "/return.html";
    let is_asset = found && is_script_asset(&path);
    let cache = if found && is_hashed(&path) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let headers = response.headers_mut();
    let mut set = |name, value| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(
        CONTENT_SECURITY_POLICY,
        if is_return_page {
            RETURN_POLICY
        } else {
            APP_POLICY
        },
    );
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(REFERRER_POLICY, "no-referrer");
    set(PERMISSIONS_POLICY, PERMISSIONS);
    set(CACHE_CONTROL, cache);
    if !is_return_page {
        // The return page must find its opener.
        set(OPENER_POLICY, "same-origin-allow-popups");
    }
    if https {
        set(STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    if is_asset {
        // Partner pages load the widget from here.
        set(ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        set(super::edge::RESOURCE_POLICY, "cross-origin");
    } else {
        set(super::edge::RESOURCE_POLICY, "same-origin");
    }
    response
}

fn is_script_asset(path: &str) -> bool {
    [".js", ".mjs", ".wasm", ".css", ".woff2", ".svg"]
        .iter()
        .any(|end| path.ends_with(end))
}

/// A name with its content's hash in it: `-` and at least eight hexadecimal digits.
fn is_hashed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.split('-').skip(1).any(|part| {
        let digits = part.split(['.', '_']).next().unwrap_or_default();
        digits.len() >= 8
            && digits
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hashed_names_are_kept_for_ever() {
        for (path, hashed) in [
            ("/portico-0123456789abcdef.js", true),
            ("/assets/portico-deadbeef_bg.wasm", true),
            ("/index.html", false),
            ("/", false),
            ("/return.html", false),
            ("/portico-1234567.js", false),
            ("/portico-connections.js", false),
            ("/dead-beefcafe0/index.html", false),
        ] {
            assert_eq!(is_hashed(path), hashed, "{path}");
        }
    }
}
