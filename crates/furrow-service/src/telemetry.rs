//! Logs: lower-case events with fields, on standard error.

use serde::{Deserialize, Serialize};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Names the filter, in the syntax of `tracing`: `info,furrow_gateway=debug`.
pub const FILTER_VARIABLE: &str = "FURROW_LOG";
const FILTER_DEFAULT: &str = "info,fjall=warn,lsm_tree=warn";

/// What the lines look like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people on a terminal, JSON otherwise.
    #[default]
    Auto,
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// Why there are no logs.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter cannot be read.
    #[error("the environment variable {FILTER_VARIABLE} is no filter: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Somebody was first.
    #[error("telemetry is already set up: {0}")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

/// Sets up logs for the process; a panic becomes an event too.
///
/// # Errors
/// When `FURROW_LOG` is no filter, or at the second call.
pub fn init(format: Format) -> Result<(), TelemetryError> {
    let filter = match std::env::var(FILTER_VARIABLE) {
        Ok(text) => EnvFilter::try_new(text)?,
        Err(_) => EnvFilter::new(FILTER_DEFAULT),
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(filter);
    let terminal = std::io::stderr().is_terminal();
    match resolve(format, terminal) {
        Lines::Json => registry.with(lines.json().flatten_event(true)).try_init()?,
        Lines::Human => registry
            .with(lines.with_ansi(terminal).with_target(false))
            .try_init()?,
    }
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let payload = panic.payload();
        let text = payload.downcast_ref::<&'static str>().copied();
        let message = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        tracing::error!(message, place, "panicked");
    }));
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
enum Lines {
    Human,
    Json,
}

fn resolve(format: Format, terminal: bool) -> Lines {
    match (format, terminal) {
        (Format::Human, _) | (Format::Auto, true) => Lines::Human,
        (Format::Json, _) | (Format::Auto, false) => Lines::Json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_for_people_on_a_terminal_and_json_otherwise() {
        assert_eq!(resolve(Format::Auto, true), Lines::Human);
        assert_eq!(resolve(Format::Auto, false), Lines::Json);
        assert_eq!(resolve(Format::Json, true), Lines::Json);
        assert_eq!(resolve(Format::Human, false), Lines::Human);
    }

    #[test]
    fn telemetry_is_set_up_once() {
        init(Format::Json).expect("the first call");
        assert!(matches!(init(Format::Json), Err(TelemetryError::Twice(_))));
    }
}
