#pragma once

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

#include "contextstats/encoder/context_basis.hpp"

namespace contextstats {

/// [1,] (c_1 - center_1) / scale_1, ...: one piece, a coordinate for each context.
class DenseBasis final : public ContextBasis {
 public:
  DenseBasis(bool intercept, std::vector<Index> columns, VectorXd centers, VectorXd scales)
      : ContextBasis(static_cast<Index>(columns.size()) + (intercept ? 1 : 0),
                     linear_monomials(intercept, columns.size())),
        columns_(std::move(columns)),
        centers_(std::move(centers)),
        scales_(std::move(scales)) {
    const Index d = static_cast<Index>(columns_.size());
    if (centers_.size() != d || scales_.size() != d) {
      throw std::invalid_argument("A dense basis needs one center and one scale for each of its contexts.");
    }
    std::vector<Index> all;
    for (Index column = 0; column < n_columns(); ++column) all.push_back(column);
    add_piece(std::move(all), MatrixXd::Identity(n_columns(), n_columns()));
  }

  void locate(const Columns&, Index, Index count, std::int32_t* pieces) const override {
    std::fill(pieces, pieces + count, 0);
  }

  Index context_of(Index coordinate) const override { return columns_[static_cast<std::size_t>(coordinate)]; }

  void to_coordinate(Index coordinate, Index, Index count, const double* contexts,
                     double* values) const override {
    const double center = centers_[coordinate];
    const double scale = 1.0 / scales_[coordinate];
    for (Index i = 0; i < count; ++i) values[i] = (contexts[i] - center) * scale;
  }

 private:
  static std::vector<Exponents> linear_monomials(bool intercept, std::size_t d) {
    std::vector<Exponents> monomials;
    if (intercept) monomials.emplace_back(d, 0);
    for (std::size_t k = 0; k < d; ++k) {
      monomials.emplace_back(d, 0);
      monomials.back()[k] = 1;
    }
    if (monomials.empty()) throw std::invalid_argument("A dense basis needs a constant or a context.");
    return monomials;
  }

  std::vector<Index> columns_;
  VectorXd centers_;
  VectorXd scales_;
};

}  // namespace contextstats
