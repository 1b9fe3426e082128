#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "contextstats/encoder/context_basis.hpp"

namespace contextstats {

/// Products of the functions of two bases; raw column i * n_b + j is a_i(c) b_j(c).
class TensorBasis final : public ContextBasis {
 public:
  TensorBasis(std::shared_ptr<const ContextBasis> a, std::shared_ptr<const ContextBasis> b)
      : ContextBasis(a->n_columns() * b->n_columns(), product_monomials(*a, *b)),
        a_(std::move(a)),
        b_(std::move(b)) {
    for (Index za = 0; za < a_->n_pieces(); ++za) {
      for (Index zb = 0; zb < b_->n_pieces(); ++zb) add_product(a_->piece(za), b_->piece(zb));
    }
  }

  void locate(const Columns& contexts, Index first, Index count, std::int32_t* pieces) const override {
    std::vector<std::int32_t> of_b(static_cast<std::size_t>(count));
    a_->locate(contexts, first, count, pieces);
    b_->locate(contexts, first, count, of_b.data());
    const std::int32_t stride = static_cast<std::int32_t>(b_->n_pieces());
    for (Index i = 0; i < count; ++i) pieces[i] = pieces[i] * stride + of_b[static_cast<std::size_t>(i)];
  }

  Index context_of(Index coordinate) const override {
    const Index in_a = a_->n_coordinates();
    return coordinate < in_a ? a_->context_of(coordinate) : b_->context_of(coordinate - in_a);
  }

  void to_coordinate(Index coordinate, Index piece, Index count, const double* contexts,
                     double* values) const override {
    const Index in_a = a_->n_coordinates();
    if (coordinate < in_a) {
      return a_->to_coordinate(coordinate, piece / b_->n_pieces(), count, contexts, values);
    }
    b_->to_coordinate(coordinate - in_a, piece % b_->n_pieces(), count, contexts, values);
  }

 private:
  static std::vector<Exponents> product_monomials(const ContextBasis& a, const ContextBasis& b) {
    std::vector<Exponents> monomials;
    for (const Exponents& left : a.monomials()) {
      for (const Exponents& right : b.monomials()) {
        monomials.push_back(left);
        monomials.back().insert(monomials.back().end(), right.begin(), right.end());
      }
    }
    return monomials;
  }

  void add_product(const Piece& a, const Piece& b) {
    std::vector<Index> columns;
    MatrixXd polynomials(a.polynomials.rows() * b.polynomials.rows(),
                         static_cast<Index>(a.columns.size() * b.columns.size()));
    Index next = 0;
    for (Index la = 0; la < a.polynomials.cols(); ++la) {
      for (Index lb = 0; lb < b.polynomials.cols(); ++lb, ++next) {
        columns.push_back(a.columns[static_cast<std::size_t>(la)] * b_->n_columns() +
                          b.columns[static_cast<std::size_t>(lb)]);
        for (Index i = 0; i < a.polynomials.rows(); ++i) {
          polynomials.col(next).segment(i * b.polynomials.rows(), b.polynomials.rows()) =
              a.polynomials(i, la) * b.polynomials.col(lb);
        }
      }
    }
    add_piece(std::move(columns), std::move(polynomials));
  }

  std::shared_ptr<const ContextBasis> a_;
  std::shared_ptr<const ContextBasis> b_;
};

}  // namespace contextstats
