#pragma once

#include "contextstats/columns.hpp"

namespace contextstats {

/// The caller's arrays, for one call. Rows with zero weight have been removed before.
struct DataView {
  Columns x;                ///< (n, p) predictors
  Columns contexts;         ///< (n, d) contexts, factors as codes
  ConstVector y;            ///< (n,) response
  ConstVector offset;       ///< (n,) added to the linear predictor
  ConstVector weight;       ///< (n,) prior weight: frequency x variance weight x number of trials
  ConstVector var_weight;   ///< (n,) variance weight x number of trials: phi_i = phi / var_weight_i
  ConstVector freq_weight;  ///< (n,) how often the row was seen

  Index n_rows() const { return x.rows(); }
};

}  // namespace contextstats
