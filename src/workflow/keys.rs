//! What an authority says to everyone of its own keys.

use super::{Desk, WorkflowError};
use crate::{
    certificate::Text,
    log::Hash,
    office::{Actor, AuditEvent},
    sequencer::{Outcome, RequestKey, Saying, Task, Work},
    statement::{KeyAct, KeyChange, KeyRecord, Kid},
};
use sha2::{Digest, Sha256};

/// The account under which what the operator has said is kept. No person has it: names of accounts are random.
const ACCOUNT: &str = "operator";

impl Desk {
    /// Says in the log to `all` what the trust list in use says of a key. The same said again under the same list has
    /// the same answer for as long as answers are kept.
    pub async fn announce_key(
        &self,
        key: Kid,
        act: KeyAct,
        reason: Option<Text<1024>>,
    ) -> Result<(Outcome, u64), WorkflowError> {
        let (trust, issuer) = (self.trust(), &self.setup().issuer);
        let trust_version = trust.version();
        let (word, said) = match act {
            KeyAct::Opened => ("open", trust.key(issuer, &key).is_some() && trust.closings(issuer, &key).is_none()),
            KeyAct::Closed => ("closed", trust.closings(issuer, &key).is_some()),
        };
        let section = trust.section(issuer).filter(|_| said);
        let Some(section) = section else {
            return Err(WorkflowError::KeyNotListed { kid: key, act: word, version: trust_version });
        };
        let section = Hash(Sha256::digest(section.note().to_string()).into());
        let digest = Sha256::new_with_prefix(b"key change\0")
            .chain_update(key.as_str())
            .chain_update([0])
            .chain_update(word)
            .chain_update(section.0)
            .chain_update(trust_version.to_be_bytes())
            .chain_update(reason.as_ref().map_or("", Text::as_str));
        let digest: [u8; 32] = digest.finalize().into();
        let id = digest.first_chunk::<16>().copied().unwrap_or_default();
        let change = KeyChange { record: KeyRecord { key, act, trust_version, section }, reason };
        let by =
            AuditEvent::named(Actor::Operator, "announce_key").with_detail(format!("{word} {}", change.record.key));
        let task = Task::Say(Box::new(Saying::key_change(change)));
        let request = RequestKey { account: ACCOUNT.to_owned(), id };
        let outcome = self.setup().sequencer.submit(Work { request, digest, task, by: Some(by) }).await?;
        Ok((outcome, trust_version))
    }
}
