//! Archives of files, which are no logs though they may hold some.

/// A member's header.
const HEADER: usize = 512;

/// Where the header's checksum stands, in octal digits.
const CHECKSUM: std::ops::Range<usize> = 148..156;

/// Whether a source begins as a tar archive does, of any age: with a member's header and its checksum, which is the
/// sum of the header's bytes with blanks in its own place.
pub fn is_archive(head: &[u8]) -> bool {
    let (Some(header), Some(checksum)) = (head.get(..HEADER), head.get(CHECKSUM)) else { return false };
    let digits = checksum.trim_ascii_start().split(|byte| !byte.is_ascii_digit()).next();
    let told = digits.and_then(|digits| u32::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    let blanks = CHECKSUM.len() as u32 * u32::from(b' ');
    told == Some(sum(header) - sum(checksum) + blanks)
}

#[cfg(test)]
mod tests {
    use super::{CHECKSUM, is_archive};

    #[test]
    fn an_archive_is_told_by_the_checksum_of_its_first_member() {
        let mut header = [0_u8; 1024];
        header[..6].copy_from_slice(b"a.json");
        header[CHECKSUM].fill(b' ');
        let sum: u32 = header[..512].iter().map(|byte| u32::from(*byte)).sum();
        header[CHECKSUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        assert!(is_archive(&header));
        assert!(!is_archive(&header[..511]));
        header[0] = b'b';
        assert!(!is_archive(&header));
    }

    #[test]
    fn no_other_bytes_are_an_archive() {
        for bytes in [[0_u8; 600], [b'0'; 600], [b'7'; 600], [b' '; 600], [0xff; 600]] {
            assert!(!is_archive(&bytes));
        }
    }
}
