//! The shipped agreements and certificates to judge, for the tests of this room.

use super::{Agreement, Agreements, Holidays, Judgement};
use crate::{certificate::Particulars, time::Date};

pub(super) const CPFTA: &str = include_str!("../../node-config/agreements/cpfta.toml");
pub(super) const COMESA: &str = include_str!("../../node-config/agreements/comesa.toml");
pub(super) const NONPREF: &str = include_str!("../../node-config/agreements/nonpreferential.toml");
pub(super) const CPFTA_RULES: &str = include_str!("../../node-config/agreements/cpfta.rules.toml");
pub(super) const COMESA_RULES: &str = include_str!("../../node-config/agreements/comesa.rules.toml");

pub(super) fn shipped() -> Agreements {
    let files = [("cpfta.toml", CPFTA), ("comesa.toml", COMESA), ("nonpreferential.toml", NONPREF)];
    Agreements::load(files).unwrap_or_else(|errors| panic!("{errors}"))
}

pub(super) fn agreement(code: &str) -> Agreement {
    shipped().get(&code.parse().unwrap()).unwrap().clone()
}

/// CPFTA with one line of its file replaced.
pub(super) fn cpfta_with(line: &str, replacement: &str) -> Agreement {
    assert!(CPFTA.contains(line), "{line}");
    let changed = Agreements::load([("cpfta.toml", CPFTA.replacen(line, replacement, 1))]);
    changed.unwrap_or_else(|errors| panic!("{errors}")).get(&"CPFTA".parse().unwrap()).unwrap().clone()
}

impl Agreement {
    /// Judges where no holidays are held.
    pub(super) fn judged(&self, particulars: &Particulars, issued_on: Date) -> Judgement {
        self.judge(particulars, issued_on, &Holidays::none())
    }
}

pub(super) fn particulars(toml: &str) -> Particulars {
    Particulars::from_toml(toml).unwrap_or_else(|findings| panic!("{findings}\n{toml}"))
}

/// Footballs from Sialkot to Shanghai, as a back office brings them.
pub(super) const FOOTBALLS: &str = r#"
agreement = "CPFTA"
from = "PK"
to = "CN"

[reference]
place = { name = "Lahore" }
office = { code = "LHE", body = "Trade Development Authority of Pakistan" }

[exporter.party]
name = "Chenab Sports (Pvt) Ltd"
address = ["Daska Road, Sialkot"]
country = "PK"

[consignee.party]
name = "Shanghai Yuhe Sporting Goods Co Ltd"
address = ["Pudong, Shanghai"]
country = "CN"

[producer]
same = true

[transport]
departure = { planned = "2026-11-18" }

[[goods.items]]
number = 1
description = "Footballs, inflatable, size 5"
marks = "YUHE/SHA/1-420"
packages = [{ count = 420, kind = "CT" }]
hs = { code = "950662", edition = "2022" }
criterion = { code = "VALUE_CONTENT", percentage = { exact = "64.9", basis = "cumulative" } }
quantities = [{ value = "16800", unit = "H87" }]
gross_weight = { value = "8190", unit = "KGM" }

[commercial]
invoices = [{ number = "CS-2611-77", date = "2026-11-10" }]
item_values = [{ item = 1, basis = "fob", amount = { value = "142800.00", currency = "USD" } }]
"#;

/// Soap from Nairobi to Lusaka through Tanzania.
pub(super) const SOAP: &str = r#"
agreement = "COMESA"
from = "KE"
to = "ZM"

[application]
received_on = "2026-11-15"

[reference]
place = { name = "Nairobi" }
office = { code = "NBO", body = "Kenya Revenue Authority" }

[exporter]
party = { name = "Athi Home Care Ltd", address = ["Athi River"], country = "KE" }
registration = { number = "ROO 00000" }

[consignee.party]
name = "Copperline Distributors Ltd"
address = ["Lusaka"]
country = "ZM"

[transport]
departure = { planned = "2026-11-20" }

[[goods.items]]
number = 1
description = "Toilet soap bars 125 g"
packages = [{ count = 1500, kind = "CT" }]
hs = { code = "340111", edition = "2022" }
criterion = { code = "VALUE_ADDED", percentage = { exact = "38" } }
gross_weight = { value = "20250", unit = "KGM" }

[commercial]
invoices = [{ number = "AHC-9914", date = "2026-11-14" }]
"#;

/// A crusher from Ningbo to Alexandria.
pub(super) const CRUSHER: &str = r#"
agreement = "NONPREF"
from = "CN"
to = "EG"

[reference]
number = "C26470Z100010042"
place = { name = "Ningbo" }
office = { code = "NGB", body = "CCPIT" }

[exporter.party]
name = "Ningbo Haichuang Heavy Machinery Co Ltd"
address = ["Ningbo"]
country = "CN"

[consignee]
to_order = true

[[goods.items]]
number = 1
description = "Jaw crusher PE-600x900 with spare parts"
packages = [{ count = 6, kind = "CS" }]
hs = { code = "847420", edition = "2022" }
origin = "CN"
quantities = [{ value = "2", unit = "SET" }]
gross_weight = { value = "34800", unit = "KGM" }

[commercial]
invoices = [{ number = "HC2610-88", date = "2026-10-18" }]
"#;
