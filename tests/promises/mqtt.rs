//! (module mqtt)
