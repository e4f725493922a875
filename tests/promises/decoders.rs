//! (module decoders)
