#pragma once

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "contextstats/objective/khatri_rao_design.hpp"

namespace contextstats {

/// Monomials in the coordinates of several bases, in an order in which each is an earlier one times one
/// coordinate.
class MonomialTable {
 public:
  explicit MonomialTable(Index n_coordinates) {
    find_or_add(Exponents(static_cast<std::size_t>(n_coordinates), 0));
  }

  Index find_or_add(const Exponents& exponents) {
    const auto found = known_.find(exponents);
    if (found != known_.end()) return found->second;
    Index from = 0;
    Index by = -1;
    for (std::size_t k = exponents.size(); k-- > 0;) {
      if (exponents[k] == 0) continue;
      Exponents smaller = exponents;
      --smaller[k];
      from = find_or_add(smaller);
      by = static_cast<Index>(k);
      break;
    }
    parent_.push_back(from);
    coordinate_.push_back(by);
    const Index place = static_cast<Index>(parent_.size()) - 1;
    known_.emplace(exponents, place);
    return place;
  }

  Index size() const { return static_cast<Index>(parent_.size()); }
  /// Monomial m > 0 is monomial parent(m) times coordinate(m); monomial 0 is the constant 1.
  Index parent(Index m) const { return parent_[static_cast<std::size_t>(m)]; }
  Index coordinate(Index m) const { return coordinate_[static_cast<std::size_t>(m)]; }

 private:
  std::map<Exponents, Index> known_;
  std::vector<Index> parent_;
  std::vector<Index> coordinate_;
};

/// Bases whose sums are taken together: rows that lie on the same piece of each of them share polynomials, so
/// that sums of monomials times predictors are all that is needed of them.
class RowGroup {
 public:
  /// A coordinate of a basis.
  struct Coordinate {
    Index basis, which;
  };
  /// A basis with its monomials among those of the group.
  struct Effect {
    Index basis;
    std::vector<Index> monomials;
  };
  /// A pair of bases of the design with the products of their monomials among those of the group:
  /// products[i * (monomials of the second) + j].
  struct Pair {
    const BasisPair* pair;
    std::vector<Index> products;
  };
  /// Monomials that are needed with the same factors: predictors, or products of two predictors.
  struct Cluster {
    std::vector<Index> monomials;
    std::vector<Index> factors;
  };

  /// `order_by`: the bases whose pieces sort the rows. `effects`: the bases whose part of the linear
  /// predictor this group computes. `pairs`: the pairs whose cross products it sums.
  RowGroup(const KhatriRaoDesign& design, std::vector<Index> order_by, const std::vector<Index>& effects,
           const std::vector<const BasisPair*>& pairs)
      : order_by_(std::move(order_by)), table_(count_coordinates(design, effects, pairs)) {
    for (const Index basis : effects) effects_.push_back({basis, monomials_of(design, basis)});
    n_effect_monomials_ = table_.size();
    for (const BasisPair* pair : pairs) add_pair(design, *pair);
    std::vector<std::vector<Index>> predictors(static_cast<std::size_t>(table_.size()));
    for (const Effect& effect : effects_) append(effect.monomials, design.users(effect.basis), predictors);
    effect_clusters_ = clusters_of(std::move(predictors));
    std::vector<std::vector<Index>> products(static_cast<std::size_t>(table_.size()));
    for (const Pair& member : pairs_) append(member.products, member.pair->products, products);
    gram_clusters_ = clusters_of(std::move(products));
  }

  const std::vector<Index>& order_by() const { return order_by_; }
  const std::vector<Coordinate>& coordinates() const { return coordinates_; }
  const MonomialTable& monomials() const { return table_; }
  /// The first monomials, which are all that linear predictors and gradients need.
  Index n_effect_monomials() const { return n_effect_monomials_; }
  const std::vector<Effect>& effects() const { return effects_; }
  const std::vector<Pair>& pairs() const { return pairs_; }
  const std::vector<Cluster>& effect_clusters() const { return effect_clusters_; }
  const std::vector<Cluster>& gram_clusters() const { return gram_clusters_; }

  /// The piece of a basis, given the pieces of the bases that sort the rows.
  Index piece_of(Index basis, const std::vector<std::int32_t>& pieces) const {
    for (std::size_t k = 0; k < order_by_.size(); ++k) {
      if (order_by_[k] == basis) return pieces[k];
    }
    return 0;
  }

 private:
  Index count_coordinates(const KhatriRaoDesign& design, const std::vector<Index>& effects,
                          const std::vector<const BasisPair*>& pairs) {
    std::vector<Index> bases = effects;
    for (const BasisPair* pair : pairs) bases.insert(bases.end(), {pair->first, pair->second});
    std::sort(bases.begin(), bases.end());
    bases.erase(std::unique(bases.begin(), bases.end()), bases.end());
    for (const Index basis : bases) {
      first_coordinate_[basis] = static_cast<Index>(coordinates_.size());
      const Index n = design.bases()[static_cast<std::size_t>(basis)]->n_coordinates();
      for (Index k = 0; k < n; ++k) coordinates_.push_back({basis, k});
    }
    return static_cast<Index>(coordinates_.size());
  }

