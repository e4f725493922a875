//! One file per subcommand.

pub mod check;
pub mod decode;
pub mod demo;
pub mod gateway;
pub mod listen;
pub mod replay;
pub mod station;
pub mod status;
