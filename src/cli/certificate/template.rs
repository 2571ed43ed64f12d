//! `origin certificate template`: a commented file to fill in.

use crate::{
    certificate::AgreementCode,
    cli::{
        Outcome, agreements, arguments,
        console::{Console, Exit, Failure},
        files,
    },
};
use std::{path::PathBuf, process::ExitCode};

/// Print a commented file to fill in for an agreement
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The agreement's code, such as CPFTA, COMESA or NONPREF
    #[arg(long, value_name = "CODE", value_parser = arguments::agreement)]
    agreement: AgreementCode,
    /// Folder of agreement files [default: those that come with the program]
    #[arg(long, value_name = "DIR")]
    agreements: Option<PathBuf>,
    /// Where the file goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let agreements = agreements::load(self.agreements.as_deref())?;
        let Some(agreement) = agreements.get(&self.agreement) else {
            let known = agreements.iter().map(|one| one.code.to_string()).collect::<Vec<_>>();
            let failure = Failure::new(Exit::Failed, format!("there is no agreement `{}` here", self.agreement))
                .note(format!("known are {}", known.join(", ")));
            let near = known.iter().map(|code| (strsim::damerau_levenshtein(code, self.agreement.as_str()), code));
            let near = near.filter(|(distance, _)| *distance <= 2).min().map(|(_, code)| code);
            return Err(match near {
                Some(code) => failure.help(format!("origin certificate template --agreement {code}")),
                None => failure,
            });
        };
        files::deliver(console, self.output.as_deref(), agreement.template().as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }
}
