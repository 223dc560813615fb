//! Paths become chunks of whole lines. Knows files and compression, and no format.
//!
//! There are two cutters. [`Stretch`] cuts plain files, of which parts are read in parallel, each into memory that is
//! used again; [`Chunks`] cuts what can only be read from front to back: pipes, what is packed, rows of a database. Of
//! both a chunk is whole lines with [`Limits::look`] bytes of text around them, and a line longer than [`Limits::line`]
//! costs only itself, told by its place. So what a source tells doesn't depend on the cutter: `tests/laws/chunks.rs`
//! holds both against each other.

mod archive;
mod buffer;
mod chunk;
mod discover;
mod gzip;
mod homes;
mod open;
mod progress;
mod setting;
#[cfg(feature = "sqlite")]
mod sqlite;
mod stretch;

pub use archive::is_archive;
pub use buffer::Buffer;
pub use chunk::{CHUNK, Chunk, Chunks, Limits};
pub use discover::{Discovered, Input, default_ledgers, discover};
pub use homes::{Folders, distinct, logs, matching};
pub use open::{HEAD, Opened, Rest, open};
pub use progress::Progress;
pub use setting::setting;
#[cfg(feature = "sqlite")]
pub use sqlite::{Database, is_database};
pub use stretch::{STRETCH, Stretch};
