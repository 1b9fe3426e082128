#pragma once

#include <memory>
#include <string>
#include <vector>

#include "contextstats/loss/make_loss.hpp"

namespace contextstats::testing {

/// A family under a link, with responses and linear predictors that belong to it.
struct LossCase {
  std::string family;
  std::string link;
  double parameter;
  std::vector<double> y;
  std::vector<double> eta;

  std::unique_ptr<Loss> loss() const { return make_loss(family, link, parameter); }
  std::unique_ptr<Loss> general() const { return make_general_loss(family, link, parameter); }
};

/// All 56 pairs.
inline std::vector<LossCase> all_loss_cases() {
  struct FamilyCase {
    std::string name;
    double parameter;
    std::vector<double> y;
  };
  const std::vector<FamilyCase> families = {
      {"gaussian", 0.0, {-1.2, 0.3, 4.0}},        {"binomial", 0.0, {0.0, 0.3, 1.0}},
      {"poisson", 0.0, {0.0, 1.0, 5.0}},          {"gamma", 0.0, {0.2, 1.3, 6.0}},
      {"inverse_gaussian", 0.0, {0.2, 1.3, 6.0}}, {"negative_binomial", 0.7, {0.0, 1.0, 5.0}},
      {"tweedie", 1.6, {0.0, 0.7, 4.0}}};
  struct LinkCase {
    std::string name;
    std::vector<double> for_means;
    std::vector<double> for_probabilities;
  };
  const std::vector<LinkCase> links = {
      {"identity", {0.4, 2.5}, {0.2, 0.7}},        {"log", {-1.0, 0.3, 1.5}, {-2.0, -0.3}},
      {"logit", {-2.0, 0.5}, {-3.0, 0.0, 0.5}},    {"probit", {-1.5, 0.5}, {-2.0, 0.0, 0.5}},
      {"cloglog", {-2.0, 0.5}, {-2.0, -0.2, 0.5}}, {"inverse", {0.4, 2.0}, {1.5, 4.0}},
      {"inverse_squared", {0.5, 2.0}, {1.5, 4.0}}, {"sqrt", {0.6, 1.7}, {0.3, 0.9}}};
  std::vector<LossCase> cases;
  for (const FamilyCase& family : families) {
    for (const LinkCase& link : links) {
      const bool binomial = family.name == "binomial";
      cases.push_back({family.name, link.name, family.parameter, family.y,
                       binomial ? link.for_probabilities : link.for_means});
    }
  }
  return cases;
}

/// Everything a loss says of one row.
struct Row {
  double deviance, score, weight, expected, weight_d1, weight_d2;
};

inline Row evaluate_row(const Loss& loss, double y, double eta) {
  Row row;
  loss.evaluate(&y, &eta, 1,
                {&row.deviance, &row.score, &row.weight, &row.expected, &row.weight_d1, &row.weight_d2});
  return row;
}

}  // namespace contextstats::testing
