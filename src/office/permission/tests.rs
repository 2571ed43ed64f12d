//! One test per cell of the table.

use super::{Action, Role};

macro_rules! cells {
    ($($row:ident = $role:ident { $($cell:ident = $action:ident: $expected:expr),+ $(,)? })+) => {
        $(mod $row {
            use super::{Action, Role};
            $(#[test]
            fn $cell() {
                assert_eq!(Role::$role.may(Action::$action), $expected);
            })+
        })+

        #[test]
        fn the_tests_cover_every_cell() {
            let tested = [$($((Role::$role, Action::$action)),+),+];
            for role in Role::ALL {
                for action in Action::ALL {
                    assert!(tested.contains(&(role, action)), "{role} may {action}?");
                }
            }
        }
    };
}

macro_rules! table {
    ($($row:ident = $role:ident: $issue:literal $status:literal $read:literal $heads:literal $entries:literal $accounts:literal;)+) => {
        cells! { $($row = $role {
            issue = IssueCertificate: $issue,
            change_status = ChangeStatus: $status,
            read = ReadCertificate: $read,
            read_heads = ReadHeads: $heads,
            read_entries = ReadEntries: $entries,
            manage_accounts = ManageAccounts: $accounts,
        })+ }
    };
}

table! {
    //                                issue status read  heads entries accounts
    exporter = Exporter:              false false  false false false   false;
    agent = Agent:                    false false  false false false   false;
    examiner = Examiner:              false false  true  false false   false;
    signatory = Signatory:            true  true   true  true  true    false;
    customs_officer = CustomsOfficer: false false  false false false   false;
    liaison = Liaison:                false false  true  true  true    false;
    auditor = Auditor:                false false  false true  true    false;
    administrator = Administrator:    false false  false false false   true;
}
