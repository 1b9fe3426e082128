#pragma once

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
  /// `scratch` is kept by the caller so that it is not allocated for every run.
  LocalSums(const KhatriRaoDesign& design, const RowGroup& group, const Run& run,
            std::vector<double>& scratch)
      : design_(design), group_(group), run_(run), half_(scratch) {}

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
    const Index n_products = static_cast<Index>(design_.products().size());
    local.assign(static_cast<std::size_t>(group_.monomials().size() * n_products), 0.0);
    for (const RowGroup::Pair& member : group_.pairs()) {
      const Sides s = sides(member);
      half_.assign(static_cast<std::size_t>(s.n1 * s.w2 * s.n_products), 0.0);
      for (Index a = 0; a < s.w1; ++a) {
        for (Index b = s.first_column(a); b < s.w2; ++b) {
          const double* from = raw + s.position(a, b);
          for (Index i = 0; i < s.n1; ++i) {
            add_scaled(s.left->polynomials(i, a), from, s.n_products, half(s, i, b));
          }
        }
      }
      for (Index i = 0; i < s.n1; ++i) {
        for (Index j = 0; j < s.n2; ++j) {
          double* to = local.data() + member.products[static_cast<std::size_t>(i * s.n2 + j)] * n_products;
          for (Index b = 0; b < s.w2; ++b) {
            const double q = s.right->polynomials(j, b);
            const double* from = half(s, i, b);
            if (s.n_products == n_products) {
              add_scaled(q, from, n_products, to);
            } else {
              for (Index e = 0; e < s.n_products; ++e) to[s.product(e)] += q * from[e];
            }
          }
        }
      }
    }
  }

  /// Adds the sums of monomial times product of predictors to their raw places.
  void products_to_raw(const std::vector<double>& local, double* raw) {
    const Index n_products = static_cast<Index>(design_.products().size());
    for (const RowGroup::Pair& member : group_.pairs()) {
      const Sides s = sides(member);
      half_.assign(static_cast<std::size_t>(s.n1 * s.w2 * s.n_products), 0.0);
      for (Index i = 0; i < s.n1; ++i) {
        for (Index j = 0; j < s.n2; ++j) {
          const double* from =
              local.data() + member.products[static_cast<std::size_t>(i * s.n2 + j)] * n_products;
          for (Index b = 0; b < s.w2; ++b) {
            const double q = s.right->polynomials(j, b);
            double* to = half(s, i, b);
            if (s.n_products == n_products) {
              add_scaled(q, from, n_products, to);
            } else {
              for (Index e = 0; e < s.n_products; ++e) to[e] += q * from[s.product(e)];
            }
          }
        }
      }
      for (Index a = 0; a < s.w1; ++a) {
        for (Index b = s.first_column(a); b < s.w2; ++b) {
          for (Index i = 0; i < s.n1; ++i) {
            add_scaled(s.left->polynomials(i, a), half(s, i, b), s.n_products, raw + s.position(a, b));
          }
        }
      }
    }
  }

 private:
  /// A pair of bases on the pieces of the run.
  struct Sides {
    const BasisPair* pair;
    const ContextBasis::Piece* left;
    const ContextBasis::Piece* right;
    Index n1, n2, w1, w2, n_products;

    Index first_column(Index a) const { return pair->symmetric() ? a : 0; }
    Index product(Index e) const { return pair->products[static_cast<std::size_t>(e)]; }
    Index position(Index a, Index b) const {
      return pair->position(left->columns[static_cast<std::size_t>(a)],
                            right->columns[static_cast<std::size_t>(b)]);
    }
  };

  Sides sides(const RowGroup::Pair& member) const {
    Sides s;
    s.pair = member.pair;
    s.left = &piece_of(member.pair->first);
    s.right = &piece_of(member.pair->second);
    s.n1 = s.left->polynomials.rows(), s.w1 = s.left->polynomials.cols();
    s.n2 = s.right->polynomials.rows(), s.w2 = s.right->polynomials.cols();
    s.n_products = static_cast<Index>(member.pair->products.size());
    return s;
  }

  const ContextBasis::Piece& piece_of(Index basis) const {
    return design_.bases()[static_cast<std::size_t>(basis)]->piece(group_.piece_of(basis, run_.pieces));
  }

  double* half(const Sides& s, Index i, Index b) { return half_.data() + (i * s.w2 + b) * s.n_products; }

  static void add_scaled(double q, const double* from, Index n, double* to) {
    for (Index e = 0; e < n; ++e) to[e] += q * from[e];
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
  std::vector<double>& half_;
};

}  // namespace contextstats
