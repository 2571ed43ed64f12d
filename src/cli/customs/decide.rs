//! `origin customs decide`: what an officer decides on the items of a certificate.

use super::{
    decisions::{self, Coded, DecisionsFile, OfItems, Said},
    declaration::Declared,
    named::Named,
    shown::{notice_lines, notices_described, waits},
};
use crate::{
    api::client::{wire, within_deadline},
    cli::{
        Outcome, arguments,
        certificate::Request,
        console::{Colour, Console},
        files::Source,
        forms,
    },
    statement::Jti,
};
use serde_json::json;
use std::process::ExitCode;

/// Decide on items of a certificate, or on the whole; a denial waits for a supervisor, who is another person, and so does
/// what would take the place of one
///
/// Codes: RECEIVED, INCOMPLETE_DATA, ACCEPTED_FOR_CLAIM, NOT_UTILISED, PREFERENCE_SUSPENDED, PREFERENCE_DENIED,
/// RETURNED_FOR_RECTIFICATION, DIVERTED, NO_REPLY. What is imported is written off instead: origin customs write-off.
///
/// Reasons, which to suspend, to deny and to return need, and which stand with no other code (but NO_REPLY_IN_TIME with
/// NO_REPLY, and INSUFFICIENT_INFORMATION with INCOMPLETE_DATA): NOT_ORIGINATING, PRODUCT_NOT_ELIGIBLE, CRITERION_WRONG,
/// HS_MISMATCH, CERTIFICATE_EXPIRED, CERTIFICATE_WITHDRAWN, SIGNATORY_NOT_LISTED, SIGNATURE_INVALID,
/// CERTIFICATE_ALTERED, ALREADY_USED, RETROSPECTIVE_NOT_ENDORSED, BACK_TO_BACK_EXCEEDED, DIRECT_CONSIGNMENT_NOT_SHOWN,
/// THIRD_PARTY_INVOICE_UNDISCLOSED, GOODS_DIFFER, INSUFFICIENT_INFORMATION, NO_REPLY_IN_TIME, ISSUER_DISOWNS,
/// VISIT_REFUSED, SCHEME_NOT_IN_FORCE, NOT_FOUND_IN_EXCHANGE, RANDOM_CHECK, REASONABLE_DOUBT, OTHER.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("decided").required(true).args(["items", "whole", "file"]))]
pub(super) struct Decide {
    #[command(flatten)]
    named: Named,
    /// A decision on items, such as `2=PREFERENCE_DENIED:NOT_ORIGINATING` or `1,3-5=RECEIVED`; `@3` behind it names
    /// line 3 of the declaration, and an item on several lines is decided line by line. May be given several times
    #[arg(long = "item", value_name = "ITEMS=CODE[:REASON]")]
    items: Vec<OfItems>,
    /// A decision on the whole certificate
    #[arg(long, value_name = "CODE[:REASON]")]
    whole: Option<Coded>,
    /// The article the decisions rest on; with `2=` before it, that of item 2 alone
    #[arg(long, value_name = "[ITEM=]TEXT")]
    basis: Vec<Said>,
    /// Further words; with `2=` before them, on item 2 alone
    #[arg(long, value_name = "[ITEM=]TEXT")]
    words: Vec<Said>,
    /// Decisions from a file, as `origin customs template decisions` prints it; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["basis", "words"])]
    file: Option<Source>,
    /// The enquiry that it follows, by its identifier; needed with NO_REPLY and with the reason NO_REPLY_IN_TIME
    #[arg(long, value_name = "JTI", value_parser = arguments::jti)]
    enquiry: Option<Jti>,
    /// Accept a claim though the certificate stands past the closing of the key that signed it: you know otherwise that it is
    /// good, and say so to its issuer with --remarks
    #[arg(long, requires = "remarks")]
    despite_closed_key: bool,
    /// Accept a claim though the certificate stands in the place of one that was used or decided against here: you know that
    /// this claim is another, and say so to its issuer with --remarks
    #[arg(long, requires = "remarks")]
    despite_predecessor: bool,
    /// Anything else the issuer should know
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    remarks: String,
    #[command(flatten)]
    declared: Declared,
    #[command(flatten)]
    request: Request,
}

impl Decide {
    pub(super) fn run(self, console: Console) -> Outcome {
        let (mut declaration, mut remarks) = (self.declared.to_wire(), self.remarks);
        let decisions = match &self.file {
            Some(source) => {
                let file = forms::read::<DecisionsFile>(source)?;
                let decisions = file.decisions()?;
                declaration = declaration.or(file.declaration.into_wire());
                if remarks.is_empty() {
                    remarks = file.remarks;
                }
                decisions
            }
            None => decisions::of_flags(&self.items, self.whole, &self.basis, &self.words)?,
        };
        let (named, many) = (&self.named, decisions.len());
        let answer = self.request.ask(console, async |connection, request_id| {
            let certificate = Some(named.to_wire());
            let request = wire::DecideItemsRequest {
                request_id,
                certificate,
                declaration,
                decisions,
                remarks,
                enquiry: self.enquiry.map(|jti| jti.to_string()).unwrap_or_default(),
                despite_closed_key: self.despite_closed_key,
                despite_predecessor: self.despite_predecessor,
            };
            connection.customs().decide_items(within_deadline(request)).await
        })?;
        if console.is_json() {
            console.data(json!({
                "act": answer.act, "jti": answer.jti, "awaits_release": answer.awaits_release,
                "notices": notices_described(&answer.notices),
            }));
        } else {
            let told = || format!("told to the issuer by statement {}", answer.jti);
            let became = if answer.awaits_release { waits(console, many) } else { told() };
            console.data(format!("act {}  {became}", answer.act));
            notice_lines(console, &answer.notices);
        }
        if answer.awaits_release {
            let (typed, act) = (named.typed(), answer.act);
            let help = console.paint_message(Colour::Green, "help:");
            console.message(format!("{help} another person releases it: origin customs release {typed} --act {act}"));
        }
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        decide: Decide,
    }

    fn decide(more: &[&str]) -> Result<Decide, String> {
        let begin = ["x", "260000001", "--node", "localhost:1", "--token-file", "t"];
        let line = Line::try_parse_from(begin.iter().chain(more));
        line.map(|line| line.decide).map_err(|error| error.to_string())
    }

    #[test]
    fn who_decides_nothing_is_told_every_way_to_and_one_of_them_is_taken() {
        let none = decide(&[]).unwrap_err();
        for way in ["--item <", "--whole <", "--file <"] {
            assert!(none.contains(way), "{none}");
        }
        assert_eq!(decide(&["--item", "1=received", "--item", "2=diverted"]).unwrap().items.len(), 2);
        for two in [["--item", "1=received", "--whole", "received"], ["--whole", "received", "--file", "f.toml"]] {
            assert!(decide(&two).unwrap_err().contains("cannot be used with"), "{two:?}");
        }
    }

    #[test]
    fn the_enquiry_that_a_decision_follows_is_named_in_small_letters_too() {
        let with = |enquiry| decide(&["--whole", "no-reply", "--enquiry", enquiry]);
        let named = with("01kb3d9m8000000000000000ab").unwrap().enquiry.map(|jti| jti.to_string());
        assert_eq!(named.as_deref(), Some("01KB3D9M8000000000000000AB"));
        assert!(with("SH-9").unwrap_err().contains("not a statement identifier"));
    }
}
