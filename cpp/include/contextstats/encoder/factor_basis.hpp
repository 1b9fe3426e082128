#pragma once

#include <vector>

#include "contextstats/encoder/context_basis.hpp"

namespace contextstats {

/// Indicators of the levels 0 .. n_levels - 1 of a coded factor: a piece for each level, and one without
/// functions for codes outside.
class FactorBasis final : public ContextBasis {
 public:
  FactorBasis(Index column, Index n_levels)
      : ContextBasis(n_levels, {Exponents{}}), context_(column), n_levels_(n_levels) {
    for (Index level = 0; level < n_levels; ++level) add_piece({level}, MatrixXd::Ones(1, 1));
    add_piece({}, MatrixXd(1, 0));
  }

  void locate(const Columns& contexts, Index first, Index count, std::int32_t* pieces) const override {
    const double* codes = contexts.col(context_).data() + first;
    for (Index i = 0; i < count; ++i) {
      const bool known = codes[i] >= 0.0 && codes[i] < static_cast<double>(n_levels_);
      pieces[i] = static_cast<std::int32_t>(known ? codes[i] : static_cast<double>(n_levels_));
    }
  }

 private:
  Index context_;
  Index n_levels_;
};

}  // namespace contextstats
