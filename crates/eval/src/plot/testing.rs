//! What tests ask of every figure.
