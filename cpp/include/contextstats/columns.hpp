#pragma once

#include <utility>
#include <vector>

#include "contextstats/types.hpp"

namespace contextstats {

/// A matrix whose columns lie wherever the caller has them, each without gaps. Refers to the caller's memory,
/// which must live as long as it does.
class Columns {
 public:
  Columns() = default;
  Columns(std::vector<const double*> columns, Index rows) : columns_(std::move(columns)), rows_(rows) {}

  /// The columns of a matrix in memory.
  template <class Derived>
  Columns(const Eigen::MatrixBase<Derived>& matrix) : rows_(matrix.rows()) {
    static_assert((Derived::Flags & Eigen::DirectAccessBit) != 0, "Columns need a matrix that is in memory.");
    static_assert(!Derived::IsRowMajor || Derived::ColsAtCompileTime == 1,
                  "Columns need columns without gaps.");
    for (Index k = 0; k < matrix.cols(); ++k) {
      columns_.push_back(matrix.derived().data() + k * matrix.derived().outerStride());
    }
  }

  Index rows() const { return rows_; }
  Index cols() const { return static_cast<Index>(columns_.size()); }
  Eigen::Map<const VectorXd> col(Index k) const { return {columns_[static_cast<std::size_t>(k)], rows_}; }
  double operator()(Index row, Index k) const { return columns_[static_cast<std::size_t>(k)][row]; }

 private:
  std::vector<const double*> columns_;
  Index rows_ = 0;
};

}  // namespace contextstats
