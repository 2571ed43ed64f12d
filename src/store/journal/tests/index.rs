//! An index that is asked while a reload makes it again, or that is lost, damaged or of an older form.

use super::*;

#[test]
fn a_deleted_or_damaged_index_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::new(&["cn", "all"]);
    let index = folder.path().join("index");
    for round in 0..4 {
        let store = real(folder.path()).unwrap();
        rig.check(&store);
        assert_eq!(store.records(Table::ApplicationPaper).unwrap().len(), round * 30, "what no snapshot repeats");
        rig.commit(&store, &[(0, 20), (1, 3)], 300).unwrap();
        rig.advance(&store).unwrap();
        for paper in 0..30_usize {
            let id = (round * 30 + paper).to_be_bytes().to_vec();
            let state = vec![StateChange::RecordPut { table: Table::ApplicationPaper, id, record: vec![1; 900] }];
            store.commit(Batch { state, ..Batch::default() }).unwrap();
        }
        rig.check(&store);
        drop(store);
        match round {
            0 => std::fs::remove_dir_all(&index).unwrap(),
            1 => std::fs::write(index.join("db"), vec![0xa5; 600_000]).unwrap(),
            2 => std::fs::write(index.join("conf"), b"nonsense").unwrap(),
            _ => {}
        }
    }
    rig.check(&real(folder.path()).unwrap());
}

#[test]
fn an_index_of_the_form_before_numbers_stood_behind_what_they_are_read_as_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::new(&["cn"]);
    let store = real(folder.path()).unwrap();
    rig.commit(&store, &[(0, 3)], 300).unwrap();
    rig.advance(&store).unwrap();
    drop(store);
    let index = || sled::Config::new().path(folder.path().join("index")).open().unwrap();
    {
        let db = index();
        for (key, place) in db.scan_prefix(b"N").map(Result::unwrap).collect::<Vec<_>>() {
            let number = key.rsplit(|byte| *byte == 0).next().unwrap();
            db.insert([b"N".as_slice(), number].concat(), place).unwrap();
            db.remove(key).unwrap();
        }
        let (key, reached) = db.scan_prefix(b"!").next().unwrap().unwrap();
        db.remove(key).unwrap();
        db.insert(b"!", reached).unwrap();
        db.flush().unwrap();
    }
    let store = real(folder.path()).unwrap();
    rig.check(&store);
    assert_eq!(store.number_like("pk 1").unwrap().as_deref(), Some("PK-00000001"));
    drop(store);
    {
        // The node ended while it was being made again: some of it is there, and that it is no whole one.
        let db = index();
        for key in db.scan_prefix(b"N").keys().map(Result::unwrap).take(2).collect::<Vec<_>>() {
            db.remove(key).unwrap();
        }
        let (key, _) = db.scan_prefix(b"!").next().unwrap().unwrap();
        db.insert(key, [[0xFF_u8; 8].as_slice(), &[0; 4]].concat()).unwrap();
        db.flush().unwrap();
    }
    let store = real(folder.path()).unwrap();
    rig.check(&store);
    assert_eq!(store.number_like("pk 1").unwrap().as_deref(), Some("PK-00000001"));
}

/// An index that says when a start asks how far it is, and waits until it may go on.
#[derive(Debug)]
struct Slow {
    inner: MemoryIndex,
    at_a_start: Mutex<Option<(std::sync::mpsc::Sender<()>, std::sync::mpsc::Receiver<()>)>>,
}

impl Index for Slow {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        self.inner.get(key)
    }

    fn scan(&self, prefix: &[u8], from: &[u8], visit: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> Result<(), IndexError> {
        self.inner.scan(prefix, from, visit)
    }

    fn apply(&self, changes: &Changes, reached: Reached) -> Result<(), IndexError> {
        self.inner.apply(changes, reached)
    }

    fn reached(&self) -> Result<Option<Reached>, IndexError> {
        self.wait();
        self.inner.reached()
    }

    fn flush(&self) -> Result<(), IndexError> {
        Ok(())
    }

    fn clear(&self) -> Result<(), IndexError> {
        self.inner.clear()?;
        self.wait();
        Ok(())
    }
}

impl Slow {
    fn wait(&self) {
        if let Some((here, go_on)) = self.at_a_start.lock().unwrap().take() {
            here.send(()).unwrap();
            go_on.recv().unwrap();
        }
    }
}

/// Reads through a store while it is reloaded, at the moment its index is asked or emptied.
fn while_reloading(distrusted: bool, read: impl FnOnce(&JournalStore)) {
    let index = Arc::new(Slow { inner: MemoryIndex::default(), at_a_start: Mutex::default() });
    let disk = Arc::new(SimDisk::new(5));
    let store = JournalStore::over(disk, Arc::clone(&index) as _, small(), Arc::new(SeededRandom::new(5))).unwrap();
    let mut rig = Rig::new(&["cn"]);
    rig.commit(&store, &[(0, 3)], 10).unwrap();
    rig.advance(&store).unwrap();
    if distrusted {
        store.parts.distrust_index();
    }
    let ((here, is_here), (go_on, may_go_on)) = (std::sync::mpsc::channel(), std::sync::mpsc::channel());
    *index.at_a_start.lock().unwrap() = Some((here, may_go_on));
    std::thread::scope(|scope| {
        let reloading = scope.spawn(|| store.reload());
        is_here.recv().unwrap();
        read(&store);
        go_on.send(()).unwrap();
        reloading.join().unwrap().unwrap();
    });
    rig.check(&store);
}

#[test]
fn readers_do_not_wait_for_a_reload() {
    while_reloading(false, |store| {
        assert!(store.leaf(&origin("cn"), 2).unwrap().is_some());
        assert!(store.number_taken("PK-00000001").unwrap());
        assert_eq!(store.commit(Batch::default()).unwrap_err().reason(), "STORE_POISONED");
    });
}

#[test]
fn a_half_made_index_denies_nothing_that_is_there() {
    while_reloading(true, |store| {
        assert!(store.leaf(&origin("cn"), 2).unwrap().is_some());
        assert_eq!(store.number_taken("PK-00000001").unwrap_err().reason(), "STORE_INDEX");
        assert_eq!(store.find_number("PK-00000001").unwrap_err().reason(), "STORE_INDEX");
    });
}
