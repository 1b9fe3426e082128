#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "contextstats/encoder/context_basis.hpp"
#include "contextstats/objective/product_kernels.hpp"
#include "contextstats/types.hpp"

namespace contextstats {

/// The columns of the design that belong to one predictor and one term: x_j * (b_t(c)' transform).
struct Block {
  Index predictor = 0;
  Index basis = 0;
  MatrixXd transform;  ///< (raw columns of the basis, coefficients of the block)
  Index start = 0;     ///< first coefficient of the block, set by the design
};

/// Two bases whose cross products are needed, for a list of products of predictors.
///
/// Sums for (raw column c1 of `first`, raw column c2 of `second`) are `stride` doubles long, one for each
/// entry of `products` and padding. If `first == second` only c1 <= c2 are kept, packed row by row.
struct BasisPair {
  Index first = 0;
  Index second = 0;
  std::vector<Index> products;
  Index stride = 0;
  Index offset = 0;
  Index columns_second = 0;

  bool symmetric() const { return first == second; }
  Index position(Index c1, Index c2) const {
    const Index cell =
        symmetric() ? c1 * columns_second - c1 * (c1 - 1) / 2 + (c2 - c1) : c1 * columns_second + c2;
    return offset + cell * stride;
  }
};

/// The design matrix Z of a varying-coefficient model, as the recipe for its columns: Z itself is never
/// formed.
///
/// With theta the natural coefficients, the raw coefficients of basis k are A_k = sum over its blocks of
/// transform theta_block, one row for each raw column and one entry for each predictor that uses the basis,
/// and z_i' theta = sum_k sum_l b_kl(c_i) (A_k[column l] . x_i). Gradients and cross products are summed in
/// the raw coordinates, where a row touches few entries, and brought to the natural ones once.
class KhatriRaoDesign {
 public:
  KhatriRaoDesign(std::vector<std::shared_ptr<const ContextBasis>> bases, std::vector<Block> blocks,
                  Index n_predictors)
      : bases_(std::move(bases)), blocks_(std::move(blocks)), n_predictors_(n_predictors) {
    place_blocks();
    place_raw_coefficients();
    list_pairs();
  }

  Index n_predictors() const { return n_predictors_; }
  Index n_coefficients() const { return n_coefficients_; }
  Index n_raw() const { return n_raw_; }
  Index raw_gram_size() const { return raw_gram_size_; }
  const std::vector<std::shared_ptr<const ContextBasis>>& bases() const { return bases_; }
  const std::vector<Block>& blocks() const { return blocks_; }
  const std::vector<BasisPair>& pairs() const { return pairs_; }
  /// Products (j, j'), j <= j', of predictors that occur in any pair.
  const std::vector<std::pair<Index, Index>>& products() const { return products_; }
  /// Doubles for one sum of each product: whole lanes, the last of them zero.
  Index product_stride() const { return in_lanes(static_cast<Index>(products_.size())); }
  /// Predictors that use a basis, in order.
  const std::vector<Index>& users(Index basis) const { return users_[static_cast<std::size_t>(basis)]; }
  Index raw_offset(Index basis) const { return raw_offset_[static_cast<std::size_t>(basis)]; }

  VectorXd raw_coefficients(ConstVector theta) const {
    VectorXd raw = VectorXd::Zero(n_raw_);
    for (const Block& block : blocks_) {
      raw_view(raw, block) += block.transform * theta.segment(block.start, block.transform.cols());
    }
    return raw;
  }

  VectorXd natural_gradient(VectorXd raw) const {
    VectorXd gradient(n_coefficients_);
    for (const Block& block : blocks_) {
      gradient.segment(block.start, block.transform.cols()).noalias() =
          block.transform.transpose() * raw_view(raw, block);
    }
    return gradient;
  }

  /// Z'WZ from the raw sums.
  MatrixXd natural_gram(ConstVector raw) const {
    MatrixXd gram(n_coefficients_, n_coefficients_);
    for (std::size_t a = 0; a < blocks_.size(); ++a) {
      for (std::size_t b = a; b < blocks_.size(); ++b) {
        const Block& left = blocks_[a];
        const Block& right = blocks_[b];
        const MatrixXd part = left.transform.transpose() * raw_block(raw, left, right) * right.transform;
        gram.block(left.start, right.start, part.rows(), part.cols()) = part;
        gram.block(right.start, left.start, part.cols(), part.rows()) = part.transpose();
      }
    }
    return gram;
  }

  /// The raw array r with z'Vz = sum of r times the raw cross products of the row, V symmetric: the adjoint
  /// of natural_gram, so that a quadratic form costs what one row of the Gram matrix costs.
  VectorXd raw_quadratic(const MatrixXd& v) const {
    VectorXd raw = VectorXd::Zero(raw_gram_size_);
    for (const Block& left : blocks_) {
      for (const Block& right : blocks_) {
        if (left.basis > right.basis) continue;
        const double twice = left.basis < right.basis ? 2.0 : 1.0;
        const MatrixXd part =
            twice * left.transform *
            v.block(left.start, right.start, left.transform.cols(), right.transform.cols()) *
            right.transform.transpose();
        add_raw_block(part, left, right, raw);
      }
    }
    return raw;
  }

 private:
  using Strided = Eigen::Map<VectorXd, 0, Eigen::InnerStride<>>;

  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
  static Index in_lanes(Index n) { return (n + kLanes - 1) / kLanes * kLanes; }

