#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "contextstats/family/tweedie.hpp"
#include "contextstats/link/make_link.hpp"
#include "contextstats/loss/binomial_loss.hpp"
#include "contextstats/loss/canonical_losses.hpp"
#include "contextstats/loss/log_link_losses.hpp"
#include "contextstats/loss/logit_loss.hpp"

namespace contextstats {

/// The loss of any family under any link, by the formulas that hold for every pair.
inline std::unique_ptr<Loss> make_general_loss(const std::string& family, const std::string& link,
                                               double parameter) {
  std::unique_ptr<const Link> g = make_link(link);
  if (family == Gaussian::name) return std::make_unique<GlmLoss<Gaussian>>(Gaussian{}, std::move(g));
  if (family == Binomial::name) return std::make_unique<BinomialLoss>(Binomial{}, std::move(g));
  if (family == Poisson::name) return std::make_unique<GlmLoss<Poisson>>(Poisson{}, std::move(g));
  if (family == Gamma::name) return std::make_unique<GlmLoss<Gamma>>(Gamma{}, std::move(g));
  if (family == InverseGaussian::name) {
    return std::make_unique<GlmLoss<InverseGaussian>>(InverseGaussian{}, std::move(g));
  }
  if (family == NegativeBinomial::name) {
    return std::make_unique<GlmLoss<NegativeBinomial>>(NegativeBinomial(parameter), std::move(g));
  }
  if (family == Tweedie::name) return std::make_unique<GlmLoss<Tweedie>>(Tweedie(parameter), std::move(g));
  throw std::invalid_argument(
      "family must be one of gaussian, binomial, poisson, gamma, inverse_gaussian, "
      "negative_binomial, tweedie, but is '" +
      family + "'.");
}

/// The loss of `family` under `link`; pairs that are used most have formulas of their own.
///
/// `parameter` is alpha of the negative binomial (V = mu + alpha mu^2) or the power of the Tweedie family;
/// other families ignore it. Throws std::invalid_argument for unknown names or a parameter out of range.
inline std::unique_ptr<Loss> make_loss(const std::string& family, const std::string& link, double parameter) {
  const auto is = [&](const char* wanted_family, const char* wanted_link) {
    return family == wanted_family && link == wanted_link;
  };
  if (is("gaussian", "identity")) return std::make_unique<GaussianIdentityLoss>();
  if (is("binomial", "logit")) return std::make_unique<LogitLoss>();
  if (is("poisson", "log")) return std::make_unique<PoissonLogLoss>();
  if (is("gamma", "inverse")) return std::make_unique<GammaInverseLoss>();
  if (is("inverse_gaussian", "inverse_squared")) return std::make_unique<InverseGaussianInverseSquaredLoss>();
  if (is("gamma", "log")) return std::make_unique<GammaLogLoss>();
  if (is("negative_binomial", "log")) return std::make_unique<NegativeBinomialLogLoss>(parameter);
  if (is("inverse_gaussian", "log"))
    return std::make_unique<PowerLogLoss<InverseGaussian>>(InverseGaussian{});
  if (is("tweedie", "log")) return std::make_unique<PowerLogLoss<Tweedie>>(Tweedie(parameter));
  return make_general_loss(family, link, parameter);
}

}  // namespace contextstats
