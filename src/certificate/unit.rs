//! Units of measure by UN/ECE Recommendation 20.

use super::{
    declare::{shown_as_text, text_member},
    error::CertificateError,
    finding::Finding,
    package::PackageCode,
    reader::quoted,
};
use std::str::FromStr;

/// A unit by its common code of UN/ECE Recommendation 20, such as `KGM`. The whole list (some two thousand
/// codes) is not held: a well-formed code outside the codes in trade use is taken, and the reader says so.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitCode(String);

/// The codes in trade use, with their names, in order.
const IN_USE: &[(&str, &str)] = &[
    ("5B", "batch"),
    ("ACR", "acre"),
    ("ANN", "year"),
    ("APZ", "troy ounce"),
    ("ASM", "alcoholic strength by mass"),
    ("ASV", "alcoholic strength by volume"),
    ("BFT", "board foot"),
    ("BLL", "barrel (US)"),
    ("BUA", "bushel (US)"),
    ("BUI", "bushel (UK)"),
    ("C62", "one"),
    ("CCT", "carrying capacity in metric ton"),
    ("CEN", "hundred"),
    ("CGM", "centigram"),
    ("CLT", "centilitre"),
    ("CMK", "square centimetre"),
    ("CMQ", "cubic centimetre"),
    ("CMT", "centimetre"),
    ("CNP", "hundred pack"),
    ("CTM", "metric carat"),
    ("CWA", "hundred pound (cwt)"),
    ("CWI", "hundredweight (UK)"),
    ("DAY", "day"),
    ("DLT", "decilitre"),
    ("DMK", "square decimetre"),
    ("DMQ", "cubic decimetre"),
    ("DMT", "decimetre"),
    ("DPC", "dozen piece"),
    ("DPR", "dozen pair"),
    ("DRL", "dozen roll"),
    ("DTN", "decitonne"),
    ("DWT", "pennyweight"),
    ("DZN", "dozen"),
    ("DZP", "dozen pack"),
    ("EA", "each"),
    ("FOT", "foot"),
    ("FTK", "square foot"),
    ("FTQ", "cubic foot"),
    ("GFI", "gram of fissile isotope"),
    ("GGR", "great gross"),
    ("GLI", "gallon (UK)"),
    ("GLL", "gallon (US)"),
    ("GRM", "gram"),
    ("GRN", "grain"),
    ("GRO", "gross"),
    ("GWH", "gigawatt hour"),
    ("H87", "piece"),
    ("HAR", "hectare"),
    ("HD", "half dozen"),
    ("HGM", "hectogram"),
    ("HLT", "hectolitre"),
    ("HPA", "hectolitre of pure alcohol"),
    ("HUR", "hour"),
    ("INH", "inch"),
    ("INK", "square inch"),
    ("INQ", "cubic inch"),
    ("KGM", "kilogram"),
    ("KHY", "kilogram of hydrogen peroxide"),
    ("KJO", "kilojoule"),
    ("KMA", "kilogram of methylamine"),
    ("KMK", "square kilometre"),
    ("KMT", "kilometre"),
    ("KNI", "kilogram of nitrogen"),
    ("KNS", "kilogram of named substance"),
    ("KPH", "kilogram of potassium hydroxide"),
    ("KPO", "kilogram of potassium oxide"),
    ("KPP", "kilogram of phosphorus pentoxide"),
    ("KSD", "kilogram of substance 90 % dry"),
    ("KSH", "kilogram of sodium hydroxide"),
    ("KTN", "kilotonne"),
    ("KUR", "kilogram of uranium"),
    ("KVA", "kilovolt ampere"),
    ("KWH", "kilowatt hour"),
    ("KWT", "kilowatt"),
    ("LBR", "pound"),
    ("LBT", "troy pound (US)"),
    ("LEF", "leaf"),
    ("LO", "lot"),
    ("LPA", "litre of pure alcohol"),
    ("LTN", "ton (UK) or long ton (US)"),
    ("LTR", "litre"),
    ("MAL", "megalitre"),
    ("MAW", "megawatt"),
    ("MBF", "thousand board foot"),
    ("MGM", "milligram"),
    ("MIL", "thousand"),
    ("MIO", "million"),
    ("MLD", "milliard"),
    ("MLT", "millilitre"),
    ("MMK", "square millimetre"),
    ("MMQ", "cubic millimetre"),
    ("MMT", "millimetre"),
    ("MON", "month"),
    ("MTK", "square metre"),
    ("MTQ", "cubic metre"),
    ("MTR", "metre"),
    ("MWH", "megawatt hour"),
    ("NAR", "number of articles"),
    ("NCL", "number of cells"),
    ("NIU", "number of international units"),
    ("NMP", "number of packs"),
    ("NPR", "number of pairs"),
    ("NRL", "number of rolls"),
    ("NT", "net ton"),
    ("ONZ", "ounce (avoirdupois)"),
    ("OZA", "fluid ounce (US)"),
    ("OZI", "fluid ounce (UK)"),
    ("P1", "percent"),
    ("PR", "pair"),
    ("PTD", "dry pint (US)"),
    ("PTI", "pint (UK)"),
    ("PTL", "liquid pint (US)"),
    ("QTD", "dry quart (US)"),
    ("QTI", "quart (UK)"),
    ("QTL", "liquid quart (US)"),
    ("RM", "ream"),
    ("SCO", "score"),
    ("SET", "set"),
    ("SMI", "mile (statute mile)"),
    ("ST", "sheet"),
    ("STI", "stone (UK)"),
    ("STN", "ton (US) or short ton (UK)"),
    ("TIC", "metric ton, including container"),
    ("TIP", "metric ton, including inner packaging"),
    ("TKM", "tonne kilometre"),
    ("TNE", "tonne (metric ton)"),
    ("TPR", "ten pair"),
    ("TSD", "tonne of substance 90 % dry"),
    ("TST", "ten set"),
    ("WCD", "cord"),
    ("WEE", "week"),
    ("WTT", "watt"),
    ("YDK", "square yard"),
    ("YDQ", "cubic yard"),
    ("YRD", "yard"),
];

