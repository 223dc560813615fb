//! A small deterministic generator (splitmix64); no quality is claimed beyond variety.

use uuid::{Builder, Uuid};

/// The state of the generator.
pub struct Random(u64);

impl Random {
    /// The sequence that belongs to this seed.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }

    /// True about once in `n` times.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.next().is_multiple_of(n)
    }

    /// One of the items.
    pub fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items[self.between(0, items.len() as u64 - 1) as usize]
    }

    /// Hexadecimal digits, as in provider-made ids.
    pub fn hex(&mut self, digits: usize) -> String {
        let mut text = format!("{:016x}{:016x}", self.next(), self.next());
        text.truncate(digits);
        text
    }

    /// A version 4 UUID.
    pub fn uuid(&mut self) -> Uuid {
        Builder::from_random_bytes(self.bytes()).into_uuid()
    }

    /// A version 7 UUID made at this time.
    pub fn uuid_at(&mut self, unix_ms: u64) -> Uuid {
        let [tail @ .., _, _, _, _, _, _] = self.bytes();
        Builder::from_unix_timestamp_millis(unix_ms, &tail).into_uuid()
    }

    fn bytes(&mut self) -> [u8; 16] {
        let wide = u128::from(self.next()) << 64 | u128::from(self.next());
        wide.to_be_bytes()
    }
}