  /// The exponents of a basis's monomials in the coordinates of the group.
  std::vector<Exponents> placed_exponents(const KhatriRaoDesign& design, Index basis) const {
    std::vector<Exponents> placed;
    for (const Exponents& own : design.bases()[static_cast<std::size_t>(basis)]->monomials()) {
      placed.emplace_back(coordinates_.size(), 0);
      std::copy(own.begin(), own.end(), placed.back().begin() + first_coordinate_.at(basis));
    }
    return placed;
  }

  std::vector<Index> monomials_of(const KhatriRaoDesign& design, Index basis) {
    std::vector<Index> places;
    for (const Exponents& exponents : placed_exponents(design, basis)) {
      places.push_back(table_.find_or_add(exponents));
    }
    return places;
  }

  void add_pair(const KhatriRaoDesign& design, const BasisPair& pair) {
    Pair added{&pair, {}};
    for (const Exponents& left : placed_exponents(design, pair.first)) {
      for (const Exponents& right : placed_exponents(design, pair.second)) {
        Exponents product = left;
        for (std::size_t k = 0; k < product.size(); ++k) product[k] += right[k];
        added.products.push_back(table_.find_or_add(product));
      }
    }
    pairs_.push_back(std::move(added));
  }

  static void append(const std::vector<Index>& monomials, const std::vector<Index>& factors,
                     std::vector<std::vector<Index>>& wanted) {
    for (const Index m : monomials) {
      std::vector<Index>& list = wanted[static_cast<std::size_t>(m)];
      list.insert(list.end(), factors.begin(), factors.end());
    }
  }

  static std::vector<Cluster> clusters_of(std::vector<std::vector<Index>> wanted) {
    std::vector<Cluster> clusters;
    std::map<std::vector<Index>, std::size_t> known;
    for (std::size_t m = 0; m < wanted.size(); ++m) {
      std::sort(wanted[m].begin(), wanted[m].end());
      wanted[m].erase(std::unique(wanted[m].begin(), wanted[m].end()), wanted[m].end());
      if (wanted[m].empty()) continue;
      const auto [place, is_new] = known.emplace(wanted[m], clusters.size());
      if (is_new) clusters.push_back({{}, wanted[m]});
      clusters[place->second].monomials.push_back(static_cast<Index>(m));
    }
    return clusters;
  }

  std::vector<Index> order_by_;
  std::vector<Coordinate> coordinates_;
  std::map<Index, Index> first_coordinate_;
  MonomialTable table_;
  std::vector<Effect> effects_;
  Index n_effect_monomials_ = 0;
  std::vector<Pair> pairs_;
  std::vector<Cluster> effect_clusters_;
  std::vector<Cluster> gram_clusters_;
};

/// How the pairs of bases of a design are shared out among groups: one group where the pieces of all bases
/// together still hold enough rows, else one for each pair of bases that have pieces at all.
inline std::vector<RowGroup> make_row_groups(const KhatriRaoDesign& design, Index n_rows) {
  constexpr double rows_a_piece = 16.0;
  std::vector<Index> all, cut;
  double n_together = 1.0;
  for (Index k = 0; k < static_cast<Index>(design.bases().size()); ++k) {
    all.push_back(k);
    const Index n_pieces = design.bases()[static_cast<std::size_t>(k)]->n_pieces();
    if (n_pieces > 1) cut.push_back(k);
    n_together *= static_cast<double>(n_pieces);
  }
  std::vector<const BasisPair*> left;
  for (const BasisPair& pair : design.pairs()) left.push_back(&pair);
  std::vector<RowGroup> groups;
  if (cut.size() <= 2 || n_together * rows_a_piece <= static_cast<double>(n_rows)) {
    groups.emplace_back(design, cut, all, left);
    return groups;
  }
  std::vector<Index> effects_left = all;
  const auto take = [](auto& from, const auto& belongs) {
    const auto middle =
        std::stable_partition(from.begin(), from.end(), [&](const auto& e) { return !belongs(e); });
    std::decay_t<decltype(from)> taken(middle, from.end());
    from.erase(middle, from.end());
    return taken;
  };
  for (std::size_t a = 0; a < cut.size(); ++a) {
    for (std::size_t b = a + 1; b < cut.size(); ++b) {
      const auto here = [&](Index basis) {
        const bool whole = design.bases()[static_cast<std::size_t>(basis)]->n_pieces() == 1;
        return whole || basis == cut[a] || basis == cut[b];
      };
      const std::vector<Index> effects = take(effects_left, here);
      const std::vector<const BasisPair*> pairs =
          take(left, [&](const BasisPair* pair) { return here(pair->first) && here(pair->second); });
      groups.emplace_back(design, std::vector<Index>{cut[a], cut[b]}, effects, pairs);
    }
  }
  return groups;
}

}  // namespace contextstats
