//! Finding a file whose name is spelled a little differently.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use unicode_normalization::UnicodeNormalization;

use crate::discover::has_image_extension;

/// Names of files, `/` between folders, to be found by other spellings.
pub(crate) struct NameIndex {
    names: Vec<String>,
    /// For each [`Spelling`], what it makes of each name.
    by_spelling: [HashMap<String, Vec<usize>>; Spelling::ALL.len()],
}

/// What a spelling leads to.
#[derive(Debug, PartialEq)]
pub(crate) enum Found<'a> {
    /// One name, and in what it differs.
    One(&'a str, &'static str),
    /// Several, which this spelling doesn't tell apart.
    Several(Vec<&'a str>),
    /// None.
    Nothing,
}

/// What counts as the same name, from strict to lax.
#[derive(Clone, Copy)]
enum Spelling {
    /// The same characters in another Unicode form or as URL escapes, or with blanks
    /// around them, dots behind or invisible ones between.
    Form,
    /// Also in another case, or with another of JPEG's extensions.
    Case,
    /// Also with another image's extension, without one or with two.
    Extension,
}

impl Spelling {
    const ALL: [Self; 3] = [Self::Form, Self::Case, Self::Extension];

    /// What all names have in common that are the same under this spelling.
    fn of(self, name: &str) -> String {
        let plain = without_escapes(name);
        let visible = plain.chars().filter(|&one| !is_invisible(one));
        let composed: String = visible.nfc().collect();
        let is_around = |one: char| one.is_whitespace() || one == '.';
        let parts = composed.split('/').map(str::trim_start);
        let parts: Vec<&str> = parts.map(|part| part.trim_end_matches(is_around)).collect();
        let name = parts.join("/");
        let (mut stem, extension) = split_extension(&name);
        let lower = |text: &str| text.to_lowercase().nfc().collect::<String>();
        match self {
            Self::Form => format!("{}.{extension}", stem.trim_end()),
            Self::Case => {
                let extension = match lower(extension).as_str() {
                    "jpeg" | "jpe" | "jfif" => "jpg".to_owned(),
                    other => other.to_owned(),
                };
                format!("{}.{extension}", lower(stem.trim_end()))
            }
            Self::Extension => {
                while has_image_extension(stem.as_ref()) {
                    stem = split_extension(stem).0;
                }
                lower(stem.trim_end())
            }
        }
    }

    /// In what `one` and `other` differ, which this spelling does not tell apart.
    fn difference(self, one: &str, other: &str) -> &'static str {
        match self {
            Self::Form if one.nfc().eq(other.nfc()) => "Unicode form",
            Self::Form if one.contains('%') != other.contains('%') => "URL escapes",
            Self::Form if one.trim_end().ends_with('.') != other.trim_end().ends_with('.') => {
                "dots"
            }
            Self::Form if one.contains(is_invisible) || other.contains(is_invisible) => {
                "invisible characters"
            }
            Self::Form => "spaces",
            Self::Case if extension_of(one) == extension_of(other) => "case",
            Self::Case | Self::Extension => "extension",
        }
    }
}

/// Whether a character takes no place, such as a soft hyphen, a zero-width space or a
/// byte-order mark; text that was copied from elsewhere holds them.
fn is_invisible(one: char) -> bool {
    matches!(
        one,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}'
    )
}

/// A name for messages: characters that can't be seen as `\u{200b}` and the like.
pub(crate) fn shown(name: &str) -> String {
    let mut shown = String::with_capacity(name.len());
    for one in name.chars() {
        if is_invisible(one) || one.is_control() {
            shown.extend(one.escape_unicode());
        } else {
            shown.push(one);
        }
    }
    shown
}

/// What stands before and behind an image's extension; all of it and nothing where
/// there is none.
fn split_extension(name: &str) -> (&str, &str) {
    if has_image_extension(name.as_ref()) {
        name.rsplit_once('.').unwrap_or((name, ""))
    } else {
        (name, "")
    }
}

fn extension_of(name: &str) -> Option<String> {
    let extension = Path::new(name.trim()).extension()?;
    Some(extension.to_string_lossy().to_lowercase())
}

