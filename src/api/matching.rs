//! Import declarations held against certificates, as the wire shows them.

use super::ApiError;
use super::applications::{missing, text};
use super::arrivals::arrival;
use super::convert;
use super::customs::{balance, each, import_declaration, measure, named, notice, optional, positive};
use super::wire::origin::v1 as wire;
use crate::agreement::{Declared, DeclaredLine, Difference, Weight};
use crate::workflow::{MatchWish, Matched};
use std::collections::BTreeSet;

/// Lines of one declaration at most.
pub(super) const LINES_MAX: usize = 50;

/// What is to be held against a certificate.
pub(super) fn wish(asked: wire::MatchDeclarationRequest) -> Result<MatchWish, ApiError> {
    if asked.lines.is_empty() || asked.lines.len() > LINES_MAX {
        return Err(missing("lines", "are 1 to 50"));
    }
    let declaration = asked.declaration.ok_or_else(|| missing("declaration", "the declaration is needed"))?;
    let declaration = import_declaration(declaration)?;
    Ok(MatchWish {
        certificate: named(asked.certificate)?,
        issued_on: asked.issued_on.map(|day| convert::date("issued_on", &day)).transpose()?,
        declared: Declared {
            date: declaration.date,
            hs_edition: None,
            country_of_export: optional("country_of_export", &asked.country_of_export)?,
            importer: text("importer", &asked.importer)?,
            lines: lines(&asked.lines)?,
        },
        declaration,
    })
}

/// The lines, each with a number of its own: what is said of a line is said by its number.
fn lines(wire: &[wire::DeclarationLine]) -> Result<Vec<DeclaredLine>, ApiError> {
    let lines = each("lines", wire, line)?;
    let mut seen = BTreeSet::new();
    match lines.iter().position(|one| !seen.insert(one.line)) {
        None => Ok(lines),
        Some(at) => Err(missing("line", "is the number of a line before: each has its own").of_entry("lines", at)),
    }
}

fn line(line: &wire::DeclarationLine) -> Result<DeclaredLine, ApiError> {
    Ok(DeclaredLine {
        line: line.line,
        item: positive(line.item),
        tariff_code: optional("tariff_code", &line.tariff_code)?,
        description: text("description", &line.description)?,
        origin: optional("origin", &line.origin)?,
        quantity: measure(("quantity", &line.quantity), ("quantity_unit", &line.quantity_unit))?,
        gross_weight: measure(("gross_weight", &line.gross_weight), ("gross_weight_unit", &line.gross_weight_unit))?,
        net_weight: measure(("net_weight", &line.net_weight), ("net_weight_unit", &line.net_weight_unit))?,
        invoice: text("invoice", &line.invoice)?,
        marks: text("marks", &line.marks)?,
        packages: positive(line.packages),
    })
}

/// What came of it.
pub(super) fn answer(matched: Matched) -> wire::MatchDeclarationResponse {
    let Some(found) = matched.arrival else {
        return wire::MatchDeclarationResponse {
            notices: matched.notices.into_iter().map(notice).collect(),
            papers: matched.papers.iter().map(super::continuity::paper).collect(),
            ..wire::MatchDeclarationResponse::default()
        };
    };
    wire::MatchDeclarationResponse {
        found: true,
        arrival: Some(arrival(&found)),
        differences: matched.matching.differences.into_iter().map(difference).collect(),
        notices: matched.notices.into_iter().map(notice).collect(),
        balance: matched.balance.into_iter().map(balance).collect(),
        items: matched.matching.items.into_iter().map(Option::unwrap_or_default).collect(),
        papers: Vec::new(),
    }
}

fn difference(one: Difference) -> wire::Difference {
    let weight = match one.weight {
        Weight::Minor => wire::Weight::Minor,
        Weight::Material => wire::Weight::Material,
        Weight::Unknown => wire::Weight::Unknown,
    };
    wire::Difference {
        line: one.line.unwrap_or_default(),
        item: one.item.unwrap_or_default(),
        subject: one.subject.to_string(),
        certificate: one.certificate,
        declaration: one.declaration,
        weight: weight.into(),
        article: one.article.unwrap_or_default(),
        confirmed: one.confirmed,
        words: one.words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program that sends many lines is told which of them, and which of its fields.
    #[test]
    fn what_is_wrong_with_a_line_is_said_of_that_line_and_a_unit_is_its_own_field() {
        let good = wire::DeclarationLine {
            line: 1,
            tariff_code: "250100".to_owned(),
            quantity: "1".to_owned(),
            quantity_unit: "TNE".to_owned(),
            ..wire::DeclarationLine::default()
        };
        let refused = |wrong: wire::DeclarationLine| {
            let lines = vec![good.clone(), good.clone(), good.clone(), wrong];
            match each("lines", &lines, line) {
                Err(ApiError::Member { path, .. }) => path,
                other => panic!("{other:?}"),
            }
        };
        for (wrong, field) in [
            (wire::DeclarationLine { tariff_code: "25".to_owned(), ..good.clone() }, "lines[3].tariff_code"),
            (wire::DeclarationLine { quantity: "one".to_owned(), ..good.clone() }, "lines[3].quantity"),
            (wire::DeclarationLine { quantity_unit: "TON?".to_owned(), ..good.clone() }, "lines[3].quantity_unit"),
            (
                wire::DeclarationLine { net_weight: "1".to_owned(), net_weight_unit: "kg".to_owned(), ..good.clone() },
                "lines[3].net_weight_unit",
            ),
        ] {
            assert_eq!(refused(wrong), field);
        }
        let unknown = wire::DeclarationLine { tariff_code: String::new(), ..good.clone() };
        assert_eq!(line(&unknown).unwrap().tariff_code, None, "what is not known is left empty");
        let second = wire::DeclarationLine { line: 2, ..good.clone() };
        assert_eq!(lines(&[good.clone(), second.clone()]).unwrap().len(), 2);
        let twice = lines(&[good.clone(), good, second]);
        assert!(matches!(twice, Err(ApiError::Member { path, .. }) if path == "lines[1].line"));
        let containers = each("containers", &["x", "y"], |_| Err::<(), _>(missing("", "is none")));
        assert!(matches!(containers, Err(ApiError::Member { path, .. }) if path == "containers[0]"));
    }
}
