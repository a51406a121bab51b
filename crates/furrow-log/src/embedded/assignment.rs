//! Who is to own which partition: pure, sticky, balanced.

use std::collections::BTreeMap;

use super::membership::{MemberId, Place};
use crate::{Partition, Topic};

/// The topics that a member reads, with their numbers of partitions.
pub(super) type Subscription = BTreeMap<Topic, u32>;

/// Shares all partitions out among the members that read their topic.
///
/// What a member has now stays with it unless another one would have two fewer; among equals the
/// one that joined first (the lowest id) is served first.
pub(super) fn assign(
    members: &BTreeMap<MemberId, Subscription>,
    current: &BTreeMap<Place, MemberId>,
) -> BTreeMap<Place, MemberId> {
    let mut load: BTreeMap<MemberId, usize> = members.keys().map(|id| (*id, 0)).collect();
    let mut target = BTreeMap::new();
    let mut unowned = Vec::new();
    for place in places(members) {
        match current.get(&place) {
            Some(owner) if reads(members, *owner, &place) => {
                *load.entry(*owner).or_default() += 1;
                target.insert(place, *owner);
            }
            Some(_) | None => unowned.push(place),
        }
    }
    for place in unowned {
        if let Some(owner) = least_loaded(members, &load, &place) {
            *load.entry(owner).or_default() += 1;
            target.insert(place, owner);
        }
    }
    while let Some((place, from, to)) = one_move(members, &load, &target) {
        *load.entry(from).or_default() -= 1;
        *load.entry(to).or_default() += 1;
        target.insert(place, to);
    }
    target
}

fn places(members: &BTreeMap<MemberId, Subscription>) -> impl Iterator<Item = Place> {
    let topics: Subscription = members
        .values()
        .flat_map(|subscription| {
            subscription
                .iter()
                .map(|(topic, count)| (topic.clone(), *count))
        })
        .collect();
    topics.into_iter().flat_map(|(topic, count)| {
        (0..count).map(move |partition| Place {
            topic: topic.clone(),
            partition: Partition(partition),
        })
    })
}

fn reads(members: &BTreeMap<MemberId, Subscription>, member: MemberId, place: &Place) -> bool {
    members
        .get(&member)
        .is_some_and(|subscription| subscription.contains_key(&place.topic))
}

fn least_loaded(
    members: &BTreeMap<MemberId, Subscription>,
    load: &BTreeMap<MemberId, usize>,
    place: &Place,
) -> Option<MemberId> {
    load.iter()
        .filter(|(member, _)| reads(members, **member, place))
        .min_by_key(|(_, count)| **count)
        .map(|(member, _)| *member)
}

/// A partition whose owner has at least two more than another reader of it. Every such move lowers
/// the sum of the squared loads, so moving ends.
fn one_move(
    members: &BTreeMap<MemberId, Subscription>,
    load: &BTreeMap<MemberId, usize>,
    target: &BTreeMap<Place, MemberId>,
) -> Option<(Place, MemberId, MemberId)> {
    target
        .iter()
        .filter_map(|(place, from)| {
            let to = least_loaded(members, load, place)?;
            let gap = load[from].checked_sub(load[&to])?;
            (gap >= 2).then(|| (gap, place.clone(), *from, to))
        })
        .max_by(|(a, place_a, ..), (b, place_b, ..)| a.cmp(b).then(place_a.cmp(place_b)))
        .map(|(_, place, from, to)| (place, from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(count: u64, partitions: u32) -> BTreeMap<MemberId, Subscription> {
        (0..count)
            .map(|id| {
                (
                    MemberId(id),
                    BTreeMap::from([(Topic::new("t"), partitions)]),
                )
            })
            .collect()
    }

    fn loads(target: &BTreeMap<Place, MemberId>) -> Vec<usize> {
        let mut load = BTreeMap::<MemberId, usize>::new();
        for owner in target.values() {
            *load.entry(*owner).or_default() += 1;
        }
        load.into_values().collect()
    }

    #[test]
    fn one_member_owns_everything() {
        let target = assign(&members(1, 8), &BTreeMap::new());
        assert_eq!(loads(&target), [8]);
    }

    #[test]
    fn three_members_share_eight_partitions_evenly() {
        let target = assign(&members(3, 8), &BTreeMap::new());
        assert_eq!(loads(&target), [3, 3, 2]);
    }

    #[test]
    fn a_newcomer_takes_no_more_than_its_share() {
        let before = assign(&members(2, 8), &BTreeMap::new());
        let after = assign(&members(3, 8), &before);
        let moved = before
            .iter()
            .filter(|(place, owner)| after[*place] != **owner)
            .count();
        assert_eq!((loads(&after), moved), (vec![3, 3, 2], 2));
    }

    #[test]
    fn those_who_stay_keep_what_they_have_when_one_leaves() {
        let three = members(3, 8);
        let before = assign(&three, &BTreeMap::new());
        let mut two = three;
        two.remove(&MemberId(1));
        let after = assign(&two, &before);
        for (place, owner) in &before {
            assert!(
                *owner == MemberId(1) || after[place] == *owner,
                "{place:?} moved"
            );
        }
        assert_eq!(loads(&after), [4, 4]);
    }

    #[test]
    fn a_topic_is_shared_only_among_its_readers() {
        let members = BTreeMap::from([
            (
                MemberId(0),
                BTreeMap::from([(Topic::new("a"), 2), (Topic::new("b"), 2)]),
            ),
            (MemberId(1), BTreeMap::from([(Topic::new("b"), 2)])),
        ]);
        let target = assign(&members, &BTreeMap::new());
        for (place, owner) in &target {
            let expected = if place.topic.as_str() == "a" {
                MemberId(0)
            } else {
                MemberId(1)
            };
            assert_eq!(*owner, expected, "{place:?}");
        }
        assert_eq!(target.len(), 4);
    }
}
