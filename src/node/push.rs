//! Partners that packages are pushed to, as the configuration names them: HTTPS to the one address of each.

use super::NodeError;
use super::configuration::{PushConfiguration, WebhookTargets};
use super::https::{HttpsClient, Letter, streamed};
use crate::encoding::base64;
use crate::exchange::driver::{PackagePost, Posted, PushTarget, Spool};
use crate::log::Origin;
use crate::workflow::Target;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// The header that announces the seal.
const SEAL: &str = "origin-package-seal";
/// The header that names, in the answer, the nodes that the receiver waits for before it cosigns.
const AWAITS: &str = "origin-package-awaits";
/// The header that names, in the answer, the logs that were not taken: `LOG REASON, …`.
const REFUSED: &str = "origin-package-refused";
/// The longest reason that is taken from there.
const REASON: usize = 64;
/// The longest an attempt may take, whatever a package holds: a slow line gets 64 KiB through in a second.
const LEAST: Duration = Duration::from_mins(10);
const PER_SECOND: u64 = 64 << 10;

/// Carries to one partner.
struct Post {
    client: HttpsClient,
    target: Target,
}

impl PackagePost for Post {
    fn post(
        &self,
        seal: String,
        package: Spool,
        answer: Spool,
    ) -> Pin<Box<dyn Future<Output = Result<Posted, String>> + Send + '_>> {
        let length = package.length();
        let letter = Letter {
            content_type: "application/jsonl",
            headers: vec![(SEAL, base64::encode(seal.as_bytes())), ("content-length", length.to_string())],
            body: streamed(package.into_parts()),
            most: 0,
        };
        Box::pin(async move {
            let within = LEAST.saturating_add(Duration::from_secs(length / PER_SECOND));
            let posted = tokio::time::timeout(within, async {
                let mut answered = self.client.send(&self.target, letter).await?;
                let (status, retry_after) = (answered.status(), answered.retry_after());
                let awaits = answered.header(AWAITS).split(", ").filter_map(|name| name.parse().ok()).collect();
                let refused = answered.header(REFUSED).split(", ").filter_map(not_taken).collect();
                let mut answer = answer;
                while let Some(part) = answered.next().await? {
                    let written = tokio::task::spawn_blocking(move || answer.write(&part).map(|()| answer)).await;
                    let written = written.map_err(|error| error.to_string())?;
                    answer = written.map_err(|error| error.to_string())?;
                }
                Ok(Posted { status, retry_after, awaits, refused, answer })
            });
            posted.await.map_err(|_| "it took too long".to_owned())?
        })
    }
}

/// A log that was not taken, and why.
fn not_taken(said: &str) -> Option<(Origin, String)> {
    let (log, reason) = said.split_once(' ')?;
    let is_of_one = |byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_');
    let is_reason = reason.len() <= REASON && reason.bytes().all(is_of_one);
    Some((log.parse().ok().filter(|_| is_reason)?, reason.to_owned()))
}

/// Reads who vouches for each. It blocks.
pub(super) fn open(all: &[PushConfiguration]) -> Result<Vec<PushTarget>, NodeError> {
    let opened = all.iter().map(|one| {
        // The operator's word: it may well be in the node's own network.
        let client = HttpsClient::open(one.ca.as_deref(), WebhookTargets::Any)?;
        let (partner, address) = (one.node.clone(), one.url.to_string());
        Ok(PushTarget { partner, address, post: Arc::new(Post { client, target: one.url.clone() }) })
    });
    opened.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_log_that_was_not_taken_nothing_is_believed_but_its_name_and_a_reason() {
        let log = "tdap.gov.pk/log/2026/gacc.gov.cn";
        let (origin, reason) = not_taken(&format!("{log} LOG_EQUIVOCATED")).unwrap();
        assert_eq!((origin.as_str(), reason.as_str()), (log, "LOG_EQUIVOCATED"));
        for bad in ["", log, "elsewhere LOG_EQUIVOCATED", &format!("{log} call this number")] {
            assert_eq!(not_taken(bad), None, "{bad}");
        }
        assert_eq!(not_taken(&format!("{log} {}", "A".repeat(REASON + 1))), None);
    }
}
