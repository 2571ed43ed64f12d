use super::*;
use crate::time::SeededRandom;

fn office() -> OfficeCode {
    "KHI".parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn open(roles: &[Role], offices: &[OfficeCode]) -> Result<Account, AccountRefused> {
    let wanted =
        Wanted { name: "Back office".into(), roles: roles.to_vec(), offices: offices.to_vec(), ..Wanted::default() };
    Account::open(wanted, &SeededRandom::new(7))
}

#[test]
fn an_account_admits_its_own_tokens_until_they_end_or_it_is_closed() {
    let now = at("2026-11-22T10:00:00Z");
    let random = SeededRandom::new(8);
    let [lasting, short, other] = [(); 3].map(|()| ApiToken::draw(&random).unwrap());
    let narrow = Scopes::only([Action::IssueCertificate]);
    let account = open(&[Role::Signatory], &[office()]).unwrap();
    let account = account.with_token(Token::of(&lasting, "ERP", narrow.clone(), now, None), now).unwrap();
    let end = at("2026-11-22T11:00:00Z");
    let mut account = account.with_token(Token::of(&short, "", Scopes::all(), now, Some(end)), now).unwrap();
    assert_eq!(account.admits(&lasting.hash(), now).map(|token| &token.scopes), Some(&narrow));
    assert!(account.admits(&short.hash(), at("2026-11-22T10:59:59Z")).is_some());
    assert!(account.admits(&short.hash(), end).is_none(), "the second it ends it opens nothing");
    assert!(account.admits(&other.hash(), now).is_none());
    assert!(account.may(Action::IssueCertificate) && account.acts_for(&office()));
    account.disabled = true;
    assert!(account.admits(&lasting.hash(), now).is_none());
    assert!(!account.may(Action::IssueCertificate) && !account.acts_for(&office()));
}

#[test]
fn what_is_kept_does_not_contain_the_token() {
    let token = ApiToken::draw(&SeededRandom::new(3)).unwrap();
    let now = at("2026-11-22T10:00:00Z");
    let account = open(&[Role::Signatory], &[office()]).unwrap();
    let account = account.with_token(Token::of(&token, "", Scopes::all(), now, None), now).unwrap();
    let kept = serde_json::to_string(&account).unwrap();
    assert!(!kept.contains(&token.reveal()[12..]), "{kept}");
    assert_eq!(serde_json::from_str::<Account>(&kept).unwrap(), account);
}

#[test]
fn an_account_of_the_first_version_still_lets_its_token_in() {
    let token = ApiToken::draw(&SeededRandom::new(3)).unwrap();
    let kept = format!(
        r#"{{"id":"acc_0123456789abcdef","name":"Back office","roles":["signatory"],"offices":["KHI"],
            "token_prefix":"{}","token_hash":{},"disabled":false}}"#,
        token.prefix().as_str(),
        serde_json::to_string(&token.hash()).unwrap()
    );
    let account: Account = serde_json::from_str(&kept).unwrap();
    assert_eq!(account.tokens.len(), 1);
    let token = account.admits(&token.hash(), at("2026-11-22T10:00:00Z")).unwrap();
    assert!(token.scopes.take_in(Action::IssueCertificate));
    let again = serde_json::to_string(&account).unwrap();
    assert_eq!(serde_json::from_str::<Account>(&again).unwrap(), account, "and is one token when written anew");
}

#[test]
fn an_account_that_could_do_nothing_is_refused() {
    assert_eq!(open(&[], &[]).err(), Some(AccountRefused::NoRole));
    assert!(Role::ALL.into_iter().all(|role| open(&[role], &[office()]).is_ok()), "every role may something");
    assert_eq!(open(&[Role::Signatory], &[]).err(), Some(AccountRefused::NoOffice));
    let unnamed = Wanted { name: " ".into(), roles: vec![Role::Auditor], ..Wanted::default() };
    assert_eq!(Account::open(unnamed, &SeededRandom::new(1)).err(), Some(AccountRefused::Name));
}

#[test]
fn an_account_has_so_many_tokens_and_no_more() {
    let now = at("2026-11-22T10:00:00Z");
    let random = SeededRandom::new(5);
    let mut account = open(&[Role::Auditor], &[]).unwrap();
    let draw =
        || Token::of(&ApiToken::draw(&random).unwrap(), "", Scopes::all(), now, Some(at("2026-11-23T10:00:00Z")));
    for _ in 0..MAX_TOKENS {
        account = account.with_token(draw(), now).unwrap();
    }
    assert_eq!(account.clone().with_token(draw(), now).err(), Some(AccountRefused::TooManyTokens));
    let later = at("2026-11-24T10:00:00Z");
    let lasting = Token::of(&ApiToken::draw(&random).unwrap(), "", Scopes::all(), later, None);
    assert_eq!(account.with_token(lasting, later).unwrap().tokens.len(), 1, "ended ones make room");
}

#[test]
fn an_id_reads_back() {
    let account = open(&[Role::Auditor], &[]).unwrap();
    assert_eq!(account.id.as_str().parse(), Ok(account.id.clone()));
    assert!("acc_ABCDEFGHIJKLMNOP".parse::<AccountId>().is_err());
}
