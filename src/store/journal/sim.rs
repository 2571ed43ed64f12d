//! A disk that loses power: what was written since the last sync is kept, dropped or torn, page by page.

use super::disk::{Disk, DiskFile};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

const PAGE: usize = 4096;

/// SplitMix64: the same numbers for the same seed.
#[derive(Debug, Clone)]
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }
}

#[derive(Debug, Clone)]
pub(super) struct SimDisk(Arc<Mutex<World>>);

#[derive(Debug)]
struct World {
    names: BTreeMap<String, u64>,
    files: HashMap<u64, Contents>,
    next: u64,
    /// Handles of an earlier life are dead.
    life: u64,
    dead: bool,
    dice: Dice,
    operations: u64,
    cut_at: Option<u64>,
    fail_sync_at: Option<u64>,
    free: u64,
}

#[derive(Debug, Default)]
struct Contents {
    durable: Vec<u8>,
    seen: Vec<u8>,
    dirty: BTreeSet<usize>,
}

#[derive(Debug)]
struct SimFile {
    world: Arc<Mutex<World>>,
    file: u64,
    life: u64,
}

impl SimDisk {
    pub(super) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(World {
            names: BTreeMap::new(),
            files: HashMap::new(),
            next: 0,
            life: 0,
            dead: false,
            dice: Dice(seed),
            operations: 0,
            cut_at: None,
            fail_sync_at: None,
            free: 1 << 40,
        })))
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    /// Power goes at the operation that many from now.
    pub(super) fn cut_after(&self, operations: u64) {
        let mut world = self.world();
        world.cut_at = Some(world.operations + operations);
    }

    /// The sync at or after the operation that many from now fails.
    pub(super) fn fail_sync_after(&self, operations: u64) {
        let mut world = self.world();
        world.fail_sync_at = Some(world.operations + operations);
    }

    pub(super) fn operations(&self) -> u64 {
        self.world().operations
    }

    pub(super) fn is_dead(&self) -> bool {
        self.world().dead
    }

    pub(super) fn set_free(&self, free: u64) {
        self.world().free = free;
    }

    /// Power comes back.
    pub(super) fn restart(&self) {
        let world = &mut *self.world();
        world.life += 1;
        world.dead = false;
        world.cut_at = None;
        world.fail_sync_at = None;
        // In the order of names: a hash map's would be another each time.
        for file in world.names.values() {
            world.files.get_mut(file).unwrap().lose_power(&mut world.dice);
        }
    }

    /// The process ends and begins again; the system keeps what it has.
    pub(super) fn kill(&self) {
        self.world().life += 1;
    }

    pub(super) fn contents(&self, path: &str) -> Vec<u8> {
        let world = self.world();
        world.files[&world.names[path]].seen.clone()
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.world().names.keys().cloned().collect()
    }

    pub(super) fn change(&self, path: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let world = &mut *self.world();
        let file = world.files.get_mut(&world.names[path]).unwrap();
        change(&mut file.seen);
        file.durable = file.seen.clone();
        file.dirty.clear();
    }

    pub(super) fn delete(&self, path: &str) {
        self.world().names.remove(path);
    }
}

impl Contents {
    fn keep(&mut self, page: usize) {
        let (start, end) = (page * PAGE, ((page + 1) * PAGE).min(self.seen.len()));
        if start >= end {
            return;
        }
        if self.durable.len() < end {
            self.durable.resize(end, 0);
        }
        self.durable[start..end].copy_from_slice(&self.seen[start..end]);
    }

    fn lose_power(&mut self, dice: &mut Dice) {
        for page in std::mem::take(&mut self.dirty) {
            if dice.below(2) == 0 {
                self.keep(page);
            }
        }
        // The length may have got there without the bytes.
        if self.durable.len() < self.seen.len() && dice.below(4) == 0 {
            self.durable.resize(self.seen.len(), 0);
        }
        self.seen = self.durable.clone();
    }
}

fn dead() -> io::Error {
    io::Error::other("no power")
}

