#pragma once

#include <algorithm>
#include <vector>

#include "contextstats/objective/grouped_rows.hpp"

namespace contextstats {

/// Between the raw coordinates of a design and the monomials of one run of rows, where every basis is on one
/// piece. With Q the polynomials of a piece, a raw function is Q'm(t): coefficients go to the monomials by Q,
/// sums come back by Q', and cross products by Q on both sides.
///
/// Effects are stored as [monomial][predictor], cross products as [monomial][product of predictors].
class LocalSums {
 public:
  /// Kept by the caller so that it is not allocated for every run.
  struct Scratch {
    std::vector<double> half, sums;
    std::vector<const double*> from;
  };

  LocalSums(const KhatriRaoDesign& design, const RowGroup& group, const Run& run, Scratch& scratch)
      : design_(design), group_(group), run_(run), scratch_(scratch) {}

  /// The polynomial that multiplies each predictor.
  void effects_from_raw(const VectorXd& raw, std::vector<double>& local) const {
    const Index p = design_.n_predictors();
    local.assign(static_cast<std::size_t>(group_.n_effect_monomials() * p), 0.0);
    for_each_effect([&](const auto& effect, const ContextBasis::Piece& piece, const std::vector<Index>& users,
                        Index l, Index place) {
      for (std::size_t i = 0; i < effect.monomials.size(); ++i) {
        const double q = piece.polynomials(static_cast<Index>(i), l);
        double* to = local.data() + effect.monomials[i] * p;
        for (std::size_t u = 0; u < users.size(); ++u) to[users[u]] += q * raw[place + static_cast<Index>(u)];
      }
    });
  }

  /// Adds the sums of monomial times predictor to their raw places.
  void effects_to_raw(const std::vector<double>& local, VectorXd& raw) const {
    const Index p = design_.n_predictors();
    for_each_effect([&](const auto& effect, const ContextBasis::Piece& piece, const std::vector<Index>& users,
                        Index l, Index place) {
      for (std::size_t i = 0; i < effect.monomials.size(); ++i) {
        const double q = piece.polynomials(static_cast<Index>(i), l);
        const double* from = local.data() + effect.monomials[i] * p;
        for (std::size_t u = 0; u < users.size(); ++u)
          raw[place + static_cast<Index>(u)] += q * from[users[u]];
      }
    });
  }

  /// The polynomial that multiplies each product of predictors in the quadratic form of a raw array.
  void products_from_raw(const double* raw, std::vector<double>& local) {
    local.assign(static_cast<std::size_t>(group_.monomials().size() * design_.product_stride()), 0.0);
    for (const RowGroup::Pair& member : group_.pairs()) {
      const Sides s = sides(member);
      for (Index b = 0; b < s.w2; ++b) {
        scratch_.from.clear();
        for (Index a = 0; a < s.columns_up_to(b); ++a) scratch_.from.push_back(raw + s.position(a, b));
        for (Index i = 0; i < s.n1; ++i) {
          combine(&s.left->polynomials(i, 0), s.n1, s.stride(), half(s, i, b));
        }
      }
      for (Index i = 0; i < s.n1; ++i) {
        scratch_.from.clear();
        for (Index b = 0; b < s.w2; ++b) scratch_.from.push_back(half(s, i, b));
        for (Index j = 0; j < s.n2; ++j) {
          double* sums = scratch_.sums.data();
          combine(&s.right->polynomials(j, 0), s.n2, s.stride(), sums);
          double* to = local.data() + s.monomial(i, j) * design_.product_stride();
          for (std::size_t e = 0; e < s.products().size(); ++e) to[s.products()[e]] += sums[e];
        }
      }
    }
  }

  /// Adds the sums of monomial times product of predictors to their raw places.
  void products_to_raw(const double* local, double* raw) {
    for (const RowGroup::Pair& member : group_.pairs()) {
      const Sides s = sides(member);
      for (Index i = 0; i < s.n1; ++i) {
        scratch_.from.clear();
        for (Index j = 0; j < s.n2; ++j) {
          scratch_.from.push_back(of_pair(s, local + s.monomial(i, j) * design_.product_stride(), j));
        }
        for (Index b = 0; b < s.w2; ++b) combine(&s.right->polynomials(0, b), 1, s.stride(), half(s, i, b));
      }
      for (Index b = 0; b < s.w2; ++b) {
        scratch_.from.clear();
        for (Index i = 0; i < s.n1; ++i) scratch_.from.push_back(half(s, i, b));
        for (Index a = 0; a < s.columns_up_to(b); ++a) {
          add_combined(&s.left->polynomials(0, a), s.stride(), raw + s.position(a, b));
        }
      }
    }
  }