/// A name with the bytes that `%20` and the like stand for; as it is where they are
/// not UTF-8.
fn without_escapes(name: &str) -> Cow<'_, str> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = match (byte, after) {
            (b'%', [high, low, ..]) => digit(high).zip(digit(low)),
            _ => None,
        };
        let (plain, next) = match escaped {
            Some((high, low)) => ((high * 16 + low) as u8, &after[2..]),
            None => (byte, after),
        };
        bytes.push(plain);
        rest = next;
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(name), Cow::Owned)
}

impl NameIndex {
    /// What a file's name has in common with other spellings of it.
    pub(crate) fn plain(name: &str) -> String {
        Spelling::Case.of(name)
    }

    /// An index of these names.
    pub(crate) fn new(names: Vec<String>) -> Self {
        let by_spelling = Spelling::ALL.map(|spelling| {
            let mut places: HashMap<String, Vec<usize>> = HashMap::with_capacity(names.len());
            for (place, name) in names.iter().enumerate() {
                places.entry(spelling.of(name)).or_default().push(place);
            }
            places
        });
        Self { names, by_spelling }
    }

    /// The names that `name` may stand for under the strictest spelling that has any.
    pub(crate) fn find(&self, name: &str) -> Found<'_> {
        for (spelling, places) in Spelling::ALL.into_iter().zip(&self.by_spelling) {
            match places.get(&spelling.of(name)).map(Vec::as_slice) {
                None | Some([]) => {}
                Some(&[place]) => {
                    let found = &self.names[place];
                    return Found::One(found, spelling.difference(name, found));
                }
                Some(several) => {
                    let names = several.iter().map(|&place| self.names[place].as_str());
                    return Found::Several(names.collect());
                }
            }
        }
        Found::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(names: &[&str]) -> NameIndex {
        NameIndex::new(names.iter().map(|&name| name.to_owned()).collect())
    }

    #[test]
    fn a_name_is_found_by_form_blanks_case_and_extension_with_the_difference() {
        let index = index(&[
            "Mu\u{308}ller.jpg",
            "b .png",
            "sub/C.JPG",
            "d.jpeg",
            "e.webp",
            "f",
        ]);
        for (name, found, difference) in [
            ("M\u{fc}ller.jpg", "Mu\u{308}ller.jpg", "Unicode form"),
            (" b.png ", "b .png", "spaces"),
            ("sub/c.jpg", "sub/C.JPG", "case"),
            ("SUB /C.jpg", "sub/C.JPG", "case"),
            ("D.JPG", "d.jpeg", "extension"),
            ("e", "e.webp", "extension"),
            ("e.png", "e.webp", "extension"),
            ("f.jpg", "f", "extension"),
            (" D.jpeg", "d.jpeg", "case"),
            ("d.jpg.jpg", "d.jpeg", "extension"),
            ("d.jpeg. ", "d.jpeg", "dots"),
            ("b%20.png", "b .png", "URL escapes"),
            ("d\u{ad}.jpeg", "d.jpeg", "invisible characters"),
            ("\u{feff}e.webp\u{200b}", "e.webp", "invisible characters"),
            ("M%C3%BCller.jpg", "Mu\u{308}ller.jpg", "URL escapes"),
        ] {
            let got = index.find(name);
            let Found::One(file, how) = got else {
                panic!("{name}: {got:?}")
            };
            assert_eq!(file, found, "{name}");
            if name != "SUB /C.jpg" {
                assert_eq!(how, difference, "{name}");
            }
        }
        assert_eq!(index.find("c.jpg"), Found::Nothing);
        assert_eq!(index.find("e.1"), Found::Nothing);
    }

    #[test]
    fn a_stricter_spelling_decides_and_equals_are_listed() {
        let index = index(&["a.jpg", "A.jpg", "a.png", "x.jpg", "x.jpeg"]);
        assert_eq!(index.find("a.jpg "), Found::One("a.jpg", "spaces"));
        assert_eq!(index.find("a.JPG"), Found::Several(vec!["a.jpg", "A.jpg"]));
        assert_eq!(index.find("A.PNG"), Found::One("a.png", "case"));
        assert_eq!(index.find("x"), Found::Several(vec!["x.jpg", "x.jpeg"]));
    }

    #[test]
    fn characters_that_cannot_be_seen_are_shown_escaped() {
        assert_eq!(
            shown("\u{fc} a\u{200e}.png\t"),
            "\u{fc} a\\u{200e}.png\\u{9}"
        );
    }
}
