//! A snapshot's first line: where a replay begins, in JSON that every fold
//! version can read.

use furrow_core::beginning::{Beginning, Marker, Seen};
use furrow_core::control::{Scope, Standing};
use furrow_core::ids::{Property, SenderId, SessionId, SessionKey, Tenant};
use furrow_core::time::LogTime;
use furrow_proto::rules::decode_rules;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The first line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Header {
    /// Where a replay under another fold version begins.
    replay_from: u64,
    /// The watermark there.
    replay_watermark: i64,
    /// What has to be known there; absent in snapshots of a time before it
    /// was written down.
    #[serde(default)]
    known: Option<Known>,
    /// SHA-256 of the state's bytes.
    pub(crate) hash: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Known {
    rules: Vec<KnownRules>,
    /// Whether these are all that held.
    rules_complete: bool,
    markers: Vec<MarkedProperty>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct KnownRules {
    tenant: Tenant,
    property: Option<Property>,
    number: u64,
    /// From where on they hold, and the watermark when they were last told.
    offset: u64,
    told: LogTime,
    /// As they were published.
    content: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct MarkedProperty {
    tenant: Tenant,
    property: Property,
    sessions: Vec<MarkedSession>,
}

/// The session, when its marker goes, and for each sender the lowest number
/// that has not come and which have come beyond it.
type MarkedSession = (SessionId, LogTime, Vec<(SenderId, u32, u64)>);

impl Header {
    /// The header of a state that has this hash and this beginning.
    pub(crate) fn new(beginning: Beginning, hash: String) -> Header {
        let rules = beginning.standing.into_iter().map(|standing| KnownRules {
            tenant: standing.scope.tenant,
            property: standing.scope.property,
            number: standing.number,
            offset: standing.offset,
            told: standing.told,
            content: String::from_utf8_lossy(&standing.content).into_owned(),
        });
        let known = Known {
            rules: rules.collect(),
            rules_complete: beginning.standing_complete,
            markers: marked(beginning.markers),
        };
        Header {
            replay_from: beginning.offset,
            replay_watermark: beginning.watermark.0,
            known: Some(known),
            hash,
        }
    }

    /// Where a replay begins. What is not known there is told in the log.
    pub(crate) fn beginning(self) -> Beginning {
        let (offset, watermark) = (self.replay_from, LogTime(self.replay_watermark));
        let Some(known) = self.known else {
            tracing::warn!(
                offset,
                "a snapshot does not say what held before it: the replay begins with the \
                 compiled-in rules and without late markers"
            );
            return Beginning::unknown(offset, watermark);
        };
        if !known.rules_complete {
            tracing::warn!(
                offset,
                "more rules were published within one session than a snapshot keeps: the replay \
                 begins without some"
            );
        }
        Beginning {
            offset,
            watermark,
            standing_complete: known.rules_complete,
            standing: known.rules.into_iter().filter_map(standing).collect(),
            markers: known.markers.into_iter().flat_map(markers).collect(),
        }
    }
}

/// Rules that this version can read.
fn standing(known: KnownRules) -> Option<Standing> {
    let rules = match decode_rules(known.content.as_bytes()) {
        Ok(rules) => rules,
        Err(error) => {
            tracing::warn!(
                tenant = &*known.tenant.0,
                property = known.property.as_ref().map(|property| &*property.0),
                number = known.number,
                %error,
                "rules that this version cannot read are left out"
            );
            return None;
        }
    };
    Some(Standing {
        scope: Scope {
            tenant: known.tenant,
            property: known.property,
        },
        number: known.number,
        rules: rules.into(),
        content: known.content.into_bytes().into(),
        offset: known.offset,
        told: known.told,
    })
}

fn marked(markers: Vec<Marker>) -> Vec<MarkedProperty> {
    let mut properties: BTreeMap<(Tenant, Property), Vec<MarkedSession>> = BTreeMap::new();
    for Marker { key, until, seen } in markers {
        let seen = seen.iter().map(|s| (s.sender, s.next, s.beyond)).collect();
        let sessions = properties.entry((key.tenant, key.property)).or_default();
        sessions.push((key.session, until, seen));
    }
    properties
        .into_iter()
        .map(|((tenant, property), sessions)| MarkedProperty {
            tenant,
            property,
            sessions,
        })
        .collect()
}

fn markers(marked: MarkedProperty) -> impl Iterator<Item = Marker> {
    let MarkedProperty {
        tenant,
        property,
        sessions,
    } = marked;
    sessions
        .into_iter()
        .map(move |(session, until, seen)| Marker {
            key: SessionKey {
                session,
                tenant: tenant.clone(),
                property: property.clone(),
            },
            until,
            seen: seen
                .into_iter()
                .map(|(sender, next, beyond)| Seen {
                    sender,
                    next,
                    beyond,
                })
                .collect(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beginning() -> Beginning {
        let scope = Scope {
            tenant: Tenant("demo".into()),
            property: Some(Property("shop".into())),
        };
        let content = br#"{"press":{"dead_ms":1000}}"#;
        Beginning {
            offset: 70,
            watermark: LogTime(5),
            standing: vec![Standing {
                rules: decode_rules(content).unwrap().into(),
                scope,
                number: 3,
                content: content[..].into(),
                offset: 12,
                told: LogTime(4),
            }],
            standing_complete: true,
            markers: vec![Marker {
                key: SessionKey {
                    session: SessionId([9; 16]),
                    tenant: Tenant("demo".into()),
                    property: Property("shop".into()),
                },
                until: LogTime(99),
                seen: vec![Seen {
                    sender: SenderId([8; 8]),
                    next: 2,
                    beyond: u64::MAX,
                }],
            }],
        }
    }

    #[test]
    fn a_beginning_survives_its_header() {
        let line = serde_json::to_string(&Header::new(beginning(), "h".into())).unwrap();
        let header: Header = serde_json::from_str(&line).unwrap();
        assert_eq!(header.beginning(), beginning());
    }

    #[test]
    fn a_header_without_what_is_known_says_where_to_begin() {
        let line = r#"{"replay_from":7,"replay_watermark":6,"hash":"h"}"#;
        let header: Header = serde_json::from_str(line).unwrap();
        assert_eq!(header.beginning(), Beginning::unknown(7, LogTime(6)));
    }

    #[test]
    fn rules_that_this_version_cannot_read_are_left_out() {
        let line = serde_json::to_string(&Header::new(beginning(), "h".into())).unwrap();
        let header: Header = serde_json::from_str(&line.replace("dead_ms", "dead_s")).unwrap();
        let read = header.beginning();
        assert_eq!((read.standing.len(), read.markers.len()), (0, 1));
    }
}
