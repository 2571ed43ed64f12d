//! A declaration to fill in.

/// A commented TOML file with one item; it reads as it stands.
pub const TEMPLATE: &str = r#"# How the goods of a certificate were made. It belongs to the application; no certificate shows it.
# Amounts and quantities are decimals in quotes: "1250.50". What you do not declare is not known: leave it out, and
# the rules that need it are reported as not judged.

# One table for each item of the certificate.
[[items]]
item = 1                        # its number on the form
# per = { value = "1000", unit = "H87" }   # the quantity all figures are for, in a unit of the item's quantity; absent:
#                                            the whole item

# What the goods are sold at, on which delivery term. Where the rule asks for another one, list every step between:
# inland_carriage, loading, freight, insurance, delivery, duty ("0" where a step costs nothing).
price = { value = "130000", currency = "USD", term = "CIF", adjustments = [
    { step = "freight", value = "8000" },
    { step = "insurance", value = "1200" },
] }

# Goods that come from one country alone: mined, harvested, live_animal, from_live_animal, hunted_or_fished,
# sea_fishing, factory_ship, waste, used_articles, solely_of_these.
# obtained = { kind = "mined", details = "Khewra mine" }

# Whether nothing was done but packing, sorting, simple assembly and the like.
minimal_operations_only = false
processes = [{ code = "CUT_AND_SEWN", description = "panels cut, printed, bonded" }]

# Set it to true when every material is listed: only then can a change of classification be judged.
materials_complete = true

# Every material. `origin` is "originating" (in the exporting country, by the agreement's rules), the two letters of
# another country, or "undetermined". A price without a term is one paid in the country of production.
[[items.materials]]
description = "Synthetic leather"
hs = { code = "590320", edition = "2022" }
origin = "undetermined"
price = { value = "40000", currency = "USD", term = "CIF" }

[[items.materials]]
description = "Bladders"
hs = { code = "401699", edition = "2022" }
origin = "CN"
price = { value = "9000", currency = "USD", term = "CIF" }
# Materials of another party count as originating where the agreement cumulates and a certificate shows it.
evidence = [{ kind = "certificate", reference = "P26470Z100010042", country = "CN" }]

[items.costs]
labour = { value = "30000", currency = "USD" }
overheads = { value = "12000", currency = "USD" }
profit = { value = "15000", currency = "USD" }
# ex_factory_cost = { value = "91000", currency = "USD" }   # all costs up to the gate, without profit, by the books

# The statement that materials and labour must add up to.
# [[cost_statements]]
# reference = "MCS-2026-0118"
# date = "2026-06-01"
# valid_until = "2027-05-31"
# verified_by = "Trade Development Authority"
# lines = [{ item = 1, materials = { value = "49000", currency = "USD" }, labour = { value = "30000", currency = "USD" } }]
"#;
