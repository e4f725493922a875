//! (module station)
