//! The rules of origin of an agreement, and the engine that judges declared production by them.
//!
//! What always holds: rules are data; a comparison is exact and only what is printed is cut off; every figure that
//! is not known makes an interval, and an answer is given only where it is the same all over the interval; each
//! answer says which figures it used and which article it rests on.
//! Not its business: the form, the dates and the papers of a certificate (`judge`), who declared, what is printed.

mod change;
mod claim;
mod evaluate;
mod exact;
mod expression;
mod judge;
mod ledger;
mod outcome;
mod place;
mod quantity;
mod range;
mod rate_day;
mod rates;
mod rules;
mod standing;
mod statement;
#[cfg(test)]
mod tests;
mod value;

pub use claim::with_alternatives;
pub use expression::{Expression, ExpressionError, Level, ValueMethod};
pub use outcome::{Answer, ItemOrigin, Line, OriginJudgement, Outcome, Reckoning, RuleResult, Support};
pub use range::{HsRange, NotRange};
pub use rates::{Rate, Rates};
pub use rules::{EditionRules, GoodsValue, OriginRule, OriginRules, ProductRules, RateDay, RegionalMethod};
