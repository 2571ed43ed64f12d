//! Packages for partners that are not connected, for the operator: a file out, a file in.

use super::call::{blocking, next_message};
use super::hosts::Hosts;
use super::stream::Answers;
use super::wire::origin::v1 as wire;
use super::{ApiError, convert, failure};
use crate::exchange::driver::{DriverView, ExportAsked, Imported, ImportedLog, Wanted};
use crate::exchange::parcel::ParcelError;
use crate::log::Origin;
use crate::office::{Actor, AuditEvent};
use crate::reason::Reasoned as _;
use crate::store::Batch;
use crate::time::{Clock, Timestamp, unix_ms};
use crate::trust::NodeName;
use bytes::Bytes;
use std::io::Write;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

/// Bytes of one message.
const CHUNK: usize = 256 << 10;
/// Messages that were not taken yet.
const ROOM: usize = 4;
/// The deed in the audit trail.
const EXPORTED: &str = "export_package";

/// What is asked for.
pub(super) fn asked(request: &wire::ExportPackageRequest) -> Result<ExportAsked, ApiError> {
    let field = |field, message: String| ApiError::Field { field, message };
    let to = request.partner.parse::<NodeName>().map_err(|error| field("partner", error.to_string()))?;
    let logs = match (request.log.as_str(), request.after) {
        ("", None) if request.from_the_start => Wanted::AllFromTheStart,
        ("", None) => Wanted::All,
        ("", Some(_)) => return Err(field("after", "it is the index of one log: say which".to_owned())),
        (log, after) => {
            let origin = log.parse::<Origin>().map_err(|error| field("log", error.to_string()))?;
            Wanted::One(origin, after.or_else(|| request.from_the_start.then_some(0)))
        }
    };
    Ok(ExportAsked { to, logs })
}

/// Makes a package, sent as it is made.
pub(super) fn export(
    view: DriverView,
    hosts: Hosts,
    clock: Arc<dyn Clock>,
    asked: ExportAsked,
) -> Answers<wire::ExportPackageResponse> {
    let (out, answers) = mpsc::channel(ROOM);
    tokio::task::spawn_blocking(move || {
        let made = make(&view, &hosts, clock.now(), &asked, &out);
        let last = made
            .map(|made| wire::ExportPackageResponse { part: Some(wire::export_package_response::Part::Made(made)) });
        // Who asked may have gone.
        let _ = out.blocking_send(last.map_err(|error| failure::plain(&error)));
    });
    ReceiverStream::new(answers)
}

fn make(
    view: &DriverView,
    hosts: &Hosts,
    at: Timestamp,
    asked: &ExportAsked,
    out: &mpsc::Sender<Result<wire::ExportPackageResponse, Status>>,
) -> Result<wire::ExportedPackage, ParcelError> {
    let mut chunks = Chunks::new(|chunk| {
        let part = Some(wire::export_package_response::Part::Chunk(chunk));
        out.blocking_send(Ok(wire::ExportPackageResponse { part })).is_ok()
    });
    let logs = view.export(asked, &mut chunks)?;
    let inside = |error: &dyn std::fmt::Display| ParcelError::Inside(error.to_string());
    // Kept before the seal leaves: without it the rest is no package.
    for (origin, after, size) in &logs {
        let authority = hosts.named(origin.host().as_str()).map_err(|error| inside(&error))?;
        let event = AuditEvent::named(Actor::Operator, EXPORTED).on(format!("{origin} {after}-{size}"));
        let audit = vec![event.with_detail(format!("for {}", asked.to)).to_row()];
        let at_ms = unix_ms(at);
        let kept = authority.store().commit(Batch { at_ms, audit, ..Batch::default() });
        kept.map_err(|error| inside(&error))?;
    }
    chunks.send().map_err(|error| inside(&error))?;
    let logs =
        logs.into_iter().map(|(origin, after, size)| wire::ExportedLog { origin: origin.to_string(), after, size });
    Ok(wire::ExportedPackage { logs: logs.collect() })
}

/// Bytes in parts. The last of them wait until they are sent by name.
pub(super) struct Chunks<F> {
    /// False where nobody takes them any more.
    send: F,
    bytes: Vec<u8>,
}

impl<F: FnMut(Bytes) -> bool> Chunks<F> {
    pub(super) fn new(send: F) -> Self {
        Self { send, bytes: Vec::with_capacity(CHUNK) }
    }

    pub(super) fn send(&mut self) -> std::io::Result<()> {
        let chunk = Bytes::from(std::mem::replace(&mut self.bytes, Vec::with_capacity(CHUNK)));
        let gone = || std::io::Error::other("nobody takes the package any more");
        if (self.send)(chunk) { Ok(()) } else { Err(gone()) }
    }
}

impl<F: FnMut(Bytes) -> bool> Write for Chunks<F> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.bytes.len() >= CHUNK {
            self.send()?;
        }
        let taken = bytes.get(..CHUNK.min(bytes.len())).unwrap_or(bytes);
        self.bytes.extend_from_slice(taken);
        Ok(taken.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Takes a package that is sent.
pub(super) async fn import(
    view: DriverView,
    own_trust_version: u64,
    mut incoming: Streaming<wire::ImportPackageRequest>,
) -> Result<wire::ImportPackageResponse, Status> {
    let refused = |error: ParcelError| failure::plain(&error);
    let its = view.clone();
    let mut spool = blocking(move || its.spool()).await?.map_err(refused)?;
    while let Some(message) = next_message(&mut incoming).await? {
        spool = blocking(move || spool.write(&message.chunk).map(|()| spool)).await?.map_err(refused)?;
    }
    let imported = view.import(spool).await.map_err(refused)?;
    Ok(answer(imported, own_trust_version))
}

fn answer(imported: Imported, own_trust_version: u64) -> wire::ImportPackageResponse {
    let why = |error: &Option<ParcelError>| match error {
        Some(error) => (error.reason().to_owned(), error.to_string()),
        None => (String::new(), String::new()),
    };
    let cosigned = imported.cosigned.into_iter().map(|(origin, size, refused)| {
        let (reason, message) = why(&refused);
        wire::ImportedCosignature { origin, size, reason, message }
    });
    let logs = imported.logs.into_iter().map(|log| {
        let (reason, message) = why(&log.refused);
        let ImportedLog { origin, after, size, held, cosigned, awaits, receipted, missing, kept_back, .. } = log;
        wire::ImportedLog {
            origin: origin.to_string(),
            after,
            size,
            held,
            cosigned,
            receipted,
            missing_disclosures: missing,
            held_disclosures: kept_back,
            reason,
            message,
            awaits: awaits.iter().map(ToString::to_string).collect(),
        }
    });
    wire::ImportPackageResponse {
        partner: imported.from.to_string(),
        made_at: Timestamp::from_second(imported.made_at).ok().map(convert::instant),
        trust_version: imported.trust_version,
        own_trust_version,
        logs: logs.collect(),
        cosigned: cosigned.collect(),
    }
}
