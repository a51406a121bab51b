//! (layout follows)
