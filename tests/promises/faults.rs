//! The faults of the list in `docs/faults.md` that no other promise covers, on the real binaries.

mod cut;
