//! (module end_to_end)
