#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include "contextstats/link/cloglog.hpp"
#include "contextstats/link/identity.hpp"
#include "contextstats/link/inverse.hpp"
#include "contextstats/link/inverse_squared.hpp"
#include "contextstats/link/log.hpp"
#include "contextstats/link/logit.hpp"
#include "contextstats/link/probit.hpp"
#include "contextstats/link/sqrt.hpp"

namespace contextstats {

/// The link called `name`. Throws std::invalid_argument for a name that is not in the list.
inline std::unique_ptr<const Link> make_link(const std::string& name) {
  if (name == IdentityFormula::name) return std::make_unique<IdentityLink>();
  if (name == LogFormula::name) return std::make_unique<LogLink>();
  if (name == LogitFormula::name) return std::make_unique<LogitLink>();
  if (name == ProbitFormula::name) return std::make_unique<ProbitLink>();
  if (name == CloglogFormula::name) return std::make_unique<CloglogLink>();
  if (name == InverseFormula::name) return std::make_unique<InverseLink>();
  if (name == InverseSquaredFormula::name) return std::make_unique<InverseSquaredLink>();
  if (name == SqrtFormula::name) return std::make_unique<SqrtLink>();
  throw std::invalid_argument(
      "link must be one of identity, log, logit, probit, cloglog, inverse, inverse_squared, "
      "sqrt, but is '" +
      name + "'.");
}

}  // namespace contextstats
