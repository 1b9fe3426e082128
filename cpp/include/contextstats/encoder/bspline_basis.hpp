#pragma once

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>
#include <vector>

#include "contextstats/encoder/context_basis.hpp"

namespace contextstats {

/// B-splines of any degree on any knots, continued linearly outside [knots[degree], knots[n_columns]] or,
/// when periodic, evaluated at the context wrapped into that interval.
///
/// A piece is a cell between two knots, with t = -1 at its left and t = 1 at its right end; two more pieces
/// lie outside the knots. The polynomials come from the recursion of Cox and de Boor carried out on
/// polynomials in t. Source: de Boor (1978), A Practical Guide to Splines, chapters IX and X.
class BSplineBasis final : public ContextBasis {
 public:
  BSplineBasis(Index column, VectorXd knots, Index degree, bool periodic)
      : ContextBasis(knots.size() - degree - 1, powers_up_to(degree)),
        context_(column),
        degree_(degree),
        periodic_(periodic),
        knots_(std::move(knots)) {
    check();
    low_ = knots_[degree_];
    high_ = knots_[n_columns()];
    if (!(low_ < high_)) throw std::invalid_argument("The knots of a B-spline must span an interval.");
    detect_even_spacing();
    for (Index cell = 0; cell < n_cells(); ++cell) add_cell(cell);
    add_tangent(0, -1.0);
    add_tangent(n_cells() - 1, 1.0);
  }

  /// Cells 0 .. n_cells - 1, then the piece below the knots, then the one above them.
  void locate(const Columns& contexts, Index first, Index count, std::int32_t* pieces) const override {
    const double* c = contexts.col(context_).data() + first;
    const std::int32_t below = static_cast<std::int32_t>(n_cells());
    for (Index i = 0; i < count; ++i) {
      const double at = periodic_ ? wrapped(c[i]) : c[i];
      const std::int32_t inside = static_cast<std::int32_t>(find_cell(std::min(std::max(at, low_), high_)));
      pieces[i] = at < low_ ? below : (at > high_ ? below + 1 : inside);
    }
  }

  Index context_of(Index) const override { return context_; }

  void to_coordinate(Index, Index piece, Index count, const double* contexts, double* values) const override {
    const Affine at = scale_[static_cast<std::size_t>(piece)];
    if (periodic_) {
      for (Index i = 0; i < count; ++i) values[i] = wrapped(contexts[i]);
      contexts = values;
    }
    for (Index i = 0; i < count; ++i) values[i] = (contexts[i] - at.origin) * at.factor;
  }

 private:
  /// t = (c - origin) * factor
  struct Affine {
    double origin, factor;
  };

  static std::vector<Exponents> powers_up_to(Index degree) {
    std::vector<Exponents> powers;
    for (int power = 0; power <= static_cast<int>(degree); ++power) powers.push_back({power});
    return powers;
  }

  void check() const {
    if (degree_ < 1 || n_columns() <= degree_) {
      throw std::invalid_argument("A B-spline basis needs degree >= 1 and at least 2 (degree + 1) knots.");
    }
    for (Index i = 1; i < knots_.size(); ++i) {
      if (!(knots_[i] >= knots_[i - 1]))
        throw std::invalid_argument("The knots of a B-spline must not decrease.");
    }
  }

  Index n_cells() const { return n_columns() - degree_; }

  void detect_even_spacing() {
    const double step = (high_ - low_) / static_cast<double>(n_cells());
    even_ = true;
    for (Index cell = 0; cell <= n_cells(); ++cell) {
      const double expected = low_ + step * static_cast<double>(cell);
      even_ = even_ && std::abs(knots_[degree_ + cell] - expected) <= 1e-12 * step;
    }
    cells_per_unit_ = 1.0 / step;
  }

  double wrapped(double c) const {
    const double period = high_ - low_;
    const double shift = std::floor((c - low_) / period);
    return std::min(std::max(c - shift * period, low_), high_);
  }

  Index find_cell(double c) const {
    if (!even_) {
      const double* begin = knots_.data() + degree_ + 1;
      const double* end = knots_.data() + n_columns();
      return static_cast<Index>(std::upper_bound(begin, end, c) - begin);
    }
    // A row within rounding of a knot may go to either side of it: the two polynomials agree there.
    const Index cell = static_cast<Index>((c - low_) * cells_per_unit_);
    return std::min(std::max(cell, Index{0}), n_cells() - 1);
  }

  /// The functions that live on one cell.
  void add_cell(Index cell) {
    using Polynomial = std::vector<double>;
    const Index left = cell + degree_;
    const double half = 0.5 * (knots_[left + 1] - knots_[left]);
    const double middle = knots_[left] + half;
    scale_.push_back({middle, half > 0.0 ? 1.0 / half : 0.0});
    std::vector<Polynomial> current{{1.0}};
    for (Index d = 1; d <= degree_; ++d) {
      std::vector<Polynomial> next(static_cast<std::size_t>(d + 1),
                                   Polynomial(static_cast<std::size_t>(d + 1), 0.0));
      for (Index r = 0; r < d; ++r) {  // function left - d + 1 + r of degree d - 1 feeds r and r + 1
        const Index i = left - d + 1 + r;
        const double gap = knots_[i + d] - knots_[i];
        if (gap <= 0.0) continue;
        const Polynomial& p = current[static_cast<std::size_t>(r)];
        add_product(p, (knots_[i + d] - middle) / gap, -half / gap, next[static_cast<std::size_t>(r)]);
        add_product(p, (middle - knots_[i]) / gap, half / gap, next[static_cast<std::size_t>(r + 1)]);
      }
      current = std::move(next);
    }
    std::vector<Index> columns;
    MatrixXd polynomials(degree_ + 1, degree_ + 1);
    for (Index l = 0; l <= degree_; ++l) {
      columns.push_back(cell + l);
      polynomials.col(l) =
          Eigen::Map<const VectorXd>(current[static_cast<std::size_t>(l)].data(), degree_ + 1);
    }
    add_piece(std::move(columns), std::move(polynomials));
  }

  /// out += p(t) (constant + slope t)
  static void add_product(const std::vector<double>& p, double constant, double slope,
                          std::vector<double>& out) {
    for (std::size_t power = 0; power < p.size(); ++power) {
      out[power] += constant * p[power];
      out[power + 1] += slope * p[power];
    }
  }

  /// The tangents of the functions of a cell at its end t = side, in the coordinate t - side.
  void add_tangent(Index cell, double side) {
    const Piece& inside = piece(cell);
    const Affine at = scale_[static_cast<std::size_t>(cell)];
    MatrixXd tangents = MatrixXd::Zero(degree_ + 1, degree_ + 1);
    for (Index power = 0; power <= degree_; ++power) {
      tangents.row(0) += std::pow(side, power) * inside.polynomials.row(power);
      if (power == 0) continue;
      tangents.row(1) +=
          static_cast<double>(power) * std::pow(side, power - 1) * inside.polynomials.row(power);
    }
    scale_.push_back({side < 0.0 ? low_ : high_, at.factor});
    add_piece(inside.columns, std::move(tangents));
  }

  Index context_;
  Index degree_;
  bool periodic_;
  bool even_ = false;
  double low_ = 0.0;
  double high_ = 0.0;
  double cells_per_unit_ = 0.0;
  VectorXd knots_;
  std::vector<Affine> scale_;  // one for each piece
};

}  // namespace contextstats
