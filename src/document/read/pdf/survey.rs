//! Everything that stands in a PDF file, counted: objects, ends, pages, files, actions.

use super::{
    ATTACHMENT_MAX, PAGES_MAX, PaperError,
    inflate::{Filter, Packed},
    object::{self, Dictionary, Ended, Object},
    token::{Token, Tokens},
};
use std::collections::{BTreeSet, HashMap, HashSet};

/// All object streams of a file together, inflated: what 500 pages need, several times.
const OBJECT_STREAMS_MAX: usize = 64 << 20;

/// What all streams of a file may inflate to for its pages to be drawn: forty pages scanned in colour at 200 dpi.
const DRAWN_MAX: u64 = 512 << 20;
/// Brackets open at a time in a stream that is drawn. Drawing calls itself for each; pictures open some hundreds by chance.
const DRAWN_DEPTH_MAX: u64 = 20_000;
/// Pixels of a picture on a page.
const DRAWN_PIXELS_MAX: usize = 52_000_000;

/// Names under which scripts stand.
const SCRIPTS: [&str; 4] = ["JS", "JavaScript", "XFA", "RichMediaContent"];
/// Actions that do more than show another place of the document (ISO 32000-2, 12.6.4).
const ACTIONS: [&str; 9] = [
    "JavaScript",
    "Launch",
    "SubmitForm",
    "ImportData",
    "ResetForm",
    "Rendition",
    "RichMediaExecute",
    "GoToE",
    "GoToR",
];

/// How the press's files begin: the version, four bytes above ASCII as it writes them, an empty line, the first object.
const BEGINS: &[u8] = b"%PDF-1.7\n%\x80\x80\x80\x80\n\n1 0 obj\n";
/// What a file says of itself is short.
const ABOUT_MAX: usize = 1 << 20;

/// How a file ends.
const END: &[u8] = b"%%EOF";
/// In so many last bytes readers look for the end (PDF Reference 1.7, implementation note 18), whatever stands behind it.
const END_WITHIN: usize = 1024;

const SAVED_AGAIN: PaperError =
    PaperError::PdfEdited("it was saved more than once, and each time may change what it says");

// Each is a thing that was seen or not, in no order and with no bearing on each other.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Default)]
pub(super) struct Survey<'a> {
    pub(super) pages: usize,
    numbers: HashSet<u32>,
    streams: HashMap<u32, Packed<'a>>,
    object_streams: Vec<(Packed<'a>, usize, usize)>,
    /// Numbers of the streams that hold files.
    files: BTreeSet<u32>,
    /// Where tables of objects begin, and where the ends say one does.
    tables: Vec<usize>,
    starts: Vec<usize>,
    ends: usize,
    /// Whether anything but white space follows an end: on its line it would be a comment, which nobody looks at.
    goes_on: bool,
    encrypted: bool,
    twice: bool,
    previous: bool,
    script: Option<&'static str>,
    unclear_file: bool,
    /// What stands in trees: the kids of other objects, and the first pages.
    kids: HashSet<u32>,
    roots: Vec<u32>,
    circle: bool,
    large_picture: bool,
    /// Arranged for slow networks, which no press of ours does.
    linearized: bool,
    /// A note, a field or a drawing that lies over a page; links lie over nothing.
    laid_over: Option<String>,
    /// Whether objects stand packed together, or in another order than their numbers'.
    rearranged: bool,
    last_number: u32,
    /// What the file says of itself, in XMP.
    about: Option<Packed<'a>>,
}

