//! Which buffer each value lies in, and where.

use psp_models::StateDict;
use psp_models::graph::Op;

use crate::fuse::{Fused, Node, is_depthwise};
use crate::kernels::winograd::Winograd;
use crate::shape::Shape;
use crate::view::View;

/// Whose memory a value has.
#[derive(Clone, Copy, Debug)]
enum Home {
    /// Its own.
    Own,
    /// That of a later value, which begins with other channels.
    PartOf { value: usize, first_channel: usize },
    /// That of an earlier value, all of it.
    Of { value: usize },
}

/// Where the values of a graph lie.
#[derive(Debug)]
pub(crate) struct Places {
    /// Of each value; of one that no node gives, its buffer means nothing.
    pub(crate) views: Vec<View>,
    /// The values whose borders have to be zeroed before a node is computed, per node.
    pub(crate) cleared: Vec<Vec<usize>>,
    /// Of each node, a buffer for query, key and value, where it needs one.
    pub(crate) projected: Vec<Option<usize>>,
    /// How many values of an image each buffer holds.
    pub(crate) buffers: Vec<usize>,
}

impl Places {
    pub(crate) fn new(fused: &Fused, weights: &StateDict) -> Self {
        let Fused { nodes, shapes } = fused;
        let homes = homes(fused);
        let root = |value: usize| {
            let mut root = value;
            while let Home::PartOf { value, .. } | Home::Of { value } = homes[root] {
                root = value;
            }
            root
        };
        let mut borders = vec![[0; 2]; shapes.len()];
        for node in nodes {
            let border = &mut borders[root(node.inputs[0])];
            let needed = border_of(node, weights);
            *border = [0, 1].map(|axis| border[axis].max(needed[axis]));
        }
        let mut last_use = vec![0; shapes.len()];
        for (index, node) in nodes.iter().enumerate() {
            for &value in node.inputs.iter().chain(&node.other) {
                last_use[root(value)] = index;
            }
        }
        if let Some(node) = nodes.last() {
            last_use[root(node.output)] = nodes.len();
        }
        let mut pool = Pool::default();
        let mut of_root = vec![None; shapes.len()];
        let len_of = |value: usize| {
            let ([rows, columns], Shape { height, width, .. }) = (borders[value], shapes[value]);
            (height + 2 * rows) * (width + 2 * columns) * shapes[value].channels
        };
        of_root[0] = Some(pool.take(len_of(0)));
        let (mut cleared, mut projected) = (Vec::new(), Vec::new());
        if borders[0] != [0, 0] {
            cleared.push(vec![0]);
        }
        for (index, node) in nodes.iter().enumerate() {
            cleared.resize(index + 1, Vec::new());
            let to = root(node.output);
            if of_root[to].is_none() {
                of_root[to] = Some(pool.take(len_of(to)));
                if borders[to] != [0, 0] {
                    cleared[index].push(to);
                }
            }
            projected.push(matches!(node.op, Op::Attention { .. }).then(|| {
                let Shape {
                    height,
                    width,
                    channels,
                } = shapes[node.inputs[0]];
                let buffer = pool.take(height * width * 3 * channels);
                pool.give_back(buffer);
                buffer
            }));
            for value in 0..shapes.len() {
                let is_over = root(value) == value && last_use[value] == index;
                if let Some(buffer) = of_root[value].filter(|_| is_over) {
                    pool.give_back(buffer);
                }
            }
        }
        let views = (0..shapes.len()).map(|value| {
            let (mut first_channel, mut at) = (0, value);
            loop {
                match homes[at] {
                    Home::Own => break,
                    Home::PartOf {
                        value,
                        first_channel: first,
                    } => (first_channel, at) = (first_channel + first, value),
                    Home::Of { value } => at = value,
                }
            }
            let Shape {
                height,
                width,
                channels,
            } = shapes[value];
            // Whose memory has another form has no border, and one row.
            let [rows, columns] = borders[at];
            let pixel = shapes[at].channels;
            let row = (shapes[value].width + 2 * columns) * pixel;
            View {
                buffer: of_root[at].unwrap_or_default(),
                first: rows * row + columns * pixel + first_channel,
                image: len_of(at),
                row,
                pixel,
                height,
                width,
                channels,
            }
        });
        Self {
            views: views.collect(),
            cleared,
            projected,
            buffers: pool.sizes,
        }
    }
}

/// Whose memory each value has.
fn homes(fused: &Fused) -> Vec<Home> {
    let Fused { nodes, shapes } = fused;
    let mut homes = vec![Home::Own; shapes.len()];
    let users = |value: usize| {
        let reads = |node: &&Node| node.inputs.contains(&value) || node.other == Some(value);
        nodes.iter().filter(reads).count()
    };
    let is_given = |value: usize| nodes.iter().any(|node| node.output == value);
    for node in nodes {
        let shares = match node.op {
            Op::IntoRow | Op::IntoSequence => true,
            Op::Mul => {
                let x = node.inputs[0];
                let factors = shapes[node.inputs[1]];
                let are_factors = factors.height * factors.width == 1;
                are_factors && shapes[x] == shapes[node.output] && users(x) == 1 && is_given(x)
            }
            _ => false,
        };
        if shares {
            homes[node.output] = Home::Of {
                value: node.inputs[0],
            };
        }
    }
    for node in nodes.iter().filter(|node| *node.op == Op::Concat) {
        let mut first_channel = 0;
        for &input in &node.inputs {
            let is_own = matches!(homes[input], Home::Own);
            if is_own && users(input) == 1 && is_given(input) {
                homes[input] = Home::PartOf {
                    value: node.output,
                    first_channel,
                };
            }
            first_channel += shapes[input].channels;
        }
    }
    homes
}

/// The zeros around its input that a node reads.
fn border_of(node: &Node, weights: &StateDict) -> [usize; 2] {
    let Op::Conv2d {
        weight, geometry, ..
    } = node.op
    else {
        return [0, 0];
    };
    if node.expansion.is_some() {
        return [0, 0];
    }
    match weights[weight].shape[..] {
        [a, b, c, d]
            if !is_depthwise(&[a, b, c, d], geometry.groups)
                && Winograd::serves([a, b, c, d], geometry) =>
        {
            [0, 0]
        }
        _ => geometry.padding,
    }
}

/// Buffers, some of which are free.
#[derive(Default)]
struct Pool {
    sizes: Vec<usize>,
    free: Vec<usize>,
}

impl Pool {
    /// A buffer of at least `size` values.
    fn take(&mut self, size: usize) -> usize {
        // The smallest that holds it, or the largest, which grows.
        let fits = |&&buffer: &&usize| self.sizes[buffer] >= size;
        let smallest = self
            .free
            .iter()
            .filter(fits)
            .min_by_key(|&&b| self.sizes[b]);
        let largest = self.free.iter().max_by_key(|&&b| self.sizes[b]);
        match smallest.or(largest).copied() {
            Some(buffer) => {
                self.free.retain(|&free| free != buffer);
                self.sizes[buffer] = self.sizes[buffer].max(size);
                buffer
            }
            None => {
                self.sizes.push(size);
                self.sizes.len() - 1
            }
        }
    }

    fn give_back(&mut self, buffer: usize) {
        self.free.push(buffer);
    }
}
