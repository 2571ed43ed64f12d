//! What certificates are printed with: templates, images, and fonts of which scripts.

use super::Look;
use crate::{
    document::{CAN_PRINT, Script},
    node::{self, Configuration},
};
use std::collections::BTreeMap;

const WHAT: &str = "paper";

/// Templates, fonts, and the scripts that they are not of.
pub(super) fn look(configuration: &Configuration) -> Vec<Look> {
    if !CAN_PRINT {
        return vec![Look::warning(WHAT, "this program was built without the feature `pdf`: it prints nothing")];
    }
    let press = match node::press(&configuration.paper) {
        Ok(press) => press,
        Err(error) => return vec![Look::bad(WHAT, error.to_string())],
    };
    let (covered, missing): (Vec<_>, Vec<_>) = Script::LOOKED_FOR.into_iter().partition(|script| press.covers(*script));
    let names = |scripts: &[Script]| scripts.iter().map(|script| script.name()).collect::<Vec<_>>().join(", ");
    let mut looks = vec![Look::good(WHAT, format!("prints {}", names(&covered)))];
    let mut packages: BTreeMap<&str, Vec<Script>> = BTreeMap::new();
    for script in missing {
        packages.entry(script.package()).or_default().push(script);
    }
    for (package, scripts) in packages {
        let sentence = format!("has no font of {}: a certificate with such letters is not printed", names(&scripts));
        let help = match configuration.paper.fonts.as_slice() {
            [] => format!("apt install {package}"),
            _ => format!("put a font of them into a folder of `[paper] fonts`; the Debian package {package} has one"),
        };
        looks.push(Look::warning(WHAT, sentence).help(help));
    }
    looks
}
