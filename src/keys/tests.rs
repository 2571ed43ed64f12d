use super::{pkcs8_file, *};
use crate::{
    encoding::base64,
    log::{EMPTY_ROOT, Extension, Origin, SignedCheckpoint, TreeHead, VerifierKey, leaf_hash, root_of},
    reason::Reasoned,
    signature::{SecretKey, Signer},
    statement::Issuer,
    time::SeededRandom,
};
use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};

fn name(text: &str) -> KeyName {
    text.parse().unwrap()
}

fn iss() -> Issuer {
    "https://tdap.gov.pk".parse().unwrap()
}

fn statement_use() -> KeyUse {
    KeyUse::Statement { iss: iss(), kid: "tdap-2026".parse().unwrap() }
}

fn log_use() -> KeyUse {
    KeyUse::Log { iss: iss(), shard: "2026".parse().unwrap() }
}

fn passphrase() -> Passphrase {
    Passphrase::generate(&SeededRandom::new(9)).unwrap()
}

fn mode_of(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Runs openssl with `input` on its standard input; `None`, with a line that says so, where it is not installed.
fn openssl(arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        eprintln!("SKIPPED: openssl is not installed");
        return None;
    };
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(output.stdout)
}

#[test]
fn a_key_survives_the_process_and_opens_as_what_it_is() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("keys");
    let random = SeededRandom::new(1);
    let made = KeyStore::create(&folder, passphrase()).unwrap().make(&name("tdap"), statement_use(), &random).unwrap();

    let store = KeyStore::open(&folder, passphrase()).unwrap();
    assert_eq!(store.list().unwrap(), vec![made.clone()]);
    let key = store.statement(&name("tdap")).unwrap();
    assert_eq!((key.public_key(), key.kid().as_str(), key.iss()), (made.public_key, "tdap-2026", &iss()));
    assert_eq!(mode_of(&folder), 0o700);
    assert_eq!(mode_of(&folder.join("tdap.key.pem")), 0o600);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "no working file is left behind");
}

#[test]
fn a_key_of_one_use_does_not_open_as_another() {
    let store = KeyStore::in_memory();
    let random = SeededRandom::new(2);
    store.make(&name("log"), log_use(), &random).unwrap();
    store.make(&name("statement"), statement_use(), &random).unwrap();
    assert_eq!(store.statement(&name("log")).unwrap_err().reason(), "KEY_OTHER_USE");
    assert_eq!(store.log(&name("statement")).unwrap_err().reason(), "KEY_OTHER_USE");
    assert_eq!(store.status(&name("statement")).unwrap_err().reason(), "KEY_OTHER_USE");
    assert!(store.log(&name("log")).is_ok());
}

#[test]
fn every_use_is_written_down_and_read_back() {
    let node = || "node.pk".parse().unwrap();
    let kid = || "k-1".parse().unwrap();
    let random = SeededRandom::new(3);
    let store = KeyStore::in_memory();
    for (i, key_use) in [
        KeyUse::Root { iss: iss() },
        KeyUse::Federation { signer: "comesa.int/trust".parse().unwrap() },
        KeyUse::Statement { iss: iss(), kid: kid() },
        KeyUse::Status { iss: iss(), kid: kid() },
        KeyUse::Stamp { iss: iss(), kid: kid() },
        log_use(),
        KeyUse::Replica { node: node() },
        KeyUse::Witness { node: node() },
    ]
    .into_iter()
    .enumerate()
    {
        let side = store.make(&name(&format!("key-{i}")), key_use, &random).unwrap();
        assert_eq!(PublicSide::from_toml(side.name.clone(), &side.to_toml().unwrap()), Ok(side.clone()));
    }
    let random = SeededRandom::new(4);
    let side = store.make(&name("replica"), KeyUse::Replica { node: node() }, &random).unwrap();
    assert!(side.verifier_key().unwrap().to_string().starts_with("node.pk/replica+"));
    assert_eq!(side, store.public_side(&name("replica")).unwrap());
}

