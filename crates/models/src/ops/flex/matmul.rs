//! Products of matrices that lie in slices.

use std::mem::MaybeUninit;
use std::ops::Range;

use gemm::Parallelism;
use rayon::prelude::*;

/// Products that are summed before they are added to the result. Summing in
/// parts takes two fifths of the rounding error of 1152 products away (3.5e-7 to
/// 2.1e-7 of the result), and costs nothing that can be measured.
const DEPTH: usize = 128;
/// Multiply-adds below which waking a second thread takes longer than it saves.
const WORTH_A_THREAD: usize = 1 << 21;
/// Rows per thread that make a product efficient.
const ROWS: usize = 24;

/// A matrix within a slice: element `(i, j)` is at
/// `i * row_stride + j * column_stride`.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// `rows` rows of `columns` values, `row_stride` apart.
    pub(super) fn new(values: &'a [f32], rows: usize, columns: usize, row_stride: usize) -> Self {
        assert!(holds(values.len(), rows, columns, row_stride));
        Self {
            values,
            rows,
            columns,
            row_stride,
            column_stride: 1,
        }
    }

    /// These rows alone; at least one.
    fn rows(self, range: Range<usize>) -> Self {
        self.transposed().columns(range).transposed()
    }

    /// These columns alone; at least one.
    fn columns(self, range: Range<usize>) -> Self {
        Self {
            values: &self.values[range.start * self.column_stride..],
            columns: range.len(),
            ..self
        }
    }

    /// The same values with rows and columns exchanged.
    pub(super) fn transposed(self) -> Self {
        Self {
            values: self.values,
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }
}

/// Whether `rows` rows of `columns` values that begin `row_stride` apart fit
/// into `len` values.
fn holds(len: usize, rows: usize, columns: usize, row_stride: usize) -> bool {
    rows == 0 || columns == 0 || (rows - 1) * row_stride + columns <= len
}

/// `a · b`, written to (or, with `accumulate`, added to) rows of `out` that
/// begin `row_stride` apart; by all cores with `in_parallel`.
pub(super) fn matmul(
    out: &mut [f32],
    row_stride: usize,
    a: Matrix<'_>,
    b: Matrix<'_>,
    accumulate: bool,
    in_parallel: bool,
) {
    // SAFETY: the same memory, of which nothing is made that is not initialised.
    #[allow(unsafe_code)]
    let out = unsafe { &mut *(std::ptr::from_mut(out) as *mut [MaybeUninit<f32>]) };
    write(out, row_stride, a, b, accumulate, in_parallel);
}

/// `a · b` in memory of its own, which is not filled with zeros before.
pub(super) fn product(a: Matrix<'_>, b: Matrix<'_>, in_parallel: bool) -> Vec<f32> {
    let len = a.rows * b.columns;
    if a.columns == 0 {
        return vec![0.0; len];
    }
    let mut out = Vec::with_capacity(len);
    let memory = &mut out.spare_capacity_mut()[..len];
    write(memory, b.columns, a, b, false, in_parallel);
    // SAFETY: without `accumulate` every value was written, as there is something to sum.
    #[allow(unsafe_code)]
    unsafe {
        out.set_len(len);
    }
    out
}

/// [`matmul`] into memory that need not be initialised without `accumulate`. The threads
/// compute some rows each where there are enough: within a product they would meet after
/// each part of the sum.
fn write(
    out: &mut [MaybeUninit<f32>],
    row_stride: usize,
    a: Matrix<'_>,
    b: Matrix<'_>,
    accumulate: bool,
    in_parallel: bool,
) {
    assert_eq!(a.columns, b.rows);
    assert!(holds(out.len(), a.rows, b.columns, row_stride) && b.columns <= row_stride);
    let in_parallel = in_parallel && a.rows * a.columns * b.columns >= WORTH_A_THREAD;
    let threads = rayon::current_num_threads();
    if in_parallel && a.rows >= ROWS * threads {
        let share = a.rows.div_ceil(threads);
        let parts = out.par_chunks_mut(share * row_stride).enumerate();
        parts.for_each(|(index, out)| {
            let first = index * share;
            let a = a.rows(first..(first + share).min(a.rows));
            write(out, row_stride, a, b, accumulate, false);
        });
        return;
    }
    let parallelism = if in_parallel {
        Parallelism::Rayon(threads)
    } else {
        Parallelism::None
    };
    for start in (0..a.columns).step_by(DEPTH) {
        let range = start..(start + DEPTH).min(a.columns);
        let (a, b) = (a.columns(range.clone()), b.rows(range));
        // SAFETY: the assertions here, in `Matrix::new` and of `Matrix::columns`
        // keep every index within its slice, and `out` is borrowed mutably, so it
        // overlaps neither input. It is read only where `accumulate` says that it is
        // initialised, or the first part has written it.
        #[allow(unsafe_code)]
        unsafe {
            gemm::gemm(
                a.rows,
                b.columns,
                a.columns,
                out.as_mut_ptr().cast::<f32>(),
                1,
                row_stride as isize,
                accumulate || start > 0,
                a.values.as_ptr(),
                a.column_stride as isize,
                a.row_stride as isize,
                b.values.as_ptr(),
                b.column_stride as isize,
                b.row_stride as isize,
                1.0,
                1.0,
                false,
                false,
                false,
                parallelism,
            );
        }
    }
}
