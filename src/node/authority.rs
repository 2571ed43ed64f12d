//! Opens one hosted authority: its keys, its store, its writer, its desk.

use super::elsewhere::Elsewhere;
use super::{AuthorityConfiguration, NodeError};
use crate::agreement::{Agreements, Lists};
use crate::api::{HostedAuthority, KeyUsage, PublishedKey};
use crate::document::Images;
use crate::exchange::driver::OwnAuthority;
use crate::keys::{KeyStore, KeyUse, LogKey, Passphrase, StampKey};
use crate::reason::Reasoned;
use crate::sequencer::{Limits, Sequencer, Setup, Signers, newest_hour};
use crate::store::{JournalOptions, JournalStore, Store};
use crate::time::{Clock, Random, Timestamp};
use crate::trust::TrustList;
use crate::verification::Verifier;
use crate::workflow::{
    Accounts, Applications, Changes, Courier, Desk, DeskSetup, Exporters, Herald, HeraldSetup, Offices, Policies,
    Printer, WebhookKey, WebhookSetup, Webhooks,
};
use arc_swap::ArcSwap;
use std::sync::Arc;

/// What all authorities of a node have in common.
#[derive(Clone)]
pub(super) struct Surroundings {
    pub(super) trust: Arc<ArcSwap<TrustList>>,
    pub(super) agreements: Arc<Agreements>,
    pub(super) verifier: Arc<ArcSwap<Verifier>>,
    pub(super) lists: Arc<ArcSwap<Lists>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
    pub(super) courier: Arc<dyn Courier>,
    pub(super) webhook_key: Arc<WebhookKey>,
    pub(super) elsewhere: Arc<Elsewhere>,
    pub(super) printer: Printer,
}

/// An authority that is open, and the writer that has to be closed in the end.
pub(super) struct OpenAuthority {
    pub(super) hosted: HostedAuthority,
    pub(super) sequencer: Sequencer,
}

impl OpenAuthority {
    /// What the exchange sees of it.
    pub(super) fn exchanged(&self) -> OwnAuthority {
        OwnAuthority {
            issuer: self.hosted.issuer.clone(),
            store: Arc::clone(self.hosted.desk.store()),
            gate: Arc::clone(self.sequencer.gate()),
        }
    }

    /// Who tells of what becomes of its certificates, and of what partners said in their logs.
    pub(super) fn herald(&self, around: &Surroundings) -> Herald {
        Herald::new(HeraldSetup {
            issuer: self.hosted.issuer.clone(),
            store: Arc::clone(self.hosted.desk.store()),
            trust: Arc::clone(&around.trust),
            partners: Arc::clone(&around.elsewhere) as _,
            clock: Arc::clone(&around.clock),
        })
    }
}

/// The keys of an authority that its node uses.
pub(super) struct AuthorityKeys {
    signers: Signers,
    stamp: Option<StampKey>,
    published: Vec<PublishedKey>,
}

/// Opens the authority. It blocks: keys are unlocked, the store is read.
pub(super) fn open(one: &AuthorityConfiguration, around: &Surroundings) -> Result<OpenAuthority, NodeError> {
    let keys = open_keys(one)?;
    let store = JournalStore::open(&one.data, JournalOptions::default(), Arc::clone(&around.random))
        .map_err(|error| refused(one, &error))?;
    let store: Arc<dyn Store> = Arc::new(store);
    clock_went_on(one, store.as_ref(), &around.trust.load(), around.clock.now())?;
    let sequencer = Sequencer::start(Setup {
        issuer: one.issuer.clone(),
        zone: one.time_zone.clone(),
        store: Arc::clone(&store),
        signers: keys.signers,
        trust: Arc::clone(&around.trust),
        clock: Arc::clone(&around.clock),
        random: Arc::clone(&around.random),
        limits: Limits::default(),
    })
    .map_err(|error| refused(one, &error))?;
    let accounts = Accounts::load(Arc::clone(&store), Arc::clone(&around.clock), Arc::clone(&around.random))
        .map_err(|error| refused(one, &error))?;
    let (clock, random) = (Arc::clone(&around.clock), Arc::clone(&around.random));
    let exporters = Exporters::new(Arc::clone(&store), clock, random, accounts.clone());
    let policies = Policies::load(Arc::clone(&store), Arc::clone(&around.clock), accounts.clone())
        .map_err(|error| refused(one, &error))?;
    let offices = Offices::load(Arc::clone(&store), Arc::clone(&around.clock), one.offices.clone())
        .map_err(|error| refused(one, &error))?;
    let changes = Changes::new(one.issuer.clone(), Arc::clone(&store), Arc::clone(&around.elsewhere) as _);
    let webhooks = Webhooks::load(WebhookSetup {
        issuer: one.issuer.clone(),
        store: Arc::clone(&store),
        accounts: accounts.clone(),
        changes: changes.clone(),
        key: Arc::clone(&around.webhook_key),
        courier: Arc::clone(&around.courier),
        clock: Arc::clone(&around.clock),
        random: Arc::clone(&around.random),
    })
    .map_err(|error| refused(one, &error))?;
    let images = paper_images(one)?;
    let desk = Desk::new(DeskSetup {
        issuer: one.issuer.clone(),
        country: one.country,
        offices,
        store,
        sequencer: sequencer.clone(),
        agreements: Arc::clone(&around.agreements),
        lists: Arc::clone(&around.lists),
        trust: Arc::clone(&around.trust),
        partners: Arc::clone(&around.elsewhere) as _,
        verifier: Arc::clone(&around.verifier),
        clock: Arc::clone(&around.clock),
        erase_after_years: one.erase_after_years,
        stamp: keys.stamp,
        random: Arc::clone(&around.random),
        reminders: one.reminders,
        printer: around.printer.clone(),
        images,
        continuity: one.continuity.clone(),
    });
    let applications = Applications::new(desk.clone(), exporters.clone(), Arc::clone(&around.random));
    let applications = applications.under(policies.clone());
    let hosted = HostedAuthority {
        issuer: one.issuer.clone(),
        reading: one.reading,
        desk,
        applications,
        accounts,
        exporters,
        policies,
        changes,
        webhooks,
        keys: keys.published,
    };
    Ok(OpenAuthority { hosted, sequencer })
}

