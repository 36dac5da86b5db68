//! Owns associations between kept records: which types fit, their inverses and names, and the linking of both ends.
//! The types themselves are metadata (`hubspot::associations` and the portal's labels).

use super::{SHAPES, Shape};
use crate::hubspot::association_types::{self, LABELLED};
use crate::model::Portal;

/// `associationCategory`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Category {
    /// HubSpot's own types.
    Hubspot,
    /// A portal's labels.
    User,
    /// An app's labels.
    Integrator,
    /// Types between people at work.
    Work,
}

impl Category {
    /// The category of that name on the wire.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "HUBSPOT_DEFINED" => Self::Hubspot,
            "USER_DEFINED" => Self::User,
            "INTEGRATOR_DEFINED" => Self::Integrator,
            "WORK" => Self::Work,
            _ => return None,
        })
    }
}

/// One direction of an association. Small, because a large portal has many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// The record at the other end.
    pub(crate) id: u64,
    /// `associationTypeId`.
    pub(crate) type_id: u32,
    /// The other end's place in [`SHAPES`].
    pub(crate) to: u8,
    pub(crate) category: Category,
}

impl Link {
    /// The type at the other end.
    pub(crate) fn shape(self) -> Option<&'static Shape> {
        SHAPES.get(usize::from(self.to))
    }
}

/// HubSpot's unlabelled type of a pair of kept types.
pub(crate) fn unlabelled(from: &Shape, to: &Shape) -> u32 {
    association_types::unlabelled(from.id, to.id)
        .and_then(|id| u32::try_from(id).ok())
        .unwrap_or(u32::MAX)
}

/// The kept type that an association type leads to from `from`; `None` when there is no such type between kept ones.
pub(crate) fn target(
    portal: &Portal,
    from: &Shape,
    category: Category,
    type_id: u32,
) -> Option<&'static Shape> {
    let fits = |to: &&Shape| match category {
        Category::Hubspot => unlabelled(from, to) == type_id || is_labelled(from, to, type_id),
        _ => own_types(portal, from, to, category).any(|id| id == type_id),
    };
    SHAPES.iter().find(fits)
}

fn is_labelled(from: &Shape, to: &Shape, type_id: u32) -> bool {
    LABELLED
        .iter()
        .any(|(f, t, id, _)| *f == from.id && *t == to.id && *id == u64::from(type_id))
}

/// Ids of a portal's own types of an ordered pair, in order of creation.
fn own_types<'a>(
    portal: &'a Portal,
    from: &'a Shape,
    to: &'a Shape,
    category: Category,
) -> impl Iterator<Item = u32> + 'a {
    let theirs = portal.association_types.iter().filter(move |kind| {
        kind.from == from.id && kind.to == to.id && Category::named(kind.category) == Some(category)
    });
    theirs.filter_map(|kind| u32::try_from(kind.type_id).ok())
}

/// The type of the way back: HubSpot keeps both directions of every association.
fn inverse(
    portal: &Portal,
    from: &Shape,
    to: &Shape,
    category: Category,
    type_id: u32,
) -> (Category, u32) {
    let plain = (Category::Hubspot, unlabelled(to, from));
    if category == Category::Hubspot {
        // Labelled pairs are neighbours: 1 and 2, 5 and 6, 25 and 26, 13 and 14.
        let back = if type_id % 2 == 1 {
            type_id + 1
        } else {
            type_id - 1
        };
        let labelled = is_labelled(from, to, type_id) && is_labelled(to, from, back);
        return if labelled { (category, back) } else { plain };
    }
    let own = portal.association_types.iter().find(|kind| {
        let ours = Category::named(kind.category) == Some(category);
        ours && kind.from == from.id && kind.to == to.id && kind.type_id == u64::from(type_id)
    });
    // A type that is its own inverse leads back only between records of one type.
    own.filter(|kind| kind.inverse != kind.type_id || from.id == to.id)
        .and_then(|kind| u32::try_from(kind.inverse).ok())
        .map_or(plain, |id| (category, id))
}

/// Unlinks records that a portal's own association type, or its inverse, joins; for deletes of labels.
pub(crate) fn forget(portal: &mut Portal, types: [u64; 2]) {
    let gone =
        |link: &Link| link.category == Category::User && types.contains(&u64::from(link.type_id));
    for shape in SHAPES {
        let Some(store) = portal.records.store(shape.id) else {
            continue;
        };
        let held = store.all().filter(|record| record.links.iter().any(gone));
        let held: Vec<u64> = held.map(|record| record.id).collect();
        for id in held {
            if let Some(record) = portal.records.store_mut(shape.id).get_mut(id) {
                record.links.retain(|link| !gone(link));
            }
        }
    }
}

