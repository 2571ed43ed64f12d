//! `origin apply template`: a file to fill in that has in it what is known already.

use super::{Door, ForExporter};
use crate::{
    api::client::{wire, within_deadline},
    certificate::AgreementCode,
    cli::{
        Outcome, agreements, arguments,
        console::{Console, Exit, Failure},
        files,
    },
    office::ApplicationId,
};
use serde_json::{Map, Value, json};
use std::{path::PathBuf, process::ExitCode};

/// What stands where something has to be filled in: no member takes an empty text, and the check names each.
const TO_FILL_IN: &str = "";
/// What is another for every consignment: taken out of what is copied.
const LEFT_OUT: [&str; 14] = [
    "application",
    "reference.number",
    "reference.declaration",
    "reference.signatories",
    "reference.prior",
    "reference.paper_number",
    "transport.means",
    "transport.voyage",
    "transport.departure",
    "transport.containers",
    "transport.documents",
    "commercial.exchange_rates",
    "commercial.adjustments",
    "goods.totals",
];
/// The same, left empty to be filled in.
const EMPTIED: [&str; 12] = [
    "goods.items[].marks",
    "goods.items[].packages[].count",
    "goods.items[].quantities[].value",
    "goods.items[].gross_weight.value",
    "goods.items[].net_weight.value",
    "commercial.invoices[].number",
    "commercial.invoices[].date",
    "commercial.invoices[].amount.value",
    "commercial.item_values[].amount.value",
    "commercial.item_values[].invoice",
    "commercial.total.value",
    "remarks.references[].number",
];

/// Print a file to fill in: from what is registered and saved, or copied from an earlier application or certificate
///
/// What has to be filled in stands as an empty text, and `origin apply check` names each that was left.
#[derive(Debug, clap::Args)]
pub(super) struct Template {
    /// The agreement's code, such as CPFTA, COMESA or NONPREF
    #[arg(long, value_name = "CODE", value_parser = arguments::agreement, required_unless_present = "from")]
    agreement: Option<AgreementCode>,
    /// Copy an earlier one: an application's id, or the number of a certificate issued for one
    #[arg(long, value_name = "APPLICATION|CERTIFICATE", conflicts_with = "agreement")]
    from: Option<String>,
    /// The consignee, by the name it is saved under
    #[arg(long, value_name = "NAME")]
    consignee: Option<String>,
    /// A producer, by the name it is saved under; once for each
    #[arg(long = "producer", value_name = "NAME")]
    producers: Vec<String>,
    /// A product, by the name it is saved under; once for each item
    #[arg(long = "product", value_name = "NAME")]
    products: Vec<String>,
    /// Folder of agreement files [default: those that come with the program]
    #[arg(long, value_name = "DIR")]
    agreements: Option<PathBuf>,
    /// Where the file goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Where the declaration of how the goods are made goes, if any is known
    #[arg(long, value_name = "FILE")]
    production: Option<PathBuf>,
    #[command(flatten)]
    whose: ForExporter,
    #[command(flatten)]
    door: Door,
}

