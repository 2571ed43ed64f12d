//! Kinds of package by UN/ECE Recommendation 21.

use super::{
    declare::{shown_as_text, text_member},
    error::CertificateError,
    finding::Finding,
    reader::quoted,
};
use std::str::FromStr;

/// A kind of package by its code of UN/ECE Recommendation 21, such as `CT` (carton). The whole list (some four
/// hundred codes) is not held: a well-formed code outside the codes in trade use is taken, and the reader says so.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PackageCode([u8; 2]);

/// The codes in trade use, with their names, in order.
const IN_USE: &[([u8; 2], &str)] = &[
    (*b"1A", "drum, steel"),
    (*b"1B", "drum, aluminium"),
    (*b"1D", "drum, plywood"),
    (*b"1G", "drum, fibre"),
    (*b"1W", "drum, wooden"),
    (*b"2C", "barrel, wooden"),
    (*b"3A", "jerrican, steel"),
    (*b"3H", "jerrican, plastic"),
    (*b"43", "bag, super bulk"),
    (*b"44", "bag, polybag"),
    (*b"4A", "box, steel"),
    (*b"4B", "box, aluminium"),
    (*b"4C", "box, natural wood"),
    (*b"4D", "box, plywood"),
    (*b"4F", "box, reconstituted wood"),
    (*b"4G", "box, fibreboard"),
    (*b"4H", "box, plastic"),
    (*b"5H", "bag, woven plastic"),
    (*b"5L", "bag, textile"),
    (*b"5M", "bag, paper"),
    (*b"6H", "composite packaging, plastic receptacle"),
    (*b"6P", "composite packaging, glass receptacle"),
    (*b"7A", "case, car"),
    (*b"7B", "case, wooden"),
    (*b"8A", "pallet, wooden"),
    (*b"8B", "crate, wooden"),
    (*b"8C", "bundle, wooden"),
    (*b"AA", "intermediate bulk container, rigid plastic"),
    (*b"AE", "aerosol"),
    (*b"AG", "pallet, shrinkwrapped"),
    (*b"AM", "ampoule, non-protected"),
    (*b"AP", "ampoule, protected"),
    (*b"BA", "barrel"),
    (*b"BB", "bobbin"),
    (*b"BC", "bottlecrate"),
    (*b"BD", "board"),
    (*b"BE", "bundle"),
    (*b"BG", "bag"),
    (*b"BH", "bunch"),
    (*b"BI", "bin"),
    (*b"BJ", "bucket"),
    (*b"BK", "basket"),
    (*b"BL", "bale, compressed"),
    (*b"BM", "basin"),
    (*b"BN", "bale, non-compressed"),
    (*b"BO", "bottle, non-protected, cylindrical"),
    (*b"BQ", "bottle, protected, cylindrical"),
    (*b"BR", "bar"),
    (*b"BT", "bolt"),
    (*b"BU", "butt"),
    (*b"BX", "box"),
    (*b"BY", "board, in bundle"),
    (*b"BZ", "bars, in bundle"),
    (*b"CA", "can, rectangular"),
    (*b"CC", "churn"),
    (*b"CG", "cage"),
    (*b"CH", "chest"),
    (*b"CI", "canister"),
    (*b"CK", "cask"),
    (*b"CL", "coil"),
    (*b"CM", "card"),
    (*b"CN", "container, not otherwise specified as transport equipment"),
    (*b"CO", "carboy, non-protected"),
    (*b"CP", "carboy, protected"),
    (*b"CQ", "cartridge"),
    (*b"CR", "crate"),
    (*b"CS", "case"),
    (*b"CT", "carton"),
    (*b"CU", "cup"),
    (*b"CX", "can, cylindrical"),
    (*b"CY", "cylinder"),
    (*b"CZ", "canvas"),
    (*b"DI", "drum, iron"),
    (*b"DJ", "demijohn, non-protected"),
    (*b"DP", "demijohn, protected"),
    (*b"DR", "drum"),
    (*b"EC", "bag, plastic"),
    (*b"ED", "case, with pallet base"),
    (*b"EN", "envelope"),
    (*b"FB", "flexibag"),
    (*b"FC", "crate, fruit"),
    (*b"FD", "crate, framed"),
    (*b"FE", "flexitank"),
    (*b"FL", "flask"),
    (*b"FR", "frame"),
    (*b"FX", "bag, flexible container"),
    (*b"GB", "bottle, gas"),
    (*b"GI", "girder"),
    (*b"GR", "receptacle, glass"),
    (*b"GY", "bag, gunny"),
    (*b"GZ", "girders, in bundle"),
    (*b"HG", "hogshead"),
    (*b"HN", "hanger"),
    (*b"HR", "hamper"),
    (*b"IH", "drum, plastic"),
    (*b"IN", "ingot"),
    (*b"IZ", "ingots, in bundle"),
    (*b"JB", "bag, jumbo"),
    (*b"JC", "jerrican, rectangular"),
    (*b"JG", "jug"),
    (*b"JR", "jar"),
    (*b"JT", "jutebag"),
    (*b"JY", "jerrican, cylindrical"),
    (*b"KG", "keg"),
    (*b"KI", "kit"),
    (*b"LG", "log"),
    (*b"LT", "lot"),
    (*b"LU", "lug"),
    (*b"LV", "liftvan"),
    (*b"LZ", "logs, in bundle"),
    (*b"MA", "crate, metal"),
    (*b"MB", "bag, multiply"),
    (*b"MS", "sack, multi-wall"),
    (*b"MT", "mat"),
    (*b"MX", "matchbox"),
    (*b"NE", "unpacked or unpackaged"),
    (*b"NF", "unpacked or unpackaged, single unit"),
    (*b"NG", "unpacked or unpackaged, multiple units"),
    (*b"NS", "nest"),
    (*b"NT", "net"),
    (*b"OT", "octabin"),
    (*b"PA", "packet"),
    (*b"PB", "pallet, box"),
    (*b"PC", "parcel"),
    (*b"PG", "plate"),
    (*b"PI", "pipe"),
    (*b"PJ", "punnet"),
    (*b"PK", "package"),
    (*b"PL", "pail"),
    (*b"PN", "plank"),
    (*b"PO", "pouch"),
    (*b"PP", "piece"),
    (*b"PR", "receptacle, plastic"),
    (*b"PT", "pot"),
    (*b"PU", "tray"),
    (*b"PV", "pipes, in bundle"),
    (*b"PX", "pallet"),
    (*b"PY", "plates, in bundle"),
    (*b"PZ", "planks, in bundle"),
    (*b"RD", "rod"),
    (*b"RG", "ring"),
    (*b"RK", "rack"),
    (*b"RL", "reel"),
    (*b"RO", "roll"),
    (*b"RZ", "rods, in bundle"),
    (*b"SA", "sack"),
    (*b"SB", "slab"),
    (*b"SC", "crate, shallow"),
    (*b"SD", "spindle"),
    (*b"SH", "sachet"),
    (*b"SI", "skid"),
    (*b"SK", "case, skeleton"),
    (*b"SL", "slipsheet"),
    (*b"SM", "sheetmetal"),
    (*b"SO", "spool"),
    (*b"SS", "case, steel"),
    (*b"ST", "sheet"),
    (*b"SU", "suitcase"),
    (*b"SW", "shrinkwrapped"),
    (*b"SX", "set"),
    (*b"SY", "sleeve"),
    (*b"SZ", "sheets, in bundle"),
    (*b"TB", "tub"),
    (*b"TC", "tea-chest"),
    (*b"TD", "tube, collapsible"),
    (*b"TG", "tank container, generic"),
    (*b"TI", "tierce"),
    (*b"TK", "tank, rectangular"),
    (*b"TN", "tin"),
    (*b"TR", "trunk"),
    (*b"TS", "truss"),
    (*b"TU", "tube"),
    (*b"TY", "tank, cylindrical"),
    (*b"TZ", "tubes, in bundle"),
    (*b"UN", "unit"),
    (*b"VA", "vat"),
    (*b"VG", "bulk, gas"),
    (*b"VI", "vial"),
    (*b"VL", "bulk, liquid"),
    (*b"VN", "vehicle"),
    (*b"VO", "bulk, solid, large particles"),
    (*b"VP", "vacuum-packed"),
    (*b"VQ", "bulk, liquefied gas"),
    (*b"VR", "bulk, solid, granular particles"),
    (*b"VS", "bulk, scrap metal"),
    (*b"VY", "bulk, solid, fine particles"),
    (*b"WA", "intermediate bulk container"),
    (*b"XA", "bag, woven plastic, without inner coat or liner"),
    (*b"XB", "bag, woven plastic, sift proof"),
    (*b"XC", "bag, woven plastic, water resistant"),
    (*b"XD", "bag, plastics film"),
    (*b"XJ", "bag, paper, multi-wall"),
    (*b"XK", "bag, paper, multi-wall, water resistant"),
    (*b"ZZ", "mutually defined"),
];

