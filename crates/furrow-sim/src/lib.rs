//! Seeded visitors: what people would send, made without people.
//!
//! ```text
//! draw      random numbers that are a function of a seed
//! site      a shop: its pages, what can be pressed there and how it answers
//! device    what visitors hold in their hands
//! motion    pointer paths and scrolls as hands make them
//! tape      what one page load saw, cut into batches
//! stage     acts performed on a site, recorded on tapes
//! visitor   visitors with minds of their own
//! truth     what is true of a session, beside what was sent
//! persona   named visitors for a demonstration, with what must be found
//! load      many sessions at a rate, as encoded batches, quickly
//! lines     batches as JSON, one a line
//! ```
//!
//! Values in, values out: no clock, no network. The same seed gives the same
//! bytes on any machine; the start time is an argument.

mod device;
mod draw;
pub mod lines;
pub mod load;
mod motion;
pub mod persona;
pub mod site;
mod stage;
mod tape;
pub mod truth;
mod visitor;

pub use persona::Persona;
pub use site::SiteModel;
pub use truth::{FRUSTRATED, Truth};
pub use visitor::{Script, Sent, Visitor};
