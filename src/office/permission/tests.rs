//! One test per cell of the table, and the page that shows it.

use super::{Action, Role};
use std::fmt::Write as _;

macro_rules! cells {
    ($($action:ident in $module:ident: $($cell:ident)+;)+) => {
        $(mod $module {
            use super::{Action, Role};
            cells!(@roles $action, [exporter agent examiner signatory customs_officer customs_supervisor liaison auditor administrator],
                [Exporter Agent Examiner Signatory CustomsOfficer CustomsSupervisor Liaison Auditor Administrator], [$($cell)+]);
        })+

        #[test]
        fn the_tests_cover_every_action() {
            let tested = [$(Action::$action),+];
            assert_eq!(tested, Action::ALL);
        }
    };
    (@roles $action:ident, [$($name:ident)+], [$($role:ident)+], [$($cell:ident)+]) => {
        $(#[test]
        fn $name() {
            assert_eq!(Role::$role.may(Action::$action), cells!(@expected $cell));
        })+
    };
    (@expected yes) => { true };
    (@expected no) => { false };
}

cells! {
    //                                          exp agt exa sig cus sup lia aud adm
    FileApplication in file_application:        yes yes no  no  no  no  no  no  no;
    ReadOwn in read_own:                        yes yes no  no  no  no  no  no  no;
    KeepProfile in keep_profile:                yes yes no  no  no  no  no  no  no;
    GiveMandate in give_mandate:                yes no  no  no  no  no  no  no  no;
    AskCancellation in ask_cancellation:        yes yes no  no  no  no  no  no  no;
    ReleaseCertificate in release_certificate:  yes yes no  no  no  no  no  no  no;
    ReserveNumber in reserve_number:            yes yes yes no  no  no  no  no  no;
    ReadQueue in read_queue:                    no  no  yes yes no  no  no  no  no;
    ExamineApplication in examine_application:  no  no  yes no  no  no  no  no  no;
    RecordFee in record_fee:                    no  no  yes no  no  no  no  no  no;
    RefuseApplication in refuse_application:    no  no  yes yes no  no  no  no  no;
    RecommendIssue in recommend_issue:          no  no  yes no  no  no  no  no  no;
    SignCertificate in sign_certificate:        no  no  no  yes no  no  no  no  no;
    IssueCertificate in issue_certificate:      no  no  no  yes no  no  no  no  no;
    ChangeStatus in change_status:              no  no  no  yes no  no  no  no  no;
    ReadCertificate in read_certificate:        no  no  yes yes no  no  yes no  no;
    KeepWebhooks in keep_webhooks:              yes yes yes yes yes yes yes no  no;
    ReadExporters in read_exporters:            no  no  yes yes no  no  no  no  no;
    ManageExporters in manage_exporters:        no  no  yes no  no  no  no  no  no;
    ArrangeDeputy in arrange_deputy:            no  no  no  yes no  no  no  no  yes;
    ReadHeads in read_heads:                    no  no  no  yes no  no  yes yes no;
    ReadEntries in read_entries:                no  no  no  yes no  no  yes yes no;
    ReadAudit in read_audit:                    no  no  no  no  no  no  no  yes no;
    ManageAccounts in manage_accounts:          no  no  no  no  no  no  no  no  yes;
    ManageOffices in manage_offices:            no  no  no  no  no  no  no  no  yes;
    SetPolicy in set_policy:                    no  no  no  no  no  no  no  no  yes;
    EraseContents in erase_contents:            no  no  no  no  no  no  no  no  yes;
    ReadArrivals in read_arrivals:              no  no  no  no  yes yes no  no  no;
    DecideItems in decide_items:                no  no  no  no  yes yes no  no  no;
    WriteOff in write_off:                      no  no  no  no  yes yes no  no  no;
    ReleaseDenial in release_denial:            no  no  no  no  no  yes no  no  no;
    EndorseArrival in endorse_arrival:          no  no  no  no  yes yes no  no  no;
    ShareDeclaration in share_declaration:      no  no  no  no  yes yes no  no  no;
    RaiseEnquiry in raise_enquiry:              no  no  no  no  yes yes no  no  no;
    ConcludeEnquiry in conclude_enquiry:        no  no  no  no  no  yes no  no  no;
    SettleSecurity in settle_security:          no  no  no  no  yes yes no  no  no;
    ReadEnquiries in read_enquiries:            no  no  no  no  yes yes yes no  no;
    AnswerEnquiry in answer_enquiry:            no  no  no  no  no  no  yes no  no;
    RegisterPaper in register_paper:            no  no  no  yes no  no  no  no  no;
    ReserveBlock in reserve_block:              no  no  no  yes no  no  no  no  no;
    GiveBackContents in give_back_contents:     no  no  no  yes no  no  no  no  no;
}

#[test]
fn the_page_shows_this_table() {
    let mut table = String::from("| action | ");
    for role in Role::ALL {
        write!(table, "{role} | ").unwrap();
    }
    table = format!("{}\n|---{}|\n", table.trim_end(), "|:-:".repeat(Role::ALL.len()));
    for action in Action::ALL {
        let cells = Role::ALL.map(|role| if role.may(action) { "yes" } else { "·" }).join(" | ");
        writeln!(table, "| `{}`: {action} | {cells} |", action.name()).unwrap();
    }
    let page = include_str!("../../../docs/roles.md");
    assert!(page.contains(&table), "docs/roles.md shows another table than this:\n{table}");
}

#[test]
fn a_name_reads_back_and_is_given_once() {
    for action in Action::ALL {
        assert_eq!(action.name().parse(), Ok(action));
    }
    assert!("everything".parse::<Action>().is_err());
}
