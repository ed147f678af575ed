//! Modules that stand beside one another import one another in one direction only.
//!
//! A module and its own parts may know one another, and what it hands on of them counts as its
//! own. Paths are read where they are imported and where they stand in the code.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

type Module = Vec<String>;

#[test]
fn no_modules_side_by_side_import_one_another_in_a_circle() {
    for entry in std::fs::read_dir("..").unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        let mut files = BTreeMap::new();
        read(&entry.path().join("src"), &Module::new(), &mut files);
        if let Some(circle) = circle(imports(&files)) {
            panic!("crates/{name}/src: {}", circle.join(" → "));
        }
    }
}

/// Reads the modules in `folder`, which are parts of `parent`, without their tests.
fn read(folder: &Path, parent: &Module, files: &mut BTreeMap<Module, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let module = [parent.clone(), vec![name]].concat();
        if path.is_dir() {
            read(&path, &module, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            files.insert(module, code.to_owned());
        }
    }
}

/// Which module imports which of those beside it, or beside one that both are part of.
fn imports(files: &BTreeMap<Module, String>) -> BTreeMap<String, BTreeSet<String>> {
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (module, code) in files {
        let trees = code
            .split("use ")
            .skip(1)
            .filter_map(|rest| rest.split(';').next());
        let trees = trees.flat_map(paths).chain(inline(code));
        for path in trees {
            let mut imported = absolute(module, &path);
            while !imported.is_empty() && !files.contains_key(&imported) {
                imported.pop();
            }
            let common = module
                .iter()
                .zip(&imported)
                .take_while(|(a, b)| a == b)
                .count();
            if let (Some(own), Some(other)) = (module.get(..=common), imported.get(..=common)) {
                let (own, other) = (own.join("::"), other.join("::"));
                imports.entry(own).or_default().insert(other);
            }
        }
    }
    imports
}

/// The paths that a tree of imports stands for.
fn paths(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((prefix, rest)) = tree.split_once('{') else {
        return vec![tree.to_owned()];
    };
    let mut depth = 0;
    let branches = rest.strip_suffix('}').unwrap_or(rest).split(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        depth == 0 && c == ','
    });
    let branches = branches.map(str::trim).filter(|branch| !branch.is_empty());
    branches
        .flat_map(paths)
        .map(|path| format!("{prefix}{path}"))
        .collect()
}

/// The paths within the crate that stand in the code itself.
fn inline(code: &str) -> Vec<String> {
    let starts = ["crate::", "super::"].into_iter().flat_map(|start| {
        let places = code.match_indices(start).map(|(place, _)| place);
        // Within a longer path it is read with that.
        let places = places.filter(|place| !code[..*place].ends_with("::"));
        places.collect::<Vec<_>>()
    });
    let path = |start: usize| {
        let rest = &code[start..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
        rest[..end.unwrap_or(rest.len())]
            .trim_end_matches(':')
            .to_owned()
    };
    starts.map(path).collect()
}

/// An imported path from the crate's root; empty for one of another crate.
fn absolute(module: &Module, path: &str) -> Module {
    let mut base = module.clone();
    for (place, name) in path.split("::").enumerate() {
        match name {
            "crate" => base.clear(),
            "super" => drop(base.pop()),
            "self" => {}
            _ if place == 0 => return Module::new(),
            name => base.push(name.to_owned()),
        }
    }
    base
}

/// The modules of a circle, the first of them again at its end.
fn circle(mut imports: BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    // What imports nothing is in none.
    let mut count = usize::MAX;
    while imports.len() < count {
        count = imports.len();
        let left: BTreeSet<String> = imports.keys().cloned().collect();
        imports
            .values_mut()
            .for_each(|others| others.retain(|one| left.contains(one)));
        imports.retain(|_, others| !others.is_empty());
    }
    let mut walk = vec![imports.keys().next()?.clone()];
    loop {
        let next = imports[&walk[walk.len() - 1]].first()?.clone();
        let met = walk.iter().position(|one| *one == next);
        walk.push(next);
        if let Some(start) = met {
            return Some(walk.split_off(start));
        }
    }
}
