#pragma once

#include <memory>

#include "contextstats/types.hpp"

namespace contextstats {

/// Room for doubles that begins at the border of a cache line, so that whole lanes never lie on two.
class CacheLines {
 public:
  /// Room for n doubles, whose values nobody knows.
  void make_room(Index n) {
    const Index lines = (n + kLine - 1) / kLine;
    if (lines <= n_lines_) return;
    lines_.reset(new Line[static_cast<std::size_t>(lines)]);
    n_lines_ = lines;
  }
  double* data() { return lines_[0].numbers; }
  const double* data() const { return lines_[0].numbers; }

 private:
  static constexpr Index kLine = 8;
  struct alignas(64) Line {
    double numbers[kLine];
  };
  std::unique_ptr<Line[]> lines_;
  Index n_lines_ = 0;
};

}  // namespace contextstats
