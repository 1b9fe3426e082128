#pragma once

#include <Eigen/Core>

namespace contextstats {

using Index = Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// Views of the caller's arrays, column by column; they live for one call.
using ConstMatrix = Eigen::Ref<const MatrixXd>;
using ConstVector = Eigen::Ref<const VectorXd>;

}  // namespace contextstats
