#pragma once

#include "contextstats/objective/working_pass.hpp"

namespace contextstats {

/// Every k-th row of a data set, and the model of these rows: where a fit to many rows starts, and what says
/// cheaply how sums over all of them move. Rows that were sorted by a context are still represented.
class RowSample {
 public:
  RowSample(const Model& whole, Index wanted)
      : stride_(whole.data.n_rows() / wanted),
        n_(whole.data.n_rows() / stride_),
        x_(pick(whole.data.x)),
        contexts_(pick(whole.data.contexts)),
        y_(pick(whole.data.y)),
        offset_(pick(whole.data.offset)),
        weight_(pick(whole.data.weight)),
        var_weight_(pick(whole.data.var_weight)),
        freq_weight_(pick(whole.data.freq_weight)),
        view_{x_, contexts_, y_, offset_, weight_, var_weight_, freq_weight_},
        rows_(whole.design, view_.x, view_.contexts, whole.execution),
        model_(rows_, view_, whole.loss, whole.execution),
        share_(static_cast<double>(n_) / static_cast<double>(whole.data.n_rows())) {}

  RowSample(const RowSample&) = delete;
  RowSample& operator=(const RowSample&) = delete;

  const Model& model() const { return model_; }
  /// The same rows with another loss.
  Model with(const Loss& loss) const { return Model(rows_, view_, loss, model_.execution); }
  /// Of all rows.
  double share() const { return share_; }

 private:
  template <class Data>
  MatrixXd pick(const Data& from) const {
    MatrixXd to(n_, from.cols());
    for (Index j = 0; j < from.cols(); ++j) {
      for (Index i = 0; i < n_; ++i) to(i, j) = from(i * stride_, j);
    }
    return to;
  }

  Index stride_, n_;
  MatrixXd x_, contexts_;
  VectorXd y_, offset_, weight_, var_weight_, freq_weight_;
  DataView view_;
  DesignRows rows_;
  Model model_;
  double share_;
};

/// Rows that stand for all rows of a model: sums over them are divided by their share.
struct StandIn {
  const Model& model;
  double share = 1.0;
};

}  // namespace contextstats
