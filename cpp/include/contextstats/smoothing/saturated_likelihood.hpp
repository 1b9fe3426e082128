#pragma once

#include <optional>

#include "contextstats/objective/row_sums.hpp"
#include "contextstats/objective/working_pass.hpp"

namespace contextstats {

/// The saturated log-likelihood of a data set as a function of phi. Where the density is a function of y
/// times one of phi (every family but Tweedie's) and all rows have the same weight, or where phi is known,
/// the rows are read once only.
class SaturatedLikelihood {
 public:
  explicit SaturatedLikelihood(const Model& model) : model_(model), total_(model.data.freq_weight.sum()) {
    const ConstVector& v = model.data.var_weight;
    one_pass_ = model.loss.scale_separable() && v.minCoeff() == v.maxCoeff();
  }

  /// The sum of the frequency weights.
  double n_observations() const { return total_; }

  Saturated operator()(double phi) const {
    if (model_.loss.scale_known()) {
      if (!known_) known_ = all_rows(1.0);
      return *known_;
    }
    if (!one_pass_) return all_rows(phi);
    Saturated at = total_ * row(phi);
    if (!of_responses_) of_responses_ = all_rows(phi).value - at.value;
    at.value += *of_responses_;
    return at;
  }

 private:
  Saturated all_rows(double phi) const {
    const DataView& d = model_.data;
    return saturated(model_.loss, d.y, d.var_weight, d.freq_weight, phi, model_.execution);
  }

  Saturated row(double phi) const {
    const double y = 1.0;
    return model_.loss.saturated(&y, model_.data.var_weight.data(), nullptr, 1, phi);
  }

  const Model& model_;
  double total_;
  bool one_pass_ = false;
  mutable std::optional<Saturated> known_;
  mutable std::optional<double> of_responses_;
};

}  // namespace contextstats
