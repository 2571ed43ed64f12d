//! Tokens that must be refused, each with its reason. Most are signed by the right key: a signature does not
//! make a shape good.

use super::{frozen, hostile_claims, hostile_replies, read, samples, vectors};
use origin_exchange::{
    encoding::base64,
    reason::Reasoned,
    signature::Signer,
    statement::{Body, CustomsResponse, ItemDecision, Presentation, ResponseCode, StatementError, compose},
    time::SeededRandom,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const SALT: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// A token to be spoilt, as texts of JSON.
#[derive(Clone)]
pub struct Forge {
    header: String,
    pub claims: Value,
    /// JSON of the disclosures; the first eight are sections.
    pub disclosures: Vec<String>,
    pub sections: usize,
}

impl Forge {
    pub fn of(sample: usize) -> Self {
        let token = samples::all().swap_remove(sample).issue().token();
        let text = |part: &str| String::from_utf8(base64::decode_url(part).unwrap()).unwrap();
        let disclosures: Vec<String> = token.split('~').skip(1).filter(|d| !d.is_empty()).map(text).collect();
        let decoded = vectors::decode(&token);
        let sections = decoded["claims"]["_sd"].as_array().unwrap().len();
        Self {
            header: text(token.split('.').next().unwrap()),
            claims: decoded["claims"].clone(),
            disclosures,
            sections,
        }
    }

    /// Where a clear claim or the header decides, the disclosures would only be in the way.
    pub fn bare(&self) -> Self {
        Self { disclosures: Vec::new(), ..self.clone() }
    }

    /// Digests anew after a change, so that only the change is wrong.
    fn redigest(mut self) -> Self {
        let items: Vec<Value> =
            self.disclosures[self.sections..].iter().map(|item| json!({"...": digest(item)})).collect();
        if self.sections == 8 {
            let mut goods: Value = serde_json::from_str(&self.disclosures[5]).unwrap();
            if goods.get(2).is_some_and(Value::is_object) {
                goods[2]["items"] = items.into();
                self.disclosures[5] = goods.to_string();
            }
        }
        let digests: Vec<String> = self.disclosures[..self.sections].iter().map(|d| digest(d)).collect();
        self.claims["_sd"] = json!(digests);
        self
    }

    pub fn claim(mut self, name: &str, value: Value) -> Self {
        self.claims[name] = value;
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.claims.as_object_mut().unwrap().remove(name);
        self
    }

    fn header(mut self, from: &str, to: &str) -> Self {
        assert!(self.header.contains(from));
        self.header = self.header.replacen(from, to, 1);
        self
    }

    /// Spoils one disclosure and digests it anew.
    pub fn disclosure(mut self, place: usize, spoil: impl FnOnce(&mut Value)) -> Self {
        let mut value: Value = serde_json::from_str(&self.disclosures[place]).unwrap();
        spoil(&mut value);
        self.disclosures[place] = value.to_string();
        self.redigest()
    }

    pub fn token(&self) -> String {
        self.token_with(&self.claims.to_string())
    }

    pub fn token_with(&self, payload: &str) -> String {
        let input =
            format!("{}.{}", base64::encode_url(self.header.as_bytes()), base64::encode_url(payload.as_bytes()));
        let signature = samples::key().sign(input.as_bytes()).unwrap();
        let mut token = format!("{input}.{}~", base64::encode_url(signature.as_bytes()));
        for disclosure in &self.disclosures {
            token.push_str(&base64::encode_url(disclosure.as_bytes()));
            token.push('~');
        }
        token
    }
}

pub fn digest(json: &str) -> String {
    base64::encode_url(&Sha256::digest(base64::encode_url(json.as_bytes())))
}

/// Another spelling of the last character of the signature: the same bytes to a lenient decoder.
fn respell(token: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (jwt, rest) = token.split_once('~').unwrap();
    let (head, last) = jwt.split_at(jwt.len() - 1);
    let place = ALPHABET.iter().position(|c| *c == last.as_bytes()[0]).unwrap();
    format!("{head}{}~{rest}", char::from(ALPHABET[place ^ 1]))
}

/// What it is, the token, and the reason it is refused for.
pub type Case = (&'static str, String, &'static str);

fn cases() -> Vec<Case> {
    let good = Forge::of(0);
    let token = good.token();
    let (jwt, rest) = token.split_once('~').unwrap();
    let bare = good.bare();
    let payload = good.claims.to_string();
    let mut cases: Vec<Case> = vec![
        // steps 1 and 2
        (
            "a JWT of more than 4096 bytes",
            bare.clone().claim("form", json!("F".repeat(4_000))).token(),
            "STATEMENT_TOO_LARGE",
        ),
        ("no tilde", jwt.to_owned(), "NOT_A_TOKEN"),
        ("no tilde at the end", token.trim_end_matches('~').to_owned(), "NOT_A_TOKEN"),
        ("a key binding", format!("{token}{jwt}"), "NOT_A_TOKEN"),
        ("an empty disclosure", format!("{jwt}~~{rest}"), "NOT_A_TOKEN"),
        ("513 disclosures", format!("{jwt}~{}", "WyJBIl0~".repeat(513)), "TOO_MANY_DISCLOSURES"),
        ("a JWT of two parts", format!("{}~{rest}", jwt.rsplit_once('.').unwrap().0), "NOT_A_TOKEN"),
        ("a JWT of four parts", format!("{jwt}.AA~{rest}"), "NOT_A_TOKEN"),
        (
            "a signature of 63 bytes",
            format!("{}.{}~{rest}", jwt.rsplit_once('.').unwrap().0, base64::encode_url(&[0; 63])),
            "NOT_A_TOKEN",
        ),
        ("nothing", String::new(), "NOT_A_TOKEN"),
        // step 3
        ("the signature spelt otherwise", respell(&token), "NOT_BASE64URL"),
        ("padding after a disclosure", format!("{jwt}~{}", rest.replacen('~', "=~", 1)), "NOT_BASE64URL"),
        ("white space in a disclosure", format!("{jwt}~ {rest}"), "NOT_BASE64URL"),
        ("a line feed at the end", format!("{token}\n"), "NOT_A_TOKEN"),
        ("standard base64", format!("{jwt}~{}~", "+/+/"), "NOT_BASE64URL"),
        // step 4
        (
            "a clear claim twice",
            bare.token_with(&payload.replacen("\"to\":", "\"to\":\"US\",\"to\":", 1)),
            "NOT_STRICT_JSON",
        ),
        (
            "a clear claim twice, once escaped",
            bare.token_with(&payload.replacen("\"to\":", "\"\\u0074o\":\"US\",\"to\":", 1)),
            "NOT_STRICT_JSON",
        ),
        ("bytes after the payload", bare.token_with(&format!("{payload} {{}}")), "NOT_STRICT_JSON"),
        (
            "a payload nested too deep",
            bare.clone()
                .claim("form", serde_json::from_str(&format!("{}{}", "[".repeat(8), "]".repeat(8))).unwrap())
                .token(),
            "NOT_STRICT_JSON",
        ),
        (
            "a header member twice",
            bare.clone().header("\"alg\"", "\"alg\":\"none\",\"alg\"").token(),
            "NOT_STRICT_JSON",
        ),
        (
            "invalid UTF-8 in a disclosure",
            format!("{jwt}~{}~", base64::encode_url(b"[\"AAAAAAAAAAAAAAAAAAAAAA\",\"remarks\",\"\xff\"]")),
            "NOT_STRICT_JSON",
        ),
        (
            "a member of a disclosure twice",
            {
                let mut forge = good.clone();
                forge.disclosures[1] =
                    forge.disclosures[1].replacen("\"agent\":null", "\"agent\":null,\"agent\":null", 1);
                forge.redigest().token()
            },
            "NOT_STRICT_JSON",
        ),
        // step 5
        ("another type", bare.clone().header("dc+sd-jwt", "vc+sd-jwt").token(), "WRONG_TYP"),
        ("no type", bare.clone().header(",\"typ\":\"dc+sd-jwt\"", "").token(), "WRONG_TYP"),
        ("no algorithm at all", bare.clone().header("EdDSA", "none").token(), "WRONG_ALG"),
        ("HMAC", bare.clone().header("EdDSA", "HS256").token(), "WRONG_ALG"),
        ("an algorithm that is no text", bare.clone().header("\"EdDSA\"", "null").token(), "WRONG_ALG"),
        ("a kid that is no text", bare.clone().header("\"tdap-2026-1\"", "1").token(), "WRONG_SHAPE"),
        // step 8
        ("another digest algorithm", bare.clone().claim("_sd_alg", json!("sha-512")).token(), "UNKNOWN_SD_ALG"),
        ("no digest algorithm", bare.clone().without("_sd_alg").token(), "UNKNOWN_SD_ALG"),
        (
            "a digest twice",
            {
                let digests = good.claims["_sd"].as_array().unwrap();
                let mut twice = digests.clone();
                twice[7] = twice[0].clone();
                bare.clone().claim("_sd", json!(twice)).token()
            },
            "DUPLICATE_DIGEST",
        ),
        ("a disclosure twice", format!("{jwt}~{}~{rest}", rest.split('~').next().unwrap()), "DUPLICATE_DIGEST"),
        (
            "an item twice",
            good.clone().disclosure(5, |_| ()).disclosures[8..9]
                .iter()
                .fold(token.clone(), |t, d| format!("{t}{}~", base64::encode_url(d.as_bytes()))),
            "DUPLICATE_DIGEST",
        ),
        (
            "an item that is a section",
            {
                let mut forge = good.clone();
                let reference = digest(&forge.disclosures[0]);
                let mut goods: Value = serde_json::from_str(&forge.disclosures[5]).unwrap();
                goods[2]["items"][0] = json!({"...": reference});
                forge.disclosures[5] = goods.to_string();
                forge.disclosures.remove(8);
                let digests: Vec<String> = forge.disclosures[..8].iter().map(|d| digest(d)).collect();
                forge.claim("_sd", json!(digests)).token()
            },
            "DUPLICATE_DIGEST",
        ),
        (
            "a disclosure of another token",
            format!("{token}{}~", base64::encode_url(format!("[\"{SALT}\",\"remarks\",null]").as_bytes())),
            "UNREFERENCED_DISCLOSURE",
        ),
        (
            "a disclosure changed by one character",
            {
                let mut forge = good.clone();
                forge.disclosures[1] = forge.disclosures[1].replacen("Chenab", "Chenap", 1);
                forge.token()
            },
            "UNREFERENCED_DISCLOSURE",
        ),
        (
            "two elements under _sd",
            good.clone().disclosure(7, |d| *d = json!([SALT, null])).token(),
            "DISCLOSURE_ARITY",
        ),
        (
            "four elements under _sd",
            good.clone().disclosure(7, |d| *d = json!([SALT, "remarks", null, null])).token(),
            "DISCLOSURE_ARITY",
        ),
        (
            "three elements under ...",
            good.clone().disclosure(8, |d| d.as_array_mut().unwrap().insert(1, json!("item"))).token(),
            "DISCLOSURE_ARITY",
        ),
        (
            "a disclosure that is no array",
            good.clone().disclosure(7, |d| *d = json!({"remarks": null})).token(),
            "DISCLOSURE_ARITY",
        ),
        ("a claim named _sd", good.clone().disclosure(7, |d| d[1] = json!("_sd")).token(), "RESERVED_CLAIM_NAME"),
        ("a claim named ...", good.clone().disclosure(7, |d| d[1] = json!("...")).token(), "RESERVED_CLAIM_NAME"),
        (
            "a claim named _sd, escaped",
            {
                let mut forge = good.clone();
                forge.disclosures[7] = forge.disclosures[7].replacen("\"remarks\"", "\"\\u005fsd\"", 1);
                forge.redigest().token()
            },
            "RESERVED_CLAIM_NAME",
        ),
        (
            "a disclosed claim that also stands in the clear",
            good.clone().disclosure(7, |d| *d = json!([SALT, "to", "US"])).token(),
            "CLAIM_COLLISION",
        ),
        (
            "a section twice",
            good.clone().disclosure(7, |d| *d = json!([SALT, "transport", null])).token(),
            "CLAIM_COLLISION",
        ),
        (
            "a clear claim of the table disclosed",
            good.clone().without("valid_until").disclosure(7, |d| *d = json!([SALT, "valid_until", null])).token(),
            "CLAIM_MUST_BE_CLEAR",
        ),
        (
            "an expiry disclosed",
            good.clone().disclosure(7, |d| *d = json!([SALT, "exp", 1])).token(),
            "CLAIM_MUST_BE_CLEAR",
        ),
        (
            "a section that no kind has",
            good.clone().disclosure(7, |d| d[1] = json!("remark")).token(),
            "UNKNOWN_DISCLOSURE",
        ),
        (
            "a section of another kind",
            good.clone().disclosure(7, |d| d[1] = json!("reason")).token(),
            "UNKNOWN_DISCLOSURE",
        ),
        ("a name that is no text", good.clone().disclosure(7, |d| d[1] = json!(1)).token(), "WRONG_SHAPE"),
        ("a short salt", good.clone().disclosure(7, |d| d[0] = json!("AAAAAAAAAAAAAAAAAAAAA")).token(), "WEAK_SALT"),
        ("a short salt of an item", good.clone().disclosure(8, |d| d[0] = json!("A")).token(), "WEAK_SALT"),
        (
            "a salt of other characters",
            good.clone().disclosure(7, |d| d[0] = json!("AAAAAAAAAAAAAAAAAAAAA ")).token(),
            "WEAK_SALT",
        ),
        ("a salt that is no text", good.clone().disclosure(7, |d| d[0] = json!(0)).token(), "WEAK_SALT"),
        (
            "digests nested in a section",
            good.clone().disclosure(1, |d| d[2]["_sd"] = json!([digest("x")])).token(),
            "NESTED_DIGESTS",
        ),
        (
            "digests nested in an item",
            good.clone().disclosure(8, |d| d[1]["marks"] = json!({"...": digest("x")})).token(),
            "NESTED_DIGESTS",
        ),
        (
            "digests nested in a clear claim",
            bare.clone().claim("agreement", json!({"code": "CPFTA", "edition": "1", "_sd": []})).token(),
            "NESTED_DIGESTS",
        ),
    ];
    // step 9
    cases.extend(hostile_claims::wrong());
    for member in ["crit", "b64", "jku", "jwk", "x5u", "x5c", "x5t#S256", "cty", "zip"] {
        let header = format!("\"{member}\":[\"b64\"],\"typ\"");
        cases.push((member, bare.clone().header("\"typ\"", &header).token(), "HEADER_MEMBER_REFUSED"));
    }
    cases.extend(hostile_claims::absent());
    // Later kinds come last, so that what was frozen stays as it is.
    cases.extend(hostile_replies::cases());
    cases
}

/// The sample of this name, to be spoilt.
pub fn named(name: &str) -> Forge {
    Forge::of(samples::all().iter().position(|sample| sample.name == name).unwrap())
}

/// A token of the kind of this sample that discloses these sections, whatever they are.
pub fn saying(sample: &str, sections: &Value) -> String {
    let disclosure = |(name, value): (&String, &Value)| json!([SALT, name, value]).to_string();
    let disclosures = sections.as_object().unwrap().iter().map(disclosure).collect();
    Forge { disclosures, ..named(sample) }.redigest().token()
}

/// The file.
fn all() -> Value {
    let cases: Vec<Value> = cases()
        .into_iter()
        .map(|(about, token, reason)| json!({"about": about, "token": token, "reason": reason}))
        .collect();
    json!({
        "about": "Tokens that must be refused, and why. Those with a well-formed JWT are signed by the key of the frozen tokens.",
        "cases": cases,
    })
}

pub fn refuse(token: &str) -> Result<(), StatementError> {
    Presentation::parse(token)?.open().map(|_| ())
}

#[test]
fn every_hostile_token_is_refused_for_its_reason() {
    let frozen: Value = serde_json::from_str(&read("hostile.json")).unwrap();
    let mut wrong = Vec::new();
    for case in frozen["cases"].as_array().unwrap() {
        let found = refuse(case["token"].as_str().unwrap());
        let reason = found.as_ref().map_or_else(Reasoned::reason, |()| "ACCEPTED");
        if reason != case["reason"].as_str().unwrap() {
            wrong.push(format!("{}: expected {}, found {reason}: {found:?}", case["about"], case["reason"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_hostile_tokens_are_those_made_here() {
    // Not assert_eq: it would print both files.
    assert!(frozen("hostile.json", all) == all(), "hostile.json differs from what is made here");
}

#[test]
fn a_proof_is_as_long_as_it_may_be_and_no_longer() {
    let of = |bytes: usize| refuse(&named("evidence").disclosure(0, |d| d[2] = json!("x".repeat(bytes))).token());
    assert_eq!(of(512 * 1024), Ok(()));
    assert_eq!(of(512 * 1024 + 1).unwrap_err().reason(), "STATEMENT_TOO_LARGE");
}

/// Its disclosures would be kept for ever, and nobody could be shown them.
#[test]
fn what_is_too_long_to_be_presented_is_not_composed() {
    let mut response = samples::utilised();
    response.decisions = (1..=500)
        .map(|item| ItemDecision {
            words: Some("漢".repeat(1_024).parse().unwrap()),
            ..samples::decision(Some(item), ResponseCode::Received)
        })
        .collect();
    let compose = |response: &CustomsResponse| {
        let body = Body::CustomsResponse(Box::new(response.clone()));
        compose(&samples::envelope("https://customs.gov.cn", 1), &body, &SeededRandom::new(0)).map(drop)
    };
    assert_eq!(compose(&response).unwrap_err().reason(), "STATEMENT_TOO_LARGE");
    response.decisions.truncate(200);
    assert_eq!(compose(&response), Ok(()));
}

#[test]
fn what_is_too_long_is_refused_before_it_is_looked_at() {
    let reason = |token: &str| Presentation::parse(token).unwrap_err().reason();
    assert_eq!(reason(&"~".repeat((1 << 20) + 1)), "STATEMENT_TOO_LARGE");
    assert_eq!(reason(&format!("{}~", "A".repeat(4_097))), "STATEMENT_TOO_LARGE");
    // Whoever hands over the beginning of something long knows no more than that it is longer.
    let said = Presentation::parse(&"~".repeat((1 << 20) + 1)).unwrap_err().to_string();
    assert!(said.contains("has more than 1048576 bytes"), "{said}");
    assert_eq!(reason(&"~".repeat(1 << 20)), "TOO_MANY_DISCLOSURES");
    let deep = base64::encode_url("[".repeat(500_000).as_bytes());
    let good = samples::all()[0].issue();
    assert_eq!(reason(&format!("{}~{deep}~", good.jwt)), "NOT_STRICT_JSON");
    assert!(Presentation::from_leaf(b"\xff", &[] as &[&str]).is_err());
    assert!(Presentation::from_leaf(good.jwt.as_bytes(), &["WyJBIl0~WyJBIl0"]).is_err());
}
