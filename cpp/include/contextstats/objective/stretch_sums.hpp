#pragma once

#include <algorithm>
#include <vector>

#include "contextstats/objective/product_kernels.hpp"
#include "contextstats/objective/sorted_rows.hpp"

namespace contextstats {

/// Sums over a stretch of rows that fits the innermost cache: of monomials times factors, which are
/// predictors or products of two predictors; and their adjoint.
class StretchSums {
 public:
  StretchSums(const KhatriRaoDesign& design, const SortedRows& rows) : design_(design), rows_(rows) {}

  /// Makes room for stretches and says how long they may be.
  Index prepare(Index n_monomials) {
    const Index n_factors = static_cast<Index>(design_.products().size()) + design_.n_predictors();
    const Index longest =
        std::clamp<Index>((Index{1} << 16) / (n_monomials + n_factors) / kLanes * kLanes, 32, 256);
    monomials_.resize(at(n_monomials * longest));
    factors_.resize(at(n_factors * longest));
    return longest;
  }

  void raise_monomials(const MonomialTable& table, Index n_monomials, const Stretch& s) {
    std::fill_n(monomials_.data(), s.size, 1.0);
    for (Index m = 1; m < n_monomials; ++m) {
      multiply(monomial(table.parent(m), s), rows_.coordinate(table.coordinate(m), s), s.size,
               monomials_.data() + m * s.size);
    }
  }

  const double* monomial(Index m, const Stretch& s) const { return monomials_.data() + m * s.size; }

  void take_predictors(const std::vector<Index>& which, const Stretch& s) {
    factor_pointers_.clear();
    for (const Index j : which) factor_pointers_.push_back(rows_.predictor(j, s));
  }

  /// Predictors times weights.
  void weigh_predictors(const std::vector<Index>& which, const double* weights, const Stretch& s) {
    factor_pointers_.clear();
    double* to = factors_.data();
    for (const Index j : which) {
      multiply(rows_.predictor(j, s), weights, s.size, to);
      factor_pointers_.push_back(to);
      to += s.size;
    }
  }

  /// Products of two predictors, times weights if there are any.
  void weigh_products(const std::vector<Index>& which, const double* weights, const Stretch& s) {
    factor_pointers_.clear();
    double* to = factors_.data();
    double* weighted = to + static_cast<Index>(which.size()) * s.size;
    Index weighted_predictor = -1;
    for (const Index product : which) {
      const auto& [i, j] = design_.products()[at(product)];
      const double* left = rows_.predictor(i, s);
      if (weights != nullptr) {
        if (i != weighted_predictor) multiply(left, weights, s.size, weighted);
        weighted_predictor = i;
        left = weighted;
      }
      multiply(left, rows_.predictor(j, s), s.size, to);
      factor_pointers_.push_back(to);
      to += s.size;
    }
  }

  /// local[m][f] += sum over rows of monomial m times factor f, `stride` doubles for each monomial.
  void sum(const RowGroup::Cluster& cluster, Index stride, const Stretch& s, double* local) {
    point_to_monomials(cluster, s);
    const Index n_factors = static_cast<Index>(cluster.factors.size());
    const Index n_monomials = static_cast<Index>(cluster.monomials.size());
    block_.assign(at(n_factors * n_monomials), 0.0);
    add_dot_products(factor_pointers_.data(), n_factors, monomial_pointers_.data(), n_monomials, s.size,
                     block_.data(), 1, n_factors);
    for (Index m = 0; m < n_monomials; ++m) {
      double* to = local + cluster.monomials[at(m)] * stride;
      const double* from = block_.data() + m * n_factors;
      for (Index f = 0; f < n_factors; ++f) to[cluster.factors[at(f)]] += from[f];
    }
  }

  /// out += sum over f and m of local[m][f] monomial m times factor f, one number for each place.
  void combine(const RowGroup::Cluster& cluster, Index stride, const Stretch& s, const double* local,
               double* out) {
    point_to_monomials(cluster, s);
    const Index n_factors = static_cast<Index>(cluster.factors.size());
    block_.resize(at(n_factors * static_cast<Index>(cluster.monomials.size())));
    coefficient_pointers_.clear();
    for (std::size_t m = 0; m < cluster.monomials.size(); ++m) {
      double* to = block_.data() + static_cast<Index>(m) * n_factors;
      const double* from = local + cluster.monomials[m] * stride;
      for (Index f = 0; f < n_factors; ++f) to[f] = from[cluster.factors[at(f)]];
      coefficient_pointers_.push_back(to);
    }
    add_combination(monomial_pointers_.data(), static_cast<Index>(monomial_pointers_.size()),
                    factor_pointers_.data(), n_factors, coefficient_pointers_.data(), s.size, out + s.from);
  }

 private:
  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

  static void multiply(const double* a, const double* b, Index n, double* out) {
    for (Index r = 0; r < n; ++r) out[r] = a[r] * b[r];
  }

  void point_to_monomials(const RowGroup::Cluster& cluster, const Stretch& s) {
    monomial_pointers_.clear();
    for (const Index m : cluster.monomials) monomial_pointers_.push_back(monomial(m, s));
  }

  const KhatriRaoDesign& design_;
  const SortedRows& rows_;
  std::vector<double> monomials_;  // [monomial][row of the stretch]
  std::vector<double> factors_;    // [factor][row of the stretch]
  std::vector<double> block_;      // [monomial][factor] of a cluster
  std::vector<const double*> factor_pointers_, monomial_pointers_, coefficient_pointers_;
};

}  // namespace contextstats
