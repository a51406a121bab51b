//! Targets that a site wants not to be judged, beside those that its pages
//! mark themselves.

use super::IGNORED_MAX;
use serde::{Deserialize, Serialize};

/// The longest selector pattern, bytes.
const SELECTOR_BYTES_MAX: usize = 256;

/// A pattern of selectors, and what is not judged there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IgnoreRule {
    /// A target's selector; `*` stands for any characters.
    pub selector: Box<str>,
    /// What is not judged.
    pub judgement: Judgement,
}

/// What may be left unjudged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// Rage and other bursts.
    Rage,
    /// Dead presses.
    Dead,
    /// Everything.
    All,
}

/// What is not judged on a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ignored {
    /// Rage and other bursts.
    pub rage: bool,
    /// Dead presses.
    pub dead: bool,
    /// Everything.
    pub all: bool,
}

impl Ignored {
    /// What these rules leave unjudged on a target with this selector.
    #[must_use]
    pub fn by(rules: &[IgnoreRule], selector: &str) -> Ignored {
        let mut ignored = Ignored::default();
        for rule in rules.iter().filter(|r| matches(&r.selector, selector)) {
            match rule.judgement {
                Judgement::Rage => ignored.rage = true,
                Judgement::Dead => ignored.dead = true,
                Judgement::All => {
                    ignored = Ignored {
                        rage: true,
                        dead: true,
                        all: true,
                    };
                }
            }
        }
        ignored
    }
}

pub(super) fn fault(rules: &[IgnoreRule]) -> Option<String> {
    if rules.len() > IGNORED_MAX {
        return Some("ignore".into());
    }
    rules
        .iter()
        .any(|r| r.selector.is_empty() || r.selector.len() > SELECTOR_BYTES_MAX)
        .then(|| "ignore.selector".into())
}

/// Whether a text fits a pattern in which `*` stands for any characters.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().expect("a split has a first part");
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, text) in [
            ("button#pay", "button#pay"),
            ("*", "anything"),
            ("div.map *", "div.map button"),
            ("*#zoom-*", "main div#zoom-in"),
            ("a*b*c", "a-b-b-c"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("button#pay", "button#payment"),
            ("div.map *", "div.maps button"),
            ("*b", "abc"),
            ("ab*ba", "aba"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn rules_add_up() {
        let rule = |selector: &str, judgement| IgnoreRule {
            selector: selector.into(),
            judgement,
        };
        let rules = [
            rule("*#plus", Judgement::Rage),
            rule("button*", Judgement::Dead),
            rule("canvas", Judgement::All),
        ];
        let ignored = |selector| {
            let Ignored { rage, dead, all } = Ignored::by(&rules, selector);
            (rage, dead, all)
        };
        assert_eq!(ignored("button#plus"), (true, true, false));
        assert_eq!(ignored("button#pay"), (false, true, false));
        assert_eq!(ignored("canvas"), (true, true, true));
        assert_eq!(ignored("a"), (false, false, false));
    }
}
