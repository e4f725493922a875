//! (room sinks)
