use super::*;
use crate::reason::Reasoned as _;
use photograph::{Page, Pose};

/// As long as a stamp may be: it fills version 25 at level M.
fn stamp(seed: usize) -> String {
    const LETTERS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    let text = (0..1_440).map(|n| char::from(LETTERS[(n * n * 31 + n * 17 + seed * 7) % LETTERS.len()]));
    format!("CO1:{}Z", text.collect::<String>())
}

const LOOK_UP: &str = "HTTPS://TDAP.GOV.PK/V/01KB6Z9QX5M3T8W2N4R6Y7C9DF/ABCDEFGHIJKLMNOP";

fn page() -> Page {
    let mut page = Page::blank();
    assert!(page.print(&stamp(1), 145, 232, 45));
    assert!(page.print(LOOK_UP, 115, 240, 22));
    page
}

/// Twelve million pixels.
const POSE: Pose = Pose { width: 4_000, height: 3_000, turned: (65_536, 0), micrometres: 78, tilt: 0, noise: 4 };

fn both() -> Vec<Code> {
    vec![Code::Stamp(stamp(1)), Code::LookUp(LOOK_UP.to_owned())]
}

fn seen(page: &Page, pose: Pose) -> Vec<Code> {
    let mut found = codes(&page.photographed(&pose).unwrap());
    found.sort_by_key(|code| format!("{code:?}").replace("LookUp", "Zzz"));
    found
}

#[test]
fn both_codes_are_read_from_a_photograph_of_twelve_million_pixels() {
    assert_eq!(seen(&page(), POSE), both());
}

#[test]
fn a_page_that_lies_turned_tilted_and_badly_lit_is_read() {
    // 100, 80 and 187 degrees.
    for turned in [(64_540, -11_380), (64_540, 11_380), (-7_987, -65_048)] {
        let micrometres = if turned.0 < 0 { 105 } else { 84 };
        let height = if turned.0 < 0 { 4_000 } else { 3_000 };
        for tilt in [0, 60] {
            let pose = Pose { turned, micrometres, tilt, noise: 6, height, ..POSE };
            assert_eq!(seen(&page(), pose), both(), "{pose:?}");
        }
    }
}

#[test]
fn several_codes_on_one_page_are_all_told() {
    let mut page = page();
    assert!(page.print(&stamp(2), 20, 232, 45));
    assert!(page.print("CARRIER 4711", 75, 245, 15));
    let found = seen(&page, POSE);
    assert_eq!(found.len(), 4, "{found:?}");
    for code in [Code::Stamp(stamp(1)), Code::Stamp(stamp(2)), Code::Foreign("CARRIER 4711".to_owned())] {
        assert!(found.contains(&code));
    }
}

#[test]
fn what_is_out_of_focus_is_sharpened() {
    let mut blurred = page().photographed(&Pose { noise: 2, ..POSE }).unwrap();
    for _ in 0..2 {
        blurred = blurred.softened();
    }
    assert!(codes(&blurred).contains(&Code::Stamp(stamp(1))));
}

#[test]
fn an_empty_page_is_known_without_a_search() {
    let mut luma = vec![255; 64 * 64];
    assert!(Picture::of_luma(64, 64, luma.clone()).unwrap().is_blank());
    luma[99] = 254;
    assert!(!Picture::of_luma(64, 64, luma).unwrap().is_blank());
}

#[test]
fn pictures_are_decoded_by_what_they_are_and_within_bounds() {
    let picture = page().photographed(&Pose { width: 1_600, height: 1_200, micrometres: 195, ..POSE }).unwrap();
    let mut png = Vec::new();
    let encoder = image::codecs::png::PngEncoder::new(&mut png);
    image::ImageEncoder::write_image(encoder, &picture.luma, 1_600, 1_200, image::ExtendedColorType::L8).unwrap();
    assert_eq!(Picture::read(&png).unwrap(), picture);

    let mut jpeg = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 90);
    image::ImageEncoder::write_image(encoder, &picture.luma, 1_600, 1_200, image::ExtendedColorType::L8).unwrap();
    let read = Picture::read(&jpeg).unwrap();
    assert_eq!((read.width, read.height), (1_600, 1_200));
    assert!(codes(&read).contains(&Code::LookUp(LOOK_UP.to_owned())));

    for cut in [9, 40, 200, png.len() / 2] {
        assert!(matches!(Picture::read(&png[..cut]), Err(PaperError::PictureMalformed(_))), "{cut}");
    }
    assert!(Picture::read(&jpeg[..300]).is_err());
    assert!(Picture::read(b"GIF89a").is_err());
}

