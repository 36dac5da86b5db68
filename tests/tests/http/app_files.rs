//! The app's own files: policies, caching and compression.

use portico_tests::{Answer, Stage};
use reqwest::Method;
use std::fs;
use std::path::Path;

const HASHED: &str = "assets/portico-0123456789abcdef.js";
const WASM: &str = "assets/portico-fedcba9876543210_bg.wasm";

fn write_app(folder: &Path) {
    fs::create_dir_all(folder.join("assets")).unwrap();
    fs::write(
        folder.join("index.html"),
        "<!doctype html><title>Portico</title>",
    )
    .unwrap();
    fs::write(
        folder.join("return.html"),
        "<!doctype html><title>Back</title>",
    )
    .unwrap();
    fs::write(folder.join(HASHED), "export {};").unwrap();
    fs::write(folder.join(format!("{HASHED}.br")), "brotli bytes").unwrap();
    fs::write(folder.join(format!("{HASHED}.gz")), "gzip bytes").unwrap();
    fs::write(folder.join(WASM), b"\0asm").unwrap();
}

async fn get(stage: &Stage, path: &str, encoding: Option<&str>) -> Answer {
    let caller = stage.admin();
    let mut request = caller.bare(Method::GET, path);
    if let Some(encoding) = encoding {
        request = request.header("accept-encoding", encoding);
    }
    caller.send(request).await
}

/// EM-7, EM-8, threat model 5: each file has the policy of its kind.
#[tokio::test]
async fn each_file_has_the_policy_of_its_kind() {
    let app = tempfile::tempdir().unwrap();
    write_app(app.path());
    let folder = app.path().to_owned();
    let stage = Stage::set(|config, _| config.app_dir = Some(folder)).await;
    let index = get(&stage, "/", None).await;
    assert_eq!(
        (index.status, index.header("content-type")),
        (200, Some("text/html"))
    );
    let policy = index.header("content-security-policy").unwrap();
    for part in [
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "connect-src 'self';",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"));
    for (name, value) in [
        (
            "cross-origin-opener-policy",
            Some("same-origin-allow-popups"),
        ),
        ("cross-origin-resource-policy", Some("same-origin")),
        ("x-content-type-options", Some("nosniff")),
        ("referrer-policy", Some("no-referrer")),
        ("cache-control", Some("no-cache")),
        ("access-control-allow-origin", None),
        ("strict-transport-security", None),
    ] {
        assert_eq!(index.header(name), value, "{name}");
    }
    assert!(
        index
            .header("permissions-policy")
            .unwrap()
            .contains("camera=()")
    );
    let back = get(&stage, "/return.html", None).await;
    let policy = back.header("content-security-policy").unwrap();
    assert!(
        policy.contains("script-src 'self';") && !policy.contains("connect-src"),
        "{policy}"
    );
    assert_eq!(
        back.header("cross-origin-opener-policy"),
        None,
        "it must find its opener"
    );
    for (path, media_type) in [(HASHED, "text/javascript"), (WASM, "application/wasm")] {
        let asset = get(&stage, &format!("/{path}"), None).await;
        assert_eq!(
            (asset.status, asset.header("content-type")),
            (200, Some(media_type))
        );
        assert_eq!(asset.header("access-control-allow-origin"), Some("*"));
        assert_eq!(
            asset.header("cross-origin-resource-policy"),
            Some("cross-origin")
        );
        assert_eq!(
            asset.header("cache-control"),
            Some("public, max-age=31536000, immutable")
        );
    }
}

/// The smallest form that the browser takes is sent.
#[tokio::test]
async fn assets_are_sent_compressed_as_they_were_built() {
    let app = tempfile::tempdir().unwrap();
    write_app(app.path());
    let folder = app.path().to_owned();
    let stage = Stage::set(|config, _| config.app_dir = Some(folder)).await;
    let path = format!("/{HASHED}");
    for (accepted, encoding, body) in [
        (Some("gzip, deflate, br"), Some("br"), "brotli bytes"),
        (Some("gzip"), Some("gzip"), "gzip bytes"),
        (None, None, "export {};"),
    ] {
        let answer = get(&stage, &path, accepted).await;
        assert_eq!(
            (answer.header("content-encoding"), answer.text.as_str()),
            (encoding, body)
        );
        assert_eq!(answer.header("content-type"), Some("text/javascript"));
        assert!(
            answer
                .header("vary")
                .unwrap_or_default()
                .to_lowercase()
                .contains("accept-encoding")
        );
    }
}

/// What is not there is a problem, and nothing outside the folder is reached.
#[tokio::test]
async fn nothing_else_is_served() {
    let app = tempfile::tempdir().unwrap();
    write_app(app.path());
    fs::write(
        app.path().parent().unwrap().join("portico-outside.txt"),
        "outside",
    )
    .unwrap();
    let folder = app.path().to_owned();
    let stage = Stage::set(|config, _| config.app_dir = Some(folder)).await;
    for path in [
        "/nothing.js",
        "/assets",
        "/v1/nothing",
        "/%2e%2e/portico-outside.txt",
        "/..%2fportico-outside.txt",
        "/assets/..%5c..%5cportico-outside.txt",
    ] {
        let answer = get(&stage, path, None).await;
        assert!(!answer.text.contains("outside"), "{path}");
        assert!(
            matches!(answer.status, 307 | 404),
            "{path}: {}",
            answer.status
        );
        if answer.status == 404 {
            assert_eq!(answer.code().as_deref(), Some("not_found"), "{path}");
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        }
    }
    let caller = stage.admin();
    let answer = caller.send(caller.bare(Method::POST, "/index.html")).await;
    assert_eq!(answer.status, 405);
    assert_eq!(stage.count("SELECT COUNT(*) FROM flow").await, 0);
}
