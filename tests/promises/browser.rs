//! (module browser)
