#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>

#include "contextstats/link/link.hpp"
#include "contextstats/loss/loss.hpp"
#include "contextstats/loss/tile.hpp"

namespace contextstats {

/// What every loss made of a family and a link shares; how rows are evaluated is left to derived classes.
template <class Family>
class FamilyLinkLoss : public Loss {
 public:
  FamilyLinkLoss(Family family, std::unique_ptr<const Link> link)
      : family_(std::move(family)), link_(std::move(link)) {}

  void mean(const double* eta, Index n, double* mu) const final { link_->mean(eta, n, mu); }

  void variance(const double* mu, Index n, double* value, double* slope) const final {
    for (Index i = 0; i < n; ++i) {
      Jet<1> mean;
      mean.c = {mu[i], 1.0};
      const Jet<1> v = family_.variance(mean);
      value[i] = v.c[0];
      slope[i] = v.c[1];
    }
  }

  /// Means that the link cannot express are moved to a tenth of the average |y| from an end of its range
  /// (a hundredth of the range, where the range is (0, 1)).
  void initial_eta(const double* y, const double* prior_weight, Index n, double* eta) const final {
    double average = 0.0;
    for (Index i = 0; i < n; ++i) average += std::abs(y[i]) / static_cast<double>(n);
    const bool bounded = std::isfinite(link_->upper());
    const double margin = bounded ? 0.01 : (average > 0.0 ? 0.1 * average : 0.1);
    for (Index i = 0; i < n; ++i) {
      const double mean = family_.starting_mean(y[i], weight_at(prior_weight, i));
      const bool inside = mean > link_->lower() && mean < link_->upper() && std::isfinite((*link_)(mean));
      eta[i] = (*link_)(inside ? mean : (bounded && mean >= 1.0 ? 1.0 - margin : margin));
    }
  }

  bool scale_known() const final { return Family::scale_known; }
  bool canonical() const override { return false; }
  bool gaussian_identity() const override { return false; }

  Saturated saturated(const double* y, const double* var_weight, const double* freq_weight, Index n,
                      double phi) const final {
    return family_.saturated(y, var_weight, freq_weight, n, phi);
  }

  bool scale_separable() const final { return Family::scale_separable; }

  std::string name() const final { return std::string(Family::name) + "(" + link_->name() + ")"; }

 protected:
  const Family& family() const { return family_; }
  const Link& link() const { return *link_; }

 private:
  Family family_;
  std::unique_ptr<const Link> link_;
};

/// Any family with a variance function, under any link.
///
/// The score s(eta) = (y - mu) mu' / V(mu) is evaluated as a Taylor polynomial in eta, which holds the
/// observed weight w = -ds/deta and its derivatives. Source: McCullagh and Nelder (1989), Generalized Linear
/// Models, 2.5.
template <class Family>
class GlmLoss final : public FamilyLinkLoss<Family> {
 public:
  using FamilyLinkLoss<Family>::FamilyLinkLoss;

  void evaluate(const double* y, const double* eta, Index n, const LossTile& out) const override {
    for_each_tile(n, [&](Index start, Index rows) {
      MeanTile mean;
      this->link().inverse(eta + start, rows, mean);
      const LossTile tile = rows_from(out, start);
      switch (score_order(out)) {
        case 0:
          evaluate_rows<0>(y + start, mean, rows, tile);
          break;
        case 1:
          evaluate_rows<1>(y + start, mean, rows, tile);
          break;
        case 2:
          evaluate_rows<2>(y + start, mean, rows, tile);
          break;
        default:
          evaluate_rows<3>(y + start, mean, rows, tile);
      }
      discard_outside(eta + start, rows, -kLargest, kLargest, tile);
      discard_overflow(rows, tile);
    });
  }

 private:
  template <int N>
  void evaluate_rows(const double* y, const MeanTile& mean, Index n, const LossTile& out) const {
    const Family& family = this->family();
    for (Index i = 0; i < n; ++i) {
      if (!family.mean_is_valid(mean.d[0][i])) {
        discard_row(out, i);
        continue;
      }
      const Jet<N> mu = mean_jet<N>(mean, i);
      const Jet<N> slope_over_variance = slope_jet<N>(mean, i) / family.variance(mu);
      const Jet<N> score = (y[i] - mu) * slope_over_variance;
      if (out.deviance != nullptr)
        out.deviance[i] = 2.0 * std::max(family.half_deviance(y[i], mean.d[0][i]), 0.0);
      if (out.expected != nullptr) out.expected[i] = mean.d[1][i] * slope_over_variance.c[0];
      if (out.score != nullptr) out.score[i] = score.derivative(0);
      if constexpr (N >= 1) {
        if (out.weight != nullptr) out.weight[i] = -score.derivative(1);
      }
      if constexpr (N >= 2) {
        if (out.weight_d1 != nullptr) out.weight_d1[i] = -score.derivative(2);
      }
      if constexpr (N >= 3) out.weight_d2[i] = -score.derivative(3);
    }
  }
};

}  // namespace contextstats