/// Those of them that count what has no parts, and of which others are multiples.
const COUNTED: [&str; 5] = ["H87", "NMP", "NRL", "PR", "SET"];

impl UnitCode {
    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its name in English, if it is in trade use. A package counted as a unit is `X` and its code of
    /// Recommendation 21 (Recommendation 20, annex on packages).
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        if let Some(package) = self.package() {
            return package.parse::<PackageCode>().ok()?.name();
        }
        let at = IN_USE.binary_search_by_key(&self.0.as_str(), |(code, _)| code).ok()?;
        IN_USE.get(at).map(|(_, name)| *name)
    }

    /// The units that count what has no parts, with this one where it counts packages; what converts into one of them
    /// counts it too.
    pub fn counted(&self) -> impl Iterator<Item = Self> {
        let package = self.package().map(|_| self.clone());
        COUNTED.iter().map(|code| Self((*code).to_owned())).chain(package)
    }

    fn package(&self) -> Option<&str> {
        self.0.strip_prefix('X').filter(|package| package.len() == 2)
    }
}

impl FromStr for UnitCode {
    type Err = CertificateError;

    fn from_str(text: &str) -> Result<Self, CertificateError> {
        let form = (2..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if form {
            return Ok(Self(text.to_owned()));
        }
        let why = format!("`{}` is not a unit code of UN/ECE Recommendation 20, such as KGM", quoted(text));
        Err(match meant(text) {
            Some(meant) => CertificateError::code_with_help("UNIT_CODE", why, format!("did you mean `{meant}`?")),
            None => CertificateError::code("UNIT_CODE", why),
        })
    }
}

/// The code of what people write for a unit.
fn meant(written: &str) -> Option<&'static str> {
    Some(match written.to_ascii_lowercase().as_str() {
        "kg" | "kgs" | "kilogram" | "kilograms" => "KGM",
        "t" | "mt" | "ton" | "tons" | "tonne" | "tonnes" => "TNE",
        "g" | "gr" | "gram" | "grams" => "GRM",
        "l" | "lt" | "litre" | "litres" | "liter" | "liters" => "LTR",
        "pc" | "pcs" | "piece" | "pieces" => "H87",
        "prs" | "pair" | "pairs" => "PR",
        "sets" => "SET",
        "m" | "metre" | "metres" | "meter" | "meters" => "MTR",
        "m2" | "m²" | "sqm" => "MTK",
        "m3" | "m³" | "cbm" => "MTQ",
        "dz" | "doz" | "dozen" => "DZN",
        _ => return None,
    })
}

shown_as_text!(UnitCode);
text_member!(UnitCode, serde_json::json!({"type": "string", "pattern": "^[A-Z0-9]{2,3}$"}), remark: |unit: &Self| {
    let message = format!("`{unit}` is not among the units in trade use held here; check it against UN/ECE Recommendation 20");
    let finding = || Finding::unknown("UNIT_CODE_UNKNOWN", "", message);
    unit.name().is_none().then(|| match meant(unit.as_str()) {
        Some(meant) => finding().with_help(format!("did you mean `{meant}`?")),
        None => finding(),
    })
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_so_that_every_code_is_found() {
        assert!(IN_USE.is_sorted());
        for (code, name) in IN_USE {
            assert_eq!(code.parse::<UnitCode>().unwrap().name(), Some(*name));
        }
    }

    #[test]
    fn a_package_counts_as_a_unit_behind_an_x() {
        assert_eq!("XCT".parse::<UnitCode>().unwrap().name(), Some("carton"));
        assert_eq!("XQQ".parse::<UnitCode>().unwrap().name(), None);
    }

    #[test]
    fn what_has_no_parts_is_counted_in_pieces_pairs_sets_packs_rolls_and_packages() {
        let counted = |code: &str| code.parse::<UnitCode>().unwrap().counted().map(|one| one.0).collect::<Vec<_>>();
        assert_eq!(counted("KGM"), COUNTED);
        assert_eq!(counted("XCT").last().unwrap(), "XCT");
        assert!(COUNTED.iter().all(|code| IN_USE.iter().any(|(used, _)| used == code)));
    }

    #[test]
    fn what_people_write_is_refused_and_the_code_is_named() {
        for (written, code) in [("kg", "KGM"), ("pcs", "H87"), ("Tonnes", "TNE")] {
            let Err(CertificateError::Code { help, .. }) = written.parse::<UnitCode>() else { panic!("{written}") };
            assert_eq!(help, Some(format!("did you mean `{code}`?")));
        }
        for bad in ["", "K", "KGMS", "kgm", "K M"] {
            assert!(bad.parse::<UnitCode>().is_err(), "{bad}");
        }
    }
}
