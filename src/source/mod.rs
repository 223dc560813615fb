//! Paths become chunks of whole lines. Knows files and compression, and no format.

mod chunk;
mod discover;
mod open;

pub use chunk::{CHUNK, Chunk, Chunks, Limits};
pub use discover::{Discovered, Input, default_ledgers, discover};
pub use open::{HEAD, Opened, open};
