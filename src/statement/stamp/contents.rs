//! The payload of a stamp: a map with the keys 1 to 13, each always there.

use super::{Stamp, StampItem};
use crate::{
    certificate::{HsDigits, Measure},
    encoding::Decimal,
    log::Hash,
    statement::StatementError,
    time::Date,
};
use minicbor::{Decode, Decoder, Encoder};
use std::{convert::Infallible, str::FromStr};

const ISS: u8 = 1;
const NUMBER: u8 = 2;
const ISSUED_ON: u8 = 3;
const VALID_UNTIL: u8 = 4;
const AGREEMENT: u8 = 5;
const FROM: u8 = 6;
const TO: u8 = 7;
const TOTAL: u8 = 8;
const GROSS_WEIGHT: u8 = 9;
const ITEMS: u8 = 10;
const LOG: u8 = 11;
const INDEX: u8 = 12;
const LEAF: u8 = 13;
const MEMBERS: u64 = 13;

const WHAT: &str = "the stamp";
/// What dates are counted from, in days (RFC 8943).
const EPOCH: Date = Date::constant(1970, 1, 1);

type Raw<'a> = (u32, Option<u32>, Option<(&'a str, &'a str)>, Option<(&'a str, &'a str)>, Option<&'a str>);

/// Writes the payload with the first `carried` items.
pub(super) fn write(stamp: &Stamp, carried: usize) -> Result<Vec<u8>, StatementError> {
    let (issued_on, valid_until) = (days(stamp.issued_on)?, stamp.valid_until.map(days).transpose()?);
    encode(stamp, carried, issued_on, valid_until).map_err(|e| StatementError::shape(WHAT, e))
}

fn encode(
    stamp: &Stamp,
    carried: usize,
    issued_on: u32,
    valid_until: Option<u32>,
) -> Result<Vec<u8>, minicbor::encode::Error<Infallible>> {
    let mut out = Encoder::new(Vec::with_capacity(512));
    out.map(MEMBERS)?;
    out.u8(ISS)?.str(&stamp.iss.to_string())?;
    out.u8(NUMBER)?.str(stamp.number.as_str())?;
    out.u8(ISSUED_ON)?.u32(issued_on)?;
    out.u8(VALID_UNTIL)?.encode(valid_until)?;
    out.u8(AGREEMENT)?.encode((stamp.agreement.as_str(), stamp.edition.as_str()))?;
    out.u8(FROM)?.str(stamp.from.as_str())?;
    out.u8(TO)?.str(stamp.to.as_str())?;
    out.u8(TOTAL)?.u32(stamp.total)?;
    out.u8(GROSS_WEIGHT)?;
    measure(&mut out, stamp.gross_weight.as_ref())?;
    let items = stamp.items.get(..carried).unwrap_or(&stamp.items);
    out.u8(ITEMS)?.array(u64::try_from(items.len()).unwrap_or(u64::MAX))?;
    for item in items {
        out.array(5)?.u32(item.number)?.encode(item.hs.as_ref().and_then(|hs| hs.as_str().parse::<u32>().ok()))?;
        measure(&mut out, item.quantity.as_ref())?;
        measure(&mut out, item.gross_weight.as_ref())?;
        out.encode(item.criterion.as_ref().map(|criterion| criterion.as_str()))?;
    }
    out.u8(LOG)?.str(stamp.log.as_str())?;
    out.u8(INDEX)?.u64(stamp.index)?;
    out.u8(LEAF)?.bytes(&stamp.leaf.0)?;
    Ok(out.into_writer())
}

fn measure(out: &mut Encoder<Vec<u8>>, measure: Option<&Measure>) -> Result<(), minicbor::encode::Error<Infallible>> {
    match measure {
        Some(measure) => out.encode((measure.value.to_string().as_str(), measure.unit.as_str()))?,
        None => out.null()?,
    };
    Ok(())
}

