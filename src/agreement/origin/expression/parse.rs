//! Text into a rule, or the place where it stops being one.
//!
//! ```text
//! rule   = both { "or" both }
//! both   = one { "and" one }
//! one    = "(" rule ")" | "WO" | "PE" | change | value | "SP" "(" '"' words '"' ")"
//! change = ( "CC" | "CTH" | "CTSH" ) [ "except" [ "from" ] range { "," range } ]
//! value  = ( "RVC" | "NC" | "MC" | "VA" | "NOM" ) "(" percent [ "," ( "build_down" | "build_up" ) ] ")"
//! ```

use super::{DEPTH_MAX, Expression, LENGTH_MAX, Level, ValueMethod};
use crate::{encoding::Decimal, production::ProcessCode};

/// Where and why a text is no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at character {at}: {message}")]
pub struct ExpressionError {
    /// The character, counted from 1.
    pub at: usize,
    /// What is wrong there.
    pub message: String,
}

pub(super) fn parse(text: &str) -> Result<Expression, ExpressionError> {
    if text.chars().nth(LENGTH_MAX).is_some() {
        let message = format!("a rule has at most {LENGTH_MAX} characters");
        return Err(ExpressionError { at: LENGTH_MAX + 1, message });
    }
    let mut parser = Parser { text, at: 0 };
    let rule = parser.rule(0)?;
    parser.space();
    if parser.rest().is_empty() {
        return Ok(rule);
    }
    Err(parser.fault(format!("`and` or `or` is expected before `{}`", parser.next_word())))
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn fault(&self, message: impl Into<String>) -> ExpressionError {
        let before = self.text.get(..self.at).unwrap_or_default();
        ExpressionError { at: before.chars().count() + 1, message: message.into() }
    }

    /// What stands next, for messages.
    fn next_word(&self) -> String {
        let word: String =
            self.rest().chars().take(20).take_while(|c| !c.is_whitespace() && !matches!(c, '(' | ')' | ',')).collect();
        if word.is_empty() { self.rest().chars().take(1).collect() } else { word }
    }

    /// Takes a sign, if it is next.
    fn sign(&mut self, sign: char) -> bool {
        self.space();
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len_utf8();
        }
        found
    }

    fn expect(&mut self, sign: char) -> Result<(), ExpressionError> {
        if self.sign(sign) {
            return Ok(());
        }
        let found = self.next_word();
        Err(self.fault(if found.is_empty() {
            format!("`{sign}` is missing at the end")
        } else {
            format!("`{sign}` is expected, not `{found}`")
        }))
    }

    /// The letters, digits and `_` that stand next.
    fn word(&mut self) -> &'t str {
        self.space();
        let rest = self.rest();
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    /// Takes a word, if it is next; in any case of letters.
    fn keyword(&mut self, word: &str) -> bool {
        let before = self.at;
        let found = self.word().eq_ignore_ascii_case(word);
        if !found {
            self.at = before;
        }
        found
    }

    fn rule(&mut self, depth: usize) -> Result<Expression, ExpressionError> {
        let mut parts = vec![self.both(depth)?];
        while self.keyword("or") {
            parts.push(self.both(depth)?);
        }
        Ok(flat(parts, Expression::Any))
    }

    fn both(&mut self, depth: usize) -> Result<Expression, ExpressionError> {
        let mut parts = vec![self.one(depth)?];
        while self.keyword("and") {
            parts.push(self.one(depth)?);
        }
        Ok(flat(parts, Expression::All))
    }

    fn one(&mut self, depth: usize) -> Result<Expression, ExpressionError> {
        if self.sign('(') {
            if depth >= DEPTH_MAX {
                return Err(self.fault(format!("brackets nest more than {DEPTH_MAX} deep")));
            }
            let inner = self.rule(depth + 1)?;
            self.expect(')')?;
            return Ok(inner);
        }
        self.space();
        let start = self.at;
        match self.word().to_ascii_uppercase().as_str() {
            "WO" => Ok(Expression::WhollyObtained),
            "PE" | "WP" => Ok(Expression::Exclusively),
            "CC" => self.change(Level::Chapter),
            "CTH" => self.change(Level::Heading),
            "CTSH" => self.change(Level::Subheading),
            "RVC" | "QVC" => self.value(ValueMethod::Regional),
            "NC" => self.value(ValueMethod::NetCost),
            "MC" => self.value(ValueMethod::MaterialContent),
            "VA" => self.value(ValueMethod::ValueAdded),
            "NOM" => self.value(ValueMethod::NonOriginating),
            "SP" => self.process(),
            _ => {
                self.at = start;
                let found = self.next_word();
                let found = if found.is_empty() { "the end".to_owned() } else { format!("`{found}`") };
                let known = "WO, PE, CC, CTH, CTSH, RVC(…), NC(…), MC(…), VA(…), NOM(…), SP(\"…\") or `(`";
                Err(self.fault(format!("{known} is expected, not {found}")))
            }
        }
    }

    fn change(&mut self, level: Level) -> Result<Expression, ExpressionError> {
        let mut except = Vec::new();
        if self.keyword("except") {
            self.keyword("from");
            loop {
                self.space();
                let rest = self.rest();
                let length = rest.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '-')).unwrap_or(rest.len());
                let range = rest.get(..length).unwrap_or_default();
                except
                    .push(range.parse().map_err(|error: super::super::range::NotRange| self.fault(error.to_string()))?);
                self.at += length;
                if !self.sign(',') {
                    break;
                }
            }
        }
        Ok(Expression::Change { level, except })
    }

    fn value(&mut self, method: ValueMethod) -> Result<Expression, ExpressionError> {
        self.expect('(')?;
        self.space();
        let rest = self.rest();
        let length = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number = rest.get(..length).unwrap_or_default();
        let percent = number.parse::<Decimal>().ok().filter(|percent| *percent <= Decimal::from_whole(100));
        let percent =
            percent.ok_or_else(|| self.fault("a percentage from 0 to 100 is expected, such as 40 or 62.5"))?;
        self.at += length;
        self.sign('%');
        let mut method = method;
        if self.sign(',') {
            self.space();
            let start = self.at;
            method = match (method, self.word()) {
                (ValueMethod::Regional, "build_down") => ValueMethod::BuildDown,
                (ValueMethod::Regional, "build_up") => ValueMethod::BuildUp,
                _ => {
                    self.at = start;
                    return Err(self.fault("only RVC takes a method: `build_down` or `build_up`"));
                }
            };
        }
        self.expect(')')?;
        Ok(Expression::Value { method, percent })
    }

    fn process(&mut self) -> Result<Expression, ExpressionError> {
        self.expect('(')?;
        self.expect('"')?;
        let rest = self.rest();
        let Some(words) = rest.find('"').and_then(|end| rest.get(..end)) else {
            return Err(self.fault("the closing `\"` of the process is missing"));
        };
        let code = words.trim().to_ascii_uppercase().replace([' ', '-'], "_");
        let code = code.parse::<ProcessCode>().map_err(|error| self.fault(error.to_string()))?;
        self.at += words.len() + 1;
        self.expect(')')?;
        Ok(Expression::Process(code))
    }
}

/// One part stands for itself; bracketed parts of the same kind join the list, so that each rule has one form.
fn flat(parts: Vec<Expression>, join: fn(Vec<Expression>) -> Expression) -> Expression {
    let kind = std::mem::discriminant(&join(Vec::new()));
    let mut all = Vec::new();
    for part in parts {
        let same = std::mem::discriminant(&part) == kind;
        match part {
            Expression::All(inner) | Expression::Any(inner) if same => all.extend(inner),
            other => all.push(other),
        }
    }
    match <[Expression; 1]>::try_from(all) {
        Ok([only]) => only,
        Err(all) => join(all),
    }
}