#[test]
fn a_public_side_whose_members_do_not_fit_its_use_is_refused() {
    let side = KeyStore::in_memory().make(&name("log"), log_use(), &SeededRandom::new(5)).unwrap();
    let good = side.to_toml().unwrap();
    for (from, to) in [
        ("use = \"log\"", "use = \"statement\""),
        ("use = \"log\"", "use = \"admin\""),
        ("shard = \"2026\"", ""),
        ("alg = \"Ed25519\"", "alg = \"none\""),
        ("alg = ", "kid = \"k\"\nalg = "),
        ("alg = ", "colour = \"k\"\nalg = "),
    ] {
        assert!(good.contains(from), "{good}");
        assert!(PublicSide::from_toml(name("log"), &good.replace(from, to)).is_err(), "{from} -> {to}");
    }
}

#[test]
fn a_wrong_passphrase_is_one_clear_error_and_makes_no_second_kind_of_key() {
    let temp = tempfile::tempdir().unwrap();
    let random = SeededRandom::new(6);
    KeyStore::create(temp.path().join("k").as_path(), passphrase())
        .unwrap()
        .make(&name("a"), statement_use(), &random)
        .unwrap();
    let other = Passphrase::generate(&SeededRandom::new(10)).unwrap();
    let store = KeyStore::open(&temp.path().join("k"), other).unwrap();
    let error = store.statement(&name("a")).unwrap_err();
    assert_eq!(error.reason(), "KEY_PASSPHRASE_WRONG");
    assert!(error.to_string().starts_with("the passphrase does not open"));
    assert_eq!(store.make(&name("b"), log_use(), &random).unwrap_err().reason(), "KEY_PASSPHRASE_WRONG");
    assert_eq!(store.list().unwrap().len(), 1);
}

#[test]
fn whatever_others_can_reach_is_refused_with_the_command_that_mends_it() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("keys");
    let store = KeyStore::create(&folder, passphrase()).unwrap();
    store.make(&name("a"), log_use(), &SeededRandom::new(7)).unwrap();

    let file = folder.join("a.key.pem");
    set_mode(&file, 0o640);
    let error = store.log(&name("a")).unwrap_err();
    assert_eq!(error.reason(), "KEY_EXPOSED");
    assert!(error.to_string().ends_with(&format!("chmod 0600 '{}'", file.display())), "{error}");
    set_mode(&file, 0o400);
    assert!(store.log(&name("a")).is_ok());

    set_mode(&folder, 0o755);
    assert!(store.log(&name("a")).unwrap_err().to_string().contains("chmod 0700"));
    let error = KeyStore::open(&folder, passphrase()).unwrap_err();
    assert!(error.to_string().contains("mode 0755") && error.to_string().contains("chmod 0700"), "{error}");

    let secret = temp.path().join("passphrase");
    fs::write(&secret, "correct horse battery\n").unwrap();
    set_mode(&secret, 0o644);
    assert!(Passphrase::from_file(&secret).unwrap_err().to_string().contains("chmod 0600"));
    set_mode(&secret, 0o600);
    assert_eq!(Passphrase::from_file(&secret).unwrap().bytes(), b"correct horse battery");
}

#[test]
fn a_key_is_never_overwritten() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("keys");
    let store = KeyStore::create(&folder, passphrase()).unwrap();
    let random = SeededRandom::new(8);
    store.make(&name("a"), log_use(), &random).unwrap();
    let before = fs::read(folder.join("a.key.pem")).unwrap();
    assert_eq!(store.make(&name("a"), statement_use(), &random).unwrap_err().reason(), "KEY_EXISTS");
    // Nor where only the private file is left: whatever it is, it is somebody's key.
    fs::remove_file(folder.join("a.public.toml")).unwrap();
    assert_eq!(store.public_side(&name("a")).unwrap_err().reason(), "KEY_HALF_MADE");
    set_mode(&folder, 0o700);
    assert!(store.make(&name("a"), statement_use(), &random).is_err());
    assert_eq!(fs::read(folder.join("a.key.pem")).unwrap(), before);
}

