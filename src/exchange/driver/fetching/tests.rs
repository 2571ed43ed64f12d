//! What a partner can do to whoever asks it for disclosures.

use super::*;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio_stream::Stream;

const CREDIT: u64 = 4 << 20;

/// A partner that never has enough.
struct Endless<F>(F);

impl<F: FnMut() -> wire::FetchDisclosuresResponse + Unpin> Stream for Endless<F> {
    type Item = Result<wire::FetchDisclosuresResponse, Status>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let say = &mut self.get_mut().0;
        Poll::Ready(Some(Ok(say())))
    }
}

fn endless(say: impl FnMut() -> wire::FetchDisclosuresResponse + Send + Unpin + 'static) -> Call {
    Call { credit: CREDIT, ..Call::new(Box::pin(Endless(say))) }
}

fn message(index: u64, disclosures: &[usize], more: bool) -> wire::FetchDisclosuresResponse {
    let disclosures = disclosures.iter().map(|length| vec![b'a'; *length].into()).collect();
    wire::FetchDisclosuresResponse { index, state: wire::DisclosureState::Disclosed.into(), disclosures, more }
}

/// Reads until the credit is used up, or what is said is refused.
async fn read(call: &mut Call, mut hear: impl FnMut(DisclosedEntry)) -> Result<(), String> {
    loop {
        let message = tokio::select! {
            biased;
            message = call.read() => message.unwrap().unwrap(),
            () = std::future::ready(()) => return Ok(()),
        };
        if let Some(entry) = call.take(message)? {
            hear(entry);
        }
    }
}

fn never(_: DisclosedEntry) {
    panic!("no entry comes to its end");
}

#[tokio::test]
async fn a_partner_that_floods_a_call_is_read_to_the_end_of_its_credit_and_given_up_for_its_silence() {
    let at = |second| crate::time::Timestamp::from_second(second).unwrap();
    let log: Origin = "tdap.gov.pk/log/2026/gacc.gov.cn".parse().unwrap();
    // What nobody asked for, what was answered already, and messages of no bytes at all.
    for (index, length) in [(9, 100 << 10), (0, 100 << 10), (9, 0)] {
        let mut machine = Fetcher::new(log.clone(), Awaited::default(), 3);
        let asked = machine.step(at(0), Event::Tick);
        assert!(matches!(asked.as_slice(), [Action::Fetch { credit: CREDIT, .. }]), "{asked:?}");
        let (mut call, mut bytes, mut answers) = (endless(move || message(index, &[length], false)), 0_usize, 0_u64);
        if length == 0 {
            // To read all of the credit would take long: what is left of it counts.
            call.credit = 1_000;
        }
        let through = read(&mut call, |entry| {
            (bytes, answers) = (bytes + entry.bytes(), answers + 1);
            // Neither is it taken, nor is any credit given back for it.
            assert!(machine.step(at(30), Event::Answer(entry)).is_empty());
        });
        through.await.unwrap();
        assert!(bytes < (4 << 20) + (100 << 10) && answers <= 1_000, "{bytes} bytes, {answers} answers");
        // The first answer of what was asked for is a sign of life; nothing else is.
        let heard = if index == 0 { 30 } else { 0 };
        assert!(machine.step(at(heard + 59), Event::Tick).is_empty());
        let ended = machine.step(at(heard + 60), Event::Tick);
        assert!(ended.iter().any(|action| matches!(action, Action::Cancel)), "{ended:?}");
        let taken = ended.iter().find_map(|action| match action {
            Action::Take(answers) => Some(answers.iter().map(|one| one.index).collect::<Vec<_>>()),
            _ => None,
        });
        assert_eq!(taken, (index == 0).then(|| vec![0]), "once");
    }
}

#[tokio::test]
async fn an_entry_without_an_end_is_given_up_before_it_fills_the_memory() {
    let refused = |mut call: Call| async move { read(&mut call, never).await.unwrap_err() };
    let too_many = "more disclosures than a token has";
    assert_eq!(refused(endless(|| message(0, &[100 << 10], true))).await, too_many);
    assert_eq!(refused(endless(|| message(0, &[0], true))).await, too_many);
    assert_eq!(refused(endless(|| message(0, &[0; 513], false))).await, too_many);
    assert_eq!(refused(endless(|| message(0, &[MOST + 1], false))).await, too_many);
    assert_eq!(refused(endless(|| message(0, &[], true))).await, "a message that brings nothing");
    let mut turn = 0;
    let breaks_off = endless(move || {
        turn += 1;
        message(turn, &[1], true)
    });
    assert_eq!(refused(breaks_off).await, "it breaks off an entry");
}
