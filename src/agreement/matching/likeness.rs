//! How far two texts say the same, without regard to case, spaces, punctuation and accents.

use crate::certificate::{is_legal_form, plain, within};
use std::collections::BTreeSet;

/// What two texts have in common, the most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Likeness {
    /// All of it.
    Same,
    /// All but a few letters.
    Typing,
    /// Most of the words that matter.
    Alike,
    /// They stand in two scripts, and cannot be compared here.
    OtherScript,
    /// Too little.
    Other,
}

/// Words of a text that are kept to be held against another's. The first say what the goods are.
const WORDS_MOST: usize = 48;

/// Letters that a slip of the keyboard is looked for in, where many texts are compared with many.
const QUICK_MOST: usize = 128;

/// A text made ready.
#[derive(Debug, Clone)]
pub(super) struct Wording {
    letters: Vec<char>,
    figures: Vec<String>,
    words: BTreeSet<String>,
    script: Option<u32>,
}

impl Wording {
    pub(super) fn of(text: &str) -> Self {
        Self::of_tokens(tokens(&plain(text)))
    }

    /// A firm's name: its legal form, abbreviated or not, tells no two apart.
    pub(super) fn of_name(text: &str) -> Self {
        let all = tokens(&plain(text));
        let bare = all.iter().filter(|word| !is_legal_form(word)).cloned().collect::<Vec<_>>();
        Self::of_tokens(if bare.is_empty() { all } else { bare })
    }

    /// Marks on packages: their figures count packages, and a part of the goods bears a part of them.
    pub(super) fn of_marks(text: &str) -> Self {
        let all = tokens(&plain(text));
        let bare = all.iter().filter(|token| !is_figure(token)).cloned().collect::<Vec<_>>();
        Self::of_tokens(if bare.is_empty() { all } else { bare })
    }

    fn of_tokens(tokens: Vec<String>) -> Self {
        let (figures, words): (Vec<_>, Vec<_>) = tokens.iter().cloned().partition(|token| is_figure(token));
        Self {
            letters: tokens.concat().chars().collect(),
            script: script_of(&words),
            words: words.iter().flat_map(|word| key_words(word)).take(WORDS_MOST).collect(),
            figures,
        }
    }

    /// Whether there is nothing to compare in it.
    pub(super) const fn is_empty(&self) -> bool {
        self.letters.is_empty()
    }

    pub(super) fn likeness(&self, other: &Self) -> Likeness {
        self.judge(other, usize::MAX)
    }

    /// The same where there are many to compare: in long texts no slip is looked for, they have words enough.
    pub(super) fn quick_likeness(&self, other: &Self) -> Likeness {
        self.judge(other, QUICK_MOST)
    }

    /// How much of what this text says the other says too, 99 where it is all of it: its words that matter, and its
    /// figures.
    pub(super) fn share_in(&self, other: &Self) -> u32 {
        let (own, others) = (self.figures.iter().collect::<BTreeSet<_>>(), other.figures.iter().collect());
        let shared = self.words.intersection(&other.words).count() + own.intersection(&others).count();
        let all = self.words.len() + own.len();
        u32::try_from(shared * 99 / all.max(1)).unwrap_or(0)
    }

    fn judge(&self, other: &Self, longest: usize) -> Likeness {
        let same_figures = self.figures == other.figures;
        if same_figures && self.letters == other.letters {
            return Likeness::Same;
        }
        if let (Some(one), Some(two)) = (self.script, other.script)
            && one != two
        {
            return Likeness::OtherScript;
        }
        let (long, short) = (self.letters.len().max(other.letters.len()), self.letters.len().min(other.letters.len()));
        // Another figure is no slip: 250 g are not 125 g.
        if same_figures && long <= longest && within(&self.letters, &other.letters, slips(short)) {
            return Likeness::Typing;
        }
        let (one, two) = (self.figures.iter().collect::<BTreeSet<_>>(), other.figures.iter().collect::<BTreeSet<_>>());
        if !one.is_subset(&two) && !two.is_subset(&one) {
            return Likeness::Other;
        }
        let shared = self.words.intersection(&other.words).count();
        if shared * 2 > self.words.len().min(other.words.len()) { Likeness::Alike } else { Likeness::Other }
    }
}

/// Letters that may differ by slips: one in eight, none in a word so short that another results, and never so many that a
/// sentence could.
fn slips(letters: usize) -> usize {
    if letters < 4 { 0 } else { (letters / 8).clamp(1, 12) }
}

fn is_figure(token: &str) -> bool {
    token.starts_with(char::is_numeric)
}

/// The runs of letters and the figures of a text, in order. `16,800` is one figure, and `1.25` are two: so it is not 125.
fn tokens(plain: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = plain;
    while let Some(first) = rest.chars().next() {
        let runs = |text: &str, of: fn(char) -> bool| text.find(|c: char| !of(c)).unwrap_or(text.len());
        let length = if first.is_numeric() {
            runs(rest, char::is_numeric)
        } else if first.is_alphabetic() {
            runs(rest, char::is_alphabetic)
        } else {
            0
        };
        let (token, after) = rest.split_at_checked(length).unwrap_or_default();
        let mut token = token.to_owned();
        rest = after;
        while is_figure(&token) && token.len() <= 12 && !token.starts_with('0') {
            let Some(group) = rest.strip_prefix([',', '.', '\'']) else { break };
            if runs(group, char::is_numeric) != 3 {
                break;
            }
            let (three, after) = group.split_at_checked(3).unwrap_or_default();
            token.push_str(three);
            rest = after;
        }
        if token.is_empty() {
            rest = rest.strip_prefix(first).unwrap_or_default();
        } else {
            found.push(token);
        }
    }
    found
}

/// The words that matter of a run of letters: itself without its plural, unless it is a mere particle; of a script
/// without spaces each two characters that follow one another.
fn key_words(word: &str) -> Vec<String> {
    let letters = word.chars().collect::<Vec<_>>();
    if letters.iter().any(|c| script(*c) == EAST_ASIAN) {
        return letters.windows(2).map(|pair| pair.iter().collect()).collect();
    }
    let stem = if letters.len() > 3 { word.strip_suffix('S').unwrap_or(word) } else { word };
    if letters.len() < 3 { Vec::new() } else { vec![stem.to_owned()] }
}

const EAST_ASIAN: u32 = 0x2E;

/// A number that letters of one script share; coarse, for most letters of a text only.
fn script(letter: char) -> u32 {
    match u32::from(letter) {
        // Latin with its extensions.
        ..0x250 | 0x1E00..0x1F00 => 0,
        // Ideographs and kana; Korean has a script of its own, and spaces.
        0x2E80..0xA000 | 0xF900..0xFB00 | 0x20000.. => EAST_ASIAN,
        other => other >> 8,
    }
}

/// The script most letters stand in.
fn script_of(words: &[String]) -> Option<u32> {
    let mut scripts = words.iter().flat_map(|word| word.chars()).map(script).collect::<Vec<_>>();
    scripts.sort_unstable();
    scripts.chunk_by(|one, two| one == two).max_by_key(|same| same.len()).and_then(|same| same.first().copied())
}
