//! What an agreement demands, as data with effective dates, and the engine that judges a certificate by it.
//!
//! What always holds: nothing about an agreement is in code. Every figure names its article and whether it
//! was confirmed; what contradicts a confirmed figure is an error, what contradicts an unconfirmed one a
//! warning, and what rests on an unconfirmed or missing one is *unknown*: it never passes silently and never
//! blocks. A file with mistakes is refused with all of them.
//! Not its business: where the files lie, who may issue, what was signed, who declared how goods were made.

mod boxes;
mod criterion;
mod edition;
mod eligibility;
mod error;
mod fields;
mod figure;
mod form;
mod judge;
mod lists;
mod load;
mod matching;
mod number;
mod origin;
mod parties;
mod template;
mod terms;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod unread;
mod usable;

pub use criterion::{Bound, CriterionRule, ValueRule};
pub use edition::{Classification, Edition, HsOwner, InForce, Overlap, PercentPrinted};
pub use eligibility::{ClosedRoute, Eligibility, HsPrefix, Quota};
pub use error::AgreementError;
pub use fields::Fault;
pub use figure::{Figure, Known};
pub use form::{FobPrinted, Form, FormBox, ProducerNaming, Shows};
pub use judge::Judgement;
pub use lists::{CodeKind, CodeList, Found, Holidays, Lists, Opened, Present, WorkingDays};
pub use load::{Agreement, AgreementErrors, Agreements};
pub use matching::{Declared, DeclaredLine, Difference, Matching, Subject, Weight, compare};
pub use number::{NumberRule, Pattern, Series};
pub use origin::{
    Answer, EditionRules, Expression, ExpressionError, GoodsValue, HsRange, ItemOrigin, Level, Line, NotRange,
    OriginJudgement, OriginRule, OriginRules, Outcome, ProductRules, Rate, RateDay, Rates, Reckoning, RegionalMethod,
    RuleResult, Support, ValueMethod, with_alternatives,
};
pub use parties::{Member, Participation, Parties, Side};
pub use terms::{
    Cancellation, CountedTo, Cumulation, DeMinimis, Discrepancy, EndorsementAct, Grace, ItemCap, LastDay,
    LatePresentation, Limit, Mark, Marks, Objection, OriginalEnds, Provision, RequiredEndorsement, Retrospective, Span,
    SpanUnit, Tolerance, Validity, ValueBase, Verification, Waiver, Window,
};
pub use usable::Usability;
