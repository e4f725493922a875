//! (room mqtt)