impl World {
    /// Counts an operation; `true` if power goes in the middle of it.
    fn operation(&mut self) -> io::Result<bool> {
        if self.dead {
            return Err(dead());
        }
        self.operations += 1;
        self.dead = self.cut_at.is_some_and(|at| self.operations >= at);
        Ok(self.dead)
    }
}

impl SimFile {
    fn world(&self) -> io::Result<MutexGuard<'_, World>> {
        let world = self.world.lock().unwrap();
        if world.dead || world.life != self.life { Err(dead()) } else { Ok(world) }
    }
}

impl Disk for SimDisk {
    fn create(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut world = self.world();
        if world.operation()? {
            return Err(dead());
        }
        if world.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        world.next += 1;
        let file = world.next;
        world.names.insert(path.to_owned(), file);
        world.files.insert(file, Contents::default());
        Ok(Arc::new(SimFile { world: Arc::clone(&self.0), file, life: world.life }))
    }

    fn open(&self, path: &str) -> io::Result<Option<Arc<dyn DiskFile>>> {
        let world = self.world();
        if world.dead {
            return Err(dead());
        }
        let Some(&file) = world.names.get(path) else { return Ok(None) };
        Ok(Some(Arc::new(SimFile { world: Arc::clone(&self.0), file, life: world.life })))
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let inside = |name: &String| name.strip_prefix(folder)?.strip_prefix('/').map(str::to_owned);
        Ok(self.world().names.keys().filter_map(inside).collect())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let mut world = self.world();
        let cut = world.operation()?;
        world.names.remove(path);
        if cut { Err(dead()) } else { Ok(()) }
    }

    fn replace(&self, path: &str, contents: &[u8]) -> io::Result<()> {
        let world = &mut *self.world();
        let cut = world.operation()?;
        if !cut || world.dice.below(2) == 0 {
            world.next += 1;
            world.names.insert(path.to_owned(), world.next);
            let whole = Contents { durable: contents.to_vec(), seen: contents.to_vec(), dirty: BTreeSet::new() };
            world.files.insert(world.next, whole);
        }
        if cut { Err(dead()) } else { Ok(()) }
    }

    fn free_bytes(&self) -> io::Result<u64> {
        Ok(self.world().free)
    }
}

impl DiskFile for SimFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.world()?.files[&self.file].seen.len() as u64)
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let world = self.world()?;
        let seen = &world.files[&self.file].seen;
        let start = usize::try_from(offset).unwrap().min(seen.len());
        let count = into.len().min(seen.len() - start);
        into[..count].copy_from_slice(&seen[start..start + count]);
        Ok(count)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let world = &mut *self.world()?;
        let cut = world.operation()?;
        let start = usize::try_from(offset).unwrap();
        let end = start + bytes.len();
        let file = world.files.get_mut(&self.file).unwrap();
        let more = end.saturating_sub(file.seen.len()) as u64;
        if more > world.free {
            return Err(io::ErrorKind::StorageFull.into());
        }
        world.free -= more;
        if file.seen.len() < end {
            file.seen.resize(end, 0);
        }
        file.seen[start..end].copy_from_slice(bytes);
        if !bytes.is_empty() {
            file.dirty.extend(start / PAGE..=(end - 1) / PAGE);
        }
        if cut { Err(dead()) } else { Ok(()) }
    }

    fn sync(&self) -> io::Result<()> {
        let world = &mut *self.world()?;
        if world.operation()? {
            return Err(dead());
        }
        let fails = world.fail_sync_at.is_some_and(|at| world.operations >= at);
        let file = world.files.get_mut(&self.file).unwrap();
        for page in std::mem::take(&mut file.dirty) {
            // After a failed sync the lost pages are clean: another sync would say it is all there.
            if !fails || world.dice.below(2) == 0 {
                file.keep(page);
            }
        }
        if fails {
            world.fail_sync_at = None;
            return Err(io::Error::other("the disk said no"));
        }
        Ok(())
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        let world = &mut *self.world()?;
        if world.operation()? {
            return Err(dead());
        }
        let length = usize::try_from(length).unwrap();
        let file = world.files.get_mut(&self.file).unwrap();
        file.seen.truncate(length);
        file.durable.truncate(length);
        file.dirty.retain(|page| page * PAGE < length);
        Ok(())
    }
}
