//! The journal by the command line: the real program, beside a proxy that serves.

use portico_core::journal::verify_export;
use portico_sandbox::DEMO_CLIENT_SECRET;
use portico_tests::{Database, PORTAL, Stage, proxy_binary};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A configuration file for what the stage runs with.
fn configuration(stage: &Stage) -> PathBuf {
    let folder = stage.data().parent().unwrap().to_owned();
    std::fs::write(folder.join("secret"), DEMO_CLIENT_SECRET).unwrap();
    let database = stage.database().url();
    let database = database.map(|url| format!("database_url = {url:?}\n"));
    let text = format!(
        "{}base_url = \"{}\"\ndata_dir = \"data\"\n[hubspot]\nclient_id = \"{}\"\nclient_secret_file = \"secret\"\n",
        database.unwrap_or_default(),
        stage.config.base_url,
        stage.config.hubspot.client_id
    );
    let path = folder.join("portico.toml");
    std::fs::write(&path, text).unwrap();
    path
}

fn run(arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(proxy_binary());
    for (name, _) in std::env::vars_os() {
        // The proxy reads such names as fields of its configuration.
        if name.to_string_lossy().starts_with("PORTICO_") {
            command.env_remove(name);
        }
    }
    let mut child = command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Whoever stops reading at the first fault closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!(
        "{}{}",
        String::from_utf8_lossy(out),
        String::from_utf8_lossy(err)
    )
}

/// P12: what the interface hands over and what the command line writes are the same bytes, and both verify.
#[tokio::test]
async fn the_command_line_exports_and_verifies_beside_a_serving_proxy() {
    let stage = Stage::open().await;
    let config = configuration(&stage);
    let config = config.to_str().unwrap();
    stage.connected(PORTAL).await;
    let exported = run(&["journal", "export", "--config", config], "");
    assert!(exported.status.success(), "{}", said(&exported));
    let text = String::from_utf8(exported.stdout).unwrap();
    let by_http = stage.admin().get("/v1/journal/export").await.text;
    assert_eq!(text, by_http);
    let known = verify_export(&text).unwrap();

    let file = stage.data().parent().unwrap().join("export.jsonl");
    std::fs::write(&file, &text).unwrap();
    let head = known.head.as_str();
    for (arguments, input) in [
        (vec!["journal", "verify", file.to_str().unwrap()], ""),
        (vec!["journal", "verify", "-"], text.as_str()),
        (
            vec!["journal", "verify", "-", "--head", head],
            text.as_str(),
        ),
    ] {
        let verified = run(&arguments, input);
        assert!(verified.status.success(), "{}", said(&verified));
        let words = said(&verified);
        assert!(
            words.contains("entries: 4\n") && words.contains(&format!("head: {head}\n")),
            "{words}"
        );
        assert!(
            words.contains(&format!("tenant: {}\n", known.header.tenant)),
            "{words}"
        );
        assert!(words.contains("org: demo\n"), "{words}");
    }
    // A cut end holds together by itself; the head that was noted down tells.
    let cut: String = text.split_inclusive('\n').take(4).collect();
    assert!(run(&["journal", "verify", "-"], &cut).status.success());
    let told = run(&["journal", "verify", "-", "--head", head], &cut);
    assert!(
        !told.status.success() && said(&told).contains("the end was cut"),
        "{}",
        said(&told)
    );

    let hyphen = run(&["journal", "verify", "-", "--head", "-W0x"], &text);
    assert!(
        said(&hyphen).contains("the end was cut"),
        "one hash in 64 begins so"
    );

    let tenant = known.header.tenant.as_str();
    let part = [
        "journal", "export", "--config", config, "--tenant", tenant, "--org", "demo", "--first",
        "3",
    ];
    let part = run(&part, "");
    assert!(part.status.success(), "{}", said(&part));
    let part = String::from_utf8(part.stdout).unwrap();
    let of_part = said(&run(&["journal", "verify", "-"], &part));
    assert!(
        of_part.contains("entries: 2\n") && of_part.contains("hash of entry 2"),
        "{of_part}"
    );
    for (arguments, words) in [
        (
            vec!["--org", "rival"],
            "there is no journal of organization rival",
        ),
        (vec!["--tenant", "nobody"], "of tenant nobody"),
        (vec!["--first", "9"], "has 4 entries"),
    ] {
        let arguments = [vec!["journal", "export", "--config", config], arguments].concat();
        let refused = run(&arguments, "");
        assert!(!refused.status.success() && refused.stdout.is_empty());
        assert!(said(&refused).contains(words), "{}", said(&refused));
    }
    // Whatever is no export is refused, with the line.
    for (input, words) in [
        (String::new(), "line 1 is not the first line"),
        ("{}\n".into(), "line 1 is not the first line"),
        (format!("{text}{{\n"), "line 6 is not an entry"),
        (
            text.replacen("\"actor\":\"you\"", "\"actor\":\"\u{fffd}\"", 1),
            "line 2: entry 1 was changed",
        ),
    ] {
        let refused = run(&["journal", "verify", "-"], &input);
        assert!(
            !refused.status.success() && said(&refused).contains(words),
            "{}",
            said(&refused)
        );
    }
    let absent = run(&["journal", "verify", "/nowhere/at/all"], "");
    assert!(!absent.status.success() && said(&absent).contains("cannot be opened"));
}

