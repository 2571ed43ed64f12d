//! `origin customs folder`: a declaration system's questions as files, for systems that make no calls.

mod pauses;
mod question;
mod tray;

use crate::{
    api::{
        client::{Connection, JsonAnswer},
        rest::{MAX_DOCUMENT, Methods},
    },
    cli::{
        Outcome,
        apply::Door,
        console::{Colour, Console, Exit, Failure},
        remote,
        tree::plain,
    },
};
use pauses::Pauses;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};
use tray::Tray;

/// How often it is looked for new files.
const LOOK: Duration = Duration::from_secs(1);
/// After a node that was not reached, or a question that it could not answer, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_mins(1));

/// Ask the node what files in a folder ask, and put its answers beside them
///
/// A declaration system writes DIR/in/NAME.METHOD.json, such as I-2026-77.match-declaration.json, with the document that
/// POST /v1/customs/METHOD takes (see docs/rest.md); it writes it under a name that does not end in .json and renames
/// it when it is whole. What else lies there is passed over, and named once. The answer is put into
/// DIR/out/NAME.METHOD.answer.json and the question into DIR/done; or the question into DIR/refused, and the reason
/// beside it into NAME.METHOD.problem.json.
///
/// Files are asked one after the other, in the order of their names, each name once. One that the node could not answer is
/// asked again, and keeps those about the same certificate waiting, and no others. The command may be killed at any moment:
/// started again it goes on where it was, and nothing is written off twice.
#[derive(Debug, clap::Args)]
pub(super) struct Folder {
    /// The folder; what is missing in it is made
    #[arg(value_name = "DIR")]
    root: PathBuf,
    /// Ask what is there, and end. Exit code 1: something was refused; 4: something was not answered
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    door: Door,
}

/// What came of a question.
enum Came {
    Answer(Vec<u8>),
    Refusal(Problem),
    /// Nothing that lasts: the same is asked again.
    Later(String),
    /// Nobody was asked.
    Unreached(String),
}

/// What a problem document says.
#[derive(Debug, Clone)]
struct Problem {
    reason: String,
    document: Vec<u8>,
    words: String,
}

/// The members of a problem document that are looked at.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    reason: String,
    detail: String,
    retry_after_ms: Option<u64>,
}

/// How a pass over the files ended.
#[derive(Default)]
struct Pass {
    refused: usize,
    /// Questions that wait for their answers.
    later: usize,
    /// Why it ended before all were asked.
    unreached: Option<String>,
}

impl Folder {
    pub(super) fn run(self, console: Console) -> Outcome {
        let methods = Methods::read().map_err(|error| Failure::new(Exit::Failed, error))?;
        let token = self.door.token.read()?;
        let tray = Tray::open(&self.root)?;
        remote::converse(async {
            tokio::select! {
                outcome = self.serve(console, &tray, &methods, &token) => outcome,
                // It may be killed at any moment, so it ends at any.
                _ = tokio::signal::ctrl_c(), if !self.once => Ok(ExitCode::SUCCESS),
            }
        })
    }

