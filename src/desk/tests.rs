//! What must hold at the desk.
