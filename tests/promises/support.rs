//! (module support)
