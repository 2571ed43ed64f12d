//! A PDF made by hand, as small as one can be.

/// A PDF of one page that carries the token, and shows a picture of so many columns, rows and levels of grey where there is
/// one.
pub(crate) fn pdf(token: &str, picture: Option<(u32, u32, &[u8])>) -> Vec<u8> {
    let (mut file, mut table) = (b"%PDF-1.7\n".to_vec(), "0000000000 65535 f \n".to_owned());
    let mut object = |number: u32, dictionary: &str, stream: Option<&[u8]>| {
        table.push_str(&format!("{:010} 00000 n \n", file.len()));
        file.extend(format!("{number} 0 obj\n{dictionary}\n").bytes());
        if let Some(stream) = stream {
            file.extend([&b"stream\n"[..], stream, b"\nendstream\n"].concat());
        }
        file.extend(b"endobj\n");
    };
    object(1, "<</Type /Catalog /Pages 2 0 R /AF [5 0 R] /Names <</EmbeddedFiles <</Names [(a) 5 0 R]>>>>>>", None);
    object(2, "<</Type /Pages /Kids [3 0 R] /Count 1>>", None);
    let resources = if picture.is_some() { "/Contents 4 0 R /Resources <</XObject <</P 7 0 R>>>>" } else { "" };
    // A4, as the picture lies.
    let upright = picture.is_some_and(|(width, height, _)| height > width);
    let (across, along) = if upright { (595, 842) } else { (842, 595) };
    object(3, &format!("<</Type /Page /Parent 2 0 R /MediaBox [0 0 {across} {along}] {resources}>>"), None);
    let drawing = format!("{across} 0 0 {along} 0 0 cm /P Do");
    object(4, &format!("<</Length {}>>", drawing.len()), Some(drawing.as_bytes()));
    let names = "/F (certificate-of-origin.sd-jwt) /UF (certificate-of-origin.sd-jwt)";
    object(5, &format!("<</Type /Filespec {names} /EF <</F 6 0 R>> /AFRelationship /Alternative>>"), None);
    object(
        6,
        &format!("<</Type /EmbeddedFile /Subtype /application#2Fdc+sd-jwt /Length {}>>", token.len()),
        Some(token.as_bytes()),
    );
    if let Some((width, height, picture)) = picture {
        let dictionary = format!(
            "<</Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceGray \
             /BitsPerComponent 8 /Length {}>>",
            picture.len()
        );
        object(7, &dictionary, Some(picture));
    }
    let (start, count) = (file.len(), if picture.is_some() { 8 } else { 7 });
    let trailer = format!("trailer\n<</Root 1 0 R /Size {count}>>\nstartxref\n{start}\n%%EOF\n");
    let end = format!("xref\n0 {count}\n{table}{trailer}");
    file.extend(end.bytes());
    file
}
