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
/// Between two knots each of the degree + 1 non-zero functions is a polynomial in u = c - (left knot); its
/// coefficients are tabulated once, by the recursion of Cox and de Boor carried out on polynomials, so that a
/// row costs a search for its cell and degree + 1 Horner evaluations. Source: de Boor (1978), A Practical
/// Guide to Splines, chapters IX and X.
class BSplineBasis final : public ContextBasis {
 public:
  BSplineBasis(Index column, VectorXd knots, Index degree, bool periodic)
      : context_(column), degree_(degree), periodic_(periodic), knots_(std::move(knots)) {
    n_columns_ = knots_.size() - degree_ - 1;
    if (degree_ < 1 || n_columns_ <= degree_) {
      throw std::invalid_argument("A B-spline basis needs degree >= 1 and at least 2 (degree + 1) knots.");
    }
    for (Index i = 1; i < knots_.size(); ++i) {
      if (!(knots_[i] >= knots_[i - 1]))
        throw std::invalid_argument("The knots of a B-spline must not decrease.");
    }
    low_ = knots_[degree_];
    high_ = knots_[n_columns_];
    if (!(low_ < high_)) throw std::invalid_argument("The knots of a B-spline must span an interval.");
    detect_even_spacing();
    for (Index cell = 0; cell < n_cells(); ++cell) tabulate(cell);
  }

  Index n_columns() const override { return n_columns_; }
  Index width() const override { return degree_ + 1; }
  Index n_cells() const override { return n_columns_ - degree_; }
  Index column(Index cell, Index local) const override { return cell + local; }

  void evaluate(ConstMatrix contexts, Index first, Index count, Index* cells, double* values) const override {
    const double* c = contexts.col(context_).data() + first;
    std::vector<double> inside(static_cast<std::size_t>(count));
    std::vector<double> beyond(static_cast<std::size_t>(count));  // signed distance outside the knots
    bool any_outside = false;
    for (Index i = 0; i < count; ++i) {
      const double at = periodic_ ? wrapped(c[i]) : c[i];
      const double held = std::min(std::max(at, low_), high_);
      const Index cell = find_cell(held);
      cells[i] = cell;
      inside[static_cast<std::size_t>(i)] = held - knots_[cell + degree_];
      beyond[static_cast<std::size_t>(i)] = at - held;
      any_outside |= at != held;
    }
    const Index order = degree_ + 1;
    for (Index l = 0; l < order; ++l) {
      double* out = values + l * count;
      for (Index i = 0; i < count; ++i) {
        const double* p = polynomials_.data() + (cells[i] * order + l) * order;
        const double u = inside[static_cast<std::size_t>(i)];
        double value = p[order - 1];
        for (Index power = order - 2; power >= 0; --power) value = value * u + p[power];
        out[i] = value;
      }
    }
    if (any_outside) continue_linearly(count, cells, inside, beyond, values);
  }

 private:
  void detect_even_spacing() {
    const double step = (high_ - low_) / static_cast<double>(n_cells());
    even_ = true;
    for (Index cell = 0; cell <= n_cells(); ++cell) {
      const double expected = low_ + step * static_cast<double>(cell);
      even_ = even_ && std::abs(knots_[degree_ + cell] - expected) <= 1e-6 * step;
    }
    cells_per_unit_ = 1.0 / step;
  }

  double wrapped(double c) const {
    const double period = high_ - low_;
    const double shift = std::floor((c - low_) / period);
    return c - shift * period;
  }

  Index find_cell(double c) const {
    if (!even_) {
      const double* begin = knots_.data() + degree_ + 1;
      const double* end = knots_.data() + n_columns_;
      return static_cast<Index>(std::upper_bound(begin, end, c) - begin);
    }
    Index cell = static_cast<Index>((c - low_) * cells_per_unit_);
    cell = std::min(std::max(cell, Index{0}), n_cells() - 1);
    if (c < knots_[cell + degree_] && cell > 0) --cell;
    if (c >= knots_[cell + degree_ + 1] && cell < n_cells() - 1) ++cell;
    return cell;
  }

  void continue_linearly(Index count, const Index* cells, const std::vector<double>& inside,
                         const std::vector<double>& beyond, double* values) const {
    const Index order = degree_ + 1;
    for (Index i = 0; i < count; ++i) {
      const double distance = beyond[static_cast<std::size_t>(i)];
      if (distance == 0.0) continue;
      const double u = inside[static_cast<std::size_t>(i)];
      for (Index l = 0; l < order; ++l) {
        const double* p = polynomials_.data() + (cells[i] * order + l) * order;
        double slope = 0.0;
        for (Index power = order - 1; power >= 1; --power)
          slope = slope * u + static_cast<double>(power) * p[power];
        values[l * count + i] += distance * slope;
      }
    }
  }

  /// Coefficients of the degree + 1 functions that live on one cell, lowest power first.
  void tabulate(Index cell) {
    using Polynomial = std::vector<double>;
    const Index left = cell + degree_;  // knots_[left] <= c < knots_[left + 1]
    const double origin = knots_[left];
    std::vector<Polynomial> current{{1.0}};
    for (Index d = 1; d <= degree_; ++d) {
      std::vector<Polynomial> next(static_cast<std::size_t>(d + 1),
                                   Polynomial(static_cast<std::size_t>(d + 1), 0.0));
      for (Index r = 0; r < d;
           ++r) {  // function left - d + 1 + r of degree d - 1 feeds r and r + 1 of degree d
        const Index i = left - d + 1 + r;
        const double gap = knots_[i + d] - knots_[i];
        if (gap <= 0.0) continue;
        const Polynomial& p = current[static_cast<std::size_t>(r)];
        add_product(p, (knots_[i + d] - origin) / gap, -1.0 / gap, next[static_cast<std::size_t>(r)]);
        add_product(p, (origin - knots_[i]) / gap, 1.0 / gap, next[static_cast<std::size_t>(r + 1)]);
      }
      current = std::move(next);
    }
    for (const Polynomial& p : current) polynomials_.insert(polynomials_.end(), p.begin(), p.end());
  }

  /// out += p(u) (constant + slope u)
  static void add_product(const std::vector<double>& p, double constant, double slope,
                          std::vector<double>& out) {
    for (std::size_t power = 0; power < p.size(); ++power) {
      out[power] += constant * p[power];
      out[power + 1] += slope * p[power];
    }
  }

  Index context_;
  Index degree_;
  Index n_columns_ = 0;
  bool periodic_;
  bool even_ = false;
  double low_ = 0.0;
  double high_ = 0.0;
  double cells_per_unit_ = 0.0;
  VectorXd knots_;
  std::vector<double> polynomials_;  // [cell][local][power]
};

}  // namespace contextstats
