//! (module serial)
