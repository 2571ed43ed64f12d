//! The rules that a list is held to alone, whoever signed it and whatever was known before.

use super::{
    ListText, Section, TrustError, TrustList,
    anchor::{MAX_SIGNERS, check_signers},
    list::{Authority, MAX_SECTIONS},
    root_change::{MAX_ROOT_CHANGES, RootChange, check_chain},
    texts::{at_most, check_quorum, twice},
};
use crate::statement::Issuer;
use std::collections::BTreeMap;

const MAX_CLOSINGS: usize = 65_536;
const MAX_SHARDS: usize = 65_536;
const MAX_NODES: usize = 4096;

/// Opens the sections and puts the closings to them.
pub(super) fn authorities(text: &ListText) -> Result<BTreeMap<Issuer, Authority>, TrustError> {
    at_most("sections", &text.sections, MAX_SECTIONS)?;
    at_most("closings", &text.closings, MAX_CLOSINGS)?;
    let mut authorities = BTreeMap::new();
    for entry in &text.sections {
        at_most("changes in `root_history`", &entry.root_history, MAX_ROOT_CHANGES)?;
        let section = Section::open(&entry.note)?;
        let history = entry.root_history.iter().map(|note| RootChange::open(note)).collect::<Result<Vec<_>, _>>()?;
        check_chain(&history, &section)?;
        let iss = section.iss().clone();
        let authority = Authority { section, history, closings: BTreeMap::new() };
        if authorities.insert(iss.clone(), authority).is_some() {
            return Err(TrustError::SectionTwice(iss));
        }
    }
    for closing in &text.closings {
        let what = || format!("closing of key `{}` of {}", closing.kid, closing.iss);
        let dangling = |problem: &str| TrustError::Dangling { what: what(), problem: problem.to_owned() };
        let authority = authorities.get_mut(&closing.iss).ok_or_else(|| dangling("no such authority"))?;
        if authority.section.key(&closing.kid).is_none() {
            return Err(dangling("no such key"));
        }
        if !authority.section.text().has_log(&closing.origin) {
            return Err(dangling("the log is not one of the authority's"));
        }
        let closings = authority.closings.entry(closing.kid.clone()).or_default();
        if closings.iter().any(|other| other.origin == closing.origin) {
            return Err(dangling("the log is named twice"));
        }
        closings.push(closing.clone());
    }
    Ok(authorities)
}

/// The signers and k.
pub(super) fn signers(text: &ListText) -> Result<(), TrustError> {
    at_most("signers", &text.signers, MAX_SIGNERS)?;
    check_signers(&text.signers).map_err(TrustError::ListMalformed)?;
    check_quorum(text.k, &text.signers)
}

/// Everything else.
pub(super) fn check(list: &TrustList) -> Result<(), TrustError> {
    let text = &list.text;
    at_most("closed logs", &text.shards, MAX_SHARDS)?;
    at_most("nodes", &text.nodes, MAX_NODES)?;
    if text.version == 0 {
        return Err(TrustError::ListMalformed("versions begin with 1".to_owned()));
    }
    if text.next_update <= text.issued {
        return Err(TrustError::Dates);
    }
    signers(text)?;
    check_nodes(list)?;
    check_shards(list)?;
    check_addressees(list)?;
    check_keys(list)?;
    check_rehearsal(list)?;
    text.cosigning.check(list)
}

/// A list has authorities that rehearse or others: what one says must never be of use where the other is believed.
fn check_rehearsal(list: &TrustList) -> Result<(), TrustError> {
    let find = |rehearses: bool| list.sections().map(Section::iss).find(|iss| iss.is_rehearsal() == rehearses);
    match (find(true), find(false)) {
        (Some(rehearsal), Some(other)) => {
            Err(TrustError::RehearsalMixed { rehearsal: rehearsal.clone(), other: other.clone() })
        }
        _ => Ok(()),
    }
}

fn check_nodes(list: &TrustList) -> Result<(), TrustError> {
    if let Some(name) = twice(list.text.nodes.iter().map(|node| &node.name)) {
        return Err(TrustError::Node { name: name.to_string(), problem: "it stands twice".to_owned() });
    }
    list.text.nodes.iter().try_for_each(super::Node::check)?;
    for section in list.sections() {
        if let Some(name) = section.text().node.as_ref().filter(|name| list.node(name).is_none()) {
            let what = format!("section of {}", section.iss());
            let problem = format!(
                "its node `{name}` is not listed: list that node too (`origin trust draft list --entry`), or have the \
                 section name the one that hosts the authority (`origin trust draft section --node`)"
            );
            return Err(TrustError::Dangling { what, problem });
        }
    }
    Ok(())
}

fn check_shards(list: &TrustList) -> Result<(), TrustError> {
    if let Some(origin) = twice(list.text.shards.iter().map(|end| &end.origin)) {
        return Err(TrustError::Dangling {
            what: format!("closed log {origin}"),
            problem: "it stands twice".to_owned(),
        });
    }
    for end in &list.text.shards {
        if list.log_key(&end.origin).is_none() {
            let what = format!("closed log {}", end.origin);
            return Err(TrustError::Dangling { what, problem: "no authority has a key for it".to_owned() });
        }
    }
    Ok(())
}

fn check_addressees(list: &TrustList) -> Result<(), TrustError> {
    for (country, iss) in &list.text.addressees {
        let what = || format!("addressee for {country}");
        match list.section(iss) {
            None => return Err(TrustError::Dangling { what: what(), problem: format!("{iss} has no section") }),
            Some(section) if !section.is_customs() => {
                return Err(TrustError::Dangling {
                    what: what(),
                    problem: format!("{iss} has not the role `customs`"),
                });
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// One key, one use: a signature asked for in one place must never be of use in another. Former roots count
/// as well.
fn check_keys(list: &TrustList) -> Result<(), TrustError> {
    let mut uses: BTreeMap<&[u8], String> = BTreeMap::new();
    let mut take = |key, r#use: String| match uses.insert(key, r#use.clone()) {
        Some(first) => Err(TrustError::KeyReused { first, second: r#use }),
        None => Ok(()),
    };
    for signer in &list.text.signers {
        take(signer.key_bytes(), format!("federation signer `{}`", signer.name()))?;
    }
    for node in &list.text.nodes {
        for key in node.replica_vkey.iter().chain(&node.witness_vkey).chain(&node.retired) {
            take(key.key_bytes(), format!("cosigner `{}`", key.name()))?;
        }
    }
    for Authority { section, history, .. } in list.authorities.values() {
        let (iss, text) = (section.iss(), section.text());
        take(text.root.key_bytes(), format!("root key of {iss}"))?;
        for change in history {
            take(change.text().from.key_bytes(), format!("former root key of {iss}"))?;
        }
        for key in &text.keys {
            take(key.x.as_bytes(), format!("{} key `{}` of {iss}", key.r#use.word(), key.kid))?;
        }
        for key in &text.log_keys {
            take(key.x.as_bytes(), format!("log key of {iss} for {}", key.shard))?;
        }
    }
    Ok(())
}