#[test]
fn files_that_do_not_belong_together_are_refused() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("keys");
    let store = KeyStore::create(&folder, passphrase()).unwrap();
    let random = SeededRandom::new(11);
    store.make(&name("a"), log_use(), &random).unwrap();
    store.make(&name("b"), log_use(), &random).unwrap();
    fs::copy(folder.join("a.public.toml"), folder.join("b.public.toml")).unwrap();
    assert_eq!(store.log(&name("b")).unwrap_err().reason(), "KEY_PAIR_MISMATCH");
    assert_eq!(store.log(&name("c")).unwrap_err().reason(), "KEY_MISSING");
    assert_eq!(KeyStore::open(&temp.path().join("none"), passphrase()).unwrap_err().reason(), "KEY_FOLDER_MISSING");
}

#[test]
fn openssl_opens_what_we_seal() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("keys");
    let chosen = Passphrase::from_bytes(b"correct horse battery staple\n").unwrap();
    let secret = temp.path().join("pass");
    chosen.write_new(&secret).unwrap();
    assert_eq!(mode_of(&secret), 0o600);
    assert!(chosen.write_new(&secret).is_err(), "a passphrase file is not overwritten either");
    let store = KeyStore::create(&folder, chosen).unwrap();
    let side = store.make(&name("a"), log_use(), &SeededRandom::new(12)).unwrap();
    let pem = fs::read(folder.join("a.key.pem")).unwrap();
    let source = format!("file:{}", secret.display());
    let Some(der) = openssl(&["pkey", "-passin", &source, "-pubout", "-outform", "DER"], &pem) else { return };
    assert_eq!(der.get(der.len() - 32..), Some(side.public_key.as_bytes().as_slice()));
}

#[test]
fn what_openssl_seals_opens_here_and_weaker_schemes_are_named() {
    let Some(plain) = openssl(&["genpkey", "-algorithm", "ed25519"], b"") else { return };
    let Some(public) = openssl(&["pkey", "-pubout", "-outform", "DER"], &plain) else { return };
    let passphrase = Passphrase::from_bytes(b"correct horse battery staple").unwrap();
    let to_pkcs8 = ["pkcs8", "-topk8", "-passout", "pass:correct horse battery staple"];
    let sealed = |more: &[&str]| openssl(&[&to_pkcs8[..], more].concat(), &plain).unwrap();
    let open = |pem: &[u8]| pkcs8_file::unseal(pem, &passphrase, Path::new("x.key.pem"));

    let key = open(&sealed(&["-v2", "aes-256-cbc", "-scrypt"])).unwrap();
    assert_eq!(public.get(public.len() - 32..), Some(key.public_key().as_bytes().as_slice()));
    // PBKDF2, scrypt with N = 4, and no encryption at all.
    assert_eq!(open(&sealed(&["-v2", "aes-256-cbc"])).unwrap_err().reason(), "KEY_FILE_SCHEME");
    let weak = sealed(&["-v2", "aes-256-cbc", "-scrypt", "-scrypt_N", "4", "-scrypt_r", "8", "-scrypt_p", "1"]);
    assert!(open(&weak).unwrap_err().to_string().contains("re-encrypt it with: openssl pkcs8"));
    assert_eq!(open(&plain).unwrap_err().reason(), "KEY_FILE_MALFORMED");
}

