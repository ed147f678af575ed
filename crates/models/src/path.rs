//! Module paths as `state_dict` keys.

/// The place in a module tree while it is visited or mapped.
///
/// Segments are joined by dots as PyTorch does. Two kinds of segment have no
/// counterpart there and are adapted: the variant of an enum is left out, and
/// a field `_0` is the entry `0` of an `nn.Sequential`.
#[derive(Debug, Default)]
pub struct ModulePath(Vec<Option<String>>);

impl ModulePath {
    /// The place of a child, when only the child is visited.
    pub fn of_child(name: &str) -> Self {
        Self(vec![Some(name.to_owned())])
    }

    /// Enters a child; the arguments are those of Burn's `enter_module`.
    pub fn enter(&mut self, name: &str, container_type: &str) {
        let segment = (!container_type.starts_with("Enum:"))
            .then(|| name.strip_prefix('_').unwrap_or(name).to_owned());
        self.0.push(segment);
    }

    /// Leaves the child entered last.
    pub fn exit(&mut self) {
        self.0.pop();
    }

    /// The key, such as `backbone.layer1.0.conv1.weight`.
    pub fn key(&self) -> String {
        let segments: Vec<&str> = self.0.iter().flatten().map(String::as_str).collect();
        segments.join(".")
    }
}

/// Whether `key` is the module `module` or inside it.
pub fn is_within(key: &str, module: &str) -> bool {
    key.strip_prefix(module)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