/// The name that object reads give an association (`deal_to_contact`).
pub(super) fn name(portal: &Portal, from: &Shape, to: &Shape, link: Link) -> String {
    let plain = format!("{}_to_{}", from.singular, to.singular);
    if link.category != Category::Hubspot {
        let own = portal.association_types.iter().find(|kind| {
            kind.type_id == u64::from(link.type_id)
                && Category::named(kind.category) == Some(link.category)
        });
        let label = own.and_then(|kind| kind.name.clone().or_else(|| kind.label.clone()));
        return label.map_or(plain, |label| label.to_lowercase().replace(' ', "_"));
    }
    let primary = |f: &Shape, t: &Shape| {
        LABELLED
            .iter()
            .any(|(a, b, _, label)| *a == f.id && *b == t.id && *label == "Primary")
    };
    match LABELLED
        .iter()
        .find(|(.., id, _)| *id == u64::from(link.type_id))
    {
        Some((.., "Primary")) => plain,
        Some((.., label)) => label.to_lowercase().replace(' ', "_"),
        // Where a primary exists it has the plain name.
        None if primary(from, to) => format!("{plain}_unlabeled"),
        None => plain,
    }
}

/// One end of an association.
pub(crate) type End = (&'static Shape, u64);

/// Links two records in both directions; a labelled link brings the unlabelled one with it.
pub(crate) fn connect(portal: &mut Portal, from: End, to: End, category: Category, type_id: u32) {
    let plain = unlabelled(from.0, to.0);
    let mut kinds = vec![(category, type_id)];
    if kinds[0] != (Category::Hubspot, plain)
        && association_types::documented(from.0.id)
            .iter()
            .any(|(_, id)| *id == u64::from(plain))
    {
        kinds.push((Category::Hubspot, plain));
    }
    for (category, type_id) in kinds {
        let (back_category, back_id) = inverse(portal, from.0, to.0, category, type_id);
        one_way(portal, from, to, category, type_id);
        one_way(portal, to, from, back_category, back_id);
    }
}

fn one_way(portal: &mut Portal, from: End, to: End, category: Category, type_id: u32) {
    let link = Link {
        id: to.1,
        type_id,
        to: to.0.index(),
        category,
    };
    if let Some(record) = portal.records.store_mut(from.0.id).get_mut(from.1)
        && !record.links.contains(&link)
    {
        record.links.push(link);
    }
}

#[cfg(test)]
mod tests {
    use super::{Category, inverse, name, target, unlabelled};
    use crate::fixture;
    use crate::records::links::Link;
    use crate::records::shape_named;

    #[test]
    fn standard_types_lead_there_and_back() {
        // Platform 7: deal→contact 3 and 4, deal→company 341 and 342, primary 5 and 6.
        let portal = &fixture::portals("small", 1).expect("a known fixture")[0];
        let cases = [
            ("deals", "contacts", 3, 4, "deal_to_contact"),
            ("deals", "companies", 341, 342, "deal_to_company_unlabeled"),
            ("deals", "companies", 5, 6, "deal_to_company"),
            ("contacts", "companies", 1, 2, "contact_to_company"),
            ("companies", "deals", 6, 5, "company_to_deal"),
            ("companies", "companies", 13, 14, "child_company"),
        ];
        for (from, to, there, back, want) in cases {
            let (from, to) = (
                shape_named(from).expect("kept"),
                shape_named(to).expect("kept"),
            );
            let reached = target(portal, from, Category::Hubspot, there).map(|shape| shape.id);
            assert_eq!(reached, Some(to.id), "{there}");
            assert_eq!(
                inverse(portal, from, to, Category::Hubspot, there),
                (Category::Hubspot, back)
            );
            let link = Link {
                id: 1,
                type_id: there,
                to: to.index(),
                category: Category::Hubspot,
            };
            assert_eq!(name(portal, from, to, link), want);
        }
        let deals = shape_named("deals").expect("kept");
        assert!(
            target(portal, deals, Category::Hubspot, 19).is_none(),
            "line items are not kept"
        );
        assert!(target(portal, deals, Category::User, 3).is_none());
        assert_eq!(unlabelled(deals, deals), 451);
    }
}
