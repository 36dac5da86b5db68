//! Where log lines and spans go: standard error, and a collector if one is configured.
//! Owns what may be logged at all: of the libraries underneath only warnings, unless an operator asks.

use crate::config::{LogFormat, Telemetry};
use axum::body::Bytes;
use http::{Request, Response};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::error::Error;
use std::future::Future;
use std::io::IsTerminal as _;
use std::pin::Pin;
use std::time::Duration;
use tokio::runtime::Handle;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer};

const OURS: &str = "portico_proxy";
const EXPORT_DEADLINE: Duration = Duration::from_secs(5);

type BoxError = Box<dyn Error + Send + Sync>;

/// Spans on their way to a collector; nothing where none is configured.
pub struct Exporter(Option<SdkTracerProvider>);

impl Exporter {
    /// Sends what is left. Blocks, at most for the time of one export.
    pub fn finish(self) {
        if let Some(provider) = self.0
            && let Err(error) = provider.shutdown_with_timeout(EXPORT_DEADLINE)
        {
            tracing::warn!(error = %error, "the last traces could not be sent");
        }
    }
}

/// Begins to log, once a process and within a tokio runtime. `asked` is a tracing filter: a bare level is
/// meant for the proxy alone, for what libraries tell is rarely wanted and has to be asked for by name.
pub fn init(config: &Telemetry, asked: Option<&str>) -> Result<Exporter, BoxError> {
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(config.log_format == LogFormat::Text && std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let lines = match config.log_format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .boxed(),
    };
    let provider = config.otlp_endpoint.as_deref().map(provider).transpose()?;
    let spans = provider.as_ref().map(|provider| {
        tracing_opentelemetry::layer()
            .with_tracer(provider.tracer(OURS))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(Targets::new().with_target(OURS, LevelFilter::INFO))
    });
    tracing_subscriber::registry()
        .with(lines.with_filter(filter(asked.unwrap_or("info"))?))
        .with(spans)
        .try_init()?;
    Ok(Exporter(provider))
}

fn filter(asked: &str) -> Result<EnvFilter, BoxError> {
    let ours =
        asked
            .split(',')
            .map(str::trim)
            .map(|directive| match directive.parse::<LevelFilter>() {
                Ok(level) => format!("{OURS}={level}"),
                Err(_) => directive.to_owned(),
            });
    let directives: Vec<String> = ["warn".to_owned(), format!("{OURS}=info")]
        .into_iter()
        .chain(ours)
        .collect();
    Ok(EnvFilter::try_new(directives.join(","))?)
}

fn provider(endpoint: &str) -> Result<SdkTracerProvider, BoxError> {
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .timeout(EXPORT_DEADLINE)
        .build()?;
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Client {
            http,
            runtime: Handle::current(),
        })
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_timeout(EXPORT_DEADLINE)
        .build()?;
    let resource = Resource::builder()
        .with_service_name("portico-proxy")
        .build();
    Ok(SdkTracerProvider::builder()
        .with_resource(resource)
        .with_batch_exporter(exporter)
        .build())
}

/// The exporter runs on a thread of its own; its calls run where all of ours do.
#[derive(Debug)]
struct Client {
    http: reqwest::Client,
    runtime: Handle,
}

impl Client {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let http = self.http.clone();
        let call = self.runtime.spawn(async move {
            let answer = http.execute(request.try_into()?).await?;
            let status = answer.status();
            Ok::<_, HttpError>((status, answer.bytes().await?))
        });
        let (status, body) = call.await??;
        let mut response = Response::new(body);
        *response.status_mut() = status;
        Ok(response)
    }
}

impl HttpClient for Client {
    fn send_bytes<'a, 'b>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async move {
            let answer = self.send(request).await;
            match &answer {
                Ok(response) if response.status().is_success() => {}
                Ok(response) => {
                    let status = response.status().as_u16();
                    tracing::warn!(status, "the collector refuses traces");
                }
                Err(_) => tracing::warn!("the collector of traces cannot be reached"),
            }
            answer
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ST-1: a level is for the proxy; a library is heard above warnings only when it is named.
    #[test]
    fn a_bare_level_does_not_open_the_libraries() {
        for (asked, want) in [
            ("info", "portico_proxy=info,warn"),
            ("trace", "portico_proxy=trace,warn"),
            ("debug,hyper=trace", "portico_proxy=debug,hyper=trace,warn"),
            ("portico_proxy=error", "portico_proxy=error,warn"),
        ] {
            let filter = filter(asked).unwrap().to_string();
            let mut directives: Vec<&str> = filter.split(',').collect();
            directives.sort_unstable_by_key(|directive| (*directive == "warn", *directive));
            let mut want: Vec<&str> = want.split(',').collect();
            want.sort_unstable_by_key(|directive| (*directive == "warn", *directive));
            assert_eq!(directives, want, "{asked}");
        }
        assert!(filter("hyper=loud").is_err());
    }
}
