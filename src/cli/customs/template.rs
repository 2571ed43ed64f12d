//! `origin customs template`: commented files to fill in.

use crate::cli::{Outcome, console::Console, files};
use clap::ValueEnum;
use std::{path::PathBuf, process::ExitCode};

/// A declaration, for `match` and `write-off`.
pub(super) const DECLARATION: &str = "\
# An import declaration and the certificate that was shown with it.
#   origin customs match FILE                          what differs, line by line; nothing is stored
#   origin customs write-off CERTIFICATE --file FILE   writes off what the lines import
# What is not known is left empty. Decimals are texts, units are codes of UN/ECE Recommendation 20.

# The certificate number, or the statement's identifier.
certificate = \"\"
# Its issuer, such as tdap.gov.pk; needed only where two have given the same number.
issuer = \"\"
# The date of issue that the certificate bears, YYYY-MM-DD.
issued_on = \"\"
# Who imports, and the country the goods were sent from (ISO 3166-1, two letters).
importer = \"\"
country_of_export = \"\"

[declaration]
number = \"\"
date = \"\"
# The customs office, by the code its country gives it.
office = \"\"

# One block a line, at most 50.
[[lines]]
line = 1
# The item of the certificate it belongs to; 0 where that is to be found.
item = 0
# 6 to 10 digits, with points or without.
tariff_code = \"\"
description = \"\"
# The country of origin, two letters.
origin = \"\"
quantity = { value = \"\", unit = \"KGM\" }
gross_weight = { value = \"\", unit = \"KGM\" }
net_weight = { value = \"\", unit = \"KGM\" }
# The number of the invoice.
invoice = \"\"
# Marks and numbers on the packages, and how many packages there are; 0 where that is not said.
marks = \"\"
packages = 0
";

/// Decisions, for `decide`.
pub(super) const DECISIONS: &str = "\
# What customs decide on the items of a certificate.
#   origin customs decide CERTIFICATE --file FILE
# Codes: RECEIVED, INCOMPLETE_DATA, ACCEPTED_FOR_CLAIM, NOT_UTILISED, PREFERENCE_SUSPENDED, PREFERENCE_DENIED,
# RETURNED_FOR_RECTIFICATION, DIVERTED, NO_REPLY. What is imported is written off instead: origin customs write-off.
# To suspend, to deny and to return need a reason, and other codes have none; `origin customs decide --help` lists them.

remarks = \"\"

# Empty where the certificate was not shown with a declaration.
[declaration]
number = \"\"
date = \"\"
office = \"\"

# One block an item, or one for each line it stands on; item 0 is the whole certificate, and stands alone.
[[decisions]]
item = 1
# The line of the declaration; 0 where it does not matter.
line = 0
code = \"PREFERENCE_DENIED\"
reason = \"NOT_ORIGINATING\"
# The article it rests on.
basis = \"\"
words = \"\"
";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Of {
    /// An import declaration, to match and to write off
    Declaration,
    /// Decisions on items
    Decisions,
}

/// Print a commented file to fill in: a declaration, or decisions
#[derive(Debug, clap::Args)]
pub(super) struct Template {
    /// Of what
    #[arg(value_enum, value_name = "WHAT", default_value = "declaration")]
    of: Of,
    /// Where the file goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Template {
    pub(super) fn run(self, console: Console) -> Outcome {
        let text = match self.of {
            Of::Declaration => DECLARATION,
            Of::Decisions => DECISIONS,
        };
        files::deliver(console, self.output.as_deref(), text.as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }
}