#[test]
fn a_file_that_asks_for_too_much_work_is_refused_before_any_is_done() {
    let pass = passphrase();
    let key = SecretKey::from_seed(&[7; 32]).unwrap();
    let pem = pkcs8_file::seal(&key, &pass, &SeededRandom::new(13)).unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = base64::decode(&body).unwrap();
    // INTEGER 16384 is N, INTEGER 8 is r, INTEGER 1 is p.
    let parameters = [0x02, 0x02, 0x40, 0x00, 0x02, 0x01, 0x08, 0x02, 0x01, 0x01];
    let at = der.windows(parameters.len()).position(|w| w == parameters).unwrap();
    let open = |n: [u8; 2], r: u8, p: u8| {
        let mut der = der.clone();
        der[at + 2..at + 4].copy_from_slice(&n);
        (der[at + 6], der[at + 9]) = (r, p);
        let text = base64::encode(&der);
        let lines = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect::<Vec<_>>();
        let label = "ENCRYPTED PRIVATE KEY";
        let pem = format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"));
        pkcs8_file::unseal(pem.as_bytes(), &pass, Path::new("x")).map(|key| key.public_key())
    };
    assert_eq!(open([0x40, 0x00], 8, 1).unwrap(), key.public_key());
    // Half a gigabyte; 127 passes; none; N no power of two, too small, and zero.
    for (n, r, p) in
        [([0x40, 0], 0x7f, 1), ([0x40, 0], 8, 0x7f), ([0x40, 0], 8, 0), ([0x41, 0], 8, 1), ([0x20, 0], 8, 1)]
    {
        assert_eq!(open(n, r, p).unwrap_err().reason(), "KEY_FILE_SCHEME", "{n:?} {r} {p}");
    }
    assert!(open([0, 0], 8, 1).is_err());
}

#[test]
fn a_passphrase_is_one_line_that_is_worth_something() {
    for bad in [&b""[..], b"\n", b"\r\n", b"one\ntwo", b"nul\0inside", &[b'x'; 1025]] {
        assert_eq!(Passphrase::from_bytes(bad).unwrap_err().reason(), "KEY_PASSPHRASE_UNUSABLE");
    }
    assert_eq!(Passphrase::from_bytes(b"same\r\n").unwrap().bytes(), b"same");
    let temp = tempfile::tempdir().unwrap();
    let short = KeyStore::create(&temp.path().join("k"), Passphrase::from_bytes(b"short").unwrap()).unwrap();
    let error = short.make(&name("a"), log_use(), &SeededRandom::new(14)).unwrap_err();
    assert_eq!(error.reason(), "KEY_PASSPHRASE_UNUSABLE");
    assert!(passphrase().is_generated());
    assert!(!Passphrase::from_bytes(b"oxp_not-256-bits").unwrap().is_generated());
    assert_eq!(format!("{:?}", passphrase()), "Passphrase(…)");
}

#[test]
fn a_name_cannot_lead_out_of_the_folder() {
    for bad in ["", ".", "..", "../a", "a/b", ".hidden", "A", "a b", "a\0", &"a".repeat(65)] {
        assert!(bad.parse::<KeyName>().is_err(), "{bad:?}");
    }
}

#[test]
fn a_log_key_signs_extensions_of_its_own_logs_and_nothing_else() {
    let store = KeyStore::in_memory();
    let side = store.make(&name("log"), log_use(), &SeededRandom::new(15)).unwrap();
    let key = store.log(&name("log")).unwrap();
    let leaves = [leaf_hash(b"a")];
    let head = TreeHead { size: 1, root: root_of(&leaves) };
    let extension = |origin: &str| {
        let empty = TreeHead { size: 0, root: EMPTY_ROOT };
        Extension::prove(origin.parse().unwrap(), Some(empty), head, &[]).unwrap()
    };
    let own: Origin = "tdap.gov.pk/log/2026/customs.gov.cn".parse().unwrap();
    let note = key.sign(&extension(own.as_str())).unwrap();
    let vkey = VerifierKey::log(&own, side.public_key);
    assert_eq!(SignedCheckpoint::open(&note, &vkey).unwrap().checkpoint().head, head);
    for other in ["customs.gov.cn/log/2026/tdap.gov.pk", "tdap.gov.pk/log/2027/customs.gov.cn"] {
        assert_eq!(key.sign(&extension(other)).unwrap_err().reason(), "KEY_NOT_MINE");
    }
}
