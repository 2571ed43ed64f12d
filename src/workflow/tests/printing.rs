//! A certificate on paper: for those who may read it, from what is signed, and marked as what it is.

use super::world::World;
use crate::{
    certificate::Text,
    office::Actor,
    reason::Reasoned,
    statement::{Act, Section},
    workflow::{CertificateName, Desk, ErasedName, IssueRow, StatusWish, WorkflowError},
};
use hayro::hayro_syntax::{
    Pdf,
    object::{Name, Object},
};
use std::sync::Arc;

/// The name in another script on the sample.
const HAN: &str = "上海宇赫体育用品有限公司";

/// The one file in a document.
fn attached(pdf: &[u8]) -> String {
    let pdf = Pdf::new(Arc::new(pdf.to_vec())).unwrap();
    let file = |object: Object<'_>| match object {
        Object::Stream(stream) => {
            let kind = stream.dict().get::<Name<'_>>(b"Type".as_slice());
            kind.is_some_and(|kind| kind.as_ref() == b"EmbeddedFile").then(|| stream.decoded().unwrap().to_vec())
        }
        _ => None,
    };
    let mut files = pdf.objects().into_iter().filter_map(file).collect::<Vec<_>>();
    assert_eq!(files.len(), 1);
    String::from_utf8(files.remove(0)).unwrap()
}

/// A certificate in Latin letters alone, which every machine has a font for.
async fn issued(world: &World, desk: &Desk) -> CertificateName {
    let row = world.footballs(1);
    let plain = String::from_utf8(row.certificate_json).unwrap().replace(HAN, "Shanghai Yuhe");
    let row = IssueRow { certificate_json: plain.into_bytes(), ..row };
    CertificateName::Jti(desk.issue(&world.signatory, &row).await.unwrap().outcome.jti)
}

#[tokio::test]
async fn a_name_in_han_is_printed_where_there_is_a_font_and_refused_by_its_letter_where_there_is_none() {
    let world = World::new();
    let (desk, _) = world.desk();
    let name = CertificateName::Jti(desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome.jti);
    match desk.printed(&world.signatory, &name, &[]).await {
        Ok(printed) => assert_eq!(attached(&printed.pdf), printed.evidence.bundle.token),
        Err(refused) => {
            println!("SKIPPED: no font here has Han letters; the package fonts-noto-cjk brings one");
            assert_eq!(refused.reason(), "GLYPH_MISSING");
            assert!(refused.to_string().contains('上'), "{refused}");
        }
    }
}

#[tokio::test]
async fn a_document_carries_what_was_signed_and_a_redacted_one_no_more_than_it_shows() {
    let world = World::new();
    let (desk, _) = world.desk();
    let name = issued(&world, &desk).await;
    let whole = desk.printed(&world.signatory, &name, &[]).await.unwrap();
    assert_eq!(attached(&whole.pdf), whole.evidence.bundle.token);
    assert_eq!(desk.printed(&world.signatory, &name, &[]).await.unwrap().pdf, whole.pdf, "and again the same bytes");
    let copy = desk.printed(&world.signatory, &name, &[Section::Commercial]).await.unwrap();
    let token = attached(&copy.pdf);
    assert_eq!(token, copy.evidence.bundle.token);
    assert_eq!(whole.evidence.bundle.token.matches('~').count() - token.matches('~').count(), 1);
    let refused = desk.printed(&world.signatory, &name, &[Section::Goods]).await.unwrap_err();
    assert_eq!(refused.reason(), "NOT_REDACTABLE");
}

#[tokio::test]
async fn what_is_erased_is_not_printed() {
    let world = World::new();
    let (desk, _) = world.desk();
    let name = issued(&world, &desk).await;
    let reason: Text<1024> = "order 12/2026".parse().unwrap();
    desk.erase(Actor::Operator, &ErasedName::Own(name.clone()), &reason).unwrap();
    let refused = desk.printed(&world.signatory, &name, &[]).await.unwrap_err();
    assert!(matches!(refused, WorkflowError::ContentsErased), "{refused}");
}

#[tokio::test]
async fn what_was_suspended_is_printed_as_such_and_as_before_when_it_was_reinstated() {
    let world = World::new();
    let (desk, _) = world.desk();
    let name = issued(&world, &desk).await;
    let printed = async || desk.printed(&world.signatory, &name, &[]).await.unwrap().pdf;
    let change = async |nth, act| {
        let reason = Some("a doubt".parse().unwrap());
        let wish = StatusWish { certificate: name.clone(), act, items: None, reason, remarks: None };
        desk.change_status(&world.signatory, &world.request_id(nth), wish).await.unwrap();
    };
    let before = printed().await;
    change(2, Act::Suspended).await;
    assert_ne!(printed().await, before);
    change(3, Act::Reinstated).await;
    assert_eq!(printed().await, before);
}

#[tokio::test]
async fn who_issues_signs_where_the_file_names_nobody() {
    let world = World::new();
    let (desk, _) = world.desk();
    let row = world.footballs(1);
    let text = String::from_utf8(row.certificate_json).unwrap();
    let named = r#"[{"role": "issuing_authority", "name": "A. Qureshi", "title": "Assistant Director"}]"#;
    let unsigned = text.replace(named, "[]");
    assert_ne!(text, unsigned);
    let row = IssueRow { certificate_json: unsigned.into_bytes(), ..row };
    let name = CertificateName::Jti(desk.issue(&world.signatory, &row).await.unwrap().outcome.jti);
    let record = desk.get(&world.signatory, &name).unwrap();
    let reference = record.certificate.reference.as_option().unwrap();
    let names = reference.signatories.iter().map(|one| one.name.to_string()).collect::<Vec<_>>();
    assert_eq!(names, [world.signatory.account().name.as_str()]);
}
