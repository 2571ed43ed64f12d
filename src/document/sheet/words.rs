//! How to verify the paper, in the languages of the people who hold it; and what was withheld, in words.

use super::Verify;
use crate::{certificate::Country, statement::Issuer};

/// A language, whether it runs from right to left, and the sentence, with `{}` for the address; what stands in `[…]` is for
/// paper that bears a code.
type Sentence = (&'static str, bool, &'static str);

const ENGLISH: Sentence = (
    "en",
    false,
    "Verify what was signed, not this page: {} or, without a network, “origin verify” with this PDF[ or a photo of its codes].",
);
const CHINESE: Sentence =
    ("zh", false, "请核验签署的数据，而非本页：{}；无网络时，请用 origin verify 核验本 PDF[ 或二维码照片]。");
const URDU: Sentence = ("ur", true, "تصدیق دستخط شدہ معلومات کی کریں، صفحے کی نہیں: {}");
const ARABIC: Sentence = ("ar", true, "تحقق من البيانات الموقعة لا من هذه الصفحة: {}");
const FRENCH: Sentence = ("fr", false, "Vérifiez ce qui a été signé, non cette page : {}");
const SPANISH: Sentence = ("es", false, "Verifique lo firmado, no esta página: {}");
const PORTUGUESE: Sentence = ("pt", false, "Verifique o que foi assinado, não esta página: {}");
const RUSSIAN: Sentence = ("ru", false, "Проверяйте подписанные данные, а не эту страницу: {}");
const SWAHILI: Sentence = ("sw", false, "Thibitisha kilichotiwa saini, si ukurasa huu: {}");
const GERMAN: Sentence = ("de", false, "Prüfen Sie, was unterschrieben wurde, nicht diese Seite: {}");
const INDONESIAN: Sentence = ("id", false, "Verifikasi data yang ditandatangani, bukan halaman ini: {}");
const MALAY: Sentence = ("ms", false, "Sahkan data yang ditandatangani, bukan halaman ini: {}");
const TURKISH: Sentence = ("tr", false, "Bu sayfayı değil, imzalanan verileri doğrulayın: {}");
const ITALIAN: Sentence = ("it", false, "Verificare i dati firmati, non questa pagina: {}");

/// The language that customs of a country read besides English.
const fn language(country: &[u8]) -> Option<&'static Sentence> {
    Some(match country {
        b"CN" | b"HK" | b"MO" | b"TW" | b"SG" => &CHINESE,
        b"PK" => &URDU,
        b"AE" | b"BH" | b"DJ" | b"DZ" | b"EG" | b"IQ" | b"JO" | b"KM" | b"KW" | b"LB" | b"LY" | b"MA" | b"MR"
        | b"OM" | b"PS" | b"QA" | b"SA" | b"SD" | b"SY" | b"TN" | b"YE" => &ARABIC,
        b"BE" | b"BF" | b"BI" | b"BJ" | b"CD" | b"CF" | b"CG" | b"CI" | b"CM" | b"FR" | b"GA" | b"GN" | b"LU"
        | b"MC" | b"MG" | b"ML" | b"NE" | b"SC" | b"SN" | b"TD" | b"TG" => &FRENCH,
        b"AR" | b"BO" | b"CL" | b"CO" | b"CR" | b"CU" | b"DO" | b"EC" | b"ES" | b"GQ" | b"GT" | b"HN" | b"MX"
        | b"NI" | b"PA" | b"PE" | b"PY" | b"SV" | b"UY" | b"VE" => &SPANISH,
        b"AO" | b"BR" | b"CV" | b"GW" | b"MZ" | b"PT" | b"ST" | b"TL" => &PORTUGUESE,
        b"BY" | b"KG" | b"KZ" | b"RU" | b"TJ" => &RUSSIAN,
        b"KE" | b"TZ" | b"UG" => &SWAHILI,
        b"AT" | b"CH" | b"DE" | b"LI" => &GERMAN,
        b"ID" => &INDONESIAN,
        b"BN" | b"MY" => &MALAY,
        b"TR" => &TURKISH,
        b"IT" => &ITALIAN,
        _ => return None,
    })
}

/// What a missing part of a certificate holds, as people call it.
pub(super) fn withheld(name: &str) -> &str {
    match name {
        "reference" => "number, date and place of issue",
        "commercial" => "invoices and values",
        "remarks" => "endorsements and remarks",
        other => other,
    }
}

/// The sentence in English, and in the languages of both countries; `coded` where the paper bears a code, which a redacted
/// copy may not.
pub(super) fn verify(issuer: &Issuer, countries: [Country; 2], coded: bool) -> Vec<Verify> {
    let mut sentences = vec![&ENGLISH];
    for sentence in countries.iter().filter_map(|country| language(country.as_str().as_bytes())) {
        if !sentences.iter().any(|(known, ..)| *known == sentence.0) {
            sentences.push(sentence);
        }
    }
    let address = format!("{issuer}/V");
    let part = |&(language, rtl, text): &Sentence| Verify {
        language,
        direction: if rtl { "rtl" } else { "ltr" },
        text: worded(text, coded).replace("{}", &address),
    };
    sentences.into_iter().map(part).collect()
}

/// With what is for paper that bears a code, or without.
fn worded(text: &str, coded: bool) -> String {
    match text.split_once('[').and_then(|(before, rest)| Some((before, rest.split_once(']')?))) {
        Some((before, (of_codes, after))) => format!("{before}{}{after}", if coded { of_codes } else { "" }),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_countries_read_how_to_verify_and_english_comes_first() {
        let issuer: Issuer = "https://tdap.gov.pk".parse().unwrap();
        let languages = |from: &str, to: &str| {
            let parts = verify(&issuer, [from.parse().unwrap(), to.parse().unwrap()], true);
            assert!(parts.iter().all(|part| part.text.contains("https://tdap.gov.pk/V")));
            parts.iter().map(|part| part.language).collect::<Vec<_>>()
        };
        assert_eq!(languages("PK", "CN"), ["en", "ur", "zh"]);
        assert_eq!(languages("KE", "ZM"), ["en", "sw"]);
        assert_eq!(languages("FR", "SN"), ["en", "fr"]);
    }

    #[test]
    fn a_copy_without_codes_sends_nobody_to_photograph_them() {
        let issuer: Issuer = "https://tdap.gov.pk".parse().unwrap();
        let text = |coded| {
            let parts = verify(&issuer, ["PK".parse().unwrap(), "CN".parse().unwrap()], coded);
            parts.into_iter().map(|part| part.text).collect::<String>()
        };
        assert!(
            text(true).contains("with this PDF or a photo of its codes.") && text(true).contains("PDF 或二维码照片。")
        );
        let without = text(false);
        assert!(without.contains("“origin verify” with this PDF.") && without.contains("核验本 PDF。"), "{without}");
        for gone in ["photo", "照片", "[", "]"] {
            assert!(!without.contains(gone), "{gone} in {without}");
        }
    }
}
