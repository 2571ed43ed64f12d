//! The codes on the pages of a PDF that was scanned, or printed to a file: the pages are drawn and looked at.

use super::{Code, PaperError, Pdf, Picture, codes};
use hayro::{
    RenderCache, RenderSettings,
    hayro_interpret::InterpreterSettings,
    hayro_syntax::{self, page::Page},
    render,
    vello_cpu::color::palette::css::WHITE,
};
use std::{sync::Arc, thread};

/// As many pages are drawn at most, the first ones.
pub const PAGES_DRAWN_MAX: usize = 40;
/// Pixels of a page's longer side: A4 at 200 dpi, and at 300 where nothing was found.
const SIDES: [f32; 2] = [2_339.0, 3_508.0];
/// Stack for drawing. Objects within objects are followed by calls within calls.
const STACK: usize = 64 << 20;

/// Draws the pages and reads the codes on them, each once, in the order of the pages. Takes a third of a second a page;
/// nothing of a page but its codes is read.
pub fn codes_of_pages(pdf: &Pdf<'_>) -> Result<Vec<Code>, PaperError> {
    let (bytes, carries) = (Arc::new(pdf.to_draw()?.to_vec()), pdf.attachment().is_some());
    // Whatever a drawing does to its thread, this one goes on.
    let drawing = thread::Builder::new().name("drawing".to_owned()).stack_size(STACK);
    let drawing = drawing.spawn(move || drawn(bytes, carries));
    let drawing = drawing.map_err(|_| PaperError::PdfPageDrawing("the system gives no thread"))?;
    drawing.join().unwrap_or(Err(PaperError::PdfPageDrawing("something on them is not in order")))
}

/// Where the file `carries` its certificate and a stamp of it was read, no further page is drawn larger.
fn drawn(bytes: Arc<Vec<u8>>, carries: bool) -> Result<Vec<Code>, PaperError> {
    let pdf = hayro_syntax::Pdf::new(bytes);
    let pdf = pdf.map_err(|_| PaperError::PdfPageDrawing("the file cannot be put together"))?;
    let mut found: Vec<Code> = Vec::new();
    let cache = RenderCache::new();
    for page in pdf.pages().iter().take(PAGES_DRAWN_MAX) {
        let enough = carries && found.iter().any(|code| matches!(code, Code::Stamp(_)));
        let sides = SIDES.into_iter().take(if enough { 1 } else { SIDES.len() });
        let pictures = sides.filter_map(|side| picture(page, &cache, side)).take_while(|picture| !picture.is_blank());
        let on_page = pictures.map(|picture| codes(&picture));
        for code in on_page.into_iter().find(|codes| !codes.is_empty()).unwrap_or_default() {
            if !found.contains(&code) {
                found.push(code);
            }
        }
    }
    Ok(found)
}

fn picture<'a>(page: &'a Page<'a>, cache: &RenderCache<'a>, side: f32) -> Option<Picture> {
    let (width, height) = page.render_dimensions();
    let scale = side / width.max(height);
    // A page of no size, or one that is a line.
    if !(scale.is_finite() && scale > 0.0 && width.min(height) * scale >= 21.0) {
        return None;
    }
    let settings = RenderSettings { x_scale: scale, y_scale: scale, bg_color: WHITE, ..RenderSettings::default() };
    let drawn = render(page, cache, &InterpreterSettings::default(), &settings);
    let luma = drawn.data_as_u8_slice().chunks_exact(4).map(|pixel| match pixel {
        // Codes are black on white: the mean of the colours tells them apart as well as their brightness to the eye.
        [red, green, blue, _] => mean([*red, *green, *blue]),
        _ => u8::MAX,
    });
    Picture::of_luma(drawn.width().into(), drawn.height().into(), luma.collect())
}

fn mean(colours: [u8; 3]) -> u8 {
    let sum = colours.into_iter().map(u16::from).sum::<u16>();
    u8::try_from(sum / 3).unwrap_or(u8::MAX)
}
