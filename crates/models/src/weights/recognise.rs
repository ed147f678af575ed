//! Finding a backbone's tensors in a file, whatever wraps them.
//!
//! Programs save the same weights under other names: `torch.nn.DataParallel` puts
//! `module.` before each, `torch.compile` `_orig_mod.`, Lightning the attribute that
//! holds the model, and a training checkpoint keeps them in a dict beside optimiser
//! and epoch (`state_dict`, `model_ema`, …); several of these may be stacked. What
//! they have in common is a prefix under which all of the backbone's own names are
//! found, and that is what is looked for.

use std::collections::BTreeMap;

use super::WeightsFile;
use super::error::WeightsError;
use super::foreign::Foreign;
use crate::backbone_kind::BackboneKind;
use crate::path::is_within;
use crate::stages::HEAD;
use crate::state::StateDict;
use crate::torchvision;

/// Parts of a prefix that tell of another copy than the trained weights: a moving
/// average, or the other network of a pair.
const OTHER_COPIES: &[&str] = &[
    "ema", "averag", "swa", "teacher", "momentum", "target", "shadow",
];

/// A backbone's tensors as a file holds them.
#[derive(Clone, Debug, PartialEq)]
pub struct Recognised {
    /// Under torchvision's names, with classifiers where the file has them.
    pub state: StateDict,
    /// What stood before each name, such as `module.`; mostly empty.
    pub prefix: String,
    /// Other prefixes under which the backbone is as complete.
    pub alternatives: Vec<String>,
    /// Keys of tensors that are no part of it.
    pub passed_over: Vec<String>,
    /// Entries that are no tensors, with their class.
    pub objects: Vec<String>,
}

impl Recognised {
    /// What a user should know of how the file was read, a sentence each; none for
    /// a file that holds the weights alone.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.prefix.is_empty() {
            notes.push(format!("prefix `{}` removed", self.prefix));
        }
        if !self.alternatives.is_empty() {
            let all: Vec<String> = self.alternatives.iter().map(|p| format!("`{p}`")).collect();
            notes.push(format!(
                "the backbone is also under {}; take that with psp weights import --prefix",
                all.join(", ")
            ));
        }
        let is_of_head = |key: &String| key.split(['.', '/']).any(|part| part == HEAD);
        match &self.passed_over[..] {
            [] => {}
            all if all.iter().all(is_of_head) => {
                notes.push("its head is left out: a new one is trained".to_owned());
            }
            [first, ..] => notes.push(format!(
                "other tensors ignored: {}, such as `{first}`",
                self.passed_over.len()
            )),
        }
        if let Some(first) = self.objects.first() {
            let count = self.objects.len();
            notes.push(format!("other objects ignored: {count}, such as {first}"));
        }
        notes
    }
}

impl WeightsFile {
    /// The tensors of a backbone of `kind` whose keys are `expected`, under `prefix`
    /// or, without one, under the prefix that fits best. Whether they are complete and
    /// of the right shapes is not checked here.
    ///
    /// # Errors
    /// Where one of them is no weight, an object of another class is among them, or the file
    /// holds no tensors.
    pub fn recognise(
        self,
        kind: BackboneKind,
        expected: &[String],
        prefix: Option<&str>,
    ) -> Result<Recognised, WeightsError> {
        let mut file = self;
        if file.tensors.is_empty() && file.unusable.is_empty() && file.objects.is_empty() {
            return Err(WeightsError::Format {
                path: file.path,
                reason: "it holds no tensors".to_owned(),
            });
        }
        file.tensors = torchvision::with_modern_names(kind, file.tensors);
        let found = prefixes(expected, file.tensors.keys().chain(file.unusable.keys()));
        let count = |prefix: &str| found.get(prefix).copied().unwrap_or_default();
        let best = choose(&found, expected.len());
        let (prefix, alternatives) = match prefix {
            Some(given) if count(given) == 0 && count(&best.0) == expected.len() => {
                return Err(WeightsError::Format {
                    path: file.path,
                    reason: format!(
                        "no tensor of {kind} has the prefix `{given}`; they have `{}`",
                        best.0
                    ),
                });
            }
            Some(given) => (given.to_owned(), Vec::new()),
            None => best,
        };
        // Where some are missing, what else is there may be what they are called.
        let is_complete = count(&prefix) == expected.len();
        let is_own = |name: &str| {
            let own = kind.stages().iter().chain(kind.auxiliary());
            let mut own = own.chain([&kind.spec().classifier]).copied();
            let top = |module: &str| name.split('.').next() == module.split('.').next();
            own.any(|module| is_within(name, module) || top(module))
        };
        for (key, error) in file.unusable {
            if key.strip_prefix(&prefix).is_some_and(is_own) {
                return Err(error);
            }
        }
        let mut objects = Vec::new();
        for object in file.objects {
            if object.place.strip_prefix(&prefix).is_some_and(is_own) || object.place.is_empty() {
                return Err(object.refused(&file.path));
            }
            let Foreign { place, class } = object;
            objects.push(format!("`{place}` ({class})"));
        }
        let (mut state, mut passed_over) = (StateDict::new(), Vec::new());
        for (key, tensor) in file.tensors {
            let name = key.strip_prefix(&prefix);
            match name.filter(|name| !is_complete || is_own(name)) {
                Some(name) => drop(state.insert(name.to_owned(), tensor)),
                None => passed_over.push(key),
            }
        }
        Ok(Recognised {
            state,
            prefix,
            alternatives,
            passed_over,
            objects,
        })
    }
}

/// What stands before the expected names in `keys`, and how many of them it stands
/// before.
fn prefixes<'a>(
    expected: &[String],
    keys: impl Iterator<Item = &'a String>,
) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for key in keys {
        // Every ending that begins after a dot (or psp's own slash) may be a name.
        let starts = key.match_indices(['.', '/']).map(|(place, _)| place + 1);
        for start in std::iter::once(0).chain(starts) {
            let (prefix, name) = key.split_at(start);
            if expected
                .binary_search_by(|known| known.as_str().cmp(name))
                .is_ok()
            {
                *found.entry(prefix.to_owned()).or_insert(0) += 1;
            }
        }
    }
    found
}

/// The prefix of most names, and the others of all names if it has all, too. Trained
/// weights go before copies of them, and less wrapped ones before others.
fn choose(found: &BTreeMap<String, usize>, all: usize) -> (String, Vec<String>) {
    let is_copy = |prefix: &str| {
        let prefix = prefix.to_lowercase();
        OTHER_COPIES.iter().any(|part| prefix.contains(part))
    };
    let mut found: Vec<(&str, usize)> = found.iter().map(|(p, &n)| (p.as_str(), n)).collect();
    found.sort_by_key(|&(prefix, count)| (usize::MAX - count, is_copy(prefix), prefix.len()));
    let complete = found.iter().filter(|(_, count)| *count == all);
    let alternatives = complete.skip(1).map(|(prefix, _)| (*prefix).to_owned());
    let alternatives = alternatives.collect();
    let best = found.first().map_or("", |&(prefix, _)| prefix);
    (best.to_owned(), alternatives)
}
