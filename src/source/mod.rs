//! Paths become chunks of whole lines. Knows files and compression, and no format.

mod archive;
mod buffer;
mod chunk;
mod discover;
mod gzip;
mod homes;
mod open;
mod progress;
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
#[cfg(feature = "sqlite")]
pub use sqlite::{Database, is_database};
pub use stretch::{STRETCH, Stretch};
