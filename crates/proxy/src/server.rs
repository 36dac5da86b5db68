//! The accept loop (threat model, section 6): connection limits, header time-out, graceful end.
//! Owns sockets. `axum::serve` is not used because it never times out headers.

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

const HEADER_TIME: Duration = Duration::from_secs(10);
const MAX_CONNECTIONS: usize = 4096;
const MAX_PER_ADDRESS: usize = 64;
const MAX_HEADERS: usize = 64;
/// Request line and header list must fit; both have limits of their own at the edge.
const READ_BUFFER: usize = 32 * 1024;
const MAX_STREAMS: u32 = 100;
/// How long open connections may take to finish once the proxy stops.
const LAST_CALL: Duration = Duration::from_secs(5);

/// Connections by address. Loopback is not counted: that is the TLS endpoint in front, or oneself.
#[derive(Default)]
struct Peers(Mutex<HashMap<IpAddr, usize>>);

struct Admission {
    peers: Arc<Peers>,
    address: IpAddr,
}

impl Peers {
    fn admit(self: &Arc<Self>, peer: SocketAddr) -> Option<Admission> {
        let address = peer.ip().to_canonical();
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_insert(0);
        if *count >= MAX_PER_ADDRESS && !address.is_loopback() {
            return None;
        }
        *count += 1;
        Some(Admission {
            peers: Arc::clone(self),
            address,
        })
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut counts = self.peers.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

/// Serves until `stop`, then lets open requests finish.
pub(crate) async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let graceful = GracefulShutdown::new();
    let peers = Arc::new(Peers::default());
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, or a peer that is gone already: others may still come.
                tracing::warn!(error = %error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (Some(admission), Ok(permit)) =
            (peers.admit(peer), Arc::clone(&room).try_acquire_owned())
        else {
            continue;
        };
        let connection = graceful.watcher().watch(connection(stream, router.clone()));
        tokio::spawn(async move {
            // A peer that breaks off is no event.
            let _ = connection.await;
            drop((admission, permit));
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(LAST_CALL, graceful.shutdown()).await;
}

fn connection(
    stream: TcpStream,
    router: Router,
) -> impl hyper_util::server::graceful::GracefulConnection<
    Error = Box<dyn std::error::Error + Send + Sync>,
> + Send
+ 'static {
    // Small answers should not wait for their acknowledgement.
    let _ = stream.set_nodelay(true);
    let service = router.map_request(|request: http::Request<Incoming>| request.map(Body::new));
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_headers(MAX_HEADERS)
        .max_buf_size(READ_BUFFER);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(16 * 1024)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .into_owned()
}
