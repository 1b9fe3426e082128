#pragma once

#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "contextstats/objective/design_passes.hpp"
#include "contextstats/objective/khatri_rao_design.hpp"

namespace contextstats {

/// The functions of context of a network: all of them are f(c) = b(c)'theta with the same basis b of `size()`
/// functions, the constant first, and the same diagonal penalties.
class ContextFunctions {
 public:
  /// `one` is a design with a single predictor, whose columns are the basis; `penalties` is (K, size).
  ContextFunctions(const KhatriRaoDesign& one, MatrixXd penalties)
      : bases_(one.bases()),
        parts_(one.blocks()),
        size_(one.n_coefficients()),
        penalties_(std::move(penalties)) {
    if (one.n_predictors() != 1 || penalties_.cols() != size_) {
      throw std::invalid_argument(
          "The functions of context need a design with one predictor, and penalties with one column for each "
          "of "
          "its coefficients.");
    }
  }

  Index size() const { return size_; }
  Index n_penalties() const { return penalties_.rows(); }
  const MatrixXd& penalties() const { return penalties_; }
  /// True if a network on this basis cannot vary.
  bool constant() const { return size_ == 1; }

  /// sum_j x_j f_j(c): a function of context for each of q predictors.
  KhatriRaoDesign design(Index q) const {
    std::vector<Block> blocks;
    for (Index j = 0; j < q; ++j) {
      for (const Block& part : parts_) blocks.push_back({j, part.basis, part.transform, 0});
    }
    return KhatriRaoDesign(bases_, std::move(blocks), q);
  }

  /// A smoothing parameter for each penalty of each predictor: (q K, q size).
  MatrixXd repeated_penalties(Index q) const {
    MatrixXd all = MatrixXd::Zero(q * n_penalties(), q * size_);
    for (Index j = 0; j < q; ++j) all.block(j * n_penalties(), j * size_, n_penalties(), size_) = penalties_;
    return all;
  }

 private:
  std::vector<std::shared_ptr<const ContextBasis>> bases_;
  std::vector<Block> parts_;
  Index size_;
  MatrixXd penalties_;
};

/// How a network is fitted.
struct NetworkOptions {
  VectorXd lambda;  ///< one smoothing parameter for each penalty of a function, or empty: by REML
  int maxiter = 100;
  double tolerance = 1e-8;
};

}  // namespace contextstats
