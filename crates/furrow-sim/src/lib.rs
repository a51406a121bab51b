//! Seeded visitors: what people would send, made without people.
//!
//! ```text
//! draw      random numbers that are a function of a seed
//! site      sites: their pages, how these answer, what is wrong with them
//! device    what visitors hold in their hands
//! person    who somebody is, through all their sessions
//! mind      what goes on in them: patience, frustration, confusion
//! fault     what can be wrong, and how hard it is to bear
//! motion    pointer paths and scrolls as hands make them
//! tape      what one page load saw, cut into batches
//! stage     acts performed on a site, recorded on tapes
//! visit     what people do, page after page
//!   upset   what stands in their way, and what they do about it
//!   lost    what they do who do not find their way
//!   calm    what they do without meaning anything by it
//! mover     what they do who only look
//! visitor   people who come once or a few times
//! truth     what is true of a session, beside what was sent
//! persona   named visitors for a demonstration, with what must be found
//! load      many sessions at a rate, as encoded batches, quickly
//! lines     batches as JSON, one a line
//! ```
//!
//! Values in, values out: no clock, no network. The same seed gives the same
//! bytes on any machine; the start time is an argument. Visitors know the wire
//! and nothing of the scorer; `docs/simulation.md` says where their rates come
//! from.

mod calm;
mod device;
mod draw;
mod fault;
pub mod lines;
pub mod load;
mod lost;
mod mind;
mod motion;
mod mover;
mod person;
pub mod persona;
pub mod site;
mod stage;
mod tape;
pub mod truth;
mod upset;
mod visit;
mod visitor;

pub use persona::Persona;
pub use site::SiteModel;
pub use truth::{FRUSTRATED, Truth};
pub use visitor::{Script, Sent, Visitor};
