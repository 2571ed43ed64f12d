//! How goods were made, as an exporter declares it: materials, costs, processes, evidence, price; item by item.
//!
//! What always holds: a value of these types is well-formed; a file either reads or gets every finding at once,
//! each with its path; amounts are exact decimals in a named currency; what was not declared is absent, never
//! zero. It belongs to the application and never enters a certificate.
//! Not its business: whether goods made so originate (`agreement`), who may declare, where it is kept.

mod check;
mod cost;
mod item;
mod material;
mod obtained;
mod price;
mod process;
mod reading;
mod template;
#[cfg(test)]
mod tests;

pub use cost::{CostLine, CostStatement, Costs, OtherCost};
pub use item::{ItemProduction, Production};
pub use material::{Evidence, EvidenceKind, Material, MaterialOrigin};
pub use obtained::{Obtained, ObtainedKind};
pub use price::{Basis, Missing, Price, PriceStep, Step};
pub use process::{Process, ProcessCode};
pub use reading::{ProductionReading, schema};
pub use template::TEMPLATE;
