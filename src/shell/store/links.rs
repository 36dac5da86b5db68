//! The repositories linked to each GitHub connection: a record of the portals' object store, under a name no
//! portal has. Owns its key; what a record may hold is the core's.

use super::{ASIDE, PORTALS, Store};
use portico_core::github::{RepositoryLink, read_links, write_links};
use portico_core::ids::ConnectionId;
use portico_core::wire::Problem;

/// Linked repositories as they were kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StoredLinks {
    pub(crate) links: Vec<RepositoryLink>,
    /// There was a record that could not be read; it is set aside, and the list begins anew.
    pub(crate) set_aside: bool,
}

impl Store {
    /// What is linked to a connection.
    pub(crate) async fn links(&self, id: &ConnectionId) -> Result<StoredLinks, Box<Problem>> {
        let key = key(id);
        let Some(text) = self.layers.get(PORTALS, &key).await? else {
            return Ok(StoredLinks::default());
        };
        if let Some(links) = read_links(&text) {
            return Ok(StoredLinks {
                links,
                set_aside: false,
            });
        }
        let aside = [ASIDE, &key].concat();
        self.layers
            .write(vec![(PORTALS, aside, Some(text)), (PORTALS, key, None)])
            .await;
        Ok(StoredLinks {
            links: Vec::new(),
            set_aside: true,
        })
    }

    /// Keeps these links of a connection, and no others.
    pub(crate) async fn save_links(&self, id: &ConnectionId, links: &[RepositoryLink]) {
        let text = (!links.is_empty()).then(|| write_links(links));
        self.layers.write(vec![(PORTALS, key(id), text)]).await;
    }

    /// Forgets all links of a connection (D29).
    pub(crate) async fn delete_links(&self, id: &ConnectionId) {
        let key = key(id);
        let aside = [ASIDE, &key].concat();
        self.layers
            .write(vec![(PORTALS, key, None), (PORTALS, aside, None)])
            .await;
    }
}

/// Portals are named by numbers alone.
fn key(id: &ConnectionId) -> String {
    ["github/", id.as_str()].concat()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{now, store};
    use super::*;

    fn link(id: u64) -> RepositoryLink {
        RepositoryLink {
            id,
            full_name: "mara/config".to_owned(),
            branch: "main".to_owned(),
            default_branch: "main".to_owned(),
            added_at: 5,
        }
    }

    /// D42, D29: links are kept for each connection on its own, and go with it.
    #[test]
    fn links_are_kept_and_deleted_per_connection() {
        let store = store();
        let (one, other) = ("c1".parse().unwrap(), "c12".parse().unwrap());
        assert_eq!(now(store.links(&one)).unwrap(), StoredLinks::default());
        now(store.save_links(&one, &[link(1), link(2)]));
        now(store.save_links(&other, &[link(3)]));
        assert_eq!(now(store.links(&one)).unwrap().links, [link(1), link(2)]);
        now(store.delete_links(&one));
        assert_eq!(now(store.links(&one)).unwrap(), StoredLinks::default());
        assert_eq!(now(store.links(&other)).unwrap().links, [link(3)]);
        now(store.save_links(&other, &[]));
        assert_eq!(now(store.layers.all(PORTALS, "")).unwrap(), []);
    }

    /// ST-9: a record that cannot be read is set aside once, said so, and goes with the connection.
    #[test]
    fn an_unreadable_record_is_set_aside() {
        let store = store();
        let id = "c1".parse().unwrap();
        for text in ["", "{}", r#"{"v":9,"links":[]}"#] {
            let bad = (PORTALS, "github/c1".to_owned(), Some(text.to_owned()));
            now(store.layers.write(vec![bad]));
            assert!(now(store.links(&id)).unwrap().set_aside, "{text}");
            assert_eq!(now(store.links(&id)).unwrap(), StoredLinks::default());
            let aside = now(store.layers.get(PORTALS, "aside/github/c1")).unwrap();
            assert_eq!(aside.as_deref(), Some(text));
        }
        now(store.delete_links(&id));
        assert_eq!(now(store.layers.all(PORTALS, "")).unwrap(), []);
    }
}
