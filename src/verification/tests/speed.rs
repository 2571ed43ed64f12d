//! How fast verdicts are, cold and warm, on this machine: `cargo test --release -- --ignored verdicts_a_second --nocapture`.

use super::world::{World, plain_trust, question};
use crate::verification::{Headline, Settings, Verifier};
use std::time::{Duration, Instant};

#[test]
#[ignore = "a measurement, not a promise"]
fn verdicts_a_second() {
    let input = World::settled().bundle().to_json();
    let trust = plain_trust();
    let measure = |name: &str, verify: &dyn Fn() -> Headline| {
        let (start, mut done) = (Instant::now(), 0u32);
        while start.elapsed() < Duration::from_secs(2) {
            assert_eq!(verify(), Headline::Valid);
            done += 1;
        }
        println!("{name}: {:.0} verdicts a second on one core", f64::from(done) / start.elapsed().as_secs_f64());
    };
    measure("cold", &|| Verifier::new(trust.clone(), None, Settings::default()).verify(&input, &question()).headline);
    let warm = Verifier::new(trust.clone(), None, Settings::default());
    measure("warm", &|| warm.verify(&input, &question()).headline);
    measure("warm, with its JSON", &|| {
        let verdict = warm.verify(&input, &question());
        assert!(!verdict.to_json().is_empty());
        verdict.headline
    });
}
