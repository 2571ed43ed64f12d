//! What is addressed to one country stays between the two: searched for in every file and every event of the third.

use crate::{
    delivery::{download, issue, log_to, signatory},
    federation::{Federation, Member, stop},
    pretender::{Pretender, wire},
    process::{Running, footballs},
    wire::origin::v1 as api,
};
use origin_exchange::encoding::base64;
use std::{fs, path::Path};
use tonic::Code;

/// Words of one certificate that stand nowhere else.
const WORDS: [(&str, &str); 4] = [
    ("Chenab Sports (Pvt) Ltd", "Quillfeather Zarqun (Pvt) Ltd"),
    ("Shanghai Yuhe Sporting Goods Co Ltd", "Wobblegate Imports Shanghai"),
    ("Footballs, inflatable, size 5", "Footballs, moonglow stitched"),
    ("CS-2611-77", "XQ-7731-ZEBRA"),
];

/// Something to be looked for, in whatever spelling.
pub(crate) struct Needles(Vec<(String, Vec<u8>)>);

impl Needles {
    fn words() -> Self {
        Self::of(&WORDS.map(|(_, word)| word))
    }

    /// Words as they are, and within base64url at each of the three places where they may begin.
    pub(crate) fn of(words: &[&str]) -> Self {
        let spelled = words.iter().flat_map(|word| {
            let shifted = (0..3_usize).map(move |shift| {
                let text = base64::encode_url(&[&vec![0; shift][..], word.as_bytes()].concat());
                // Letters that share bits with what stands before or after are left out.
                let (from, to) = ((shift * 8).div_ceil(6), (shift + word.len()) * 8 / 6);
                text.as_bytes()[from..to].to_vec()
            });
            std::iter::once(word.as_bytes().to_vec()).chain(shifted).map(move |bytes| ((*word).to_owned(), bytes))
        });
        Self(spelled.collect())
    }

    fn add(&mut self, what: &str, text: &str) {
        self.0.push((what.to_owned(), text.as_bytes().to_vec()));
    }

    fn found_in(&self, bytes: &[u8]) -> Option<&str> {
        let within = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        self.0.iter().find(|(_, needle)| within(needle)).map(|(what, _)| what.as_str())
    }

    /// Files below a folder in which something was found, and what.
    pub(crate) fn found_below(&self, folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(self.found_below(&path));
            } else {
                // A node that runs replaces files; what it has now is looked through when it has stopped.
                let bytes = fs::read(&path).unwrap_or_default();
                let what = self.found_in(&bytes).map(str::to_owned);
                found.extend(what.map(|what| format!("{what} in {}", path.display())));
            }
        }
        found
    }

    #[track_caller]
    fn are_not_with(&self, member: &Member, node: &Running) {
        assert_eq!(self.found_below(member.folder()), Vec::<String>::new(), "at {}", member.node());
        let events = node.events();
        assert_eq!(self.found_in(events.as_bytes()), None, "{} says:\n{events}", member.node());
    }
}

