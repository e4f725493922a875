//! (room station)
