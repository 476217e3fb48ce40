"""The algebra of three coefficients, which needs no library."""

from __future__ import annotations

import math
from collections.abc import Sequence

Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]


def dot(left: Sequence[float], right: Sequence[float]) -> float:
    """Return the inner product of two vectors of three."""
    return left[0] * right[0] + left[1] * right[1] + left[2] * right[2]


def times(matrix: Matrix, vector: Sequence[float]) -> Vector:
    """Return the matrix's product with a vector."""
    return dot(matrix[0], vector), dot(matrix[1], vector), dot(matrix[2], vector)


def inverse(matrix: Sequence[Sequence[float]]) -> Matrix:
    """Return the inverse of a positive definite matrix."""
    (a, b, c), (_, d, e), (_, _, f) = matrix
    aa, ab, ac = d * f - e * e, c * e - b * f, b * e - c * d
    bb, bc, cc = a * f - c * c, b * c - a * e, a * d - b * b
    determinant = a * aa + b * ab + c * ac
    return (
        (aa / determinant, ab / determinant, ac / determinant),
        (ab / determinant, bb / determinant, bc / determinant),
        (ac / determinant, bc / determinant, cc / determinant),
    )


def root(matrix: Sequence[Sequence[float]]) -> Matrix:
    """Return the lower triangle that times its transpose is a positive semidefinite matrix.

    What rounding leaves below zero is taken for zero.
    """
    (a, b, c), (_, d, e), (_, _, f) = matrix
    first = math.sqrt(max(a, 0.0))
    second_first, third_first = (b / first, c / first) if first else (0.0, 0.0)
    second = math.sqrt(max(d - second_first**2, 0.0))
    third_second = (e - third_first * second_first) / second if second else 0.0
    third = math.sqrt(max(f - third_first**2 - third_second**2, 0.0))
    return (first, 0.0, 0.0), (second_first, second, 0.0), (third_first, third_second, third)