impl Template {
    pub(super) fn run(self, console: Console) -> Outcome {
        for output in [&self.output, &self.production] {
            files::apart(output.as_deref(), [self.door.token.source()])?;
        }
        let (mut file, mut made) = match &self.from {
            Some(earlier) => self.earlier(console, earlier)?,
            None => (self.blank()?, Vec::new()),
        };
        if self.from.is_none() {
            self.registered(console, &mut file)?;
        }
        if let Some(name) = &self.consignee {
            let party = self.saved(console, wire::SavedKind::Party, name)?.0;
            put(&mut file, "consignee", json!({ "party": party }));
        }
        if !self.producers.is_empty() {
            let named = self.producers.iter().map(|name| self.saved(console, wire::SavedKind::Party, name));
            let named = named.map(|one| one.map(|(party, _)| party)).collect::<Result<Vec<_>, _>>()?;
            put(&mut file, "producer", json!({ "named": named }));
        }
        if !self.products.is_empty() {
            made.clear();
            let mut items = Vec::new();
            for (name, number) in self.products.iter().zip(1..) {
                let (mut item, production) = self.saved(console, wire::SavedKind::Product, name)?;
                put(&mut item, "number", Value::from(number));
                items.push(item);
                if let Some(mut production) = production {
                    put(&mut production, "item", Value::from(number));
                    made.push(production);
                }
            }
            // A form that shows values shows one for each item.
            if let Some(one) = file.pointer("/commercial/item_values/0").cloned() {
                let values = (1..=items.len()).map(|number| {
                    let mut value = one.clone();
                    put(&mut value, "item", Value::from(number));
                    value
                });
                let values = values.collect();
                put_below(&mut file, "commercial", "item_values", Value::Array(values));
            }
            put(&mut file, "goods", json!({ "items": items }));
        }
        let text = toml(&file)?;
        let known = if made.is_empty() { None } else { self.production.as_deref() };
        if let Some(path) = known {
            let made = given(json!({ "items": made })).unwrap_or_default();
            let text = serde_json::to_string_pretty(&made).unwrap_or_default();
            files::deliver(console, Some(path), format!("{text}\n").as_bytes())?;
        } else if !made.is_empty() {
            console.message("how the goods are made is known too: --production FILE");
        }
        files::deliver(console, self.output.as_deref(), text.as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }

    /// What the agreement asks for, with everything left to fill in.
    fn blank(&self) -> Result<Value, Failure> {
        let agreements = agreements::load(self.agreements.as_deref())?;
        let named = self.agreement.as_ref();
        let agreement = named.and_then(|code| agreements.get(code)).ok_or_else(|| {
            let known = agreements.iter().map(|one| one.code.to_string()).collect::<Vec<_>>().join(", ");
            let (code, own) = (named.map(ToString::to_string).unwrap_or_default(), self.agreements.is_none());
            let whose = if own { "that come with the program" } else { "of that folder" };
            let failure = Failure::new(Exit::Failed, format!("there is no agreement {code} among the files {whose}"))
                .note(format!("known are {known}"));
            if own { failure.help("a node's own files are read with --agreements DIR") } else { failure }
        })?;
        let table = agreement.template().parse::<toml::Table>();
        table
            .map_err(|error| error.to_string())
            .and_then(|table| serde_json::to_value(&table).map_err(|error| error.to_string()))
            .map_err(|error| Failure::new(Exit::Failed, format!("the agreement's template does not read: {error}")))
    }

    /// Puts in the exporter as it is registered.
    fn registered(&self, console: Console, file: &mut Value) -> Result<(), Failure> {
        let request = wire::GetExporterRequest { exporter_id: self.whose.exporter.clone() };
        let answer = self.door.ask(console, |connection| async move {
            connection.exporters().get_exporter(within_deadline(request)).await
        })?;
        let wire::Exporter { name, national_id, national_id_scheme, registration, address, country, .. } =
            answer.exporter.unwrap_or_default();
        put(file, "from", Value::from(country.as_str()));
        let ids = json!([{ "scheme": national_id_scheme, "number": national_id }]);
        let mut exporter = json!({ "party": { "name": name, "address": address, "country": country, "ids": ids } });
        // A form that knows registered exporters names the number.
        if file.pointer("/exporter/registration").is_some() {
            put(&mut exporter, "registration", json!({ "number": registration }));
        }
        put(file, "exporter", exporter);
        Ok(())
    }

    /// What is saved under a name, and how it is made.
    fn saved(&self, console: Console, kind: wire::SavedKind, name: &str) -> Result<(Value, Option<Value>), Failure> {
        let request = wire::GetSavedRequest {
            exporter_id: self.whose.exporter.clone(),
            kind: kind.into(),
            name: name.to_owned(),
        };
        let answer = self.door.ask(console, |connection| async move {
            connection.exporters().get_saved(within_deadline(request)).await
        })?;
        let production = Some(&answer.production_json).filter(|json| !json.is_empty());
        Ok((read(&answer.json)?, production.map(|json| read(json)).transpose()?))
    }

    /// An earlier application, less what is another for every consignment.
    fn earlier(&self, console: Console, name: &str) -> Result<(Value, Vec<Value>), Failure> {
        let application_id = match name.parse::<ApplicationId>() {
            Ok(id) => id.to_string(),
            Err(_) => self.issued_for(console, name)?,
        };
        let request = wire::GetApplicationRequest { application_id };
        let answer = self.door.ask(console, |connection| async move {
            connection.applications().get_application(within_deadline(request)).await
        })?;
        let file = answer.file.unwrap_or_default();
        let mut value = read(&file.certificate_json)?;
        for path in LEFT_OUT {
            take_out(&mut value, path);
        }
        for path in EMPTIED {
            empty(&mut value, path);
        }
        put_below(&mut value, "transport", "departure", json!({ "planned": TO_FILL_IN }));
        let made = if file.production_json.is_empty() { Value::Null } else { read(&file.production_json)? };
        let made = made.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
        Ok((value, made))
    }

    /// The application a certificate of this number was issued for.
    fn issued_for(&self, console: Console, number: &str) -> Result<String, Failure> {
        let mut page_token = String::new();
        loop {
            let stage = wire::ApplicationStage::Issued.into();
            let request = wire::ListApplicationsRequest { page_size: 500, page_token, stage };
            let answer = self.door.ask(console, |connection| async move {
                connection.applications().list_applications(within_deadline(request)).await
            })?;
            let found = answer.applications.iter().find(|one| one.certificate_number == number);
            match found {
                Some(found) => return Ok(found.application_id.clone()),
                None if answer.next_page_token.is_empty() => {
                    return Err(Failure::new(
                        Exit::Failed,
                        format!("`{number}` is neither an application nor a certificate of this account"),
                    )
                    .help("origin apply list --stage issued"));
                }
                None => page_token = answer.next_page_token,
            }
        }
    }
}

fn read(json: &[u8]) -> Result<Value, Failure> {
    serde_json::from_slice(json).map_err(|error| Failure::new(Exit::Failed, format!("the node sent no JSON: {error}")))
}

fn put(file: &mut Value, member: &str, value: Value) {
    if let Value::Object(members) = file {
        members.insert(member.to_owned(), value);
    }
}

fn put_below(file: &mut Value, section: &str, member: &str, value: Value) {
    if let Value::Object(members) = file {
        put(members.entry(section.to_owned()).or_insert_with(|| Value::Object(Map::new())), member, value);
    }
}

/// Takes a member out, by its path.
fn take_out(file: &mut Value, path: &str) {
    let (above, member) = path.rsplit_once('.').map_or(("", path), |(above, member)| (above, member));
    let section = if above.is_empty() { Some(file) } else { file.get_mut(above) };
    if let Some(Value::Object(members)) = section {
        members.remove(member);
    }
}

/// Leaves a text or a number empty, by its path; `[]` is every element of a list.
fn empty(file: &mut Value, path: &str) {
    let Some((step, rest)) = path.split_once('.') else {
        if let Value::Object(members) = file
            && let Some(value) = members.get_mut(path).filter(|value| value.is_string() || value.is_number())
        {
            *value = Value::from(TO_FILL_IN);
        }
        return;
    };
    match step.strip_suffix("[]") {
        Some(list) => {
            let elements = file.get_mut(list).and_then(Value::as_array_mut);
            elements.into_iter().flatten().for_each(|element| empty(element, rest));
        }
        None => {
            if let Some(below) = file.get_mut(step) {
                empty(below, rest);
            }
        }
    }
}

/// As TOML, in which nothing stands for what is absent: null, an empty list, a section of nothing else.
fn toml(file: &Value) -> Result<String, Failure> {
    let failed =
        |error: &dyn std::fmt::Display| Failure::new(Exit::Failed, format!("the file cannot be written: {error}"));
    let given = given(file.clone()).unwrap_or_else(|| Value::Object(Map::new()));
    let table = toml::Table::try_from(&given).map_err(|error| failed(&error))?;
    let body = toml::to_string_pretty(&table).map_err(|error| failed(&error))?;
    Ok(format!("# Fill in every empty text \"\"; `origin apply check` names each that was left.\n{body}"))
}

fn given(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Array(elements) => {
            let given = elements.into_iter().filter_map(given).collect::<Vec<_>>();
            if given.is_empty() { None } else { Some(Value::Array(given)) }
        }
        Value::Object(members) => {
            let given =
                members.into_iter().filter_map(|(name, value)| Some((name, given(value)?))).collect::<Map<_, _>>();
            if given.is_empty() { None } else { Some(Value::Object(given)) }
        }
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_another_every_time_is_not_copied() {
        let mut file = json!({
            "reference": { "number": "1", "office": { "code": "LHE" } },
            "goods": { "items": [{
                "quantities": [{ "value": "1", "unit": "H87" }],
                "packages": [{ "count": 420, "kind": "CT" }],
                "marks": null,
            }] },
            "commercial": { "total": { "value": "5", "currency": "USD" } },
        });
        for path in LEFT_OUT {
            take_out(&mut file, path);
        }
        for path in EMPTIED {
            empty(&mut file, path);
        }
        assert_eq!(file.pointer("/reference/number"), None);
        assert_eq!(file.pointer("/goods/items/0/quantities/0/value"), Some(&json!("")));
        assert_eq!(file.pointer("/goods/items/0/packages/0/count"), Some(&json!("")));
        let text = toml(&file).unwrap();
        assert!(text.contains("code = \"LHE\"") && !text.contains("marks"), "{text}");
    }
}
