//! (layout follows)
fn main() {}
