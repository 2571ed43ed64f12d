//! Tiles and entry bundles, by which auditors read a log with tools nobody here wrote: C2SP tlog-tiles.
//!
//! A tile holds up to 256 hashes of one level in a row; a bundle holds the entries under a tile of level 0.

use super::{Hash, HashReader, LogError, MAX_LEAF_BYTES, text::decimal};
use std::{fmt, str::FromStr};

/// Hashes in a full tile, entries in a full bundle.
pub const FULL_WIDTH: u16 = 256;
/// The largest bundle, in bytes: 256 entries, each of [`MAX_LEAF_BYTES`] after its length.
pub const MAX_BUNDLE_BYTES: usize = 256 * (2 + MAX_LEAF_BYTES);
/// Tiles are 8 levels high, so level 8 would take a tree of 2^64 leaves.
const MAX_LEVEL: u8 = 7;

/// A tile of hashes. Prints as its path below the log's prefix: `tile/<level>/<index>[.p/<width>]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tile {
    /// 0 holds leaf hashes, 1 the roots of full tiles of level 0, and so on.
    level: u8,
    index: u64,
    /// Hashes in the tile: 256, or fewer in a partial one.
    width: u16,
}

/// A bundle of entries. Prints as its path below the log's prefix: `tile/entries/<index>[.p/<width>]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryBundle {
    index: u64,
    /// Entries in the bundle: 256, or fewer in a partial one.
    width: u16,
}

/// What a path below a log's prefix asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resource {
    /// `checkpoint`.
    Checkpoint,
    /// `tile/<level>/…`.
    Tile(Tile),
    /// `tile/entries/…`.
    Entries(EntryBundle),
}

impl Tile {
    /// A tile of 1 to 256 hashes; none if no tree of fewer than 2^64 leaves has it.
    #[must_use]
    pub fn new(level: u8, index: u64, width: u16) -> Option<Self> {
        let fits = level <= MAX_LEVEL
            && (1..=FULL_WIDTH).contains(&width)
            && index.checked_add(1).is_some_and(|end| end <= u64::MAX >> (8 * level) >> 8);
        fits.then_some(Self { level, index, width })
    }

    /// Whether a tree of this size has all hashes of the tile.
    #[must_use]
    pub fn is_in(&self, size: u64) -> bool {
        self.first() + u64::from(self.width) <= size >> (8 * self.level)
    }

    /// The tile's bytes: its hashes, 32 bytes each.
    pub fn read<R: HashReader + ?Sized>(&self, hashes: &R) -> Result<Vec<u8>, R::Error> {
        let mut bytes = Vec::with_capacity(usize::from(self.width) * size_of::<Hash>());
        for at in 0..u64::from(self.width) {
            bytes.extend_from_slice(hashes.node(8 * self.level, self.first() + at)?.as_bytes());
        }
        Ok(bytes)
    }

    /// Index, within its level, of the first hash.
    const fn first(&self) -> u64 {
        self.index << 8
    }
}

impl EntryBundle {
    /// A bundle of 1 to 256 entries; none if no tree of fewer than 2^64 leaves has it.
    #[must_use]
    pub fn new(index: u64, width: u16) -> Option<Self> {
        Tile::new(0, index, width).map(|_| Self { index, width })
    }

    /// Index in the log of the first entry.
    #[must_use]
    pub const fn start(&self) -> u64 {
        self.index << 8
    }

    /// Index in the log just past the last entry.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.start() + u64::from(self.width)
    }

    /// Whether a log of this size has all entries of the bundle.
    #[must_use]
    pub fn is_in(&self, size: u64) -> bool {
        self.end() <= size
    }
}

/// All tiles of a tree, level by level from the leaves up: full ones, then the partial one if there is one.
pub fn tiles(size: u64) -> impl Iterator<Item = Tile> {
    (0..=MAX_LEVEL).flat_map(move |level| {
        let hashes = size >> (8 * level);
        widths(hashes).filter_map(move |(index, width)| Tile::new(level, index, width))
    })
}

/// All entry bundles of a log: full ones, then the partial one if there is one.
pub fn bundles(size: u64) -> impl Iterator<Item = EntryBundle> {
    widths(size).filter_map(|(index, width)| EntryBundle::new(index, width))
}

fn widths(count: u64) -> impl Iterator<Item = (u64, u16)> {
    let full = (0..count >> 8).map(|index| (index, FULL_WIDTH));
    let rest = u16::try_from(count & 0xff).ok().filter(|width| *width > 0);
    full.chain(rest.map(|width| (count >> 8, width)))
}

/// Appends an entry to a bundle's bytes: its length as a big-endian u16, then the entry.
pub fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), LogError> {
    let length = u16::try_from(entry.len()).ok().filter(|_| entry.len() <= MAX_LEAF_BYTES);
    let length = length.ok_or(LogError::LeafTooLong(entry.len()))?;
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    Ok(())
}

