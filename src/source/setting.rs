//! What a harness's own file of settings tells: one key of it, and nothing else.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use toml::de::{DeTable, DeValue};

/// The longest file that is read.
const LONGEST: u64 = 1024 * 1024;

/// The text of a key at the top of a TOML file; `None` where there is none, or the file can't be read: its harness
/// tells what is wrong with it.
pub fn setting(file: &Path, key: &str) -> Option<String> {
    // Whoever opens a pipe waits for its writer.
    file.metadata().ok().filter(|metadata| metadata.is_file() && metadata.len() <= LONGEST)?;
    let mut text = String::new();
    File::open(file).ok()?.take(LONGEST).read_to_string(&mut text).ok()?;
    let table = DeTable::parse(&text).ok()?.into_inner();
    let (_, value) = table.into_iter().find(|(name, _)| name.get_ref() == key)?;
    match value.into_inner() {
        DeValue::String(text) => Some(text.into_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::setting;

    #[test]
    fn a_text_at_the_top_of_the_file_is_told_and_nothing_else() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let file = folder.path().join("config.toml");
        let told = |text: &str| {
            std::fs::write(&file, text).expect("a file");
            setting(&file, "home")
        };
        assert_eq!(told("model = \"m\"\nhome = '/srv/a' # here\n[b]\nhome = 'c'").as_deref(), Some("/srv/a"));
        for text in ["", "home = 1", "[b]\nhome = 'c'", "home = '/srv/a'\nmodel =", "home = '\u{0}'\n="] {
            assert_eq!(told(text), None, "{text}");
        }
        std::fs::write(&file, b"home = 'a'\n# \xff").expect("a file");
        assert_eq!(setting(&file, "home"), None);
        assert_eq!(setting(folder.path(), "home"), None);
        assert_eq!(setting(&folder.path().join("none"), "home"), None);
    }
}
