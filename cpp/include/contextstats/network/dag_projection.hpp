#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "contextstats/types.hpp"

namespace contextstats {

/// The graph of a matrix made acyclic: edges enter from the largest |weight| to the smallest, and one that
/// would close a cycle is left out. Entries with |weight| <= threshold, and the diagonal, are left out too.
///
/// An edge i -> j closes a cycle exactly if i can be reached from j, so keeping who reaches whom makes every
/// decision exact: the result never has a cycle. Ties go to the edge that stands first, column by column.
class DagProjection {
 public:
  explicit DagProjection(Index p) : p_(p), reaches_(MatrixXi::Identity(p, p)) {}

  /// Adds i -> j unless it closes a cycle.
  bool try_edge(Index i, Index j) {
    if (reaches_(j, i) != 0) return false;
    if (reaches_(i, j) != 0) return true;  // nothing new is reached
    for (Index a = 0; a < p_; ++a) {
      if (reaches_(a, i) == 0) continue;
      for (Index b = 0; b < p_; ++b) reaches_(a, b) |= reaches_(j, b);
    }
    return true;
  }

  MatrixXd operator()(const ConstMatrix& weights, double threshold) {
    std::vector<Index> order;
    for (Index at = 0; at < p_ * p_; ++at) {
      const double size = std::abs(weights(at % p_, at / p_));
      if (at % p_ != at / p_ && size > threshold) order.push_back(at);
    }
    std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) {
      return std::abs(weights(a % p_, a / p_)) > std::abs(weights(b % p_, b / p_));
    });
    MatrixXd kept = MatrixXd::Zero(p_, p_);
    for (const Index at : order) {
      if (try_edge(at % p_, at / p_)) kept(at % p_, at / p_) = weights(at % p_, at / p_);
    }
    return kept;
  }

 private:
  using MatrixXi = Eigen::MatrixXi;
  Index p_;
  MatrixXi reaches_;
};

}  // namespace contextstats
