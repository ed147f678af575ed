//! Pickle protocol 2 as Python's pickler writes it, opcode by opcode
//! (<https://github.com/python/cpython/blob/main/Lib/pickletools.py>).

use std::collections::HashMap;

/// A Python value.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<Value>),
    Tuple(Vec<Value>),
    Dict(Vec<(Value, Value)>),
    /// A class or function, by module and name.
    Global(&'static str, &'static str),
    /// What calling `callable` gives, with `items` put into it and `state` set
    /// on it: the tuple that `__reduce_ex__` returns.
    Call {
        callable: Box<Value>,
        args: Vec<Value>,
        items: Vec<(Value, Value)>,
        state: Option<Box<Value>>,
    },
    /// What the reader's `persistent_load` makes of this.
    Persistent(Box<Value>),
}

impl Value {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A tuple of extents or strides.
    pub(crate) fn extents(extents: &[usize]) -> Self {
        Self::Tuple(extents.iter().map(|&extent| int(extent)).collect())
    }

    pub(crate) fn call(module: &'static str, name: &'static str, args: Vec<Value>) -> Self {
        Self::Call {
            callable: Box::new(Self::Global(module, name)),
            args,
            items: Vec::new(),
            state: None,
        }
    }

    pub(crate) fn ordered_dict(items: Vec<(Value, Value)>, state: Option<Value>) -> Self {
        Self::Call {
            callable: Box::new(Self::Global("collections", "OrderedDict")),
            args: Vec::new(),
            items,
            state: state.map(Box::new),
        }
    }

    /// The pickle of this value.
    pub(crate) fn pickle(&self) -> Vec<u8> {
        let mut pickler = Pickler {
            code: vec![0x80, 2],
            memo: HashMap::new(),
            memoized: 0,
        };
        pickler.save(self);
        pickler.code.push(b'.');
        pickler.code
    }
}

pub(crate) fn int(value: usize) -> Value {
    Value::Int(value.try_into().unwrap())
}

struct Pickler {
    code: Vec<u8>,
    /// Where strings and globals were memoized, by their code.
    memo: HashMap<Vec<u8>, u32>,
    memoized: u32,
}

impl Pickler {
    fn save(&mut self, value: &Value) {
        match value {
            Value::None => self.code.push(b'N'),
            Value::Bool(true) => self.code.push(0x88),
            Value::Bool(false) => self.code.push(0x89),
            Value::Int(value) => self.save_int(*value),
            Value::Text(text) => {
                let length = u32::try_from(text.len()).unwrap().to_le_bytes();
                self.save_once([b"X", &length[..], text.as_bytes()].concat());
            }
            Value::Global(module, name) => {
                self.save_once(format!("c{module}\n{name}\n").into_bytes());
            }
            Value::List(items) => {
                self.code.push(b']');
                self.memoize();
                if !items.is_empty() {
                    self.code.push(b'(');
                    items.iter().for_each(|item| self.save(item));
                    self.code.push(b'e');
                }
            }
            Value::Tuple(items) => self.save_tuple(items),
            Value::Dict(items) => {
                self.code.push(b'}');
                self.memoize();
                self.save_items(items);
            }
            Value::Call {
                callable,
                args,
                items,
                state,
            } => {
                self.save(callable);
                self.save_tuple(args);
                self.code.push(b'R');
                self.memoize();
                self.save_items(items);
                if let Some(state) = state {
                    self.save(state);
                    self.code.push(b'b');
                }
            }
            Value::Persistent(id) => {
                self.save(id);
                self.code.push(b'Q');
            }
        }
    }

    fn save_int(&mut self, value: i64) {
        if let Ok(byte) = u8::try_from(value) {
            self.code.extend([b'K', byte]);
        } else if let Ok(short) = u16::try_from(value) {
            self.code.push(b'M');
            self.code.extend(short.to_le_bytes());
        } else {
            self.code.push(b'J');
            self.code
                .extend(i32::try_from(value).unwrap().to_le_bytes());
        }
    }

    fn save_tuple(&mut self, items: &[Value]) {
        if items.len() > 3 {
            self.code.push(b'(');
        }
        items.iter().for_each(|item| self.save(item));
        self.code.push(match items.len() {
            0 => b')',
            1 => 0x85,
            2 => 0x86,
            3 => 0x87,
            _ => b't',
        });
        // There is one empty tuple, and it is not memoized.
        if !items.is_empty() {
            self.memoize();
        }
    }

    fn save_items(&mut self, items: &[(Value, Value)]) {
        // Python's pickler flushes as often.
        for batch in items.chunks(1000) {
            if batch.len() > 1 {
                self.code.push(b'(');
            }
            for (key, value) in batch {
                self.save(key);
                self.save(value);
            }
            self.code.push(if batch.len() > 1 { b'u' } else { b's' });
        }
    }

    /// Strings and globals are objects that occur again.
    fn save_once(&mut self, code: Vec<u8>) {
        if let Some(&slot) = self.memo.get(&code) {
            return self.with_slot(slot, b'h', b'j');
        }
        self.code.extend(&code);
        self.memo.insert(code, self.memoized);
        self.memoize();
    }

    fn memoize(&mut self) {
        self.with_slot(self.memoized, b'q', b'r');
        self.memoized += 1;
    }

    fn with_slot(&mut self, slot: u32, short: u8, long: u8) {
        if let Ok(slot) = u8::try_from(slot) {
            self.code.extend([short, slot]);
        } else {
            self.code.push(long);
            self.code.extend(slot.to_le_bytes());
        }
    }
}
