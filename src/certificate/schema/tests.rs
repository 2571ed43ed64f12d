use super::super::{
    AgreementCode, BoxNumber, CertificateNumber, CriterionCode, EditionCode, Language, Locode, Particulars, Sha256,
    TariffCode, UnitCode,
    particulars::tests::{damaged, samples},
};
use super::*;
use proptest::prelude::*;
use regex::Regex;
use std::{path::Path, str::FromStr};

/// Why a value does not fit a schema: the keywords `schema.rs` writes, and no other.
fn fits(schema: &Value, value: &Value, root: &Value) -> Result<(), String> {
    let schema = schema.as_object().unwrap();
    for (keyword, rule) in schema {
        let good = match keyword.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" | "format" | "required" => true,
            "$ref" => {
                let name = rule.as_str().unwrap().strip_prefix('#').unwrap();
                fits(root.pointer(name).unwrap(), value, root)?;
                true
            }
            "type" => match rule.as_str().unwrap() {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "boolean" => value.is_boolean(),
                "integer" => value.is_u64() || value.is_i64(),
                "null" => value.is_null(),
                other => panic!("type {other}"),
            },
            "anyOf" => rule.as_array().unwrap().iter().any(|one| fits(one, value, root).is_ok()),
            "oneOf" => rule.as_array().unwrap().iter().filter(|one| fits(one, value, root).is_ok()).count() == 1,
            "const" => rule == value,
            "enum" => rule.as_array().unwrap().contains(value),
            "pattern" => value.as_str().is_none_or(|text| Regex::new(rule.as_str().unwrap()).unwrap().is_match(text)),
            "minLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 >= rule.as_u64().unwrap()),
            "maxLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 <= rule.as_u64().unwrap()),
            "minItems" => value.as_array().is_none_or(|list| list.len() as u64 >= rule.as_u64().unwrap()),
            "maxItems" => value.as_array().is_none_or(|list| list.len() as u64 <= rule.as_u64().unwrap()),
            "minimum" => value.as_u64().is_none_or(|number| number >= rule.as_u64().unwrap()),
            "maximum" => value.as_u64().is_none_or(|number| number <= rule.as_u64().unwrap()),
            "items" => {
                for inner in value.as_array().into_iter().flatten() {
                    fits(rule, inner, root)?;
                }
                true
            }
            "properties" => {
                for (name, inner) in value.as_object().into_iter().flatten() {
                    match rule.get(name) {
                        Some(member) => fits(member, inner, root).map_err(|why| format!("{name}: {why}"))?,
                        None => return Err(format!("unknown member {name}")),
                    }
                }
                let required = schema["required"].as_array().unwrap();
                required.iter().all(|name| value.get(name.as_str().unwrap()).is_some())
            }
            "additionalProperties" => !rule.as_bool().unwrap(),
            other => panic!("keyword {other}"),
        };
        if !good {
            return Err(format!("{keyword} {rule} does not hold for {value}"));
        }
    }
    Ok(())
}

#[test]
fn the_published_schema_is_the_readers() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/certificate-v1.schema.json");
    let written = serde_json::to_string_pretty(&input()).unwrap() + "\n";
    if std::env::var_os("WRITE_SCHEMA").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    let published = std::fs::read_to_string(&path).unwrap();
    assert!(
        published == written,
        "docs/certificate-v1.schema.json differs from the reader; if the form was meant to change, run this test \
         with WRITE_SCHEMA=1"
    );
}

#[test]
fn every_sample_fits_the_schema_and_a_certificate_fits_the_signed_one() {
    let schema = input();
    for (name, text) in samples() {
        fits(&schema, &serde_json::from_str(&text).unwrap(), &schema).unwrap_or_else(|why| panic!("{name}: {why}"));
    }
    let signed = json!({"$defs": signed_definitions()});
    for (name, text) in samples() {
        let particulars = Particulars::from_json(text.as_bytes()).unwrap();
        let sections = [
            ("Exporter", json!(particulars.exporter)),
            ("Consignee", json!(particulars.consignee)),
            ("Transport", json!(particulars.transport)),
            ("Goods", json!(particulars.goods)),
            ("Commercial", json!(particulars.commercial)),
        ];
        for (section, value) in sections {
            fits(&signed["$defs"][section], &value, &signed).unwrap_or_else(|why| panic!("{name} {section}: {why}"));
        }
    }
}

#[test]
fn a_path_says_how_the_value_is_written_that_stands_there_and_not_what_its_last_name_is() {
    let schema = input();
    for (path, written) in [
        ("goods.items[3].number", Written::Whole),
        ("commercial.invoices[0].number", Written::Text),
        ("commercial.item_values[0].item", Written::Whole),
        ("reference.prior[0].drawn[1].prior_item", Written::Whole),
        ("goods.totals.packages", Written::Whole),
        ("remarks.quota.year", Written::Whole),
        ("consignee.to_order", Written::Truth),
        ("producer.same", Written::Truth),
        ("producer.named[0].name", Written::Text),
        ("exporter.party.address[1]", Written::Text),
        ("goods", Written::Text),
        ("goods.items[0].nmuber", Written::Text),
        ("", Written::Text),
    ] {
        assert_eq!(written_at(&schema, path), written, "{path}");
    }
    assert!(has_member(&schema, "producer.named[0].name") && !has_member(&schema, "producer.nmaed"));
}

/// Whether the schema of a code takes exactly the texts its reader takes.
fn agrees<T: Member + FromStr>(text: &str) -> Result<(), TestCaseError> {
    let mut definitions = Definitions::new(Form::Input);
    let schema = T::schema(&mut definitions);
    let (read, described) = (text.parse::<T>().is_ok(), fits(&schema, &json!(text), &Value::Null).is_ok());
    prop_assert_eq!(read, described, "{}", text);
    Ok(())
}

proptest! {
    #[test]
    fn the_pattern_of_a_code_is_its_readers(text in "[A-Za-z0-9 ./_-]{0,38}|[A-Z]{2}[A-Z0-9-]{0,5}|[0-9]{0,14}|[a-z]{1,4}(-[A-Za-z0-9]{0,9})?") {
        agrees::<CertificateNumber>(&text)?;
        agrees::<AgreementCode>(&text)?;
        agrees::<EditionCode>(&text)?;
        agrees::<CriterionCode>(&text)?;
        agrees::<BoxNumber>(&text)?;
        agrees::<TariffCode>(&text)?;
        agrees::<Language>(&text)?;
        agrees::<UnitCode>(&text)?;
        agrees::<crate::encoding::Decimal>(&text)?;
    }

    #[test]
    fn what_reads_fits_the_pattern(text in "[A-Z]{2}[A-Z0-9]{3}|[A-Za-z0-9_-]{42,44}") {
        let fits = |schema: Value| fits(&schema, &json!(text), &Value::Null).is_ok();
        let mut definitions = Definitions::new(Form::Input);
        prop_assert!(text.parse::<Locode>().is_err() || fits(Locode::schema(&mut definitions)));
        prop_assert!(text.parse::<Sha256>().is_err() || fits(Sha256::schema(&mut definitions)));
    }

    #[test]
    fn what_the_reader_takes_the_schema_takes(value in damaged()) {
        let schema = input();
        if Particulars::from_json(value.to_string().as_bytes()).is_ok() {
            let verdict = fits(&schema, &value, &schema);
            prop_assert!(verdict.is_ok(), "{:?}", verdict);
        }
    }
}
