//! Tests of the whole, and of the tree itself; what several of them need lies here.