/// Takes a bundle apart: 1 to 256 entries of at most [`MAX_LEAF_BYTES`] each, and not a byte more.
pub fn parse_entries(bundle: &[u8]) -> Result<Vec<&[u8]>, LogError> {
    if bundle.len() > MAX_BUNDLE_BYTES {
        return Err(LogError::TooLarge { what: "an entry bundle", limit: MAX_BUNDLE_BYTES });
    }
    let mut entries = Vec::new();
    let mut rest = bundle;
    while !rest.is_empty() {
        if entries.len() == usize::from(FULL_WIDTH) {
            return Err(LogError::Bundle("it has more than 256 entries"));
        }
        let (length, after) = rest.split_first_chunk().ok_or(LogError::Bundle("it ends within a length"))?;
        let length = usize::from(u16::from_be_bytes(*length));
        if length > MAX_LEAF_BYTES {
            return Err(LogError::LeafTooLong(length));
        }
        let (entry, after) = after.split_at_checked(length).ok_or(LogError::Bundle("it ends within an entry"))?;
        entries.push(entry);
        rest = after;
    }
    if entries.is_empty() { Err(LogError::Bundle("it is empty")) } else { Ok(entries) }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/", self.level)?;
        write_place(f, self.index, self.width)
    }
}

impl fmt::Display for EntryBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tile/entries/")?;
        write_place(f, self.index, self.width)
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checkpoint => f.write_str("checkpoint"),
            Self::Tile(tile) => tile.fmt(f),
            Self::Entries(bundle) => bundle.fmt(f),
        }
    }
}

/// Index in groups of three digits, all but the last marked with an x: 1234067 is `x001/x234/067`.
fn write_place(f: &mut fmt::Formatter<'_>, index: u64, width: u16) -> fmt::Result {
    let mut groups = vec![index % 1000];
    let mut rest = index / 1000;
    while rest > 0 {
        groups.push(rest % 1000);
        rest /= 1000;
    }
    for (at, group) in groups.iter().enumerate().rev() {
        if at > 0 {
            write!(f, "x{group:03}/")?;
        } else {
            write!(f, "{group:03}")?;
        }
    }
    if width < FULL_WIDTH { write!(f, ".p/{width}") } else { Ok(()) }
}

fn parse_place(text: &str) -> Result<(u64, u16), LogError> {
    let (index, width) = match text.split_once(".p/") {
        None => (text, FULL_WIDTH),
        Some((index, width)) => {
            let width = decimal(width).and_then(|width| u16::try_from(width).ok());
            let width = width.filter(|width| (1..FULL_WIDTH).contains(width));
            (index, width.ok_or(LogError::TilePath("a partial width is a decimal number from 1 to 255"))?)
        }
    };
    let bad = LogError::TilePath("an index reads x001/x234/067");
    let mut value = 0u64;
    let mut groups = index.split('/').peekable();
    let mut first = true;
    while let Some(group) = groups.next() {
        let digits = match (groups.peek(), group.strip_prefix('x')) {
            (Some(_), Some(digits)) => digits,
            (None, None) => group,
            _ => return Err(bad),
        };
        if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(bad);
        }
        // A leading x000 would be a second spelling.
        if first && groups.peek().is_some() && digits == "000" {
            return Err(bad);
        }
        first = false;
        let digits = digits.parse::<u64>().map_err(|_| bad.clone())?;
        value = value.checked_mul(1000).and_then(|v| v.checked_add(digits)).ok_or_else(|| bad.clone())?;
    }
    Ok((value, width))
}

impl FromStr for Resource {
    type Err = LogError;

    /// Reads a path below a log's prefix, without a leading slash; one resource has one path.
    fn from_str(path: &str) -> Result<Self, LogError> {
        if path == "checkpoint" {
            return Ok(Self::Checkpoint);
        }
        let (level, place) = path
            .strip_prefix("tile/")
            .and_then(|rest| rest.split_once('/'))
            .ok_or(LogError::TilePath("it reads checkpoint, tile/<level>/<index> or tile/entries/<index>"))?;
        let (index, width) = parse_place(place)?;
        let found = if level == "entries" {
            EntryBundle::new(index, width).map(Self::Entries)
        } else {
            let level = decimal(level).filter(|level| *level <= 63).and_then(|level| u8::try_from(level).ok());
            let level = level.ok_or(LogError::TilePath("a level is a decimal number from 0 to 63"))?;
            Tile::new(level, index, width).map(Self::Tile)
        };
        found.ok_or(LogError::TilePath("no tree has this tile"))
    }
}

#[cfg(test)]
mod tests;
