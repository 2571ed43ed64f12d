//! Where webhooks may go, and who vouches for their receivers.

use super::{Section, path};
use std::path::{Path, PathBuf};

/// What webhooks are allowed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WebhookConfiguration {
    /// Where they may go.
    pub targets: WebhookTargets,
    /// PEM of the authorities that vouch for receivers; the system's, where none is named.
    pub ca: Option<PathBuf>,
}

/// Where webhooks may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WebhookTargets {
    /// To addresses of the open network.
    #[default]
    Public,
    /// Anywhere: also to this machine, and into the network it stands in.
    Any,
}

impl std::str::FromStr for WebhookTargets {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "public" => Ok(Self::Public),
            "any" => Ok(Self::Any),
            _ => Err(format!("`{text}` is not where webhooks may go: public or any")),
        }
    }
}

pub(super) fn webhooks(section: &mut Section<'_, '_>, folder: &Path) -> WebhookConfiguration {
    let targets = section.optional::<WebhookTargets>("targets").unwrap_or_default();
    WebhookConfiguration { targets, ca: path(section, "ca", folder) }
}
