//! From which address a request came, for limits only and never for authorisation (RL-3, OV-4).
//! Owns whom to believe. Of all forwarding headers `X-Forwarded-For` alone is read, and only from
//! configured peers.

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The other end of the connection, as a request's extension.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Who stands in front of us for many: the TLS endpoint, a load balancer.
#[derive(Clone, Debug)]
pub(crate) struct Forwarders(Vec<IpNet>);

impl Forwarders {
    pub(crate) fn new(trusted: Vec<IpNet>) -> Self {
        Self(trusted)
    }

    fn is_trusted(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&address))
    }

    /// Whether connections of this address are many people's. Where nobody is configured, that is what
    /// runs on this machine: its TLS endpoint, or oneself.
    pub(crate) fn stands_for_many(&self, peer: IpAddr) -> bool {
        self.is_trusted(peer) || (self.0.is_empty() && peer.is_loopback())
    }

    /// Whose request it is, as far as that can be known; nothing where it is not to be counted.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        if !self.is_trusted(peer) {
            return (!self.stands_for_many(peer)).then(|| network(peer));
        }
        // From the right: each forwarder adds the peer it saw, and what lies further left it was told.
        let hops: Vec<&str> = headers
            .get_all(FORWARDED_FOR)
            .iter()
            .map(|value| value.to_str().unwrap_or_default())
            .flat_map(|value| value.split(','))
            .collect();
        let mut nearest = None;
        for hop in hops.iter().rev() {
            let Some(address) = address(hop.trim()) else {
                // Nobody we trust writes that: all who come so share one count.
                return Some(network(nearest.unwrap_or(peer)));
            };
            nearest = Some(address);
            if !self.is_trusted(address) {
                break;
            }
        }
        nearest.map(network)
    }
}

/// An address, as some write it with its port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    bare.unwrap_or(text)
        .parse::<IpAddr>()
        .ok()
        .or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))
        .map(|address| address.to_canonical())
}

/// What is counted as one address: of IPv6 the network of 64 bits, which one subscriber has whole.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => Ipv6Addr::from(u128::from(v6) & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RL-3, OV-4: forging changes nothing unless the peer is configured, and then only what it vouches for.
    #[test]
    fn only_a_configured_peer_says_whose_request_it_is() {
        let none: &[&str] = &[];
        let front: &[&str] = &["10.0.0.0/8", "::1/128"];
        for (case, trusted, peer, headers, want) in [
            (
                "a peer",
                none,
                "192.0.2.1",
                &["7.7.7.7"][..],
                Some("192.0.2.1"),
            ),
            ("this machine", none, "127.0.0.1", &["7.7.7.7"], None),
            (
                "this machine is not in front",
                front,
                "127.0.0.1",
                &["7.7.7.7"],
                Some("127.0.0.1"),
            ),
            (
                "another peer",
                front,
                "192.0.2.1",
                &["7.7.7.7"],
                Some("192.0.2.1"),
            ),
            (
                "the front",
                front,
                "10.0.0.1",
                &["7.7.7.7"],
                Some("7.7.7.7"),
            ),
            ("IPv6 front", front, "::1", &["7.7.7.7:80"], Some("7.7.7.7")),
            (
                "a forged entry",
                front,
                "10.0.0.1",
                &["1.1.1.1, 7.7.7.7"],
                Some("7.7.7.7"),
            ),
            (
                "a forged field",
                front,
                "10.0.0.1",
                &["1.1.1.1", "7.7.7.7"],
                Some("7.7.7.7"),
            ),
            (
                "two fronts",
                front,
                "10.0.0.1",
                &["1.1.1.1, 7.7.7.7,10.9.9.9"],
                Some("7.7.7.7"),
            ),
            (
                "garbage before",
                front,
                "10.0.0.1",
                &["<b>, 7.7.7.7"],
                Some("7.7.7.7"),
            ),
            (
                "garbage",
                front,
                "10.0.0.1",
                &["7.7.7.7, x"],
                Some("10.0.0.1"),
            ),
            (
                "an IPv6 network",
                front,
                "10.0.0.1",
                &["[2001:db8::9]:443"],
                Some("2001:db8::"),
            ),
            (
                "mapped",
                front,
                "10.0.0.1",
                &["::ffff:7.7.7.7"],
                Some("7.7.7.7"),
            ),
            ("the front itself", front, "10.0.0.1", &[], None),
        ] {
            let forwarders =
                Forwarders::new(trusted.iter().map(|net| net.parse().unwrap()).collect());
            let mut map = HeaderMap::new();
            for value in headers {
                map.append(FORWARDED_FOR, value.parse().unwrap());
            }
            map.insert("forwarded", "for=3.3.3.3".parse().unwrap());
            map.insert("x-real-ip", "3.3.3.3".parse().unwrap());
            let found = forwarders.client(peer.parse().unwrap(), &map);
            assert_eq!(found, want.map(|ip| ip.parse().unwrap()), "{case}");
        }
    }
}
