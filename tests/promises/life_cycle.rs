//! (module life_cycle)
