//! What became of certificates abroad, as the wire shows it.

use super::convert;
use super::customs::{decided_so, declaration_to_wire, said};
use super::enquiries::answered;
use super::wire::origin::v1::{self as wire, abroad_note::What};
use crate::workflow::{Abroad, AbroadNote};

/// A note.
pub(super) fn to_wire(note: AbroadNote) -> wire::AbroadNote {
    let what = match note.what {
        Abroad::Response(response) => What::Response(wire::AbroadResponse {
            declaration: response.declaration.as_ref().map(declaration_to_wire),
            decisions: decided_so(&response.decisions, note.over),
            remarks: said(response.remarks.as_ref()),
            enquiry: said(response.enquiry.as_ref().map(|place| &place.jti)),
        }),
        Abroad::Endorsement(one) => {
            let words = one.endorsement;
            What::Endorsement(wire::AbroadEndorsement {
                act: words.act.to_string(),
                day: Some(convert::date_to_wire(words.day)),
                office: words.office.to_string(),
                destination: said(words.destination.as_ref()),
                items: words.items,
                text: said(words.text.as_ref()),
                containers: words.containers.iter().map(ToString::to_string).collect(),
                seals: words.seals.iter().map(ToString::to_string).collect(),
            })
        }
        Abroad::Enquiry(enquiry) => What::Enquiry(wire::AbroadEnquiry {
            reference: enquiry.asked.reference.to_string(),
            ground: enquiry.asked.ground.to_string(),
            question: said(enquiry.asked.question.as_ref()),
            goods: enquiry.asked.goods.to_string(),
        }),
        Abroad::Reply(reply) => What::Reply(wire::EnquiryReply { late: note.late, ..answered(&note.jti, &reply) }),
        Abroad::Erased(kind) => What::Erased(wire::AbroadErased { kind: kind.to_string() }),
    };
    wire::AbroadNote {
        jti: note.jti.to_string(),
        by: note.by.to_string(),
        day: Some(convert::date_to_wire(note.day)),
        at: note.at.map(convert::instant),
        amended: note.amended,
        taken_back: note.taken_back,
        what: Some(what),
    }
}
