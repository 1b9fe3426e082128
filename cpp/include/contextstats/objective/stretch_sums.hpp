#pragma once

#include <algorithm>
#include <vector>

#include "contextstats/objective/product_kernels.hpp"
#include "contextstats/objective/stretch_columns.hpp"

namespace contextstats {

/// Sums over a stretch of rows that fits the innermost cache: of monomials times factors, which are
/// predictors or products of two predictors; and their adjoint.
class StretchSums {
 public:
  StretchSums(const KhatriRaoDesign& design, const SortedRows& rows)
      : design_(design), columns_(design, rows) {}

  /// Makes room for stretches and says how long they may be.
  Index prepare(Index n_monomials) {
    const Index n_factors = static_cast<Index>(design_.products().size());
    const Index longest =
        std::clamp<Index>((Index{1} << 16) / (n_monomials + n_factors) / kLanes * kLanes, 32, 256);
    monomials_.make_room(n_monomials * longest);
    factors_.make_room(n_factors * longest);
    ones_.assign(at(longest), 1.0);
    return longest;
  }

  void take(const Stretch& s) { columns_.take(s); }

  /// The first monomials of a table, times weights if there are any.
  void raise_monomials(const MonomialTable& table, Index n_monomials, const Stretch& s,
                       const double* weights = nullptr) {
    monomial_at_.assign(1, weights == nullptr ? ones_.data() : weights);
    double* to = monomials_.data();
    for (Index m = 1; m < n_monomials; ++m) {
      const double* by = columns_.coordinate(table.coordinate(m));
      if (weights == nullptr && table.parent(m) == 0) {
        monomial_at_.push_back(by);
        continue;
      }
      multiply(monomial(table.parent(m)), by, s.size, to);
      monomial_at_.push_back(to);
      to += s.size;
    }
  }

  const double* monomial(Index m) const { return monomial_at_[at(m)]; }
  const double* predictor(Index j) const { return columns_.predictor(j); }

  void take_predictors(const std::vector<Index>& which) {
    factor_at_.clear();
    for (const Index j : which) factor_at_.push_back(columns_.predictor(j));
  }

  /// Products of two predictors.
  void take_products(const std::vector<Index>& which, const Stretch& s) {
    factor_at_.clear();
    double* to = factors_.data();
    for (const Index product : which) {
      const auto& [i, j] = design_.products()[at(product)];
      multiply(columns_.predictor(i), columns_.predictor(j), s.size, to);
      factor_at_.push_back(to);
      to += s.size;
    }
  }

  /// local[m][f] += sum over rows of monomial m times factor f, `stride` doubles for each monomial.
  void sum(const RowGroup::Cluster& cluster, Index stride, const Stretch& s, double* local) {
    take_monomials(cluster);
    const Index n_factors = static_cast<Index>(cluster.factors.size());
    const Index n_monomials = static_cast<Index>(cluster.monomials.size());
    block_.assign(at(n_factors * n_monomials), 0.0);
    add_dot_products(factor_at_.data(), n_factors, taken_.data(), n_monomials, s.size, block_.data(), 1,
                     n_factors, columns_.next_block());
    for (Index m = 0; m < n_monomials; ++m) {
      double* to = local + cluster.monomials[at(m)] * stride;
      const double* from = block_.data() + m * n_factors;
      for (Index f = 0; f < n_factors; ++f) to[cluster.factors[at(f)]] += from[f];
    }
  }

  /// out += sum over f and m of local[m][f] monomial m times factor f, one number for each place.
  void combine(const RowGroup::Cluster& cluster, Index stride, const Stretch& s, const double* local,
               double* out) {
    take_monomials(cluster);
    const Index n_factors = static_cast<Index>(cluster.factors.size());
    block_.resize(at(n_factors * static_cast<Index>(cluster.monomials.size())));
    coefficients_.clear();
    for (std::size_t m = 0; m < cluster.monomials.size(); ++m) {
      double* to = block_.data() + static_cast<Index>(m) * n_factors;
      const double* from = local + cluster.monomials[m] * stride;
      for (Index f = 0; f < n_factors; ++f) to[f] = from[cluster.factors[at(f)]];
      coefficients_.push_back(to);
    }
    add_combination(taken_.data(), static_cast<Index>(taken_.size()), factor_at_.data(), n_factors,
                    coefficients_.data(), s.size, out + s.from, columns_.next_block());
  }

 private:
  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

  static void multiply(const double* a, const double* b, Index n, double* out) {
    for (Index r = 0; r < n; ++r) out[r] = a[r] * b[r];
  }

  void take_monomials(const RowGroup::Cluster& cluster) {
    taken_.clear();
    for (const Index m : cluster.monomials) taken_.push_back(monomial(m));
  }

  const KhatriRaoDesign& design_;
  StretchColumns columns_;
  std::vector<double> ones_;
  CacheLines monomials_;       // [monomial][row of the stretch]
  CacheLines factors_;         // [factor][row of the stretch]
  std::vector<double> block_;  // [monomial][factor] of a cluster
  std::vector<const double*> monomial_at_, factor_at_, taken_, coefficients_;
};

}  // namespace contextstats
