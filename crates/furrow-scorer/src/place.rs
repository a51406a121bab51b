//! Where snapshots and the topic's life are kept: a folder, or an object store
//! that several processes share.

use crate::snapshot::Snapshots;
use furrow_service::config::Secret;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::local::LocalFileSystem;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreScheme};
use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use url::Url;

/// Why there is no place for snapshots.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The address is none.
    #[error("scorer.snapshots is {url:?}, which is no URL")]
    Url {
        /// As it was given.
        url: String,
        /// Why not.
        source: url::ParseError,
    },
    /// Nothing that lasts and that several processes share.
    #[error(
        "scorer.snapshots is {url:?}: name a bucket (s3://, gs://, az://) or a folder (file:///)"
    )]
    Scheme {
        /// As it was given.
        url: String,
    },
    /// No such option.
    #[error("scorer.snapshot_options has {option:?}, which {url} does not know")]
    Option {
        /// As it was given.
        option: String,
        /// The store that was to be told.
        url: String,
    },
    /// The folder cannot be made or read.
    #[error("the folder {folder} cannot be used")]
    Folder {
        /// The folder.
        folder: String,
        /// Why not.
        source: std::io::Error,
    },
    /// The options do not suffice, or contradict each other.
    #[error("the snapshot store {url} cannot be used")]
    Store {
        /// The store.
        url: String,
        /// Why not.
        source: object_store::Error,
    },
}

/// Keeps snapshots in a folder, which is made if it is missing.
///
/// # Errors
/// When it cannot be made.
pub fn folder(folder: &Path) -> Result<Snapshots, PlaceError> {
    let shown = || folder.display().to_string();
    std::fs::create_dir_all(folder).map_err(|source| PlaceError::Folder {
        folder: shown(),
        source,
    })?;
    let store = LocalFileSystem::new_with_prefix(folder);
    let store = store.map_err(|source| PlaceError::Store {
        url: shown(),
        source,
    })?;
    Ok(Arc::new(store))
}

/// Keeps snapshots below a URL: `s3://bucket/path`, `gs://bucket/path`,
/// `az://container/path` or `file:///folder`. The process's variables `AWS_…`,
/// `GOOGLE_…` and `AZURE_…` are heard, `options` stand over them. Nothing is
/// asked of the store yet.
///
/// # Errors
/// When the URL or an option is none.
pub fn open(url: &str, options: &BTreeMap<String, Secret>) -> Result<Snapshots, PlaceError> {
    let scheme = || PlaceError::Scheme {
        url: url.to_owned(),
    };
    let parsed = Url::parse(url).map_err(|source| PlaceError::Url {
        url: url.to_owned(),
        source,
    })?;
    let (kind, path) = ObjectStoreScheme::parse(&parsed).map_err(|_| scheme())?;
    // The only one; a second call finds it in place.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let store: Result<Box<dyn ObjectStore>, _> = match kind {
        ObjectStoreScheme::Local => {
            if let Some(option) = options.keys().next() {
                return Err(unknown(option, url));
            }
            return folder(&parsed.to_file_path().map_err(|()| scheme())?);
        }
        ObjectStoreScheme::AmazonS3 => {
            let builder = AmazonS3Builder::from_env().with_url(url);
            let told = told(builder, options, url, AmazonS3Builder::with_config)?;
            told.build().map(|store| Box::new(store) as _)
        }
        ObjectStoreScheme::GoogleCloudStorage => {
            let builder = GoogleCloudStorageBuilder::from_env().with_url(url);
            let told = told(
                builder,
                options,
                url,
                GoogleCloudStorageBuilder::with_config,
            )?;
            told.build().map(|store| Box::new(store) as _)
        }
        ObjectStoreScheme::MicrosoftAzure => {
            let builder = MicrosoftAzureBuilder::from_env().with_url(url);
            let told = told(builder, options, url, MicrosoftAzureBuilder::with_config)?;
            told.build().map(|store| Box::new(store) as _)
        }
        // Memory is nobody else's, and plain HTTP creates no object only once.
        _ => return Err(scheme()),
    };
    let store = store.map_err(|source| PlaceError::Store {
        url: url.to_owned(),
        source,
    })?;
    Ok(Arc::new(PrefixStore::new(store, path)))
}

/// Tells a builder every option.
fn told<B, K: FromStr>(
    builder: B,
    options: &BTreeMap<String, Secret>,
    url: &str,
    with: impl Fn(B, K, String) -> B,
) -> Result<B, PlaceError> {
    options
        .iter()
        .try_fold(builder, |builder, (option, value)| {
            let key = option.parse().map_err(|_| unknown(option, url))?;
            Ok(with(builder, key, value.expose().to_owned()))
        })
}

fn unknown(option: &str, url: &str) -> PlaceError {
    PlaceError::Option {
        option: option.to_owned(),
        url: url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(pairs: &[(&str, &str)]) -> BTreeMap<String, Secret> {
        let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), Secret::new(value));
        pairs.iter().map(pair).collect()
    }

    fn refusal(url: &str, pairs: &[(&str, &str)]) -> String {
        open(url, &options(pairs)).unwrap_err().to_string()
    }

    #[test]
    fn buckets_and_folders_are_places() {
        let s3 = [
            ("aws_access_key_id", "id"),
            ("aws_secret_access_key", "secret"),
            ("aws_endpoint", "http://127.0.0.1:9"),
            ("aws_allow_http", "true"),
        ];
        open("s3://bucket/furrow", &options(&s3)).unwrap();
        let azure = [
            ("azure_storage_account_name", "a"),
            ("use_emulator", "true"),
        ];
        open("az://container/furrow", &options(&azure)).unwrap();
        let google = [("google_skip_signature", "true")];
        open("gs://bucket/furrow", &options(&google)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("a/b");
        open(&format!("file://{}", below.display()), &BTreeMap::new()).unwrap();
        assert!(below.is_dir());
    }

    #[test]
    fn what_does_not_last_or_is_not_shared_is_no_place() {
        for url in ["memory:///", "http://example.com/x", "ftp://example.com/x"] {
            let refused = refusal(url, &[]);
            assert!(refused.contains("name a bucket"), "{refused}");
        }
        assert!(refusal("bucket", &[]).contains("is no URL"));
    }

    #[test]
    fn an_option_that_the_store_does_not_know_is_named() {
        let refused = refusal("s3://bucket", &[("aws_regoin", "eu-central-1")]);
        assert!(refused.contains("aws_regoin"), "{refused}");
        let refused = refusal("file:///tmp", &[("aws_region", "eu-central-1")]);
        assert!(refused.contains("aws_region"), "{refused}");
    }

    #[test]
    fn an_error_shows_no_secret() {
        let secret = [("google_service_account_key", "s3cret")];
        let error = open("gs://bucket", &options(&secret)).unwrap_err();
        assert!(
            !format!("{error} {error:?}").contains("s3cret"),
            "{error:?}"
        );
    }
}
