//! Customs of China use a certificate of Pakistan, and ask about it; Pakistan sees both.

use super::{
    super::{ground::failed, nodes::Running},
    Stage, Telling,
    calls::{account, refused},
};
use crate::{
    api::client::{Connection, wire, within_deadline},
    cli::{console::Failure, remote::date_to_wire},
    node::system::SystemClock,
    time::Clock as _,
};
use std::time::{Duration, Instant};
use tonic::Code;

/// How long the nodes may take to bring something over.
const PATIENCE: Duration = Duration::from_mins(1);
const LOOK: Duration = Duration::from_millis(10);
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
        let arrival = arrived(&officer, number).await?;
        telling.tell(
            "arrived",
            format!("an officer of customs of China finds {number}: {} to {}", arrival.exporter, arrival.consignee),
        );
        self.matched(telling, &officer, number).await?;
        self.written_off(telling, &officer, number).await?;
        let signatory = &self.desk("tdap")?.connection;
        let heard = abroad(signatory, number, |what| matches!(what, wire::abroad_note::What::Response(_))).await?;
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
            certificate: Some(named(number)),
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
        let subjects = if subjects.is_empty() { "nothing differs".to_owned() } else { subjects.join(", ") };
        telling.tell(
            "match",
            format!(
                "  held against declaration {DECLARATION}, with a misspelt word: {subjects}, {material} of it material"
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
            request_id: uuid::Uuid::now_v7().to_string(),
            certificate: Some(named(number)),
            declaration: Some(self.declaration()?),
            lines: vec![line],
            remarks: String::new(),
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
        let request = wire::RaiseEnquiryRequest {
            request_id: uuid::Uuid::now_v7().to_string(),
            issuer,
            reference: "CN-TAO-2026-17".to_owned(),
            ground: "random".to_owned(),
            goods: "released_on_security".to_owned(),
            subjects: vec![wire::EnquirySubject { number: number.to_owned(), ..wire::EnquirySubject::default() }],
            ..wire::RaiseEnquiryRequest::default()
        };
        let raised = officer.customs().raise_enquiry(within_deadline(request)).await.map_err(refused)?.into_inner();
        let due = raised.reply_due.map(|day| format!("{:04}-{:02}-{:02}", day.year, day.month, day.day));
        let due = due.ok_or_else(|| failed("the agreement's clock does not run"))?;
        telling
            .tell("enquiry", format!("customs of China ask tdap, at random, whether {number} is good: due by {due}"));
        let begun = Instant::now();
        loop {
            let request = wire::GetIncomingEnquiryRequest { jti: raised.jti.clone() };
            match liaison.liaison().get_incoming_enquiry(within_deadline(request)).await {
                Ok(_) => break,
                Err(status) if status.code() == Code::NotFound && begun.elapsed() < PATIENCE => {
                    tokio::time::sleep(LOOK).await;
                }
                Err(status) => return Err(refused(status)),
            }
        }
        let request =
            wire::AcknowledgeEnquiryRequest { request_id: uuid::Uuid::now_v7().to_string(), jti: raised.jti.clone() };
        liaison.liaison().acknowledge_enquiry(within_deadline(request)).await.map_err(refused)?;
        let answer = wire::SubjectAnswer { subject: 1, finding: "valid".to_owned(), ..wire::SubjectAnswer::default() };
        let request = wire::ReplyEnquiryRequest {
            request_id: uuid::Uuid::now_v7().to_string(),
            jti: raised.jti.clone(),
            act: "full".to_owned(),
            words: "Issued by the Karachi Office; the quarry's records were seen.".to_owned(),
            answers: vec![answer],
            ..wire::ReplyEnquiryRequest::default()
        };
        liaison.liaison().reply_enquiry(within_deadline(request)).await.map_err(refused)?;
        telling.tell("reply", "  a liaison officer of tdap acknowledges it, and answers: valid");
        let begun = Instant::now();
        loop {
            let request = wire::GetEnquiryRequest { jti: raised.jti.clone() };
            let view = officer.customs().get_enquiry(within_deadline(request)).await.map_err(refused)?.into_inner();
            let state = view.enquiry.as_ref().map(|enquiry| enquiry.state);
            if state == Some(wire::EnquiryState::Answered.into()) {
                break;
            }
            if begun.elapsed() > PATIENCE {
                return Err(failed("the answer does not come"));
            }
            tokio::time::sleep(LOOK).await;
        }
        telling
            .tell("answered", "  customs of China have the signed answer, and it stays with the certificate for ever");
        Ok(())
    }
}

fn named(number: &str) -> wire::ArrivedName {
    wire::ArrivedName { name: Some(wire::arrived_name::Name::Number(number.to_owned())), issuer: String::new() }
}

/// Waits until the certificate is there with its contents.
async fn arrived(officer: &Connection, number: &str) -> Result<wire::Arrival, Failure> {
    let begun = Instant::now();
    loop {
        let request = wire::GetArrivalRequest { certificate: Some(named(number)) };
        match officer.customs().get_arrival(within_deadline(request)).await {
            Ok(answer) => return answer.into_inner().arrival.ok_or_else(|| failed("the node answered nothing")),
            Err(status) if status.code() == Code::NotFound && begun.elapsed() < PATIENCE => {
                tokio::time::sleep(LOOK).await;
            }
            Err(status) => return Err(refused(status)),
        }
    }
}

/// Waits until the issuer heard of something abroad; gives the newest response.
async fn abroad(
    signatory: &Connection,
    number: &str,
    wanted: impl Fn(&wire::abroad_note::What) -> bool,
) -> Result<wire::AbroadResponse, Failure> {
    let begun = Instant::now();
    loop {
        let name = Some(wire::certificate_name::Name::Number(number.to_owned()));
        let request = wire::ListAbroadRequest { certificate: Some(wire::CertificateName { name }) };
        let answer = signatory.certificates().list_abroad(within_deadline(request)).await.map_err(refused)?;
        let found = answer.into_inner().notes.into_iter().filter_map(|note| note.what).find(&wanted);
        if let Some(wire::abroad_note::What::Response(response)) = found {
            return Ok(response);
        }
        if begun.elapsed() > PATIENCE {
            return Err(failed("the issuer does not hear of it"));
        }
        tokio::time::sleep(LOOK).await;
    }
}
