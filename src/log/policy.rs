//! Which cosignatures make a checkpoint strong enough: C2SP tlog-policy.
//!
//! Policies follow from the trust list and are printed for others; none is read.

use super::{KeyKind, LogError, SignedCheckpoint, VerifierKey};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// The most logs, witnesses and groups, each; C2SP asks for 32.
const MAX_LINES: usize = 256;
/// The quorum that asks for nobody; not a name that anybody may have.
const NONE: &str = "none";

/// What is wrong with a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PolicyFault {
    /// A log's key that cosigns, or a witness's key that does not.
    #[error("a key of this type cannot have this part")]
    KeyKind,
    /// One public key for two logs or two witnesses.
    #[error("the same key stands on two lines")]
    DuplicateKey,
    /// A name that cannot be one, or that is taken.
    #[error("the name is empty, has white space, is reserved, or is already defined")]
    Name,
    /// A name that no earlier line defines.
    #[error("the name is not defined before this line")]
    Undefined,
    /// A witness or group that would count in two ways.
    #[error("the name is already a member of a group")]
    MemberTwice,
    /// A group without members, or a threshold outside 1 to their number.
    #[error("a group needs members, and a threshold from 1 to their number")]
    Threshold,
    /// More lines of one sort than are read.
    #[error("more than 256 logs, witnesses or groups")]
    TooMany,
}

/// A cosigner that the policy knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// Its name within the policy. Where we write policies this is the key's name too.
    pub name: String,
    /// Its key.
    pub key: VerifierKey,
}

/// How many members of a group must have witnessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Each of them.
    All,
    /// One of them.
    Any,
    /// This many of them, from 1 to their number.
    AtLeast(usize),
}

/// A named set of witnesses and groups.
#[derive(Debug, Clone, PartialEq, Eq)]
struct WitnessGroup {
    name: String,
    /// How many members it takes.
    rule: Rule,
    /// Names of witnesses and of earlier groups.
    members: Vec<String>,
}

/// What a checkpoint needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Quorum {
    /// Nobody's cosignature.
    None,
    /// This witness or group.
    Of(String),
}

/// Logs, witnesses, groups and a quorum. Prints as C2SP tlog-policy text; names are sound by construction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The keys of the logs whose checkpoints it accepts; their names are the origins. None where the log is known
    /// otherwise.
    logs: Vec<VerifierKey>,
    witnesses: Vec<Witness>,
    groups: Vec<WitnessGroup>,
    quorum: Quorum,
}

impl Policy {
    /// Begins a policy; definitions come before their use, as in the text.
    #[must_use]
    pub fn builder() -> PolicyBuilder {
        PolicyBuilder::default()
    }

    /// The witnesses it knows, whether the quorum asks for them or not.
    #[must_use]
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// The quorum.
    #[must_use]
    pub const fn quorum(&self) -> &Quorum {
        &self.quorum
    }

    /// Whether these witnesses, by their names in the policy, are a quorum.
    #[must_use]
    pub fn evaluate<S: AsRef<str> + Ord>(&self, cosigned: &BTreeSet<S>) -> bool {
        let Quorum::Of(quorum) = &self.quorum else { return true };
        let cosigned = cosigned.iter().map(AsRef::as_ref).collect::<BTreeSet<&str>>();
        let mut met = self
            .witnesses
            .iter()
            .map(|witness| (witness.name.as_str(), cosigned.contains(witness.name.as_str())))
            .collect::<BTreeMap<_, _>>();
        // A group is made of earlier names only, so one pass settles all.
        for group in &self.groups {
            let count = group.members.iter().filter(|name| met.get(name.as_str()) == Some(&true)).count();
            met.insert(&group.name, count >= group.rule.needs(group.members.len()));
        }
        met.get(quorum.as_str()) == Some(&true)
    }

    /// The policy's witnesses, by their names in it, whose cosignatures this checkpoint bears.
    pub fn cosigned(&self, checkpoint: &SignedCheckpoint) -> Result<BTreeSet<&str>, LogError> {
        let mut names = BTreeSet::new();
        for witness in &self.witnesses {
            if !checkpoint.cosignatures([&witness.key])?.is_empty() {
                names.insert(witness.name.as_str());
            }
        }
        Ok(names)
    }

    /// Whether the cosignatures that this checkpoint bears are a quorum. Most that are asked about lack a line, and no signature
    /// is checked to find that out.
    #[must_use]
    pub fn is_met_by(&self, checkpoint: &SignedCheckpoint) -> bool {
        let lines = checkpoint.note().signatures();
        let named = self.witnesses.iter().filter(|witness| lines.iter().any(|line| line.is_of(&witness.key)));
        let named = named.map(|witness| witness.name.as_str()).collect::<BTreeSet<_>>();
        self.evaluate(&named) && self.cosigned(checkpoint).is_ok_and(|names| self.evaluate(&names))
    }
}

