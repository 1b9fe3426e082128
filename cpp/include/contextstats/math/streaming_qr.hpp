#pragma once

#include <Eigen/QR>
#include <cmath>
#include <vector>

#include "contextstats/types.hpp"

namespace contextstats {

/// Least squares by Householder QR of rows that arrive in tiles, in extended precision.
///
/// Where columns are nearly collinear, cross products square the condition number and lose twice the digits;
/// the triangular factor of the rows themselves does not. Only R and Q'b are kept: memory does not grow with
/// the rows. Source: Golub and Van Loan (2013), Matrix Computations, sections 5.2 and 5.6 (row-updated QR).
class StreamingQr {
 public:
  using Real = long double;
  using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;
  using Vector = Eigen::Matrix<Real, Eigen::Dynamic, 1>;

  explicit StreamingQr(Index n_columns) : n_(n_columns), top_(Matrix::Zero(n_columns + 1, n_columns + 1)) {}

  /// Adds rows [Z | b].
  void add(const Matrix& rows) {
    Matrix stacked(n_ + 1 + rows.rows(), n_ + 1);
    stacked << top_, rows;
    const Eigen::HouseholderQR<Matrix> qr(stacked);
    top_ = qr.matrixQR().topRows(n_ + 1).template triangularView<Eigen::Upper>();
  }

  /// Minimises |Z x - b|. A column whose distance from the span of those before it is below `tolerance` times
  /// its own length is left out: its coefficient is zero.
  struct Solution {
    VectorXd x;
    MatrixXd inverse;  ///< (Z'Z)^- on the kept columns, zero elsewhere
    std::vector<bool> identified;
    double residual_sum_of_squares = 0.0;
    double log_determinant = 0.0;  ///< of Z'Z on the kept columns
  };

  Solution solve(double tolerance) const {
    Solution solution;
    solution.identified.assign(static_cast<std::size_t>(n_), false);
    std::vector<Index> kept;
    for (Index j = 0; j < n_; ++j) {
      const Real length = top_.col(j).head(j + 1).norm();
      if (length > 0 && independent_part(kept, j) > static_cast<Real>(tolerance) * length) {
        kept.push_back(j);
        solution.identified[static_cast<std::size_t>(j)] = true;
      }
    }
    const Index r = static_cast<Index>(kept.size());
    Matrix z(n_ + 1, r + 1);
    for (Index i = 0; i < r; ++i) z.col(i) = top_.col(kept[static_cast<std::size_t>(i)]);
    z.col(r) = top_.col(n_);
    const Matrix reduced =
        Eigen::HouseholderQR<Matrix>(z).matrixQR().topRows(r + 1).template triangularView<Eigen::Upper>();
    const auto triangle = reduced.topLeftCorner(r, r).template triangularView<Eigen::Upper>();
    const Vector x = triangle.solve(reduced.col(r).head(r));
    const Matrix root = triangle.solve(Matrix::Identity(r, r));
    const Matrix inverse = root * root.transpose();
    solution.x = VectorXd::Zero(n_);
    solution.inverse = MatrixXd::Zero(n_, n_);
    for (Index i = 0; i < r; ++i) {
      solution.x[kept[static_cast<std::size_t>(i)]] = static_cast<double>(x[i]);
      solution.log_determinant += 2.0 * static_cast<double>(std::log(std::abs(reduced(i, i))));
      for (Index j = 0; j < r; ++j) {
        solution.inverse(kept[static_cast<std::size_t>(i)], kept[static_cast<std::size_t>(j)]) =
            static_cast<double>(inverse(i, j));
      }
    }
    solution.residual_sum_of_squares = static_cast<double>(reduced(r, r) * reduced(r, r));
    return solution;
  }

 private:
  /// Distance of column j of R from the span of the kept columns.
  Real independent_part(const std::vector<Index>& kept, Index j) const {
    if (static_cast<Index>(kept.size()) == j) return std::abs(top_(j, j));
    Matrix columns(n_ + 1, static_cast<Index>(kept.size()) + 1);
    for (std::size_t i = 0; i < kept.size(); ++i) columns.col(static_cast<Index>(i)) = top_.col(kept[i]);
    columns.col(columns.cols() - 1) = top_.col(j);
    const Matrix r = Eigen::HouseholderQR<Matrix>(columns).matrixQR().topRows(columns.cols());
    return std::abs(r(columns.cols() - 1, columns.cols() - 1));
  }

  Index n_;
  Matrix top_;  // R of [Z | b]
};

}  // namespace contextstats
