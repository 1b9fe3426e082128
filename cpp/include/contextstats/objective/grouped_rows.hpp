#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "contextstats/objective/product_kernels.hpp"
#include "contextstats/objective/row_group.hpp"
#include "contextstats/parallel/row_chunks.hpp"

namespace contextstats {

/// Rows of a block that lie on the same piece of every basis of a group.
struct Run {
  std::vector<std::int32_t> pieces;  ///< of each basis of RowGroup::order_by
  Index start = 0;                   ///< place of the first row
  Index count = 0;

  /// Places the run takes: whole lanes, the last of them empty.
  Index padded() const { return (count + kLanes - 1) / kLanes * kLanes; }
};

/// Where the rows of a block go when they are sorted by piece.
struct BlockOrder {
  std::vector<std::uint16_t> place;  ///< of each row; empty if rows keep the order of the data, in one run
  std::vector<Run> runs;
  Index n_places = 0;  ///< rows and padding

  bool of_data() const { return place.empty(); }
};

/// The rows of a data set, cut into blocks that stay in cache, and within each block sorted by pieces for
/// each group of bases. Blocks depend on the design and on the number of rows alone, and begin at whole
/// lanes; made once for a fit.
class GroupedRows {
 public:
  GroupedRows(const KhatriRaoDesign& design, const Columns& contexts, const Execution& execution)
      : n_rows_(contexts.rows()), groups_(make_row_groups(design, contexts.rows())) {
    const bool sorted = std::any_of(groups_.begin(), groups_.end(),
                                    [](const RowGroup& group) { return !group.order_by().empty(); });
    const Index most = std::clamp<Index>(
        (sorted ? kSortedDoubles : kDoubles) / (design.n_predictors() + contexts.cols()), 1024, kMostRows);
    n_blocks_ = std::max<Index>(n_rows_ <= most / 2 ? 1 : 2, (n_rows_ + most - 1) / most);
    orders_.resize(static_cast<std::size_t>(n_blocks_) * groups_.size());
    for_each_chunk(RowChunks(n_blocks_, 1), execution, [&](Index first, Index last) {
      for (Index block = first; block < last; ++block) {
        for (std::size_t g = 0; g < groups_.size(); ++g) sort_block(design, contexts, block, g);
      }
    });
  }

  Index n_rows() const { return n_rows_; }
  Index n_blocks() const { return n_blocks_; }
  Index first(Index block) const {
    return block == n_blocks_ ? n_rows_ : block * n_rows_ / n_blocks_ / kLanes * kLanes;
  }
  Index count(Index block) const { return first(block + 1) - first(block); }
  const std::vector<RowGroup>& groups() const { return groups_; }
  const BlockOrder& order(Index block, std::size_t group) const {
    return orders_[static_cast<std::size_t>(block) * groups_.size() + group];
  }

 private:
  static constexpr Index kMostRows = 12288;
  // Predictors and contexts of a block, 256 kB: two blocks fit the second cache. Sorted ones are larger, 2
  // MB: their runs have to be long.
  static constexpr Index kDoubles = Index{1} << 15;
  static constexpr Index kSortedDoubles = Index{1} << 18;

  void sort_block(const KhatriRaoDesign& design, const Columns& contexts, Index block, std::size_t g) {
    const std::vector<Index>& order_by = groups_[g].order_by();
    const Index n = count(block);
    BlockOrder& order = orders_[static_cast<std::size_t>(block) * groups_.size() + g];
    if (order_by.empty()) {
      order.runs.push_back({{}, 0, n});
      order.n_places = order.runs.back().padded();
      return;
    }
    std::vector<std::vector<std::int32_t>> pieces(order_by.size(),
                                                  std::vector<std::int32_t>(static_cast<std::size_t>(n)));
    std::vector<std::int64_t> code(static_cast<std::size_t>(n), 0);
    std::int64_t n_codes = 1;
    for (std::size_t k = 0; k < order_by.size(); ++k) {
      const ContextBasis& basis = *design.bases()[static_cast<std::size_t>(order_by[k])];
      basis.locate(contexts, first(block), n, pieces[k].data());
      for (std::size_t i = 0; i < code.size(); ++i) code[i] = code[i] * basis.n_pieces() + pieces[k][i];
      n_codes *= basis.n_pieces();
    }
    order.place.resize(code.size());
    const std::vector<std::uint16_t> rows = sorted_rows(code, n_codes);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (i == 0 || code[rows[i]] != code[rows[i - 1]]) {
        if (i > 0) order.n_places += order.runs.back().padded();
        order.runs.push_back({{}, order.n_places, 0});
        for (const auto& piece : pieces) order.runs.back().pieces.push_back(piece[rows[i]]);
      }
      Run& run = order.runs.back();
      order.place[rows[i]] = static_cast<std::uint16_t>(run.start + run.count++);
    }
    if (!rows.empty()) order.n_places += order.runs.back().padded();
  }

  /// The rows sorted by code, rows of the same code in their order: by counting where codes are few.
  static std::vector<std::uint16_t> sorted_rows(const std::vector<std::int64_t>& code, std::int64_t n_codes) {
    std::vector<std::uint16_t> rows(code.size());
    if (n_codes > 4 * kMostRows) {
      std::iota(rows.begin(), rows.end(), std::uint16_t{0});
      std::stable_sort(rows.begin(), rows.end(),
                       [&](std::uint16_t a, std::uint16_t b) { return code[a] < code[b]; });
      return rows;
    }
    std::vector<std::uint32_t> next(static_cast<std::size_t>(n_codes) + 1, 0);
    for (const std::int64_t c : code) ++next[static_cast<std::size_t>(c) + 1];
    std::partial_sum(next.begin(), next.end(), next.begin());
    for (std::size_t i = 0; i < code.size(); ++i) {
      rows[next[static_cast<std::size_t>(code[i])]++] = static_cast<std::uint16_t>(i);
    }
    return rows;
  }

  Index n_rows_;
  Index n_blocks_ = 1;
  std::vector<RowGroup> groups_;
  std::vector<BlockOrder> orders_;
};

}  // namespace contextstats
