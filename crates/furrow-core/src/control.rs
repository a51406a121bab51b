//! Control records: whose sessions fold under which rules.
//!
//! Rules are published for one property or for all of a tenant's. A session
//! folds under those of its property, else under its tenant's, else under the
//! standard ones.

use crate::ids::{Property, Tenant};
use crate::rules::RuleSet;
use crate::time::LogTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Scopes that rules are in force for in one partition; more are refused.
pub const SCOPES_MAX: usize = 1_000;

/// Rule sets of one scope that are kept for a replay after newer ones took
/// their place.
pub const SUPERSEDED_MAX: usize = 16;

/// After so much log time the owner of a partition repeats what is in force,
/// so that it outlives the log's retention.
pub const REPEAT_MS: i64 = 24 * 3_600_000;

/// Whose sessions a rule set is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Scope {
    /// Who runs Furrow.
    pub tenant: Tenant,
    /// Which site or app; none for all of the tenant's that have no rules of
    /// their own.
    pub property: Option<Property>,
}

/// Rules that hold in their scope from their record on.
#[derive(Debug, Clone, PartialEq)]
pub struct Control {
    /// The writer's clock, ms since 1970.
    pub at_ms: i64,
    /// Whose sessions they are for.
    pub scope: Scope,
    /// Rises with every publication in the scope.
    pub number: u64,
    /// The rules.
    pub rules: Arc<RuleSet>,
    /// The rules as they were published, byte for byte, to be repeated so.
    pub content: Arc<[u8]>,
}

impl Control {
    /// Rules for all of a tenant's sessions that were never published, to fold
    /// without a log. Nobody repeats them, and so they have no content.
    #[must_use]
    pub fn unpublished(at_ms: i64, tenant: Tenant, number: u64, rules: RuleSet) -> Control {
        Control {
            at_ms,
            scope: Scope {
                tenant,
                property: None,
            },
            number,
            rules: rules.into(),
            content: Arc::default(),
        }
    }
}

/// Rules that hold, without the moment at which they were told.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Whose sessions they are for.
    pub scope: Scope,
    /// Their number.
    pub number: u64,
    /// The rules.
    pub rules: Arc<RuleSet>,
    /// The rules as they were published.
    pub content: Arc<[u8]>,
    /// The offset from which on they hold.
    pub offset: u64,
    /// The watermark at which they were last told.
    pub told: LogTime,
}

/// All rules that hold in a partition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct InForce {
    standard: Version,
    tenants: BTreeMap<Tenant, TenantRules>,
    /// When the first of them has to be told again.
    repeat_due: Option<LogTime>,
    /// What held before this offset is not known in full.
    known_from: u64,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct TenantRules {
    all: Option<Published>,
    properties: BTreeMap<Property, Published>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Published {
    /// In force.
    newest: Version,
    /// What was in force before, oldest first, as far as a replay may need it.
    superseded: Vec<Version>,
    told: LogTime,
}

/// One rule set with its number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Version {
    pub(crate) number: u64,
    pub(crate) rules: Arc<RuleSet>,
    content: Arc<[u8]>,
    offset: u64,
}

/// What a control record brought about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Told {
    /// The rules are in force, or were refused for their number.
    Heard,
    /// There are as many scopes as there may be.
    TooManyScopes,
}

impl InForce {
    /// Only these, where nothing is published.
    pub(crate) fn standard(rules: RuleSet) -> InForce {
        InForce {
            standard: Version {
                number: 0,
                rules: Arc::new(rules),
                content: Arc::default(),
                offset: 0,
            },
            tenants: BTreeMap::new(),
            repeat_due: None,
            known_from: 0,
        }
    }

    /// What held where a replay begins.
    pub(crate) fn begun(standing: Vec<Standing>) -> InForce {
        let mut in_force = InForce::standard(RuleSet::default());
        for standing in standing.into_iter().take(SCOPES_MAX) {
            let published = Published {
                newest: Version {
                    number: standing.number,
                    rules: standing.rules,
                    content: standing.content,
                    offset: standing.offset,
                },
                superseded: Vec::new(),
                told: standing.told,
            };
            in_force.put(standing.scope, published);
        }
        in_force.settle();
        in_force
    }

    /// The rules of a property's sessions.
    pub(crate) fn of(&self, tenant: &Tenant, property: &Property) -> &Version {
        self.tenants
            .get(tenant)
            .and_then(|rules| rules.properties.get(property).or(rules.all.as_ref()))
            .map_or(&self.standard, |published| &published.newest)
    }