/// A PNG of a few bytes that says it has a hundred thousand million pixels.
#[test]
fn a_picture_that_would_unfold_to_more_than_is_looked_at_is_refused_before_it_is_decoded() {
    let chunk = |name: &[u8], data: &[u8]| {
        let mut crc = flate2::Crc::new();
        crc.update(name);
        crc.update(data);
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        [&length[..], name, data, &crc.sum().to_be_bytes()].concat()
    };
    let png = |side: u32| {
        let head = [&side.to_be_bytes()[..], &side.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
        let zlib = {
            let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
            std::io::Write::write_all(&mut zlib, &vec![0; 1 << 20]).unwrap();
            zlib.finish().unwrap()
        };
        [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &head), chunk(b"IDAT", &zlib), chunk(b"IEND", &[])].concat()
    };
    for side in [7_300, 300_000, 2_000_000_000] {
        let refused = Picture::read(&png(side)).unwrap_err();
        assert!(matches!(refused, PaperError::PicturePixels { .. } | PaperError::PictureMalformed(_)), "{refused}");
    }
    assert!(matches!(Picture::read(&png(7_300)), Err(PaperError::PicturePixels { width: 7_300, .. })));
    let long = [b"\xff\xd8\xff".to_vec(), vec![0; PICTURE_MAX]].concat();
    assert!(matches!(Picture::read(&long), Err(PaperError::TooLarge { .. })));
}

#[test]
fn codes_are_told_apart_by_what_they_begin_with() {
    let of = |text: &str| match Code::of(text) {
        Code::Stamp(_) => "stamp",
        Code::LookUp(_) => "look-up",
        Code::Foreign(_) => "foreign",
    };
    assert_eq!(of("CO1:ABC"), "stamp");
    assert_eq!(of(LOOK_UP), "look-up");
    assert_eq!(of("https://tdap.gov.pk/V/x/y"), "look-up");
    for foreign in ["", "CO2:ABC", "HTTPS://TDAP.GOV.PK/", "HTTP://TDAP.GOV.PK/V/x/y", "HTTPS://x/Y/V/", "ÄÖÜ€€€€€/V/"]
    {
        assert_eq!(of(foreign), "foreign", "{foreign}");
    }
}

/// Noise, stripes and fields of finder patterns find nothing, soon.
#[test]
fn a_picture_made_to_be_hard_is_given_up_in_a_few_seconds() {
    let mut state = 1_u32;
    let noise = (0..3_000_000).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    });
    let finders = (0..1_500_u32 * 2_000).map(|at| {
        let (x, y) = (at % 2_000 % 9, at / 2_000 % 9);
        let ring = x.abs_diff(4).max(y.abs_diff(4));
        if ring <= 1 || ring == 3 { 0 } else { 255 }
    });
    for (name, luma) in [("noise", noise.collect::<Vec<_>>()), ("finders", finders.collect())] {
        let begun = std::time::Instant::now();
        let found = codes(&Picture::of_luma(2_000, 1_500, luma).unwrap());
        println!("{name}: {:?}", begun.elapsed());
        assert!(found.is_empty());
        assert!(begun.elapsed().as_secs() < 20, "{name} took {:?}", begun.elapsed());
    }
}

#[test]
fn a_picture_of_another_kind_is_called_what_it_is() {
    for (bytes, name) in [
        (&b"\0\0\0\x18ftypheic\0\0\0\0"[..], "HEIC"),
        (b"\0\0\0\x20ftypmif1heic", "HEIC"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "WebP"),
        (b"II*\0\x08\0\0\0", "TIFF"),
        (b"MM\0*\0\0\0\x08", "TIFF"),
        (b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0", "BMP"),
        (b"GIF89a", "GIF"),
    ] {
        assert_eq!((PaperKind::unread(bytes), PaperKind::of(bytes)), (Some(name), None));
    }
    for other in
        [&b"eyJhbGciOiJFZERTQSJ9.e30.AAAA~"[..], b"CO1:BM", b"BMW 320 and other goods", b"{}", b"%PDF-1.7", b""]
    {
        assert_eq!(PaperKind::unread(other), None);
    }
}

#[test]
fn a_photograph_that_is_cut_off_is_called_damaged_and_not_empty() {
    let grey = Picture::of_luma(64, 64, vec![200; 64 * 64]).unwrap();
    let mut jpeg = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 90);
    image::ImageEncoder::write_image(encoder, &grey.luma, 64, 64, image::ExtendedColorType::L8).unwrap();
    let read = |bytes: &[u8]| Paper::read(bytes, PaperKind::Jpeg, Draw::Nothing).unwrap_err().reason();
    assert_eq!(read(&jpeg), "PAPER_SHOWS_NOTHING");
    assert_eq!(read(&[&jpeg[..], b"\0\0what a telephone adds"].concat()), "PAPER_SHOWS_NOTHING");
    assert_eq!(read(&jpeg[..jpeg.len() - 3]), "PICTURE_MALFORMED");
    let refused = Picture::read(b"\x89PNG\r\n\x1a\nno picture at all").unwrap_err().to_string();
    assert!(!refused.contains("Png") && !refused.contains('{'), "{refused}");
}