/// Who is refused the entries of a log, or their disclosures, and why.
async fn refused(pretender: &Pretender, log: &str) {
    let hello = wire::SyncHello { log: log.to_owned(), next_index: 0, head_size: 0, head_root: vec![0; 32].into() };
    let hello = wire::SyncRequest { message: Some(wire::sync_request::Message::Hello(hello)) };
    let asked = tokio_stream::StreamExt::chain(tokio_stream::iter([hello]), tokio_stream::pending());
    let mut stream = pretender.calls().sync(asked).await.unwrap().into_inner();
    let answer = stream.message().await;
    assert!(matches!(&answer, Err(status) if status.code() == Code::PermissionDenied), "{answer:?}");
    let request = wire::FetchDisclosuresRequest { log: log.to_owned(), indexes: vec![0] };
    let answer = match pretender.calls().fetch_disclosures(request).await {
        Ok(answer) => answer.into_inner().message().await.map(|_| ()),
        Err(status) => Err(status),
    };
    let withheld = |code| matches!(code, Code::PermissionDenied | Code::NotFound);
    assert!(matches!(&answer, Err(status) if withheld(status.code())), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_addressed_to_china_is_anywhere_in_kenya_and_no_disclosure_is_in_the_clear_anywhere() {
    let Federation { pakistan, china, kenya, .. } = &Federation::new();
    // Kenya says all it can.
    kenya.configure("filter = \"info\"", "filter = \"trace\"");
    china.configure("filter = \"info\"", "filter = \"info,origin_exchange=trace\"");
    pakistan.configure("filter = \"info\"", "filter = \"info,origin_exchange=trace\"");
    let mut one = pakistan.start();
    let (two, three) = (china.start(), kenya.start());
    let (caller, token) = signatory(pakistan, &mut one).await;

    let written = WORDS.iter().fold(footballs(1), |text, (usual, word)| {
        assert!(text.contains(usual), "`{usual}` is not in {text}");
        text.replace(usual, word)
    });
    let place = issue(&caller, &token, written).await;
    assert_eq!(place.log, log_to(china));
    let (trust, size) = (pakistan.trust(), place.index + 1);
    let chinas = Pretender::open(china, pakistan, &one).await;
    chinas.enough(&trust, &place.log, size).await;
    china.holds(&two, pakistan, &place.log, size);
    china.is_disclosed(&two, pakistan, &place.log);

    let kept = download(&caller, &token, &place.number, api::DownloadFormat::Token).await;
    let kept = String::from_utf8(kept).unwrap();
    let mut parts = kept.trim_end().trim_end_matches('~').split('~');
    let signed = parts.next().unwrap().to_owned();
    let mut secret = Needles::words();
    let disclosures = parts.map(str::to_owned).collect::<Vec<_>>();
    assert!(disclosures.len() > WORDS.len(), "{kept}");
    for disclosure in &disclosures {
        secret.add("a disclosure", disclosure);
    }
    let mut entry = Needles(Vec::new());
    entry.add("the entry", &signed);
    entry.add("its signature", signed.rsplit('.').next().unwrap());

    // The search finds what is there: the entry, with the two whose business it is.
    let clear = disclosures.iter().flat_map(|one| base64::decode_url(one).unwrap()).collect::<Vec<_>>();
    assert!(Needles::words().found_in(&clear).is_some() && secret.found_in(kept.as_bytes()).is_some());
    assert!(!entry.found_below(&pakistan.folder().join("data")).is_empty());
    assert!(!entry.found_below(&china.folder().join("data")).is_empty());
    // Disclosures are sealed where they are kept, and nobody's events tell of them.
    for (member, node) in [(pakistan, &one), (china, &two), (kenya, &three)] {
        secret.are_not_with(member, node);
    }
    // The third node knows how long the log is, and not one entry of it.
    entry.are_not_with(kenya, &three);
    let known = Pretender::open(china, kenya, &three).await.heads().await;
    assert!(known.iter().any(|head| head.log == place.log && !head.entries), "{known:?}");

    // Nor is it given any when it asks: not by the issuer, not by the addressee.
    refused(&Pretender::open(kenya, pakistan, &one).await, &place.log).await;
    refused(&Pretender::open(kenya, china, &two).await, &place.log).await;
    // The addressee is.
    let request = wire::FetchDisclosuresRequest { log: place.log.clone(), indexes: vec![place.index] };
    let mut given = chinas.calls().fetch_disclosures(request).await.unwrap().into_inner();
    let given = given.message().await.unwrap().unwrap();
    assert_eq!(given.state(), wire::DisclosureState::Disclosed);
    let given = given.disclosures.iter().map(|one| String::from_utf8_lossy(one).into_owned()).collect::<Vec<_>>();
    assert_eq!(given, disclosures);

    // What was asked left no trace either, and nothing comes to light when the nodes put their files in order.
    for (member, node) in [(pakistan, &one), (china, &two), (kenya, &three)] {
        secret.are_not_with(member, node);
    }
    stop([one, two, three]);
    for member in [pakistan, china, kenya] {
        assert_eq!(secret.found_below(&member.folder().join("data")), Vec::<String>::new());
    }
    assert_eq!(entry.found_below(kenya.folder()), Vec::<String>::new());
}
