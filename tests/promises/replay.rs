//! (module replay)
