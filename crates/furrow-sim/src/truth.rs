//! What is true of a session, written beside what its client sent.

use crate::visitor::Script;
use std::fmt::Write;

/// A session whose frustration reached so much is called frustrated.
pub const FRUSTRATED: f64 = 0.5;

/// What is true of a session, known to the simulator alone.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Truth {
    /// Latent, 0 to 1: the highest that it reached.
    pub frustration: f64,
    /// Whether that is at least [`FRUSTRATED`].
    pub frustrated: bool,
    /// Latent, 0 to 1: the highest that it reached. Not the same as
    /// frustration, but what causes the one often causes the other.
    pub confusion: f64,
    /// Latent, 0 to 1: how much the visitor wanted to buy when they came.
    pub intent: f64,
    /// Something was bought.
    pub converted: bool,
    /// What was bought, minor units.
    pub revenue_minor: i64,
    /// How often anything was pressed.
    pub presses: u32,
    /// The faults that were met, by name, in order.
    pub faults: Vec<&'static str>,
}

/// A session's truth as one line of JSON, without its end:
/// `{"session":"…","visitor":"…","site":"report","frustration":0.73,…}`.
#[must_use]
pub fn line(script: &Script, site: &str) -> String {
    let truth = &script.truth;
    let mut line = String::with_capacity(320);
    let mut put = |text: std::fmt::Arguments<'_>| {
        line.write_fmt(text)
            .expect("a string takes what is written");
    };
    put(format_args!("{{\"session\":\""));
    for (place, byte) in script.session.0.iter().enumerate() {
        let dash = if matches!(place, 4 | 6 | 8 | 10) {
            "-"
        } else {
            ""
        };
        put(format_args!("{dash}{byte:02x}"));
    }
    put(format_args!("\",\"visitor\":\""));
    for byte in script.visitor.0 {
        put(format_args!("{byte:02x}"));
    }
    put(format_args!("\",\"site\":\"{site}\""));
    put(format_args!(",\"frustration\":{:.4}", truth.frustration));
    put(format_args!(",\"frustrated\":{}", truth.frustrated));
    put(format_args!(",\"confusion\":{:.4}", truth.confusion));
    put(format_args!(",\"intent\":{:.4}", truth.intent));
    put(format_args!(",\"converted\":{}", truth.converted));
    put(format_args!(",\"revenue_minor\":{}", truth.revenue_minor));
    put(format_args!(",\"presses\":{}", truth.presses));
    put(format_args!(",\"faults\":["));
    for (place, fault) in truth.faults.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        put(format_args!("{comma}\"{fault}\""));
    }
    put(format_args!("]}}"));
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use furrow_core::ids::{SessionId, VisitorId};

    #[test]
    fn a_truth_is_one_line_of_json() {
        let script = Script {
            session: SessionId([0x1f; 16]),
            visitor: VisitorId([0xa0; 16]),
            truth: Truth {
                frustration: 0.73,
                frustrated: true,
                confusion: 0.25,
                intent: 0.4,
                converted: false,
                revenue_minor: 0,
                presses: 12,
                faults: vec!["dead_control", "slow_page"],
            },
            revenue_minor: 0,
            sent: Vec::new(),
        };
        let expected = concat!(
            "{\"session\":\"1f1f1f1f-1f1f-1f1f-1f1f-1f1f1f1f1f1f\",",
            "\"visitor\":\"a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0\",\"site\":\"report\",",
            "\"frustration\":0.7300,\"frustrated\":true,\"confusion\":0.2500,\"intent\":0.4000,",
            "\"converted\":false,\"revenue_minor\":0,\"presses\":12,",
            "\"faults\":[\"dead_control\",\"slow_page\"]}"
        );
        assert_eq!(line(&script, "report"), expected);
    }
}