impl PackageCode {
    /// The code, two characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII letters and digits ever get in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Its name in English, if it is in trade use.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        let at = IN_USE.binary_search_by_key(&self.0, |(code, _)| *code).ok()?;
        IN_USE.get(at).map(|(_, name)| *name)
    }
}

impl FromStr for PackageCode {
    type Err = CertificateError;

    fn from_str(text: &str) -> Result<Self, CertificateError> {
        if let Ok(code) = <[u8; 2]>::try_from(text.as_bytes())
            && code.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        {
            return Ok(Self(code));
        }
        let why = format!("`{}` is not a package code of UN/ECE Recommendation 21, such as CT (carton)", quoted(text));
        let meant = match text.to_ascii_lowercase().as_str() {
            "carton" | "cartons" | "ctn" | "ctns" => "CT",
            "bag" | "bags" => "BG",
            "case" | "cases" => "CS",
            "sack" | "sacks" => "SA",
            "pallet" | "pallets" => "PX",
            "drum" | "drums" => "DR",
            "bale" | "bales" => "BL",
            "roll" | "rolls" => "RO",
            "box" | "boxes" => "BX",
            "bulk" => "VR",
            _ => return Err(CertificateError::code("PACKAGE_CODE", why)),
        };
        Err(CertificateError::code_with_help("PACKAGE_CODE", why, format!("did you mean `{meant}`?")))
    }
}

shown_as_text!(PackageCode);
text_member!(PackageCode, serde_json::json!({"type": "string", "pattern": "^[A-Z0-9]{2}$"}), remark: |package: &Self| {
    package.name().is_none().then(|| {
        Finding::unknown("PACKAGE_CODE_UNKNOWN", "", format!("`{package}` is not among the kinds of package in trade use held here; check it against UN/ECE Recommendation 21"))
    })
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_so_that_every_code_is_found() {
        assert!(IN_USE.is_sorted());
        for (code, name) in IN_USE {
            let text = std::str::from_utf8(code).unwrap();
            assert_eq!(text.parse::<PackageCode>().unwrap().name(), Some(*name));
        }
    }

    #[test]
    fn a_word_is_refused_and_its_code_is_named() {
        let Err(CertificateError::Code { help, .. }) = "cartons".parse::<PackageCode>() else { panic!("a word") };
        assert_eq!(help.as_deref(), Some("did you mean `CT`?"));
        for bad in ["", "C", "ct", "CTN", "C "] {
            assert!(bad.parse::<PackageCode>().is_err(), "{bad}");
        }
        assert_eq!("QQ".parse::<PackageCode>().unwrap().name(), None);
    }
}
