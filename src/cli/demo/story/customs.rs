//! Customs of China use a certificate of Pakistan, and ask about it; Pakistan sees both.

use super::{super::nodes::Running, Stage, Telling, calls::account};
use crate::{
    api::client::{Connection, wire, within_deadline},
    cli::{
        calls::{self, refused},
        console::Failure,
        process::failed,
        remote::date_to_wire,
    },
    node::system::SystemClock,
    time::Clock as _,
};
use std::time::Duration;
use tonic::Code;
use wire::abroad_note::What as Heard;

/// How long the nodes may take to bring something over.
const PATIENCE: Duration = Duration::from_mins(1);
/// The declaration of the demonstration.
const DECLARATION: &str = "223120261000012345";
/// Tonnes of rock salt that come with it, of the 24 certified.
const TONNES: &str = "10";

impl Stage {
    /// From the arrival of a certificate to its use, and from a question about it to the answer.
    pub(super) async fn used(&self, telling: &mut Telling, number: &str) -> Result<(), Failure> {
        let (china, pakistan) = (self.node("china")?, self.node("pakistan")?);
        let officer = self.staff(china, "gacc", wire::Role::CustomsOfficer).await?;
        let liaison = self.staff(pakistan, "tdap", wire::Role::Liaison).await?;
        let arrival = calls::arrived(&officer, number, PATIENCE, |_| true).await?.arrival.unwrap_or_default();
        telling.tell(
            "arrived",
            format!("an officer of customs of China finds {number}: {} to {}", arrival.exporter, arrival.consignee),
        );
        self.matched(telling, &officer, number).await?;
        self.written_off(telling, &officer, number).await?;
        let signatory = &self.desk("tdap")?.connection;
        let heard = calls::abroad(signatory, number, PATIENCE, |what| matches!(what, Heard::Response(_))).await?;
        let Heard::Response(heard) = heard else { return Err(failed("another note than was waited for")) };
        let codes = heard.decisions.iter().map(|one| format!("{} of item {}", one.code, one.item)).collect::<Vec<_>>();
        telling.tell("used_abroad", format!("  tdap reads what became of it: {}", codes.join(", ")));
        self.asked(telling, &officer, &liaison, number).await
    }

    async fn staff(&self, node: &Running, short: &str, role: wire::Role) -> Result<Connection, Failure> {
        let cast = node.site.country.cast.iter().find(|cast| cast.short == short);
        let token = account(node, cast.ok_or_else(|| failed("an authority without a node"))?, role).await?;
        node.dial(Some(&token)).await
    }

    fn declaration(&self) -> Result<wire::ImportDeclaration, Failure> {
        let zone = self.desk("gacc")?.cast.zone()?;
        let date = Some(date_to_wire(zone.date_at(SystemClock.now())));
        Ok(wire::ImportDeclaration { number: DECLARATION.to_owned(), date, office: "CNTAO".to_owned() })
    }

    /// What the importer declares, held against what was certified.
    async fn matched(&self, telling: &mut Telling, officer: &Connection, number: &str) -> Result<(), Failure> {
        let line = wire::DeclarationLine {
            line: 1,
            tariff_code: "2501001900".to_owned(),
            description: "Rock salt, pink, crused 2-5 mm, in 1000 kg bulk bags".to_owned(),
            origin: "PK".to_owned(),
            quantity: TONNES.to_owned(),
            quantity_unit: "TNE".to_owned(),
            ..wire::DeclarationLine::default()
        };
        let request = wire::MatchDeclarationRequest {
            certificate: calls::arrival(number),
            declaration: Some(self.declaration()?),
            lines: vec![line],
            country_of_export: "PK".to_owned(),
            ..wire::MatchDeclarationRequest::default()
        };
        let answer = officer.customs().match_declaration(within_deadline(request)).await.map_err(refused)?.into_inner();
        if !answer.found || answer.items != [1] {
            return Err(failed("the declaration's line does not find its item"));
        }
        let material = answer.differences.iter().filter(|one| one.weight == i32::from(wire::Weight::Material)).count();
        let subjects = answer.differences.iter().map(|one| one.subject.as_str()).collect::<Vec<_>>();
        let subjects = if subjects.is_empty() { "nothing".to_owned() } else { subjects.join(", ") };
        telling.tell(
            "match",
            format!(
                "  held against declaration {DECLARATION}, where a word is misspelt: what differs is {subjects}; material differences: {material}"
            ),
        );
        Ok(())
    }

    /// Ten tonnes are imported; what goes beyond the rest is refused.
    async fn written_off(&self, telling: &mut Telling, officer: &Connection, number: &str) -> Result<(), Failure> {
        let written = officer.customs().write_off(within_deadline(self.write_off(number, TONNES)?)).await;
        let written = written.map_err(refused)?.into_inner();
        let left = written.items.first().map(|item| format!("{} {}", item.left, item.unit)).unwrap_or_default();
        telling.tell("write_off", format!("  {TONNES} TNE of it written off: {left} are left"));
        match officer.customs().write_off(within_deadline(self.write_off(number, "15")?)).await {
            Err(status) if status.code() == Code::FailedPrecondition => {
                telling.tell("exceeds", format!("  15 TNE more are refused: {}", status.message()));
                Ok(())
            }
            Err(status) => Err(refused(status)),
            Ok(_) => Err(failed("more was written off than there was")),
        }
    }

    fn write_off(&self, number: &str, tonnes: &str) -> Result<wire::WriteOffRequest, Failure> {
        let line = wire::WriteOffLine { item: 1, line: 1, quantity: tonnes.to_owned(), unit: "TNE".to_owned() };
        Ok(wire::WriteOffRequest {
            request_id: calls::request_id(),
            certificate: calls::arrival(number),
            declaration: Some(self.declaration()?),
            lines: vec![line],
            remarks: String::new(),
            despite_predecessor: false,
        })
    }

    /// A check at random, answered by the issuing side.
    async fn asked(
        &self,
        telling: &mut Telling,
        officer: &Connection,
        liaison: &Connection,
        number: &str,
    ) -> Result<(), Failure> {
        let issuer = self.desk("tdap")?.cast.issuer();
        let raised = calls::enquire(officer, issuer, "CN-TAO-2026-17", number).await?;
        let due = raised.reply_due.map(|day| format!("{:04}-{:02}-{:02}", day.year, day.month, day.day));
        let due = due.ok_or_else(|| failed("the agreement's clock does not run"))?;
        telling
            .tell("enquiry", format!("customs of China ask tdap, at random, whether {number} is good: due by {due}"));
        let words = "Issued by the Karachi Office; the quarry's records were seen.";
        calls::answer(liaison, &raised.jti, words, PATIENCE).await?;
        telling.tell("reply", "  a liaison officer of tdap acknowledges it, and answers: valid");
        calls::answered(officer, &raised.jti, PATIENCE).await?;
        telling
            .tell("answered", "  customs of China have the signed answer, and it stays with the certificate for ever");
        Ok(())
    }
}