/// P12: the database refuses to change an entry, and whoever gets around that is found out, by the entry's number.
#[tokio::test]
async fn a_row_that_was_edited_behind_the_proxys_back_is_named() {
    for (edit, words) in [
        (
            "UPDATE journal SET actor = 'eve' WHERE seq = 3",
            "line 4: entry 3 was changed",
        ),
        (
            "UPDATE journal SET reason = NULL WHERE seq = 1",
            "line 2: entry 1 was changed",
        ),
        (
            "UPDATE journal SET at_ms = at_ms + 1 WHERE seq = 4",
            "line 5: entry 4 was changed",
        ),
        (
            "DELETE FROM journal WHERE seq = 2",
            "line 3: entry 2 was expected and 3 stands there",
        ),
        (
            "DELETE FROM journal WHERE seq = 4",
            "entry 4 is missing in the database",
        ),
    ] {
        let stage = Stage::open().await;
        let config = configuration(&stage);
        stage.connected(PORTAL).await;
        let unlocked = stage.database().journal_unlocked();
        stage.sql(&format!("{unlocked} {edit}")).await;
        let exported = run(
            &["journal", "export", "--config", config.to_str().unwrap()],
            "",
        );
        let text = String::from_utf8(exported.stdout.clone()).unwrap();
        let mut words_said = said(&run(&["journal", "verify", "-"], &text));
        words_said += &said(&exported);
        assert!(words_said.contains(words), "{edit}: {words_said}");
        let verified = run(&["journal", "verify", "-"], &text);
        assert!(
            !(exported.status.success() && verified.status.success()),
            "{edit}"
        );
    }
}

/// P12: by the proxy's own way in, no entry can be changed or cut.
#[tokio::test]
async fn the_database_itself_refuses_to_change_an_entry() {
    let stage = Stage::open().await;
    stage.connected(PORTAL).await;
    let database = stage.database();
    let last = match database {
        Database::Sqlite(_) => "INSERT OR REPLACE INTO journal SELECT * FROM journal WHERE seq = 1",
        Database::Postgres(_) => "TRUNCATE journal",
    };
    for edit in [
        "UPDATE journal SET actor = 'eve'",
        "DELETE FROM journal",
        last,
    ] {
        let refusal = database.refusal(edit).await;
        assert!(refusal.contains("append-only"), "{edit}: {refusal}");
    }
}

/// Issue 4, item 9: the key is shown once, and what the configuration lists is its hash.
#[test]
fn a_service_key_is_made_and_shown_once() {
    let made = run(&["issue-service-key", "--id", "deals"], "");
    assert!(made.status.success(), "{}", said(&made));
    let text = String::from_utf8(made.stdout).unwrap();
    let (key, block) = text.split_once('\n').unwrap();
    assert!(key.starts_with("portico_sk_") && key.len() == 54, "{key}");
    assert!(!block.contains(key) && block.contains("id = \"deals\""));
    let good = format!(
        "base_url = \"http://localhost:7878\"\ndata_dir = \"data\"\n[hubspot]\nclient_id = \"c\"\nclient_secret_file = \"secret\"\n{block}"
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret"), "s3cr3t").unwrap();
    let file = folder.path().join("portico.toml");
    std::fs::write(&file, good).unwrap();
    let checked = run(&["check", "--config", file.to_str().unwrap()], "");
    assert!(checked.status.success(), "{}", said(&checked));
    for bad in ["", "a b", "a\"", &"x".repeat(65)] {
        let refused = run(&["issue-service-key", "--id", bad], "");
        assert!(
            !refused.status.success() && refused.stdout.is_empty(),
            "{bad}"
        );
    }
}
