//! The groups, their members and who owns what now: a state machine without I/O.
//!
//! A partition has one owner at a time. It goes to another member only after its owner took the
//! news of losing it, or left.

use std::collections::BTreeMap;

use super::assignment::{Subscription, assign};
use crate::{Partition, Topic};

/// One membership; never given twice in a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct MemberId(pub(super) u64);

/// One partition of one topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    pub(super) topic: Topic,
    pub(super) partition: Partition,
}

/// What a member is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The partition is the member's.
    Assigned(Place),
    /// The partition is to be given up; it is once the member has taken this.
    Revoked(Place),
}

/// News for one member.
pub(super) type News = (MemberId, Change);

/// All groups of a log.
#[derive(Debug, Default)]
pub(super) struct Groups(BTreeMap<String, Group>);

impl Groups {
    /// A member comes.
    pub(super) fn join(&mut self, group: &str, id: MemberId, topics: Subscription) -> Vec<News> {
        let group = self.0.entry(group.to_owned()).or_default();
        group.members.insert(id, topics);
        group.rebalance()
    }

    /// A member goes; what it owned is free at once.
    pub(super) fn leave(&mut self, name: &str, id: MemberId) -> Vec<News> {
        let Some(group) = self.0.get_mut(name) else {
            return Vec::new();
        };
        group.members.remove(&id);
        group.tenures.retain(|_, tenure| tenure.member() != id);
        let news = group.rebalance();
        if group.members.is_empty() {
            self.0.remove(name);
        }
        news
    }

    /// A member took the news that it loses a partition.
    pub(super) fn yielded(&mut self, group: &str, id: MemberId, place: &Place) -> Vec<News> {
        let Some(group) = self.0.get_mut(group) else {
            return Vec::new();
        };
        if group.tenures.get(place) == Some(&Tenure::Yielding(id)) {
            group.tenures.remove(place);
        }
        group.settle()
    }

    /// How many members a group has.
    pub(super) fn members(&self, group: &str) -> usize {
        self.0.get(group).map_or(0, |group| group.members.len())
    }
}

#[derive(Debug, Default)]
struct Group {
    members: BTreeMap<MemberId, Subscription>,
    /// Who is to own each partition.
    target: BTreeMap<Place, MemberId>,
    /// Who owns it now; a partition that is missing is free.
    tenures: BTreeMap<Place, Tenure>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tenure {
    Owned(MemberId),
    /// Told to give it up, and has not taken that yet.
    Yielding(MemberId),
}

impl Tenure {
    fn member(self) -> MemberId {
        match self {
            Self::Owned(id) | Self::Yielding(id) => id,
        }
    }
}

impl Group {
    fn rebalance(&mut self) -> Vec<News> {
        self.target = assign(&self.members, &self.target);
        self.settle()
    }

    /// Moves what can be moved now towards the target.
    fn settle(&mut self) -> Vec<News> {
        let mut news = Vec::new();
        for (place, to) in &self.target {
            match self.tenures.get(place) {
                None => {
                    self.tenures.insert(place.clone(), Tenure::Owned(*to));
                    news.push((*to, Change::Assigned(place.clone())));
                }
                Some(Tenure::Owned(from)) if from != to => {
                    let from = *from;
                    self.tenures.insert(place.clone(), Tenure::Yielding(from));
                    news.push((from, Change::Revoked(place.clone())));
                }
                Some(Tenure::Owned(_) | Tenure::Yielding(_)) => {}
            }
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, VecDeque};

    use proptest::prelude::*;

    use super::*;

    /// Members that take their news when they are told to.
    #[derive(Default)]
    struct World {
        groups: Groups,
        mail: BTreeMap<MemberId, VecDeque<Change>>,
        owned: BTreeMap<MemberId, BTreeSet<Place>>,
        born: u64,
    }

    impl World {
        fn deliver(&mut self, news: Vec<News>) {
            for (member, change) in news {
                self.mail
                    .get_mut(&member)
                    .expect("news go to members")
                    .push_back(change);
            }
        }

        fn join(&mut self) {
            let id = MemberId(self.born);
            self.born += 1;
            self.mail.insert(id, VecDeque::new());
            self.owned.insert(id, BTreeSet::new());
            let news = self
                .groups
                .join("g", id, BTreeMap::from([(Topic::new("t"), 5)]));
            self.deliver(news);
        }

        fn leave(&mut self, nth: usize) {
            let Some(id) = self.nth(nth) else { return };
            self.mail.remove(&id);
            self.owned.remove(&id);
            let news = self.groups.leave("g", id);
            self.deliver(news);
        }

        fn take(&mut self, nth: usize) -> bool {
            let Some(id) = self.nth(nth) else {
                return false;
            };
            match self.mail.get_mut(&id).and_then(VecDeque::pop_front) {
                None => return false,
                Some(Change::Assigned(place)) => {
                    assert!(
                        !self.owned.values().any(|owned| owned.contains(&place)),
                        "owned twice"
                    );
                    self.owned.get_mut(&id).expect("a member").insert(place);
                }
                Some(Change::Revoked(place)) => {
                    assert!(self.owned.get_mut(&id).expect("a member").remove(&place));
                    let news = self.groups.yielded("g", id, &place);
                    self.deliver(news);
                }
            }
            true
        }

        fn nth(&self, nth: usize) -> Option<MemberId> {
            let ids: Vec<_> = self.mail.keys().copied().collect();
            (!ids.is_empty()).then(|| ids[nth % ids.len()])
        }

        fn settle(&mut self) {
            while (0..self.mail.len()).any(|nth| self.take(nth)) {}
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Join,
        Leave(usize),
        Take(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            2 => Just(Step::Join),
            1 => (0..8_usize).prop_map(Step::Leave),
            6 => (0..8_usize).prop_map(Step::Take),
        ]
    }

    proptest! {
        #[test]
        fn no_partition_has_two_owners_and_none_stays_without_one(
            steps in prop::collection::vec(step(), 0..60)
        ) {
            let mut world = World::default();
            for step in steps {
                match step {
                    Step::Join => world.join(),
                    Step::Leave(nth) => world.leave(nth),
                    Step::Take(nth) => { world.take(nth); }
                }
            }
            world.settle();
            let owned: usize = world.owned.values().map(BTreeSet::len).sum();
            prop_assert_eq!(owned, if world.mail.is_empty() { 0 } else { 5 });
            let most = world.owned.values().map(BTreeSet::len).max().unwrap_or(0);
            let least = world.owned.values().map(BTreeSet::len).min().unwrap_or(0);
            prop_assert!(most - least <= 1);
        }
    }

    #[test]
    fn the_new_owner_waits_until_the_old_one_took_the_news() {
        let mut world = World::default();
        world.join();
        world.settle();
        world.join();
        assert!(world.mail[&MemberId(1)].is_empty());
        assert!(world.take(0));
        assert_eq!(world.mail[&MemberId(1)].len(), 1);
    }
}
