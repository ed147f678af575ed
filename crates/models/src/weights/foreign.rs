//! What a PyTorch file holds besides tensors and plain values.

use std::path::Path;

use pytorch_reader::PickleValue;

use super::error::WeightsError;

/// Modules whose functions reach out of the program that calls them.
const HARMFUL_MODULES: &[&str] = &[
    "bdb",
    "commands",
    "ctypes",
    "importlib",
    "nt",
    "os",
    "pdb",
    "posix",
    "pty",
    "runpy",
    "shutil",
    "socket",
    "subprocess",
    "sys",
    "webbrowser",
];
/// What Python's built-in functions are in.
const BUILTINS: &[&str] = &["builtins", "__builtin__"];
/// Those of them that run or open what they are given.
const HARMFUL_BUILTINS: &[&str] = &[
    "__import__",
    "apply",
    "breakpoint",
    "compile",
    "eval",
    "exec",
    "execfile",
    "getattr",
    "input",
    "open",
    "setattr",
];

/// An object of another class than tensors: what a call would have given, had the
/// pickle been executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Foreign {
    /// Its place, such as `hyper_parameters.loss`; empty for the whole content.
    pub(super) place: String,
    /// What was to be called, such as `argparse.Namespace`.
    pub(super) class: String,
}

impl Foreign {
    /// All of them within `content`, in the order of their places.
    pub(super) fn within(content: &PickleValue) -> Vec<Self> {
        let mut found = Vec::new();
        collect("", content, &mut found);
        found.sort_by(|a, b| a.place.cmp(&b.place));
        found
    }

    /// Whether no honest checkpoint holds it.
    pub(super) fn could_do_harm(&self) -> bool {
        let (module, name) = self.class.rsplit_once('.').unwrap_or(("", &self.class));
        let package = module.split('.').next().unwrap_or_default();
        HARMFUL_MODULES.contains(&package)
            || (BUILTINS.contains(&module) && HARMFUL_BUILTINS.contains(&name))
    }

    /// The refusal of a file that has it.
    pub(super) fn refused(&self, path: &Path) -> WeightsError {
        let place = match self.place.as_str() {
            "" => "its content".to_owned(),
            place => format!("`{place}`"),
        };
        WeightsError::Format {
            path: path.to_owned(),
            reason: format!(
                "{place} is `{}`, neither a tensor nor a plain value; nothing of it was executed",
                self.class
            ),
        }
    }
}

fn collect(place: &str, value: &PickleValue, found: &mut Vec<Foreign>) {
    let inside = |name: &str| match place {
        "" => name.to_owned(),
        _ => format!("{place}.{name}"),
    };
    match value {
        PickleValue::Unsupported(class) if class != "torch.Tensor" => found.push(Foreign {
            place: place.to_owned(),
            class: class.clone(),
        }),
        PickleValue::Dict(entries) => {
            for (name, value) in entries {
                collect(&inside(name), value, found);
            }
        }
        PickleValue::List(items) => {
            for (index, value) in items.iter().enumerate() {
                collect(&inside(&index.to_string()), value, found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_that_reach_out_are_told_from_a_programs_own_classes() {
        let class = |class: &str| Foreign {
            place: String::new(),
            class: class.to_owned(),
        };
        for harmful in [
            "os.system",
            "posix.system",
            "builtins.eval",
            "__builtin__.getattr",
            "subprocess.Popen",
            "importlib.util.find_spec",
        ] {
            assert!(class(harmful).could_do_harm(), "{harmful}");
        }
        for honest in [
            "argparse.Namespace",
            "builtins.set",
            "numpy.core.multiarray.scalar",
            "osmium.Reader",
            "pathlib.PosixPath",
        ] {
            assert!(!class(honest).could_do_harm(), "{honest}");
        }
    }
}
