//! Pages as images.

use super::DocumentError;
use hayro::{RenderSettings, hayro_interpret::InterpreterSettings, hayro_syntax::Pdf, render};
use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};
use std::sync::Arc;

/// Dots a side of the largest image.
const MOST_DOTS: f32 = 16_000.0;

/// The first page of a document that this program printed, as PNG of about this many dots across.
pub fn first_page(pdf: &[u8], width: u16) -> Result<Vec<u8>, DocumentError> {
    let failed = |message: &str| DocumentError::Form { form: "a page".to_owned(), message: message.to_owned() };
    let pdf = Pdf::new(Arc::new(pdf.to_vec())).map_err(|_| failed("the document cannot be read"))?;
    let page = pdf.pages().iter().next().ok_or_else(|| failed("there is none"))?;
    let (across, high) = page.render_dimensions();
    let scale = (f32::from(width) / across.max(1.0)).min(MOST_DOTS / high.max(1.0));
    let settings = RenderSettings {
        x_scale: scale,
        y_scale: scale,
        bg_color: hayro::vello_cpu::color::palette::css::WHITE,
        ..RenderSettings::default()
    };
    let pixels = render(page, &hayro::RenderCache::new(), &InterpreterSettings::default(), &settings);
    let (width, height) = (u32::from(pixels.width()), u32::from(pixels.height()));
    let mut png = Vec::new();
    PngEncoder::new(&mut png)
        .write_image(pixels.data_as_u8_slice(), width, height, ExtendedColorType::Rgba8)
        .map_err(|error| failed(&error.to_string()))?;
    Ok(png)
}