    async fn serve(&self, console: Console, tray: &Tray, methods: &Methods, token: &str) -> Outcome {
        let (mut connection, mut pause, mut refused) = (None, PAUSES.0, 0_usize);
        let (mut looks, mut pauses) = (BTreeMap::new(), Pauses::default());
        loop {
            let pass = ask_all(console, tray, &mut pauses, async |name: &str| {
                self.ask(tray, methods, name, token, &mut connection).await
            })
            .await?;
            // What is being written is there for a moment.
            for name in first_said(&tray.passed_over()?, &mut looks, if self.once { 1 } else { 2 }) {
                let why = "a question is a file called NAME.METHOD.json, and NAME begins with no dot; a folder or a link is none";
                console.message(format!("`{}` in `in` is passed over: {why}", plain(&name)));
            }
            refused = refused.saturating_add(pass.refused);
            let wait = match pass.unreached {
                Some(why) if self.once => return Err(unanswered(why)),
                Some(why) => {
                    console.message(format!("{}; asked again in {} ms", plain(&why), pause.as_millis()));
                    let wait = pause;
                    pause = (pause * 2).min(PAUSES.1);
                    wait
                }
                None if self.once && pass.later > 0 => {
                    return Err(unanswered(format!("{} of the questions could not be answered now", pass.later)));
                }
                // What came in under a name that was still being asked.
                None if self.once && !tray.waiting()?.is_empty() => continue,
                None if self.once => return Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }),
                None => {
                    pause = PAUSES.0;
                    LOOK
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    async fn ask(
        &self,
        tray: &Tray,
        methods: &Methods,
        name: &str,
        token: &str,
        connection: &mut Option<Connection>,
    ) -> Result<Came, Failure> {
        let asked = match question::asked(name, methods) {
            Ok(asked) => asked,
            Err(why) => return Ok(Came::Refusal(Problem::ours("METHOD_UNKNOWN", why))),
        };
        if tray.was_done(name) {
            let why = format!("a question of this name is in `done`: `{name}` is not asked a second time");
            return Ok(Came::Refusal(Problem::ours("NAME_USED", why)));
        }
        let document = match tray.read(name, MAX_DOCUMENT) {
            Ok(document) => document,
            Err(failure) => return Ok(Came::Refusal(Problem::ours("FILE_UNREADABLE", failure.sentence().to_owned()))),
        };
        let document = if asked.takes_id {
            question::with_id(&document, tray.request_id(name, &self.door.node.node)?)
        } else {
            question::without_mark(&document).to_vec()
        };
        let open = match connection.take() {
            Some(open) => open,
            None => match self.door.node.connect(Some(token)).await {
                Ok(open) => open,
                Err(failure) if failure.code() == Exit::Unreachable.code() => {
                    return Ok(Came::Unreached(failure.sentence().to_owned()));
                }
                Err(failure) => return Err(failure),
            },
        };
        match open.post(&asked.path, document.into()).await {
            Ok(answer) => {
                *connection = Some(open);
                judged(answer)
            }
            // It may be this question that is never answered: whether the node is there, the next finds out.
            Err(why) => Ok(Came::Later(format!("the node {} does not answer: {why}", self.door.node.node))),
        }
    }
}

/// Asks what is there: first what an earlier pass had begun to ask.
async fn ask_all(
    console: Console,
    tray: &Tray,
    pauses: &mut Pauses,
    mut ask: impl AsyncFnMut(&str) -> Result<Came, Failure>,
) -> Result<Pass, Failure> {
    let mut pass = Pass::default();
    let (begun, waiting) = (tray.asked()?, tray.waiting()?);
    pauses.keep(&begun);
    // One that is asked under this name goes first; the other waits for the next pass.
    let new = waiting.into_iter().filter(|name| !begun.contains(name)).collect::<Vec<_>>();
    for (name, is_new) in begun.iter().map(|name| (name, false)).chain(new.iter().map(|name| (name, true))) {
        if is_new {
            tray.claim(name)?;
        }
        let certificate = || tray.read(name, MAX_DOCUMENT).ok().and_then(|document| question::certificate(&document));
        if pauses.hold(name, certificate, Instant::now()) {
            pass.later += 1;
            continue;
        }
        match ask(name.as_str()).await? {
            Came::Answer(answer) => {
                tray.answered(name, &answer)?;
                pauses.remove(name);
                show(console, name, None);
            }
            Came::Refusal(problem) => {
                tray.refused(name, &problem.document)?;
                pauses.remove(name);
                show(console, name, Some(&problem));
                pass.refused += 1;
            }
            Came::Later(why) => {
                console.message(format!("{} is asked again later: {}", plain(name), plain(&why)));
                pauses.put(name, certificate(), Instant::now());
                pass.later += 1;
                // A node that has too much to do is not asked everything at once.
                tokio::time::sleep(PAUSES.0).await;
            }
            Came::Unreached(why) => {
                pass.unreached = Some(why);
                break;
            }
        }
    }
    Ok(pass)
}

/// Of a run that asks once: some of what it asked stays to be asked.
fn unanswered(why: String) -> Failure {
    Failure::new(Exit::Unreachable, why)
        .note("what was asked stays in the folder `asked`")
        .help("the same command goes on, and nothing is done twice")
}

/// The names that are there at so many looks by now; each is given once.
fn first_said(over: &BTreeSet<String>, looks: &mut BTreeMap<String, u32>, many: u32) -> Vec<String> {
    looks.retain(|name, looks| *looks >= many || over.contains(name));
    let mut said = Vec::new();
    for name in over {
        let looks = looks.entry(name.clone()).or_default();
        *looks = looks.saturating_add(1);
        if *looks == many {
            said.push(name.clone());
        }
    }
    said
}

/// What an answer means for its question.
fn judged(answer: JsonAnswer) -> Result<Came, Failure> {
    if answer.status == 200 {
        return Ok(Came::Answer(answer.body.to_vec()));
    }
    let Ok(told) = serde_json::from_slice::<Told>(&answer.body) else {
        return Ok(Came::Later(format!("what answers there with status {} is no node", answer.status)));
    };
    let words = format!("{}: {}", told.reason, told.detail);
    match answer.status {
        // None of the files is at fault, and none of them will be answered.
        401 => Err(Failure::new(Exit::Failed, told.detail)
            .note(format!("reason {}", told.reason))
            .help("the token may be of another node, or its account closed: --token-file")),
        500.. => Ok(Came::Later(words)),
        _ if told.retry_after_ms.is_some() => Ok(Came::Later(words)),
        _ => Ok(Came::Refusal(Problem { reason: told.reason, document: answer.body.to_vec(), words: told.detail })),
    }
}

impl Problem {
    /// What the command itself refuses, in the form in which a node does.
    fn ours(reason: &str, words: String) -> Self {
        let document = json!({
            "type": "about:blank",
            "title": "Bad Request",
            "status": 400,
            "code": "INVALID_ARGUMENT",
            "reason": reason,
            "detail": words,
        });
        Self { reason: reason.to_owned(), document: document.to_string().into_bytes(), words }
    }
}

/// One line a question.
fn show(console: Console, name: &str, problem: Option<&Problem>) {
    if console.is_json() {
        let reason = problem.map_or(Value::Null, |problem| problem.reason.as_str().into());
        let outcome = if problem.is_some() { "refused" } else { "answered" };
        console.data(json!({ "question": name, "outcome": outcome, "reason": reason }));
        return;
    }
    console.data(match problem {
        None => format!("{}  {}", plain(name), console.paint(Colour::Green, "answered")),
        Some(problem) => {
            let (refused, words) = (console.paint(Colour::Red, "refused"), plain(&problem.words));
            format!("{}  {refused}  {}: {words}", plain(name), plain(&problem.reason))
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::console::Format;

    fn came(status: u16, body: &str) -> Result<Came, Failure> {
        judged(JsonAnswer { status, body: body.to_owned().into() })
    }

    #[test]
    fn what_is_passed_over_is_said_once_and_not_while_it_is_being_written() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        let mut looks = BTreeMap::new();
        assert!(first_said(&names(&["a.tmp", "b.pdf"]), &mut looks, 2).is_empty());
        assert_eq!(first_said(&names(&["b.pdf"]), &mut looks, 2), ["b.pdf"]);
        assert!(first_said(&names(&["a.tmp", "b.pdf"]), &mut looks, 2).is_empty());
        assert_eq!(first_said(&names(&["c.pdf"]), &mut BTreeMap::new(), 1), ["c.pdf"]);
    }

    #[tokio::test]
    async fn a_question_that_is_never_answered_keeps_none_waiting_but_those_about_its_certificate() {
        let folder = tempfile::tempdir().unwrap();
        let (tray, console) = (Tray::open(folder.path()).unwrap(), Console::new(Format::Text));
        for (name, number) in
            [("1.write-off.json", "PK-2601"), ("2.get-balance.json", "pk-2601"), ("3.write-off.json", "PK-2602")]
        {
            let document = json!({ "certificate": { "number": number } }).to_string();
            std::fs::write(folder.path().join("in").join(name), document).unwrap();
        }
        let (mut pauses, mut asked) = (Pauses::default(), Vec::new());
        let pass = ask_all(console, &tray, &mut pauses, async |name: &str| {
            asked.push(name.to_owned());
            let later = name.starts_with('1');
            Ok(if later { Came::Later("INTERNAL".to_owned()) } else { Came::Answer(b"{}".to_vec()) })
        });
        assert_eq!(pass.await.unwrap().later, 2);
        assert_eq!(asked, ["1.write-off.json", "3.write-off.json"]);
        assert_eq!(tray.asked().unwrap(), ["1.write-off.json", "2.get-balance.json"]);

        // Its pause is over; then what waited behind it is asked too, in its order.
        asked.clear();
        let pass = ask_all(console, &tray, &mut pauses, async |name: &str| {
            asked.push(name.to_owned());
            Ok(Came::Answer(b"{}".to_vec()))
        });
        assert_eq!(pass.await.unwrap().later, 0);
        assert_eq!(asked, ["1.write-off.json", "2.get-balance.json"]);
    }

    #[tokio::test]
    async fn a_node_that_is_not_reached_ends_the_pass_and_nothing_more_is_begun() {
        let folder = tempfile::tempdir().unwrap();
        let (tray, console) = (Tray::open(folder.path()).unwrap(), Console::new(Format::Text));
        for name in ["1.get-balance.json", "2.get-balance.json"] {
            std::fs::write(folder.path().join("in").join(name), "{}").unwrap();
        }
        let mut pauses = Pauses::default();
        let pass = ask_all(console, &tray, &mut pauses, async |_: &str| Ok(Came::Unreached("it is away".to_owned())));
        let pass = pass.await.unwrap();
        assert_eq!(pass.unreached.as_deref(), Some("it is away"));
        assert_eq!(tray.asked().unwrap(), ["1.get-balance.json"]);
        assert_eq!(tray.waiting().unwrap(), ["2.get-balance.json"]);
    }

    /// A question is put away only on a node's own word that lasts.
    #[test]
    fn only_a_refusal_that_lasts_puts_a_question_away() {
        let problem = |reason: &str, more: &str| format!(r#"{{"reason":"{reason}","detail":"Because"{more}}}"#);
        assert!(matches!(came(200, "{}"), Ok(Came::Answer(_))));
        let refused = came(409, &problem("BALANCE_EXCEEDED", ""));
        assert!(matches!(refused, Ok(Came::Refusal(problem)) if problem.reason == "BALANCE_EXCEEDED"));
        for (status, body) in [
            (429, problem("OVERLOADED", r#","retryAfterMs":500"#)),
            (503, problem("STOPPING", r#","retryAfterMs":500"#)),
            (503, problem("TOO_MANY_AT_ONCE", r#","retryAfterMs":500"#)),
            (500, problem("TASK_LOST", "")),
            (504, problem("DEADLINE_EXCEEDED", "")),
            (404, "<html>".to_owned()),
            (400, "{}".to_owned()),
            (302, String::new()),
        ] {
            assert!(matches!(came(status, &body), Ok(Came::Later(_))), "{status} {body}");
        }
        assert!(came(401, &problem("UNAUTHENTICATED", "")).is_err());
    }
}
