//! Where links lead.

/// The target of a link: a folder or file beside the report, or a place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// A path relative to the report's folder, not yet encoded.
    Path(String),
    /// The id of a section.
    Section(&'static str),
}

impl Link {
    /// As it stands in an `href`: whatever the path is, the link is relative to the
    /// report or a path on this machine, and never names a scheme or a host.
    pub(crate) fn url(&self) -> String {
        let path = match self {
            Self::Section(id) => return format!("#{id}"),
            Self::Path(path) => path,
        };
        let mut url = String::new();
        // `javascript:…` would be a scheme, `//host` a host.
        if path
            .split('/')
            .next()
            .is_some_and(|first| first.contains(':'))
            || path.is_empty()
        {
            url.push_str("./");
        }
        let path = if path.starts_with("//") {
            path.trim_start_matches('/')
        } else {
            path
        };
        for byte in path.bytes() {
            let plain = byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@".contains(&byte);
            if plain {
                url.push(char::from(byte))
            } else {
                url.push_str(&format!("%{byte:02X}"))
            }
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(path: &str) -> String {
        Link::Path(path.to_owned()).url()
    }

    #[test]
    fn what_is_special_in_a_url_is_encoded() {
        assert_eq!(
            url("../a b/#1?%20\"<é>"),
            "../a%20b/%231%3F%2520%22%3C%C3%A9%3E"
        );
        assert_eq!(url("../trials/00003-ab_c"), "../trials/00003-ab_c");
    }

    #[test]
    fn a_path_never_becomes_a_scheme_or_a_host() {
        assert_eq!(url("javascript:alert(1)"), "./javascript:alert(1)");
        assert_eq!(url("//example.org/x"), "example.org/x");
        assert_eq!(url(""), "./");
        assert_eq!(url("/srv/experiments/a:b"), "/srv/experiments/a:b");
    }
}
