//! EXIF and XMP blocks, and the containers that hold them.

/// The prefix of EXIF in a JPEG.
pub(crate) const EXIF_PREFIX: &[u8] = b"Exif\0\0";
/// The prefix of XMP in a JPEG.
pub(crate) const XMP_PREFIX: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// A TIFF structure whose only tag is an orientation of TIFF's type `kind`: 3
/// for SHORT, 4 for LONG and so on; 5, RATIONAL, stands behind the directory.
pub(crate) fn exif(little: bool, kind: u16, value: u8) -> Vec<u8> {
    let short = |v: u16| {
        if little {
            v.to_le_bytes()
        } else {
            v.to_be_bytes()
        }
    };
    let long = |v: u32| {
        if little {
            v.to_le_bytes()
        } else {
            v.to_be_bytes()
        }
    };
    let mut block = if little {
        b"II*\0".to_vec()
    } else {
        b"MM\0*".to_vec()
    };
    block.extend(long(8));
    block.extend([short(1), short(0x0112), short(kind)].concat());
    block.extend(long(1));
    match kind {
        3 | 8 => block.extend([short(value.into()), [0, 0]].concat()),
        4 | 9 | 13 => block.extend(long(value.into())),
        5 | 10 => block.extend(long(26)),
        11 => block.extend(long(f32::from(value).to_bits())),
        _ => block.extend([value, 0, 0, 0]),
    }
    block.extend(long(0));
    if matches!(kind, 5 | 10) {
        block.extend([long(2 * u32::from(value)), long(2)].concat());
    }
    block
}

/// An XMP packet with an orientation, as an attribute or as an element.
pub(crate) fn xmp(attribute: bool, value: u8) -> Vec<u8> {
    let description = if attribute {
        format!(r#"<rdf:Description tiff:Orientation="{value}"/>"#)
    } else {
        format!("<rdf:Description><tiff:Orientation>{value}</tiff:Orientation></rdf:Description>")
    };
    format!("<x:xmpmeta><rdf:RDF>{description}</rdf:RDF></x:xmpmeta>").into_bytes()
}

/// ImageMagick's text of an EXIF block.
pub(crate) fn raw_profile(block: &[u8]) -> Vec<u8> {
    let mut text = format!("\nexif\n{:8}\n", EXIF_PREFIX.len() + block.len());
    for (at, byte) in EXIF_PREFIX.iter().chain(block).enumerate() {
        text += &format!("{byte:02x}");
        if at % 36 == 35 {
            text.push('\n');
        }
    }
    text.into_bytes()
}

/// Content of an iTXt chunk, not packed.
pub(crate) fn itxt(keyword: &[u8], text: &[u8]) -> Vec<u8> {
    [keyword, b"\0\0\0\0\0", text].concat()
}

/// Content of a zTXt chunk.
pub(crate) fn ztxt(keyword: &[u8], text: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let level = flate2::Compression::default();
    std::io::Read::read_to_end(
        &mut flate2::read::ZlibEncoder::new(text, level),
        &mut packed,
    )
    .unwrap();
    [keyword, b"\0\0", &packed].concat()
}

/// Puts a chunk into a PNG, before its first `IDAT` or before its end.
pub(crate) fn with_chunk(png: &[u8], name: &[u8; 4], content: &[u8], late: bool) -> Vec<u8> {
    let before: &[u8] = if late { b"IEND" } else { b"IDAT" };
    let at = png.windows(4).position(|w| w == before).unwrap() - 4;
    let mut sum = flate2::Crc::new();
    sum.update(name);
    sum.update(content);
    let chunk = [
        &(content.len() as u32).to_be_bytes()[..],
        name,
        content,
        &sum.sum().to_be_bytes(),
    ];
    [&png[..at], &chunk.concat(), &png[at..]].concat()
}

/// A WebP of one `VP8L` chunk in the extended form, with EXIF and XMP.
pub(crate) fn extended_webp(webp: &[u8], exif: Option<&[u8]>, xmp: Option<&[u8]>) -> Vec<u8> {
    // Fourteen bits each, behind RIFF's and the chunk's header and a signature.
    let size = u32::from_le_bytes(webp[21..25].try_into().unwrap());
    let (width, height) = (size & 0x3FFF, (size >> 14) & 0x3FFF);
    let alpha = (size >> 28) & 1 != 0;
    let flag = |set: bool, bit: u8| u8::from(set) << bit;
    let flags = flag(alpha, 4) | flag(exif.is_some(), 3) | flag(xmp.is_some(), 2);
    let mut header = vec![flags, 0, 0, 0];
    header.extend(&width.to_le_bytes()[..3]);
    header.extend(&height.to_le_bytes()[..3]);
    let chunk = |name: &[u8; 4], content: &[u8]| {
        let mut chunk = name.to_vec();
        chunk.extend((content.len() as u32).to_le_bytes());
        chunk.extend(content);
        chunk.resize(chunk.len().next_multiple_of(2), 0);
        chunk
    };
    let mut body = b"WEBP".to_vec();
    body.extend(chunk(b"VP8X", &header));
    body.extend(&webp[12..]);
    exif.iter()
        .for_each(|exif| body.extend(chunk(b"EXIF", exif)));
    xmp.iter().for_each(|xmp| body.extend(chunk(b"XMP ", xmp)));
    chunk(b"RIFF", &body)
}
