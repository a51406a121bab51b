//! How well scores tell frustrated sessions from calm ones, beside the rules
//! of other products.
//!
//! ```text
//! interval   what a figure may really be; Wilson's interval of a rate
//! labels     what the truth says of each session, and whose it is
//! ranks      mid-ranks and rank correlation
//! auc        area under the ROC curve, and the difference of two
//! effect     how far frustrated sessions lie from calm ones
//! peers      other products' rules, and how often they fire
//! report     all of it for a set of labelled sessions
//! markdown   a report as tables
//! ```
//!
//! Values in, values out: no clock, no I/O, no randomness. The statistics of
//! distributions come from `statrs`; none of this is part of the fold.

pub mod auc;
pub mod effect;
pub mod interval;
pub mod labels;
pub mod markdown;
pub mod peers;
mod ranks;
pub mod report;

pub use labels::Labels;
pub use ranks::rank_correlation;
pub use report::{Labelled, Report, report};
