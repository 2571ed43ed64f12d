//! The demonstration: three nodes as processes, and every step of it held.

use crate::support::origin;
use serde_json::Value;

#[test]
fn the_demonstration_shows_only_what_held_and_leaves_nothing_running() {
    let said = origin(&["--format", "json", "demo", "--once"]).good().out;
    let steps = said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>();
    assert!(steps.iter().all(|step| step["held"] == true), "{said}");
    let count = |name: &str| steps.iter().filter(|step| step["step"] == name).count();
    assert_eq!((count("serve"), count("issue"), count("cosigned"), count("replicated")), (3, 9, 8, 6), "{said}");
    assert_eq!((count("third_party"), count("receipted")), (1, 1), "{said}");
    assert_eq!((count("rotate"), count("distribute")), (1, 1), "{said}");
    assert_eq!((count("kill"), count("catch_up"), count("cancelled"), count("end")), (1, 1, 1, 1), "{said}");
}