/// Reads a payload that was found to be deterministic CBOR, so that its keys rise and nothing follows it.
pub(super) fn read(payload: &[u8]) -> Result<Stamp, StatementError> {
    let mut input = Decoder::new(payload);
    if input.map().map_err(malformed)? != Some(MEMBERS) {
        return Err(StatementError::shape(WHAT, format!("not a map of {MEMBERS} members")));
    }
    let iss = parsed(member(&mut input, ISS)?)?;
    let number = parsed(member(&mut input, NUMBER)?)?;
    let issued_on = date(member(&mut input, ISSUED_ON)?)?;
    let valid_until = member::<Option<u32>>(&mut input, VALID_UNTIL)?.map(date).transpose()?;
    let (agreement, edition) = member(&mut input, AGREEMENT)?;
    let (from, to) = (parsed(member(&mut input, FROM)?)?, parsed(member(&mut input, TO)?)?);
    let total = member(&mut input, TOTAL)?;
    let gross_weight = member::<Option<_>>(&mut input, GROSS_WEIGHT)?.map(measured).transpose()?;
    let items = member::<Vec<Raw<'_>>>(&mut input, ITEMS)?;
    let stamp = Stamp {
        iss,
        number,
        issued_on,
        valid_until,
        agreement: parsed(agreement)?,
        edition: parsed(edition)?,
        from,
        to,
        total,
        gross_weight,
        items: items.into_iter().map(item).collect::<Result<_, _>>()?,
        log: parsed(member(&mut input, LOG)?)?,
        index: member(&mut input, INDEX)?,
        leaf: Hash(leaf(&mut input)?),
    };
    if usize::try_from(stamp.total).is_ok_and(|total| stamp.items.len() > total) {
        return Err(StatementError::shape(WHAT, "more items than the certificate has"));
    }
    if stamp.log.host() != stamp.iss.host() {
        return Err(StatementError::shape(WHAT, "the log is not one of the issuer's"));
    }
    Ok(stamp)
}

fn member<'a, T: Decode<'a, ()>>(input: &mut Decoder<'a>, key: u8) -> Result<T, StatementError> {
    if input.u8().map_err(malformed)? != key {
        return Err(StatementError::shape(WHAT, format!("its member {key} is absent")));
    }
    input.decode().map_err(malformed)
}

fn leaf(input: &mut Decoder<'_>) -> Result<[u8; 32], StatementError> {
    if input.u8().map_err(malformed)? != LEAF {
        return Err(StatementError::shape(WHAT, format!("its member {LEAF} is absent")));
    }
    let bytes = input.bytes().map_err(malformed)?;
    bytes.try_into().map_err(|_| StatementError::shape(WHAT, "a leaf hash has 32 bytes"))
}

fn item((number, hs, quantity, gross_weight, criterion): Raw<'_>) -> Result<StampItem, StatementError> {
    Ok(StampItem {
        number,
        // More than six digits are no subheading.
        hs: hs.map(|hs| format!("{hs:06}")).map(|digits| six(&digits)).transpose()?,
        quantity: quantity.map(measured).transpose()?,
        gross_weight: gross_weight.map(measured).transpose()?,
        criterion: criterion.map(parsed).transpose()?,
    })
}

fn six(digits: &str) -> Result<HsDigits, StatementError> {
    if digits.len() == 6 { parsed(digits) } else { Err(StatementError::shape(WHAT, "an HS subheading has 6 digits")) }
}

fn measured((value, unit): (&str, &str)) -> Result<Measure, StatementError> {
    Ok(Measure { value: parsed::<Decimal>(value)?, unit: parsed(unit)? })
}

fn parsed<T: FromStr<Err: ToString>>(text: &str) -> Result<T, StatementError> {
    text.parse().map_err(|e| StatementError::shape(WHAT, e))
}

fn malformed(error: minicbor::decode::Error) -> StatementError {
    StatementError::shape(WHAT, error)
}

fn days(date: Date) -> Result<u32, StatementError> {
    let days = date.since(EPOCH).map(|span| span.get_days()).map_err(|e| StatementError::shape(WHAT, e))?;
    u32::try_from(days).map_err(|_| StatementError::shape(WHAT, "a date before 1970"))
}

fn date(days: u32) -> Result<Date, StatementError> {
    let span = jiff::Span::new().try_days(days).map_err(|e| StatementError::shape(WHAT, e))?;
    EPOCH.checked_add(span).map_err(|e| StatementError::shape(WHAT, e))
}
