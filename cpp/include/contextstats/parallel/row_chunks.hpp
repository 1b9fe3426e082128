#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "contextstats/parallel/items.hpp"

namespace contextstats {

/// Of rows that need no blocks of their own.
constexpr Index kRowsABlock = 4096;

/// Fixed chunks of blocks of rows. Their borders depend on the number of blocks and on the size of what is
/// summed, never on the number of threads, and partial sums are added in order of the chunks: the same bits
/// for any number of threads.
class RowChunks {
 public:
  RowChunks(Index n_blocks, Index partial_size) : n_blocks_(n_blocks) {
    constexpr Index doubles_at_most = Index{1} << 22;  // 32 MB for all partial sums together
    const Index by_memory = doubles_at_most / std::max<Index>(partial_size, 1);
    count_ = std::clamp<Index>(std::min(n_blocks, by_memory), 1, 32);
  }

  Index count() const { return count_; }
  Index first(Index chunk) const { return chunk * n_blocks_ / count_; }
  Index last(Index chunk) const { return (chunk + 1) * n_blocks_ / count_; }

 private:
  Index n_blocks_;
  Index count_;
};

/// Calls work(first block, last block) for every chunk, on up to `execution.threads` threads. The first
/// exception is rethrown here.
template <class Work>
void for_each_chunk(const RowChunks& chunks, const Execution& execution, const Work& work) {
  const auto one = [&](Index chunk) { work(chunks.first(chunk), chunks.last(chunk)); };
  for_each_item(chunks.count(), execution, one);
}

/// Calls work(first row, last row) for rows that need no blocks of their own.
template <class Work>
void for_each_rows(Index n_rows, const Execution& execution, const Work& work) {
  const Index n_blocks = std::max<Index>(n_rows / kRowsABlock, 1);
  for_each_chunk(RowChunks(n_blocks, 1), execution,
                 [&](Index first, Index last) { work(first * n_rows / n_blocks, last * n_rows / n_blocks); });
}

/// Sums over blocks: work(first, last, tools, partial) adds blocks [first, last) to a partial sum that starts
/// as `zero`; tools are those of a thread, see `for_each_item`.
template <class Partial, class MakeTools, class Work>
Partial sum_over_blocks(Index n_blocks, Index partial_size, const Execution& execution, const Partial& zero,
                        const MakeTools& make_tools, const Work& work) {
  const RowChunks chunks(n_blocks, partial_size);
  std::vector<Partial> partials(static_cast<std::size_t>(chunks.count()), zero);
  for_each_item(chunks.count(), execution, make_tools, [&](Index chunk, auto& tools) {
    work(chunks.first(chunk), chunks.last(chunk), tools, partials[static_cast<std::size_t>(chunk)]);
  });
  for (std::size_t i = 1; i < partials.size(); ++i) partials[0] += partials[i];
  return std::move(partials[0]);
}

/// Sums over rows that need no blocks of their own: work(first row, last row, partial).
template <class Partial, class Work>
Partial sum_over_rows(Index n_rows, Index partial_size, const Execution& execution, const Partial& zero,
                      const Work& work) {
  const Index n_blocks = std::max<Index>(n_rows / kRowsABlock, 1);
  return sum_over_blocks(
      n_blocks, partial_size, execution, zero, [] { return 0; },
      [&](Index first, Index last, int, Partial& partial) {
        work(first * n_rows / n_blocks, last * n_rows / n_blocks, partial);
      });
}

}  // namespace contextstats