 private:
  /// A pair of bases on the pieces of the run.
  struct Sides {
    const RowGroup::Pair* member;
    const BasisPair* pair;
    const ContextBasis::Piece* left;
    const ContextBasis::Piece* right;
    Index n1, n2, w1, w2;

    /// Of a symmetric pair only a <= b are kept.
    Index columns_up_to(Index b) const { return pair->symmetric() ? b + 1 : w1; }
    Index stride() const { return pair->stride; }
    const std::vector<Index>& products() const { return pair->products; }
    Index monomial(Index i, Index j) const { return member->products[static_cast<std::size_t>(i * n2 + j)]; }
    Index position(Index a, Index b) const {
      return pair->position(left->columns[static_cast<std::size_t>(a)],
                            right->columns[static_cast<std::size_t>(b)]);
    }
  };

  Sides sides(const RowGroup::Pair& member) {
    Sides s;
    s.member = &member;
    s.pair = member.pair;
    s.left = &piece_of(member.pair->first);
    s.right = &piece_of(member.pair->second);
    s.n1 = s.left->polynomials.rows(), s.w1 = s.left->polynomials.cols();
    s.n2 = s.right->polynomials.rows(), s.w2 = s.right->polynomials.cols();
    scratch_.half.resize(static_cast<std::size_t>(s.n1 * s.w2 * s.stride()));
    scratch_.sums.resize(static_cast<std::size_t>(s.n2 * s.stride()));
    return s;
  }

  const ContextBasis::Piece& piece_of(Index basis) const {
    return design_.bases()[static_cast<std::size_t>(basis)]->piece(group_.piece_of(basis, run_.pieces));
  }

  double* half(const Sides& s, Index i, Index b) {
    return scratch_.half.data() + (i * s.w2 + b) * s.stride();
  }

  /// The products of a pair among those of a monomial; place j of the scratch holds them if they are a
  /// choice.
  const double* of_pair(const Sides& s, const double* products, Index j) {
    if (s.products().size() == design_.products().size()) return products;
    double* to = scratch_.sums.data() + j * s.stride();
    std::fill_n(to, s.stride(), 0.0);
    for (std::size_t e = 0; e < s.products().size(); ++e) to[e] = products[s.products()[e]];
    return to;
  }

  /// to = sum over k of q[k stride] times the array that scratch_.from[k] points to, n in whole lanes.
  void combine(const double* q, Index stride, Index n, double* to) const {
    for (Index e = 0; e < n; e += kLanes) {
      Lanes sum = Lanes::Zero();
      const double* factor = q;
      for (const double* from : scratch_.from) sum += *factor * detail::lanes(from + e), factor += stride;
      Eigen::Map<Lanes>(to + e) = sum;
    }
  }

  /// The same with stride 1, added.
  void add_combined(const double* q, Index n, double* to) const {
    for (Index e = 0; e < n; e += kLanes) {
      Lanes sum = detail::lanes(to + e);
      const double* factor = q;
      for (const double* from : scratch_.from) sum += *factor++ * detail::lanes(from + e);
      Eigen::Map<Lanes>(to + e) = sum;
    }
  }

  /// visit(effect, piece, users, function of the piece, place of its first raw coefficient)
  template <class Visit>
  void for_each_effect(const Visit& visit) const {
    for (const RowGroup::Effect& effect : group_.effects()) {
      const ContextBasis::Piece& piece = piece_of(effect.basis);
      const std::vector<Index>& users = design_.users(effect.basis);
      const Index n_users = static_cast<Index>(users.size());
      for (std::size_t l = 0; l < piece.columns.size(); ++l) {
        const Index place = design_.raw_offset(effect.basis) + piece.columns[l] * n_users;
        visit(effect, piece, users, static_cast<Index>(l), place);
      }
    }
  }

  const KhatriRaoDesign& design_;
  const RowGroup& group_;
  const Run& run_;
  Scratch& scratch_;
};

}  // namespace contextstats