  Strided raw_view(VectorXd& raw, const Block& block) const {
    const std::vector<Index>& predictors = users_[at(block.basis)];
    const Index slot =
        std::lower_bound(predictors.begin(), predictors.end(), block.predictor) - predictors.begin();
    return Strided(raw.data() + raw_offset_[at(block.basis)] + slot, bases_[at(block.basis)]->n_columns(),
                   Eigen::InnerStride<>(static_cast<Index>(predictors.size())));
  }

  void place_blocks() {
    users_.resize(bases_.size());
    for (Block& block : blocks_) {
      if (block.basis < 0 || block.basis >= static_cast<Index>(bases_.size()) || block.predictor < 0 ||
          block.predictor >= n_predictors_) {
        throw std::invalid_argument("A block names a basis or a predictor that does not exist.");
      }
      if (block.transform.rows() != bases_[at(block.basis)]->n_columns()) {
        throw std::invalid_argument("A block's transform needs one row for each raw column of its basis.");
      }
      block.start = n_coefficients_;
      n_coefficients_ += block.transform.cols();
      users_[at(block.basis)].push_back(block.predictor);
    }
    for (std::vector<Index>& predictors : users_) {
      std::sort(predictors.begin(), predictors.end());
      predictors.erase(std::unique(predictors.begin(), predictors.end()), predictors.end());
    }
  }

  void place_raw_coefficients() {
    for (std::size_t k = 0; k < bases_.size(); ++k) {
      raw_offset_.push_back(n_raw_);
      n_raw_ += bases_[k]->n_columns() * static_cast<Index>(users_[k].size());
    }
  }

  void list_pairs() {
    std::map<std::pair<Index, Index>, Index> known;
    const auto product_index = [&](Index i, Index j) {
      const std::pair<Index, Index> key = std::minmax(i, j);
      const auto [place, is_new] = known.emplace(key, static_cast<Index>(products_.size()));
      if (is_new) products_.push_back(key);
      return place->second;
    };
    for (std::size_t k1 = 0; k1 < bases_.size(); ++k1) {
      for (std::size_t k2 = k1; k2 < bases_.size(); ++k2) {
        BasisPair pair;
        pair.first = static_cast<Index>(k1);
        pair.second = static_cast<Index>(k2);
        for (const Index i : users_[k1]) {
          for (const Index j : users_[k2]) pair.products.push_back(product_index(i, j));
        }
        std::sort(pair.products.begin(), pair.products.end());
        pair.products.erase(std::unique(pair.products.begin(), pair.products.end()), pair.products.end());
        if (pair.products.empty()) continue;
        pair.stride = in_lanes(static_cast<Index>(pair.products.size()));
        pair.offset = raw_gram_size_;
        pair.columns_second = bases_[k2]->n_columns();
        const Index n1 = bases_[k1]->n_columns();
        raw_gram_size_ += pair.stride * (k1 == k2 ? n1 * (n1 + 1) / 2 : n1 * pair.columns_second);
        pair_of_[{pair.first, pair.second}] = static_cast<Index>(pairs_.size());
        pairs_.push_back(std::move(pair));
      }
    }
    product_of_ = std::move(known);
  }

  /// Position in a pair's sums of the product of the predictors of two blocks.
  Index slot_of(const BasisPair& pair, const Block& left, const Block& right) const {
    const std::pair<Index, Index> key = std::minmax(left.predictor, right.predictor);
    const Index product = product_of_.at(key);
    return std::lower_bound(pair.products.begin(), pair.products.end(), product) - pair.products.begin();
  }

  const BasisPair& pair_for(Index basis_a, Index basis_b) const {
    return pairs_[at(pair_of_.at(std::minmax(basis_a, basis_b)))];
  }

  MatrixXd raw_block(const ConstVector& raw, const Block& left, const Block& right) const {
    const BasisPair& pair = pair_for(left.basis, right.basis);
    const Index slot = slot_of(pair, left, right);
    const bool swapped = left.basis > right.basis;
    MatrixXd sums(left.transform.rows(), right.transform.rows());
    for (Index c1 = 0; c1 < sums.rows(); ++c1) {
      for (Index c2 = 0; c2 < sums.cols(); ++c2) {
        Index i = swapped ? c2 : c1;
        Index j = swapped ? c1 : c2;
        if (pair.symmetric() && i > j) std::swap(i, j);
        sums(c1, c2) = raw[pair.position(i, j) + slot];
      }
    }
    return sums;
  }

  void add_raw_block(const MatrixXd& part, const Block& left, const Block& right, VectorXd& raw) const {
    const BasisPair& pair = pair_for(left.basis, right.basis);
    const Index slot = slot_of(pair, left, right);
    for (Index c1 = 0; c1 < part.rows(); ++c1) {
      for (Index c2 = 0; c2 < part.cols(); ++c2) {
        const bool swap = pair.symmetric() && c1 > c2;
        raw[pair.position(swap ? c2 : c1, swap ? c1 : c2) + slot] += part(c1, c2);
      }
    }
  }

  std::vector<std::shared_ptr<const ContextBasis>> bases_;
  std::vector<Block> blocks_;
  Index n_predictors_;
  Index n_coefficients_ = 0;
  Index n_raw_ = 0;
  Index raw_gram_size_ = 0;
  std::vector<std::vector<Index>> users_;
  std::vector<Index> raw_offset_;
  std::vector<BasisPair> pairs_;
  std::vector<std::pair<Index, Index>> products_;
  std::map<std::pair<Index, Index>, Index> pair_of_;
  std::map<std::pair<Index, Index>, Index> product_of_;
};

}  // namespace contextstats
