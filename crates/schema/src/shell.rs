//! Paths in commands that a user is told to run.

use std::path::Path;

/// `path` as one argument of a POSIX shell command, quoted where that is needed;
/// never an option, even where its name begins with a dash.
pub fn shell_quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let text = if text.starts_with('-') {
        format!("./{text}")
    } else {
        text.into_owned()
    };
    match shlex::try_quote(&text) {
        Ok(quoted) => quoted.into_owned(),
        // No path holds a NUL, the one thing that can't be quoted.
        Err(_) => text,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_a_quoted_path_back_as_it_was() {
        for name in [
            "run",
            "my run",
            "it's",
            "a$b `c` \"d\"",
            "größe;rm",
            "",
            "~x",
            "a\nb",
        ] {
            let quoted = shell_quoted(Path::new(name));
            assert_eq!(shlex::split(&quoted).unwrap(), [name]);
        }
        assert_eq!(shell_quoted(Path::new("my run")), "'my run'");
        assert_eq!(
            shell_quoted(Path::new("reports/run-test")),
            "reports/run-test"
        );
    }

    #[test]
    fn a_name_that_begins_with_a_dash_is_no_option() {
        assert_eq!(shell_quoted(Path::new("-rf")), "./-rf");
    }
}
