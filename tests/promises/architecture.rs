//! (module architecture)
