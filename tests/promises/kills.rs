//! (module kills)