    /// A control record came at `offset`. A replay may begin at `replay_from`.
    pub(crate) fn tell(
        &mut self,
        control: Control,
        offset: u64,
        watermark: LogTime,
        replay_from: u64,
    ) -> Told {
        let version = Version {
            number: control.number,
            rules: control.rules,
            content: control.content,
            offset,
        };
        let full = self.scopes() >= SCOPES_MAX;
        match self.published(&control.scope) {
            Some(published) => {
                let known_from = published.tell(version, watermark, replay_from);
                self.known_from = self.known_from.max(known_from);
            }
            None if full => return Told::TooManyScopes,
            None => {
                let published = Published {
                    newest: version,
                    superseded: Vec::new(),
                    told: watermark,
                };
                self.put(control.scope, published);
            }
        }
        self.settle();
        Told::Heard
    }

    /// When something has to be told again.
    pub(crate) fn repeat_due(&self) -> Option<LogTime> {
        self.repeat_due
    }

    /// What has to be told again at `at_ms`, as control records.
    pub(crate) fn repeats(&self, at_ms: i64) -> Vec<Control> {
        self.each()
            .filter(|(_, published)| published.told.plus(REPEAT_MS).0 <= at_ms)
            .map(|(scope, published)| Control {
                at_ms,
                scope,
                number: published.newest.number,
                rules: published.newest.rules.clone(),
                content: published.newest.content.clone(),
            })
            .collect()
    }

    /// What held before the record at `offset`, and whether that is all.
    pub(crate) fn at(&self, offset: u64) -> (Vec<Standing>, bool) {
        let standing = self.each().filter_map(|(scope, published)| {
            let version = published
                .versions()
                .rfind(|version| version.offset < offset)?;
            Some(Standing {
                scope,
                number: version.number,
                rules: version.rules.clone(),
                content: version.content.clone(),
                offset: version.offset,
                told: published.told,
            })
        });
        (standing.collect(), offset >= self.known_from)
    }

    fn put(&mut self, scope: Scope, published: Published) {
        let tenant = self.tenants.entry(scope.tenant).or_default();
        match scope.property {
            None => tenant.all = Some(published),
            Some(property) => {
                tenant.properties.insert(property, published);
            }
        }
    }

    fn published(&mut self, scope: &Scope) -> Option<&mut Published> {
        let tenant = self.tenants.get_mut(&scope.tenant)?;
        match &scope.property {
            None => tenant.all.as_mut(),
            Some(property) => tenant.properties.get_mut(property),
        }
    }

    fn each(&self) -> impl Iterator<Item = (Scope, &Published)> {
        self.tenants.iter().flat_map(|(tenant, rules)| {
            let scope = |property| Scope {
                tenant: tenant.clone(),
                property,
            };
            let all = rules.all.iter().map(move |p| (scope(None), p));
            let properties = rules.properties.iter();
            all.chain(properties.map(move |(property, p)| (scope(Some(property.clone())), p)))
        })
    }

    fn scopes(&self) -> usize {
        let of = |rules: &TenantRules| rules.properties.len() + usize::from(rules.all.is_some());
        self.tenants.values().map(of).sum()
    }

    fn settle(&mut self) {
        let due = self
            .each()
            .map(|(_, published)| published.told.plus(REPEAT_MS));
        self.repeat_due = due.min();
    }
}

impl Published {
    /// Takes a newer rule set, and notes a repeat of the one in force. Tells
    /// from which offset on what held is known, as far as this call changed it.
    fn tell(&mut self, version: Version, watermark: LogTime, replay_from: u64) -> u64 {
        let newest = &self.newest;
        if version.number <= newest.number {
            if version.number == newest.number && version.content == newest.content {
                self.told = watermark;
            }
            return 0;
        }
        self.told = watermark;
        let before = std::mem::replace(&mut self.newest, version);
        self.superseded.push(before);
        // Of those that hold before a replay begins only the last is needed.
        let beginnings = self.versions().skip(1);
        let needless = beginnings.take_while(|v| v.offset < replay_from).count();
        self.superseded.drain(..needless);
        let excess = self.superseded.len().saturating_sub(SUPERSEDED_MAX);
        self.superseded.drain(..excess);
        match self.superseded.first() {
            Some(oldest) if excess > 0 => oldest.offset + 1,
            Some(_) | None => 0,
        }
    }