impl<'a> Survey<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Result<Self, PaperError> {
        let mut survey = Self::default();
        let gone_through = survey.go_through(bytes);
        if survey.encrypted {
            return Err(PaperError::PdfEncrypted);
        }
        if survey.linearized && survey.ends <= 2 {
            return Err(PaperError::PdfEdited("another program arranged it anew for the web (linearised it)"));
        }
        if survey.ends > 1 || survey.starts.len() > 1 || survey.previous {
            return Err(SAVED_AGAIN);
        }
        if survey.ends > 0 && (gone_through.is_err() || survey.goes_on) {
            return Err(PaperError::PdfEdited("something stands behind its end"));
        }
        gone_through?;
        if survey.twice {
            return Err(PaperError::PdfEdited("one object stands in it twice"));
        }
        if survey.ends == 0 || survey.starts.is_empty() {
            return Err(PaperError::PdfTruncated);
        }
        if !survey.starts.iter().all(|start| survey.tables.contains(start)) {
            return Err(PaperError::PdfMalformed("its table of objects does not stand where it says"));
        }
        if objects_named(bytes) > survey.numbers.len() {
            return Err(PaperError::PdfMalformed("an object hides in a comment, a string or a stream"));
        }
        survey.open_object_streams()?;
        if let Some(name) = survey.script {
            return Err(PaperError::PdfScript(name));
        }
        if survey.pages > PAGES_MAX {
            return Err(PaperError::PdfPages(PAGES_MAX));
        }
        Ok(survey)
    }

    fn go_through(&mut self, bytes: &'a [u8]) -> Result<(), PaperError> {
        let mut tokens = Tokens::new(bytes);
        loop {
            tokens.skip_space();
            let at = tokens.at();
            if let Some(comment) = tokens.comment() {
                if comment.starts_with(END) {
                    self.ends += 1;
                    let end = bytes.get(at..).unwrap_or_default();
                    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
                    self.goes_on |= end.len() > END_WITHIN || !end.iter().skip(END.len()).all(blank);
                }
                continue;
            }
            match tokens.next()? {
                Token::End => return Ok(()),
                Token::Integer(number) => self.object(at, number, &mut tokens)?,
                Token::Word(b"xref") => self.table(at, &mut tokens)?,
                Token::Word(b"startxref") => self.start(&mut tokens)?,
                _ => return Err(PaperError::PdfMalformed("something stands between its objects")),
            }
        }
    }

    /// The place that an end names.
    fn start(&mut self, tokens: &mut Tokens<'a>) -> Result<(), PaperError> {
        match tokens.next()? {
            Token::Integer(at) => self.starts.push(usize::try_from(at).unwrap_or(usize::MAX)),
            Token::End => return Err(PaperError::PdfTruncated),
            _ => return Err(PaperError::PdfMalformed("its end names no table of objects")),
        }
        Ok(())
    }

    /// A table of objects and its trailer. Where the objects are is seen from the objects.
    fn table(&mut self, at: usize, tokens: &mut Tokens<'a>) -> Result<(), PaperError> {
        self.tables.push(at);
        loop {
            match tokens.next()? {
                Token::Integer(_) | Token::Word(b"n" | b"f") => {}
                Token::Word(b"trailer") => break,
                Token::End => return Err(PaperError::PdfTruncated),
                _ => return Err(PaperError::PdfMalformed("its table of objects is not one")),
            }
        }
        let (trailer, ended) = object::read(tokens)?;
        let Object::Dictionary(dictionary) = &trailer else {
            return Err(PaperError::PdfMalformed("its trailer is none"));
        };
        self.trailer(dictionary);
        self.see(&trailer);
        match ended {
            Ended::Word(b"startxref") => self.start(tokens),
            Ended::End => Err(PaperError::PdfTruncated),
            _ => Err(PaperError::PdfMalformed("its trailer is none")),
        }
    }

    fn trailer(&mut self, dictionary: &Dictionary<'_>) {
        self.encrypted |= dictionary.get("Encrypt").is_some();
        self.previous |= dictionary.get("Prev").is_some() || dictionary.get("XRefStm").is_some();
    }

    fn object(&mut self, at: usize, number: i64, tokens: &mut Tokens<'a>) -> Result<(), PaperError> {
        const ODD: PaperError = PaperError::PdfMalformed("something stands between its objects");
        let number = u32::try_from(number).map_err(|_| ODD)?;
        match (tokens.next()?, tokens.next()?) {
            (Token::Integer(_), Token::Word(b"obj")) => {}
            (Token::End, _) | (_, Token::End) => return Err(PaperError::PdfTruncated),
            _ => return Err(ODD),
        }
        self.twice |= !self.numbers.insert(number);
        self.rearranged |= self.last_number.checked_add(1) != Some(number);
        self.last_number = number;
        let (object, ended) = object::read(tokens)?;
        self.see(&object);
        match (&object, ended) {
            (_, Ended::Word(b"endobj")) => Ok(()),
            (Object::Dictionary(dictionary), Ended::Word(b"stream")) => self.stream(at, number, dictionary, tokens),
            (_, Ended::End) => Err(PaperError::PdfTruncated),
            _ => Err(PaperError::PdfMalformed("an object does not end")),
        }
    }

    fn stream(
        &mut self,
        at: usize,
        number: u32,
        dictionary: &Dictionary<'_>,
        tokens: &mut Tokens<'a>,
    ) -> Result<(), PaperError> {
        match tokens.rest() {
            [b'\r', b'\n', ..] => tokens.skip(2),
            [b'\n', ..] => tokens.skip(1),
            [] => return Err(PaperError::PdfTruncated),
            _ => return Err(PaperError::PdfMalformed("a stream does not begin on its own line")),
        }
        let rest = tokens.rest();
        let stated = dictionary.count("Length").filter(|length| {
            let mut after = Tokens::new(rest.get(*length..).unwrap_or_default());
            after.skip_space();
            after.word(b"endstream")
        });
        let length = stated.or_else(|| find(rest, b"endstream")).ok_or(PaperError::PdfTruncated)?;
        let data = rest.get(..length).unwrap_or_default();
        tokens.skip(length);
        tokens.skip_space();
        if !(tokens.word(b"endstream") && tokens.next()? == Token::Word(b"endobj")) {
            return Err(PaperError::PdfMalformed("a stream does not end"));
        }
        let packed = Packed { filter: filter(dictionary), data };
        match dictionary.name("Type") {
            Some(b"Metadata") => self.about = Some(packed),
            Some(b"EmbeddedFile") => {
                self.files.insert(number);
            }
            Some(b"XRef") => {
                self.tables.push(at);
                self.trailer(dictionary);
            }
            Some(b"ObjStm") => {
                let counts = dictionary.count("N").zip(dictionary.count("First"));
                let (count, first) = counts.ok_or(PaperError::PdfMalformed("a stream of objects has no count"))?;
                self.object_streams.push((packed, count, first));
            }
            _ => {}
        }
        self.streams.insert(number, packed);
        Ok(())
    }

    /// Objects that stand packed together (ISO 32000-2, 7.5.7).
    fn open_object_streams(&mut self) -> Result<(), PaperError> {
        const ODD: PaperError = PaperError::PdfMalformed("a stream of objects is none");
        let mut left = OBJECT_STREAMS_MAX;
        self.rearranged |= !self.object_streams.is_empty();
        for (packed, count, first) in std::mem::take(&mut self.object_streams) {
            let bytes = packed.inflate("a stream of objects", left)?;
            left -= bytes.len();
            let mut head = Tokens::new(bytes.get(..first).ok_or(ODD)?);
            let body = bytes.get(first..).ok_or(ODD)?;
            let mut places = Vec::new();
            for _ in 0..count {
                let (Token::Integer(number), Token::Integer(at)) = (head.next()?, head.next()?) else {
                    return Err(ODD);
                };
                let number = u32::try_from(number).map_err(|_| ODD)?;
                if !self.numbers.insert(number) {
                    return Err(PaperError::PdfEdited("one object stands in it twice"));
                }
                places.push(usize::try_from(at).map_err(|_| ODD)?);
            }
            // Each from its place to the next: none is read twice, whatever the places say.
            for (nth, from) in places.iter().enumerate() {
                let to = places.get(nth + 1).copied().unwrap_or(body.len());
                match object::read(&mut Tokens::new(body.get(*from..to).ok_or(ODD)?)) {
                    Ok((object, Ended::End)) => self.see(&object),
                    // What breaks off here is not the file.
                    Ok(_) | Err(PaperError::PdfTruncated) => return Err(ODD),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    fn see(&mut self, object: &Object<'_>) {
        object.dictionaries(&mut |dictionary| {
            self.pages += usize::from(dictionary.name("Type") == Some(b"Page"));
            self.linearized |= dictionary.get("Linearized").is_some();
            // Only annotations have both (ISO 32000-2, 12.5.2); a template of the press may link, and a link shows nothing
            // of its own.
            let kind = dictionary.name("Subtype").filter(|_| dictionary.get("Rect").is_some());
            if let Some(kind) = kind.filter(|kind| *kind != b"Link" || dictionary.get("AP").is_some()) {
                self.laid_over.get_or_insert_with(|| String::from_utf8_lossy(kind).into_owned());
            }
            match dictionary.get("EF") {
                None => {}
                Some(Object::Dictionary(files)) => {
                    for (_, file) in files.entries() {
                        match file {
                            Object::Reference(number) => {
                                self.files.insert(*number);
                            }
                            _ => self.unclear_file = true,
                        }
                    }
                }
                Some(_) => self.unclear_file = true,
            }
            match dictionary.get("Kids") {
                None => {}
                Some(Object::List(kids)) => {
                    for kid in kids {
                        // Whose kid it is a second time may be its own.
                        self.circle |= !matches!(kid, Object::Reference(number) if self.kids.insert(*number));
                    }
                }
                Some(_) => self.circle = true,
            }
            if let Some(Object::Reference(root)) = dictionary.get("Pages") {
                self.roots.push(*root);
            }
            let sides = dictionary.count("Width").zip(dictionary.count("Height"));
            self.large_picture |= sides.is_some_and(|(width, height)| width.saturating_mul(height) > DRAWN_PIXELS_MAX);
            let action = dictionary.name("S").and_then(|kind| ACTIONS.into_iter().find(|name| name.as_bytes() == kind));
            let script = SCRIPTS.into_iter().find(|name| dictionary.get(name).is_some());
            self.script = self.script.or(action).or(script);
        });
    }

    /// The text of the one file it carries.
    pub(super) fn attachment(&self) -> Result<Option<String>, PaperError> {
        if self.unclear_file {
            return Err(PaperError::PdfAttachment("it is named in a roundabout way"));
        }
        let mut files = self.files.iter();
        let (file, None) = (files.next(), files.next()) else {
            return Err(PaperError::PdfAttachments(self.files.len()));
        };
        let Some(number) = file else { return Ok(None) };
        let packed = self.streams.get(number).ok_or(PaperError::PdfAttachment("it is not there"))?;
        if packed.filter == Filter::Other {
            return Err(PaperError::PdfAttachment("it is packed in another way than by deflate"));
        }
        let bytes = packed.inflate("the attachment", ATTACHMENT_MAX)?;
        let text = String::from_utf8(bytes).map_err(|_| PaperError::PdfAttachment("it is no text"))?;
        Ok(Some(text))
    }

    /// What lies over a page: a kind of annotation.
    pub(super) fn laid_over(&self) -> Option<&str> {
        self.laid_over.as_deref()
    }

    /// Whether the file is as the press leaves it. The press writes its objects in the order of their numbers, none of them
    /// packed, and names the document and this very file in the trailer as in the XMP part, in base64, with the count of
    /// pages. Whatever saves a file again gives it a name of its own and rarely writes it in the same way. This tells
    /// honest tools, and no forger: a signature on the page's bytes is nothing that paper has.
    pub(super) fn as_printed(&self, bytes: &[u8]) -> bool {
        let about = self.about.as_ref().and_then(|about| about.inflate("what it says of itself", ABOUT_MAX).ok());
        let about = about.unwrap_or_default();
        let about = String::from_utf8_lossy(&about);
        let member = |name: &str| {
            let (_, rest) = about.split_once(&format!("<{name}>"))?;
            rest.split_once(&format!("</{name}>")).map(|(text, _)| text.to_owned())
        };
        let names = member("xmpMM:DocumentID").zip(member("xmpMM:InstanceID"));
        let names = names.map(|(document, instance)| format!("/ID[({document})({instance})]"));
        let tail = bytes.get(bytes.len().saturating_sub(400)..).unwrap_or_default();
        let named = names.is_some_and(|names| find(tail, names.as_bytes()).is_some());
        let pages = member("xmpTPg:NPages").and_then(|pages| pages.parse().ok());
        let made = member("xmp:CreatorTool").is_some_and(|tool| tool == "Origin Exchange");
        !self.rearranged && bytes.starts_with(BEGINS) && named && made && pages == Some(self.pages)
    }

    /// Whether drawing its pages ends.
    pub(super) fn to_draw(&self) -> Result<(), PaperError> {
        if self.circle || self.roots.iter().any(|root| self.kids.contains(root)) {
            return Err(PaperError::PdfPageDrawing("they may lead in a circle"));
        }
        if self.large_picture {
            return Err(PaperError::PdfPageDrawing("a picture on them is too large"));
        }
        let mut left = DRAWN_MAX;
        for packed in self.streams.values() {
            let cost = packed.cost(left.saturating_add(1));
            let rest = left.checked_sub(cost.bytes);
            left = rest.ok_or(PaperError::PdfInflates { what: "what stands on the pages", limit: DRAWN_MAX })?;
            if cost.depth > DRAWN_DEPTH_MAX {
                return Err(PaperError::PdfPageDrawing("something on them stands too deep within itself"));
            }
        }
        Ok(())
    }
}

fn filter(dictionary: &Dictionary<'_>) -> Filter {
    // A file outside the file.
    if dictionary.get("F").is_some() {
        return Filter::Other;
    }
    let parameters = match dictionary.get("DecodeParms") {
        None => false,
        Some(Object::List(elements)) => !elements.iter().all(|element| matches!(element, Object::Null)),
        Some(_) => true,
    };
    let deflate = |name: &[u8]| if name == b"FlateDecode" && !parameters { Filter::Deflate } else { Filter::Other };
    match dictionary.get("Filter") {
        None => Filter::Plain,
        Some(Object::Name(name)) => deflate(name),
        Some(Object::List(names)) => match names.as_slice() {
            [] => Filter::Plain,
            [Object::Name(name)] => deflate(name),
            _ => Filter::Other,
        },
        Some(_) => Filter::Other,
    }
}

fn find(bytes: &[u8], word: &[u8]) -> Option<usize> {
    bytes.windows(word.len()).position(|window| window == word)
}

/// How often `N G obj` stands anywhere in the file, as a reader that repairs broken files would look for it.
fn objects_named(bytes: &[u8]) -> usize {
    let mut named = 0;
    let mut from = 0;
    while let Some(at) = bytes.get(from..).and_then(|rest| find(rest, b"obj")).map(|at| from + at) {
        from = at + 3;
        let before = bytes.get(..at).unwrap_or_default();
        let space = |bytes: &[u8]| bytes.iter().rev().take(16).take_while(|byte| byte.is_ascii_whitespace()).count();
        let digits = |bytes: &[u8]| bytes.iter().rev().take(16).take_while(|byte| byte.is_ascii_digit()).count();
        let cut = |bytes: &'_ [u8], count: usize| bytes.len() - count;
        let generation = before.get(..cut(before, space(before))).unwrap_or_default();
        let gap = generation.get(..cut(generation, digits(generation))).unwrap_or_default();
        let number = gap.get(..cut(gap, space(gap))).unwrap_or_default();
        let all = space(before) > 0 && digits(generation) > 0 && space(gap) > 0 && digits(number) > 0;
        named += usize::from(all);
    }
    named
}