impl Rule {
    const fn needs(self, members: usize) -> usize {
        match self {
            Self::All => members,
            Self::Any => 1,
            Self::AtLeast(count) => count,
        }
    }
}

/// A policy in the making.
#[derive(Debug, Clone, Default)]
pub struct PolicyBuilder {
    logs: Vec<VerifierKey>,
    witnesses: Vec<Witness>,
    groups: Vec<WitnessGroup>,
    names: BTreeSet<String>,
    members: BTreeSet<String>,
}

impl PolicyBuilder {
    /// Accepts a log.
    pub fn log(&mut self, key: VerifierKey) -> Result<&mut Self, PolicyFault> {
        room(&self.logs)?;
        if key.kind() == KeyKind::CosignatureV1 {
            return Err(PolicyFault::KeyKind);
        }
        if self.logs.iter().any(|log| same_key(log, &key)) {
            return Err(PolicyFault::DuplicateKey);
        }
        self.logs.push(key);
        Ok(self)
    }

    /// Defines a witness.
    pub fn witness(&mut self, name: &str, key: VerifierKey) -> Result<&mut Self, PolicyFault> {
        room(&self.witnesses)?;
        if key.kind() == KeyKind::Ed25519 {
            return Err(PolicyFault::KeyKind);
        }
        if self.witnesses.iter().any(|witness| same_key(&witness.key, &key)) {
            return Err(PolicyFault::DuplicateKey);
        }
        self.define(name)?;
        self.witnesses.push(Witness { name: name.to_owned(), key });
        Ok(self)
    }

    /// Defines a group of witnesses and earlier groups. Each name is a member at most once in the whole policy, so
    /// that a witness counts in one way only.
    pub fn group<S: AsRef<str>>(&mut self, name: &str, rule: Rule, members: &[S]) -> Result<&mut Self, PolicyFault> {
        room(&self.groups)?;
        if members.is_empty() || !(1..=members.len()).contains(&rule.needs(members.len())) {
            return Err(PolicyFault::Threshold);
        }
        let mut taken = BTreeSet::new();
        for member in members.iter().map(AsRef::as_ref) {
            if !self.names.contains(member) {
                return Err(PolicyFault::Undefined);
            }
            if self.members.contains(member) || !taken.insert(member.to_owned()) {
                return Err(PolicyFault::MemberTwice);
            }
        }
        self.define(name)?;
        let members = members.iter().map(|member| member.as_ref().to_owned()).collect();
        self.groups.push(WitnessGroup { name: name.to_owned(), rule, members });
        self.members.append(&mut taken);
        Ok(self)
    }

    /// Ends with the name of the witness or group that is asked for, or `none`.
    pub fn quorum(self, name: &str) -> Result<Policy, PolicyFault> {
        let quorum = match name {
            NONE => Quorum::None,
            name if self.names.contains(name) => Quorum::Of(name.to_owned()),
            _ => return Err(PolicyFault::Undefined),
        };
        Ok(Policy { logs: self.logs, witnesses: self.witnesses, groups: self.groups, quorum })
    }

    fn define(&mut self, name: &str) -> Result<(), PolicyFault> {
        if name == NONE || !is_item(name) || !self.names.insert(name.to_owned()) {
            return Err(PolicyFault::Name);
        }
        Ok(())
    }
}

fn room<T>(lines: &[T]) -> Result<(), PolicyFault> {
    if lines.len() < MAX_LINES { Ok(()) } else { Err(PolicyFault::TooMany) }
}

/// C2SP tlog-policy, "Public key representation": names and types do not make two keys of one.
fn same_key(a: &VerifierKey, b: &VerifierKey) -> bool {
    a.key_bytes() == b.key_bytes()
}

/// Something that a line can hold as one item.
fn is_item(text: &str) -> bool {
    !text.is_empty() && !text.bytes().any(|byte| byte <= 0x20 || byte == 0x7f)
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for log in &self.logs {
            writeln!(f, "log {log}")?;
        }
        for witness in &self.witnesses {
            writeln!(f, "witness {} {}", witness.name, witness.key)?;
        }
        for group in &self.groups {
            let rule = match group.rule {
                Rule::All => "all".to_owned(),
                Rule::Any => "any".to_owned(),
                Rule::AtLeast(count) => count.to_string(),
            };
            writeln!(f, "group {} {rule} {}", group.name, group.members.join(" "))?;
        }
        let quorum = match &self.quorum {
            Quorum::None => NONE,
            Quorum::Of(name) => name,
        };
        writeln!(f, "quorum {quorum}")
    }
}

#[cfg(test)]
mod tests;
