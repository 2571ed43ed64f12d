//! The language rules of origin are written in: `WO`, `CTH except 95.06`, `RVC(40)`, `CTSH and SP("spinning")`.

mod parse;

use super::range::HsRange;
use crate::{encoding::Decimal, production::ProcessCode};
use std::{fmt, str::FromStr};

pub use parse::ExpressionError;

/// How deep a rule may nest.
const DEPTH_MAX: usize = 16;
/// Characters of a rule at most.
const LENGTH_MAX: usize = 4_000;

/// A rule of origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// `WO`: wholly obtained.
    WhollyObtained,
    /// `PE`: produced exclusively from originating materials.
    Exclusively,
    /// `CC`, `CTH`, `CTSH`: every non-originating material is classified elsewhere, and none of those excepted is
    /// used.
    Change {
        /// At which level.
        level: Level,
        /// From where no change counts.
        except: Vec<HsRange>,
    },
    /// `RVC(40)` and its like.
    Value {
        /// Which content, by which method.
        method: ValueMethod,
        /// The threshold, per cent.
        percent: Decimal,
    },
    /// `SP("…")`: a process was carried out.
    Process(ProcessCode),
    /// All of these.
    All(Vec<Self>),
    /// Any of these.
    Any(Vec<Self>),
}

/// At which level the classification changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// Change of chapter: two digits.
    Chapter,
    /// Change of tariff heading: four digits.
    Heading,
    /// Change of tariff subheading: six digits.
    Subheading,
}

impl Level {
    /// The rule's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chapter => "CC",
            Self::Heading => "CTH",
            Self::Subheading => "CTSH",
        }
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Chapter => "chapter",
            Self::Heading => "heading",
            Self::Subheading => "subheading",
        }
    }
}

/// Which content a value rule asks for, and by which method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ValueMethod {
    /// `RVC(40)`: regional value content at least so much, by any method the agreement knows.
    Regional,
    /// `RVC(40, build_down)`: (value of the goods − non-originating materials) / value of the goods.
    BuildDown,
    /// `RVC(40, build_up)`: (originating materials + labour + overheads + other costs + profit) / value of the goods.
    BuildUp,
    /// `NC(35)`: (net cost − non-originating materials) / net cost, at least so much.
    NetCost,
    /// `MC(60)`: non-originating materials / all materials, at most so much.
    MaterialContent,
    /// `VA(35)`: (ex-factory cost − non-originating materials) / ex-factory cost, at least so much.
    ValueAdded,
    /// `NOM(50)`: non-originating materials / value of the goods, at most so much.
    NonOriginating,
}

impl ValueMethod {
    /// The method in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Regional => "regional value content",
            Self::BuildDown => "regional value content by the build-down method",
            Self::BuildUp => "regional value content by the build-up method",
            Self::NetCost => "content of the net cost",
            Self::MaterialContent => "non-originating share of the materials",
            Self::ValueAdded => "value added to the ex-factory cost",
            Self::NonOriginating => "non-originating share of the value",
        }
    }

    /// Whether the threshold is a ceiling.
    #[must_use]
    pub const fn at_most(self) -> bool {
        matches!(self, Self::MaterialContent | Self::NonOriginating)
    }
}

impl Expression {
    /// Every part, the whole first.
    pub(super) fn visit<'a>(&'a self, see: &mut impl FnMut(&'a Self)) {
        see(self);
        if let Self::All(parts) | Self::Any(parts) = self {
            for part in parts {
                part.visit(see);
            }
        }
    }
}

impl FromStr for Expression {
    type Err = ExpressionError;

    fn from_str(text: &str) -> Result<Self, ExpressionError> {
        parse::parse(text)
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WhollyObtained => f.write_str("WO"),
            Self::Exclusively => f.write_str("PE"),
            Self::Change { level, except } => {
                f.write_str(level.as_str())?;
                for (index, range) in except.iter().enumerate() {
                    write!(f, "{}{range}", if index == 0 { " except " } else { ", " })?;
                }
                Ok(())
            }
            Self::Value { method, percent } => match method {
                ValueMethod::Regional => write!(f, "RVC({percent})"),
                ValueMethod::BuildDown => write!(f, "RVC({percent}, build_down)"),
                ValueMethod::BuildUp => write!(f, "RVC({percent}, build_up)"),
                ValueMethod::NetCost => write!(f, "NC({percent})"),
                ValueMethod::MaterialContent => write!(f, "MC({percent})"),
                ValueMethod::ValueAdded => write!(f, "VA({percent})"),
                ValueMethod::NonOriginating => write!(f, "NOM({percent})"),
            },
            Self::Process(code) => write!(f, "SP(\"{code}\")"),
            Self::All(parts) => joined(f, parts, " and ", |part| matches!(part, Self::Any(_))),
            Self::Any(parts) => joined(f, parts, " or ", |_| false),
        }
    }
}

fn joined(
    f: &mut fmt::Formatter<'_>,
    parts: &[Expression],
    word: &str,
    bracketed: impl Fn(&Expression) -> bool,
) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(word)?;
        }
        if bracketed(part) { write!(f, "({part})")? } else { write!(f, "{part}")? }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
