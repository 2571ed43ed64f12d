//! What composing and opening cost; run by hand with `--release -- --ignored --nocapture`.

use super::samples;
use origin_exchange::{
    signature::Signer,
    statement::{Presentation, compose, open_leaf},
    time::SeededRandom,
};
use std::time::Instant;

fn measure<T>(name: &str, mut work: impl FnMut() -> T) {
    const ROUNDS: u32 = 5_000;
    let mut best = f64::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        for _ in 0..ROUNDS {
            std::hint::black_box(work());
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS));
    }
    println!("{name}: {best:.1} µs");
}

#[test]
#[ignore = "a measurement"]
fn a_certificate_of_three_items() {
    let sample = samples::all().swap_remove(0);
    let random = SeededRandom::new(1);
    let issued = sample.issue();
    let token = issued.token();
    let key = samples::key().public_key();
    let presentation = Presentation::parse(&token).unwrap();
    println!("JWT {} bytes, token {} bytes", issued.jwt.len(), token.len());
    measure("compose", || compose(&sample.envelope, &sample.body, &random).unwrap());
    measure("parse", || Presentation::parse(&token).unwrap());
    measure("open", || presentation.open().unwrap());
    measure("parse and open a leaf", || open_leaf(issued.jwt.as_bytes(), &issued.disclosures).unwrap());
    measure("verify", || presentation.verify(&key).unwrap());
}
