//! The accept loop (threat model, section 6): how many connections, from where, and their end.
//! Owns sockets. `axum::serve` is not used because it never times out headers.

mod outflow;
mod socket;
mod watch;

use crate::peers::{Forwarders, Peer, network};
use crate::provider::call::MemoryShare;
use crate::telemetry::Telemetry;
use crate::web::Place;
use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use outflow::Outflow;
use socket::Socket;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;
use watch::Watch;

/// For a request's head, for the first request of a connection, and for a peer to read on.
const PATIENCE: Duration = Duration::from_secs(10);
const MAX_HEADERS: usize = 64;
/// Request line and header list must fit; both have limits of their own at the edge.
const READ_BUFFER: usize = 32 * 1024;
const MAX_HEADER_LIST: u32 = 16 * 1024;
const MAX_STREAMS: u32 = 100;
/// Largest body but the relay's, so that one stream cannot make us hold more.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 256 * 1024;
const SEND_BUFFER: usize = 64 * 1024;
/// Streams that the peer opened and reset before we saw them (rapid reset, CVE-2023-44487).
const MAX_RESETS: usize = 20;
/// Streams that we had to reset for the peer's errors.
const MAX_LOCAL_RESETS: usize = 64;
/// How long open connections may take to finish once the proxy stops.
const LAST_CALL: Duration = Duration::from_secs(5);

/// What one listener takes.
pub(crate) struct Doors {
    /// Connections at once.
    pub(crate) most: usize,
    /// And from one address; whoever stands in front for many is not counted.
    pub(crate) most_per_address: usize,
    pub(crate) forwarders: Forwarders,
    pub(crate) telemetry: Telemetry,
}

/// Connections by network.
#[derive(Default)]
struct Peers(Mutex<HashMap<IpAddr, usize>>);

struct Admission {
    peers: Arc<Peers>,
    /// Nothing for whoever is not counted.
    address: Option<IpAddr>,
}

impl Peers {
    fn admit(self: &Arc<Self>, peer: IpAddr, doors: &Doors) -> Option<Admission> {
        let address = (!doors.forwarders.stands_for_many(peer)).then(|| network(peer));
        if let Some(address) = address {
            let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let count = counts.entry(address).or_insert(0);
            if *count >= doors.most_per_address {
                return None;
            }
            *count += 1;
        }
        Some(Admission {
            peers: Arc::clone(self),
            address,
        })
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let Some(address) = self.address else { return };
        let mut counts = self.peers.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&address);
            }
        }
    }
}

/// Serves until `stop`, then lets open requests finish.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    doors: Doors,
    stop: CancellationToken,
) {
    let peers = Arc::new(Peers::default());
    let room = Arc::new(Semaphore::new(doors.most));
    let connections = TaskTracker::new();
    let end = CancellationToken::new();
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
        let Ok(permit) = Arc::clone(&room).try_acquire_owned() else {
            doors.telemetry.connection_refused("full");
            continue;
        };
        let Some(admission) = peers.admit(peer.ip().to_canonical(), &doors) else {
            doors.telemetry.connection_refused("address");
            continue;
        };
        let open = doors.telemetry.connection_opened();
        let connection = serve_one(stream, peer, router.clone(), stop.clone());
        let end = end.clone();
        connections.spawn(async move {
            end.run_until_cancelled(connection).await;
            drop((admission, permit, open));
        });
    }
    drop(listener);
    connections.close();
    let _ = tokio::time::timeout(LAST_CALL, connections.wait()).await;
    end.cancel();
}

async fn serve_one(stream: TcpStream, peer: SocketAddr, router: Router, stop: CancellationToken) {
    // Small answers should not wait for their acknowledgement.
    let _ = stream.set_nodelay(true);
    let watch = Watch::new();
    let peer = Peer(peer.ip().to_canonical());
    let service = hyper::service::service_fn({
        let watch = watch.clone();
        move |request: http::Request<Incoming>| {
            let exchange = watch.begin(request.version());
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(peer);
            let answer = router.clone().oneshot(request);
            async move {
                let mut response = answer.await?;
                // Place and room are given back when the answer is written, not when it is ready.
                let extensions = response.extensions_mut();
                let kept = (
                    extensions.remove::<Place>(),
                    extensions.remove::<MemoryShare>(),
                );
                let outflow = |body| Outflow::new(body, exchange, kept);
                Ok::<_, std::convert::Infallible>(response.map(outflow))
            }
        }
    });
    let builder = builder();
    let socket = TokioIo::new(Socket::new(stream, watch.clone()));
    let connection = builder.serve_connection(socket, service);
    watch.drive(connection, &stop).await;
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // Heads are timed by `watch`.
        .header_read_timeout(None)
        .max_headers(MAX_HEADERS)
        .max_buf_size(READ_BUFFER);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEADER_LIST)
        .max_pending_accept_reset_streams(MAX_RESETS)
        .max_local_error_reset_streams(MAX_LOCAL_RESETS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doors(trusted: &[&str]) -> Doors {
        let trusted = trusted.iter().map(|net| net.parse().unwrap()).collect();
        Doors {
            most: 10,
            most_per_address: 2,
            forwarders: Forwarders::new(trusted),
            telemetry: Telemetry::new(),
        }
    }

    /// OV-4, threat model 6: so many connections from one address, and from one IPv6 network.
    #[test]
    fn an_address_has_a_share_of_the_connections() {
        let admit =
            |peers: &Arc<Peers>, doors: &Doors, ip: &str| peers.admit(ip.parse().unwrap(), doors);
        let (peers, doors) = (Arc::new(Peers::default()), doors(&["10.0.0.0/8"]));
        let held = [
            admit(&peers, &doors, "192.0.2.1").unwrap(),
            admit(&peers, &doors, "192.0.2.1").unwrap(),
            admit(&peers, &doors, "2001:db8::1").unwrap(),
            admit(&peers, &doors, "2001:db8::2").unwrap(),
        ];
        for (ip, fits) in [
            ("192.0.2.1", false),
            ("192.0.2.2", true),
            ("2001:db8::3", false),
            ("2001:db8:0:1::1", true),
        ] {
            assert_eq!(admit(&peers, &doors, ip).is_some(), fits, "{ip}");
        }
        let many: Vec<_> = (0..5).map(|_| admit(&peers, &doors, "10.1.2.3")).collect();
        assert!(
            many.iter().all(Option::is_some),
            "a forwarder is not counted"
        );
        drop(held);
        assert!(admit(&peers, &doors, "192.0.2.1").is_some());
        drop(many);
        assert!(peers.0.lock().unwrap().is_empty());
    }
}
