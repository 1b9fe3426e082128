#pragma once

#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

#include "contextstats/columns.hpp"

namespace contextstats {

/// Exponents of a monomial, one for each coordinate of a basis.
using Exponents = std::vector<int>;

/// A basis b(c) of functions of context that is piecewise polynomial: contexts are cut into pieces, and on a
/// piece each function is a polynomial in a few coordinates t(c), most of them zero.
///
/// Every basis of this project is of this kind: B-splines (one coordinate, degree 3), linear contexts (one
/// piece, coordinates of degree 1), factors (a piece for each level, constants), products of those, and
/// hidden layers (one piece, linear in their outputs). Sums over the rows of a piece are therefore sums of a
/// few monomials, from which the sums for all of its functions follow.
class ContextBasis {
 public:
  /// The functions that live on one piece: raw column columns[l] is polynomials.col(l)' (monomials of t).
  struct Piece {
    std::vector<Index> columns;
    MatrixXd polynomials;  ///< (monomials, functions of the piece)
  };

  virtual ~ContextBasis() = default;
  Index n_columns() const { return n_columns_; }
  Index n_pieces() const { return static_cast<Index>(pieces_.size()); }
  const Piece& piece(Index index) const { return pieces_[static_cast<std::size_t>(index)]; }
  /// The monomials all pieces share, the same exponents for each.
  const std::vector<Exponents>& monomials() const { return monomials_; }
  Index n_coordinates() const { return static_cast<Index>(monomials_.front().size()); }

  /// The piece of each of the rows first .. first + count.
  virtual void locate(const Columns& contexts, Index first, Index count, std::int32_t* pieces) const = 0;

  /// Whether coordinates are functions of several contexts at once, given by `coordinates_of_rows`; else each
  /// is made from one column, by `context_of` and `to_coordinate`.
  virtual bool reads_whole_rows() const { return false; }

  /// All coordinates of the rows first .. first + count, (count, n_coordinates).
  virtual MatrixXd coordinates_of_rows(const Columns&, Index, Index) const {
    throw std::logic_error(kOtherKind);
  }

  /// The column of the contexts that a coordinate is made from.
  virtual Index context_of(Index) const { throw std::logic_error(kOtherKind); }

  /// Writes a coordinate of `count` contexts that lie on one piece; they may be overwritten by it.
  virtual void to_coordinate(Index /*which*/, Index /*piece*/, Index /*count*/, const double* /*contexts*/,
                             double* /*values*/) const {
    throw std::logic_error(kOtherKind);
  }

 protected:
  ContextBasis(Index n_columns, std::vector<Exponents> monomials)
      : n_columns_(n_columns), monomials_(std::move(monomials)) {}

  void add_piece(std::vector<Index> columns, MatrixXd polynomials) {
    pieces_.push_back({std::move(columns), std::move(polynomials)});
  }

 private:
  static constexpr const char* kOtherKind = "The coordinates of this basis are made in the other way.";

  Index n_columns_;
  std::vector<Exponents> monomials_;
  std::vector<Piece> pieces_;
};

/// All functions of a basis at every row, zeros included: (rows, raw columns). For looking at a basis; models
/// never form it.
inline MatrixXd basis_matrix(const ContextBasis& basis, const Columns& contexts) {
  MatrixXd values = MatrixXd::Zero(contexts.rows(), basis.n_columns());
  for (Index row = 0; row < contexts.rows(); ++row) {
    std::int32_t index = 0;
    basis.locate(contexts, row, 1, &index);
    const ContextBasis::Piece& piece = basis.piece(index);
    VectorXd monomials = VectorXd::Ones(piece.polynomials.rows());
    const MatrixXd whole =
        basis.reads_whole_rows() ? basis.coordinates_of_rows(contexts, row, 1) : MatrixXd();
    for (Index k = 0; k < basis.n_coordinates(); ++k) {
      double t = whole.size() > 0 ? whole(0, k) : contexts(row, basis.context_of(k));
      if (whole.size() == 0) basis.to_coordinate(k, index, 1, &t, &t);
      for (Index m = 0; m < monomials.size(); ++m) {
        const Exponents& powers = basis.monomials()[static_cast<std::size_t>(m)];
        for (int power = 0; power < powers[static_cast<std::size_t>(k)]; ++power) monomials[m] *= t;
      }
    }
    for (std::size_t l = 0; l < piece.columns.size(); ++l) {
      values(row, piece.columns[l]) += piece.polynomials.col(static_cast<Index>(l)).dot(monomials);
    }
  }
  return values;
}

}  // namespace contextstats
