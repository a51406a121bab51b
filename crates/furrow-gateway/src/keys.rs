//! Write keys: whose batches they bring, and from which origins.

use crate::config::{KeyConfig, Rate};
use crate::origin::OriginPattern;
use furrow_core::ids::{Property, Tenant};
use std::collections::HashMap;
use std::sync::Arc;

/// Tenant and property have at most so many bytes.
const NAME_BYTES_MAX: usize = 64;

/// Why a key of the configuration cannot be.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// No key at all.
    #[error("gateway.keys is empty: nobody could send anything")]
    None,
    /// An empty key.
    #[error("gateway.keys[{index}].key is empty")]
    Empty {
        /// Which.
        index: usize,
    },
    /// A key twice.
    #[error("gateway.keys[{index}].key stands there twice")]
    Twice {
        /// The second.
        index: usize,
    },
    /// A bad name.
    #[error(
        "gateway.keys[{index}].{field} must have 1 to {NAME_BYTES_MAX} bytes, none of them control characters"
    )]
    Name {
        /// Which.
        index: usize,
        /// Tenant or property.
        field: &'static str,
    },
    /// A bad origin.
    #[error("gateway.keys[{index}].origins: {text:?} is not scheme://host[:port]")]
    Origin {
        /// Which.
        index: usize,
        /// As it stands there.
        text: String,
    },
}

/// One key, checked.
#[derive(Debug)]
pub(crate) struct Key {
    /// Counts the keys from 0.
    pub(crate) number: usize,
    pub(crate) tenant: Tenant,
    pub(crate) property: Property,
    pub(crate) rate: Rate,
    origins: Vec<OriginPattern>,
}

impl Key {
    pub(crate) fn allows(&self, origin: &str) -> bool {
        self.origins.iter().any(|pattern| pattern.matches(origin))
    }
}

/// All keys.
#[derive(Debug, Clone)]
pub(crate) struct Keys(Arc<HashMap<Box<str>, Arc<Key>>>);

impl Keys {
    pub(crate) fn parse(configs: &[KeyConfig], rate: Rate) -> Result<Keys, KeyError> {
        if configs.is_empty() {
            return Err(KeyError::None);
        }
        let mut keys = HashMap::new();
        for (index, config) in configs.iter().enumerate() {
            if config.key.expose().is_empty() {
                return Err(KeyError::Empty { index });
            }
            let key = Arc::new(Key {
                number: index,
                tenant: Tenant(name(&config.tenant, index, "tenant")?),
                property: Property(name(&config.property, index, "property")?),
                rate: config.rate.unwrap_or(rate),
                origins: origins(&config.origins, index)?,
            });
            if keys.insert(config.key.expose().into(), key).is_some() {
                return Err(KeyError::Twice { index });
            }
        }
        Ok(Keys(Arc::new(keys)))
    }

    pub(crate) fn find(&self, key: &str) -> Option<&Arc<Key>> {
        self.0.get(key)
    }

    /// Whether a page of this origin may send under any key: what a preflight
    /// asks, which names no key.
    pub(crate) fn any_allows(&self, origin: &str) -> bool {
        self.0.values().any(|key| key.allows(origin))
    }

    /// In the order of their numbers.
    pub(crate) fn in_order(&self) -> Vec<Arc<Key>> {
        let mut keys: Vec<_> = self.0.values().cloned().collect();
        keys.sort_unstable_by_key(|key| key.number);
        keys
    }
}

fn name(text: &str, index: usize, field: &'static str) -> Result<Arc<str>, KeyError> {
    let fits = (1..=NAME_BYTES_MAX).contains(&text.len()) && !text.contains(char::is_control);
    if fits {
        Ok(text.into())
    } else {
        Err(KeyError::Name { index, field })
    }
}

fn origins(texts: &[String], index: usize) -> Result<Vec<OriginPattern>, KeyError> {
    texts
        .iter()
        .map(|text| {
            OriginPattern::parse(text).ok_or_else(|| KeyError::Origin {
                index,
                text: text.clone(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;
    use furrow_service::config::Secret;

    fn refusal(change: impl FnOnce(&mut Vec<KeyConfig>)) -> String {
        let mut config = Config::default();
        change(&mut config.keys);
        Keys::parse(&config.keys, config.rates.key)
            .expect_err("is refused")
            .to_string()
    }

    #[test]
    fn a_key_that_cannot_be_is_named_with_its_place() {
        assert!(refusal(Vec::clear).contains("gateway.keys is empty"));
        assert!(refusal(|keys| keys[0].key = Secret::new("")).contains("keys[0].key is empty"));
        assert!(refusal(|keys| keys.push(keys[0].clone())).contains("keys[1].key"));
        assert!(refusal(|keys| keys[0].tenant.clear()).contains("keys[0].tenant"));
        assert!(refusal(|keys| keys[0].origins.push("nowhere".into())).contains("\"nowhere\""));
    }
}
