#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "contextstats/objective/cache_lines.hpp"
#include "contextstats/objective/product_kernels.hpp"

namespace contextstats {

/// Columns of a block whose rows lie in another order, the numbers of a row side by side: a row is written to
/// its place at once, where columns would need a store far from the last one for each number. They are read
/// as columns again, a few rows at a time.
class InterleavedColumns {
 public:
  /// Room for numbers, whose values nobody knows.
  void make_room(Index n_columns, Index n_places) {
    n_columns_ = n_columns;
    width_ = (n_columns + kLanes - 1) / kLanes * kLanes;
    numbers_.make_room(n_places * width_);
  }

  /// Columns in memory: the last ones without a meaning, up to whole lanes.
  Index width() const { return width_; }

  /// Row i of every column goes to place[i].
  void write(std::vector<const double*> columns, const std::vector<std::uint16_t>& place) {
    columns.resize(static_cast<std::size_t>(width_), columns.back());
    const Index n = static_cast<Index>(place.size()), whole = n / kLanes * kLanes, width = width_;
    const std::uint16_t* at = place.data();
    const double* const* from = columns.data();
    double* to = numbers_.data();
    for (Index i = 0; i < whole; i += kLanes) {
      for (Index c = 0; c < width; c += kLanes) {
        Square square;
        for (Index k = 0; k < kLanes; ++k) {
          Ahead::call_line(from[c + k] + i + kAhead);
          square.col(k) = Eigen::Map<const Row>(from[c + k] + i);
        }
        square.transposeInPlace();
        for (Index r = 0; r < kLanes; ++r) Eigen::Map<Row>(to + at[i + r] * width + c) = square.col(r);
      }
    }
    for (Index i = whole; i < n; ++i) {
      for (Index c = 0; c < n_columns_; ++c) to[at[i] * width + c] = from[c][i];
    }
  }

  /// Zeros in some places.
  void clear(Index from, Index size) { std::fill_n(numbers_.data() + from * width_, size * width_, 0.0); }

  /// to[column stride + row] = the numbers in `size` places, whole lanes.
  void read(Index from, Index size, double* to, Index stride) const {
    const Index width = width_;
    for (Index c = 0; c < width; c += kLanes) {
      const double* row = numbers_.data() + from * width + c;
      for (Index i = 0; i < size; i += kLanes, row += kLanes * width) {
        Square square;
        for (Index r = 0; r < kLanes; ++r) square.col(r) = Eigen::Map<const Row>(row + r * width);
        square.transposeInPlace();
        for (Index k = 0; k < kLanes; ++k) Eigen::Map<Row>(to + (c + k) * stride + i) = square.col(k);
      }
    }
  }

 private:
  using Row = Eigen::Matrix<double, kLanes, 1>;
  using Square = Eigen::Matrix<double, kLanes, kLanes>;

  static constexpr Index kAhead = 128;  // rows that are called from memory before they are read

  Index n_columns_ = 0;
  Index width_ = 0;
  CacheLines numbers_;  // [place][column]
};

}  // namespace contextstats
