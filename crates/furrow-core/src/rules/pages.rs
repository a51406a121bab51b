//! What is usual on a site's pages, for conditions that are relative to a page.

use super::{PAGE_BASELINES_MAX, TIME_MAX_MS};
use serde::{Deserialize, Serialize};

/// What is usual, by page group.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PageBaselines(pub Vec<PageBaseline>);

/// What is usual on one group of pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageBaseline {
    /// The site's own name for pages of this kind, or a path.
    pub group: Box<str>,
    /// Half of the visitors stay shorter than this, ms.
    #[serde(default)]
    pub median_dwell_ms: Option<u32>,
    /// Of 100 visitors 95 turn back fewer times than this while scrolling
    /// within `scroll.thrash_span_ms`.
    #[serde(default)]
    pub scroll_reversals_p95: Option<u32>,
}

impl PageBaselines {
    /// What is usual on a page, by its group, else by its path.
    #[must_use]
    pub fn of(&self, group: &str, path: &str) -> Option<&PageBaseline> {
        let named = |name: &str| self.0.iter().find(|b| &*b.group == name);
        named(group).or_else(|| named(path))
    }

    pub(super) fn fault(&self) -> Option<String> {
        if self.0.len() > PAGE_BASELINES_MAX {
            return Some("pages".into());
        }
        self.0.iter().find_map(|baseline| {
            let dwell = baseline.median_dwell_ms.unwrap_or_default();
            if baseline.group.is_empty() {
                return Some("pages.group".into());
            }
            (dwell > TIME_MAX_MS).then(|| "pages.median_dwell_ms".into())
        })
    }
}