    /// Oldest first.
    fn versions(&self) -> impl DoubleEndedIterator<Item = &Version> {
        self.superseded.iter().chain(std::iter::once(&self.newest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(tenant: &str, property: Option<&str>) -> Scope {
        Scope {
            tenant: Tenant(tenant.into()),
            property: property.map(|property| Property(property.into())),
        }
    }

    fn control(tenant: &str, property: Option<&str>, number: u64) -> Control {
        Control {
            at_ms: 0,
            scope: scope(tenant, property),
            number,
            rules: Arc::default(),
            content: number.to_string().into_bytes().into(),
        }
    }

    /// Tells `demo/shop:3` and the like at offsets from 0, at log time 0.
    fn told(controls: &[(&str, Option<&str>, u64)]) -> InForce {
        let mut in_force = InForce::standard(RuleSet::default());
        for (offset, (tenant, property, number)) in (0..).zip(controls) {
            let told = in_force.tell(control(tenant, *property, *number), offset, LogTime(0), 0);
            assert_eq!(told, Told::Heard);
        }
        in_force
    }

    fn number(in_force: &InForce, tenant: &str, property: &str) -> u64 {
        in_force
            .of(&Tenant(tenant.into()), &Property(property.into()))
            .number
    }

    #[test]
    fn a_property_s_rules_go_before_its_tenant_s_and_those_before_the_standard_ones() {
        let in_force = told(&[("demo", None, 7), ("demo", Some("shop"), 3)]);
        assert_eq!(number(&in_force, "demo", "shop"), 3);
        assert_eq!(number(&in_force, "demo", "blog"), 7);
        assert_eq!(number(&in_force, "other", "shop"), 0);
    }

    #[test]
    fn a_number_that_is_not_higher_is_ignored_in_its_scope_alone() {
        let in_force = told(&[
            ("demo", Some("shop"), 9),
            ("demo", Some("shop"), 8),
            ("demo", Some("blog"), 1),
        ]);
        assert_eq!(number(&in_force, "demo", "shop"), 9);
        assert_eq!(number(&in_force, "demo", "blog"), 1);
    }

    #[test]
    fn a_repeat_is_due_a_day_after_rules_were_last_told_and_moves_only_that() {
        let mut in_force = told(&[("demo", None, 7)]);
        assert_eq!(in_force.repeat_due(), Some(LogTime(REPEAT_MS)));
        assert_eq!(in_force.repeats(REPEAT_MS - 1), []);
        let repeat = in_force.repeats(REPEAT_MS).remove(0);
        let expected = Control {
            at_ms: REPEAT_MS,
            ..control("demo", None, 7)
        };
        assert_eq!(repeat, expected);
        let before = in_force.at(1);
        assert_eq!(in_force.tell(repeat, 1, LogTime(REPEAT_MS), 0), Told::Heard);
        assert_eq!(in_force.repeat_due(), Some(LogTime(2 * REPEAT_MS)));
        let told = LogTime(REPEAT_MS);
        let (standing, complete) = in_force.at(2);
        assert_eq!(
            (standing, complete),
            (
                vec![Standing {
                    told,
                    ..before.0[0].clone()
                }],
                true
            )
        );
    }

    #[test]
    fn other_content_under_the_number_in_force_changes_nothing() {
        let mut in_force = told(&[("demo", None, 7)]);
        let before = in_force.clone();
        let other = Control {
            content: b"other"[..].into(),
            ..control("demo", None, 7)
        };
        assert_eq!(in_force.tell(other, 1, LogTime(5), 0), Told::Heard);
        assert_eq!(in_force, before);
    }

    #[test]
    fn what_held_at_an_offset_is_known_as_long_as_a_replay_may_begin_there() {
        let mut in_force = told(&[("demo", None, 1), ("demo", None, 2), ("demo", None, 3)]);
        let numbers = |in_force: &InForce, offset| {
            let (standing, complete) = in_force.at(offset);
            assert!(complete);
            standing.iter().map(|s| s.number).collect::<Vec<_>>()
        };
        assert_eq!(numbers(&in_force, 1), [1]);
        assert_eq!(numbers(&in_force, 2), [2]);
        assert_eq!(numbers(&in_force, 3), [3]);
        let told = in_force.tell(control("demo", None, 4), 3, LogTime(0), 2);
        assert_eq!(told, Told::Heard);
        assert_eq!(numbers(&in_force, 2), [2]);
        assert_eq!(numbers(&in_force, 1), [0_u64; 0], "nothing begins there");
        assert_eq!(numbers(&in_force, 9), [4]);
    }

    #[test]
    fn more_than_are_kept_for_a_replay_are_said_to_be_forgotten() {
        let many: Vec<_> = (1..=18).map(|number| ("demo", None, number)).collect();
        assert!(told(&many[..17]).at(1).1);
        assert!(!told(&many).at(1).1);
        assert!(told(&many).at(2).1);
    }

    #[test]
    fn the_scope_beyond_the_limit_is_refused() {
        let mut in_force = InForce::standard(RuleSet::default());
        for property in 0..SCOPES_MAX {
            let property = property.to_string();
            let told = in_force.tell(control("demo", Some(&property), 1), 0, LogTime(0), 0);
            assert_eq!(told, Told::Heard);
        }
        let refused = in_force.tell(control("demo", None, 1), 0, LogTime(0), 0);
        assert_eq!(refused, Told::TooManyScopes);
        let known = in_force.tell(control("demo", Some("7"), 2), 0, LogTime(0), 0);
        assert_eq!(known, Told::Heard);
    }
}
