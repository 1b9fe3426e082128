#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "contextstats/encoder/context_basis.hpp"
#include "contextstats/parallel/row_chunks.hpp"

namespace contextstats {

// Columns of data on their way into a design: what is read of every row, by all threads.

/// A column wherever it lies, `stride` doubles from row to row; 0 for the same number in every row.
struct Column {
  const double* values;
  Index stride;
};

/// Copies columns side by side; `out` holds n rows of each.
inline void lay_out(const std::vector<Column>& columns, Index n, double* out, const Execution& execution) {
  for_each_rows(n, execution, [&](Index first, Index last) {
    double* to = out;
    for (const Column& column : columns) {
      const double* from = column.values;
      if (column.stride == 1) {
        std::copy(from + first, from + last, to + first);
      } else {
        for (Index i = first; i < last; ++i) to[i] = from[i * column.stride];
      }
      to += n;
    }
  });
}

/// Lowest and highest value of a column, which are NaN if any value is.
struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  Range& operator+=(const Range& other) {
    low = other.low < low || std::isnan(other.low) ? other.low : low;
    high = other.high > high || std::isnan(other.high) ? other.high : high;
    return *this;
  }
};

inline Range range_of(const Column& column, Index n, const Execution& execution) {
  using Strided = Eigen::Map<const VectorXd, 0, Eigen::InnerStride<>>;
  return sum_over_rows(n, 2, execution, Range(), [&](Index first, Index last, Range& sum) {
    const double* from = column.values + first * column.stride;
    if (column.stride == 1) {
      const Eigen::Map<const VectorXd> part(from, last - first);
      sum += {part.minCoeff<Eigen::PropagateNaN>(), part.maxCoeff<Eigen::PropagateNaN>()};
    } else {
      const Strided part(from, last - first, Eigen::InnerStride<>(column.stride));
      sum += {part.minCoeff<Eigen::PropagateNaN>(), part.maxCoeff<Eigen::PropagateNaN>()};
    }
  });
}

/// Sums over the rows of the functions of a basis with one coordinate, times weights if there are any: sums
/// of powers for each piece first, which its polynomials turn into those of its functions.
inline VectorXd basis_sums(const ContextBasis& basis, const Columns& contexts, const double* weights,
                           const Execution& execution) {
  const Index n_powers = basis.piece(0).polynomials.rows();
  const MatrixXd zero = MatrixXd::Zero(n_powers, basis.n_pieces());
  const MatrixXd powers = sum_over_rows(
      contexts.rows(), zero.size(), execution, zero, [&](Index first, Index last, MatrixXd& sums) {
        std::vector<std::int32_t> pieces(static_cast<std::size_t>(last - first));
        basis.locate(contexts, first, last - first, pieces.data());
        const double* c = contexts.col(basis.context_of(0)).data();
        for (Index i = first; i < last; ++i) {
          const Index piece = pieces[static_cast<std::size_t>(i - first)];
          double t = c[i], power = weights == nullptr ? 1.0 : weights[i];
          basis.to_coordinate(0, piece, 1, &t, &t);
          double* to = sums.data() + piece * n_powers;
          for (Index k = 0; k < n_powers; ++k, power *= t) to[k] += power;
        }
      });
  VectorXd sums = VectorXd::Zero(basis.n_columns());
  for (Index p = 0; p < basis.n_pieces(); ++p) {
    const ContextBasis::Piece& piece = basis.piece(p);
    sums(piece.columns) += piece.polynomials.transpose() * powers.col(p);
  }
  return sums;
}

}  // namespace contextstats