/// The signatures and seals that the authority's documents are printed with.
pub(super) fn paper_images(one: &AuthorityConfiguration) -> Result<Images, NodeError> {
    let read = one.paper.as_deref().map(Images::read).transpose();
    read.map(Option::unwrap_or_default).map_err(|error| refused(one, &error))
}

/// Unlocks the keys the configuration names and every log key of the authority.
pub(super) fn open_keys(one: &AuthorityConfiguration) -> Result<AuthorityKeys, NodeError> {
    let fail = |error: &dyn Reasoned| refused(one, error);
    let passphrase = Passphrase::from_file(&one.passphrase_file).map_err(|error| fail(&error))?;
    let folder = KeyStore::open(&one.keys, passphrase).map_err(|error| fail(&error))?;
    let statement = folder.statement(&one.statement_key).map_err(|error| fail(&error))?;
    let status = folder.status(&one.status_key).map_err(|error| fail(&error))?;
    let stamp = one.stamp_key.as_ref().map(|name| folder.stamp(name)).transpose().map_err(|error| fail(&error))?;
    let mut logs: Vec<LogKey> = Vec::new();
    let mut published = Vec::new();
    for side in folder.list().map_err(|error| fail(&error))? {
        let (usage, name) = match &side.key_use {
            KeyUse::Statement { iss, kid } if *iss == one.issuer => (KeyUsage::Statement, kid.to_string()),
            KeyUse::Status { iss, kid } if *iss == one.issuer => (KeyUsage::Status, kid.to_string()),
            KeyUse::Stamp { iss, kid } if *iss == one.issuer => (KeyUsage::Stamp, kid.to_string()),
            KeyUse::Log { iss, shard } if *iss == one.issuer => {
                logs.push(folder.log(&side.name).map_err(|error| fail(&error))?);
                (KeyUsage::Log, shard.to_string())
            }
            _ => continue,
        };
        published.push(PublishedKey { usage, name, key: side.public_key });
    }
    let stamped = one.stamp_key.as_ref().zip(stamp.as_ref().map(StampKey::iss));
    let named = [(&one.statement_key, statement.iss()), (&one.status_key, status.iss())];
    for (name, iss) in named.into_iter().chain(stamped) {
        if *iss != one.issuer {
            let path = one.keys.join(format!("{name}.key.pem"));
            return Err(NodeError::Content { path, message: format!("is a key of {iss}, not of {}", one.issuer) });
        }
    }
    Ok(AuthorityKeys { signers: Signers { statement, status, logs }, stamp, published })
}

/// A clock behind the newest entry was set back: entries would be stamped with an hour that is over.
fn clock_went_on(
    one: &AuthorityConfiguration,
    store: &dyn Store,
    trust: &TrustList,
    now: Timestamp,
) -> Result<(), NodeError> {
    match newest_hour(store, trust).map_err(|error| refused(one, &error))? {
        Some((newest, origin)) if now < newest => {
            Err(NodeError::ClockWentBack { now, newest, origin: origin.to_string() })
        }
        _ => Ok(()),
    }
}

pub(super) fn refused(one: &AuthorityConfiguration, error: &(impl Reasoned + ?Sized)) -> NodeError {
    NodeError::Authority {
        issuer: one.issuer.to_string(),
        message: error.to_string(),
        reason: error.reason(),
        class: error.class(),
    }
}
