use super::*;
use proptest::prelude::*;

#[test]
fn an_origin_is_host_shard_and_addressee() {
    let host = "tdap.gov.pk".parse::<Host>().unwrap();
    for addressee in ["customs.gov.cn", "cn", "all"] {
        let origin = Origin::new(&host, &Shard::of_year(2026), addressee).unwrap();
        assert_eq!(origin.as_str(), format!("tdap.gov.pk/log/2026/{addressee}"));
        assert_eq!((origin.host(), origin.shard(), origin.addressee()), (&host, Shard::of_year(2026), addressee));
        assert_eq!(origin.as_str().parse(), Ok(origin.clone()));
        let json = serde_json::to_string(&origin).unwrap();
        assert_eq!(serde_json::from_str::<Origin>(&json).unwrap(), origin);
        assert_eq!(postcard::from_bytes::<Origin>(&postcard::to_stdvec(&origin).unwrap()).unwrap(), origin);
    }
}

#[test]
fn what_is_not_an_origin_is_refused() {
    for bad in [
        "",
        "tdap.gov.pk",
        "tdap.gov.pk/log/2026",
        "tdap.gov.pk/log/2026/",
        "tdap.gov.pk/log/2026/CN",
        "tdap.gov.pk/log/2026/cnx",
        "tdap.gov.pk/log/2026/cn/",
        "tdap.gov.pk/log/2026/cn\n",
        "tdap.gov.pk/logs/2026/cn",
        "https://tdap.gov.pk/log/2026/cn",
        "TDAP.gov.pk/log/2026/cn",
        "pk/log/2026/cn",
        "tdap.gov.pk/log/26/cn",
        "tdap.gov.pk//log/2026/cn",
    ] {
        assert!(bad.parse::<Origin>().is_err(), "{bad:?}");
    }
}

#[test]
fn a_host_has_one_spelling() {
    let label = "a".repeat(63);
    let longest = [label.as_str(), &label, &label, &label[..61]].join(".");
    for good in ["a.b", "customs.gov.cn", "xn--fiqs8s.cn", "1.example", "a-b.c1", &longest] {
        assert_eq!(good.parse::<Host>().map(|host| host.to_string()), Ok(good.to_owned()));
    }
    let long_label = format!("{}.cn", "a".repeat(64));
    let too_long = format!("{longest}a");
    for bad in [
        "",
        "cn",
        "all",
        ".",
        "a.",
        ".a",
        "a..b",
        "-a.b",
        "a-.b",
        "A.b",
        "a_b.c",
        "a b.c",
        "127.0.0.1",
        "a.1",
        "münchen.de",
        "a.b:443",
        "a.b\n",
        &long_label,
        &too_long,
    ] {
        assert!(bad.parse::<Host>().is_err(), "{bad:?}");
    }
}

#[test]
fn shards_of_a_year_follow_one_another() {
    let first = Shard::of_year(2026);
    let second = first.successor().unwrap();
    assert_eq!((first.to_string(), second.to_string()), ("2026".into(), "2026-2".into()));
    assert!(first < second && second < Shard::of_year(2027));
    assert_eq!((second.year(), second.part), (2026, 2));
    assert_eq!("2026-2".parse(), Ok(second));
    assert_eq!("2026-99".parse::<Shard>().unwrap().successor(), None);
    for bad in
        ["", "26", "02026", "0000", "2026-", "2026-0", "2026-1", "2026-02", "2026-100", "2026-2-3", "-026", "+026"]
    {
        assert!(bad.parse::<Shard>().is_err(), "{bad:?}");
    }
    assert_eq!(Shard::of_year(-5).to_string().parse(), Ok(Shard::of_year(-5)));
    assert_eq!(Shard::of_year(i16::MAX).to_string(), "9999");
}

proptest! {
    #[test]
    fn what_parses_prints_as_it_was(text in "[a-zA-Z0-9./ -]{0,40}|[a-z]{1,5}\\.[a-z]{2}/log/[0-9]{4}(-[0-9]{1,2})?/[a-z.]{2,6}") {
        if let Ok(origin) = text.parse::<Origin>() {
            prop_assert_eq!(origin.to_string(), text);
        }
    }
}
