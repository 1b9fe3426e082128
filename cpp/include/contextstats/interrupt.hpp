#pragma once

#include <exception>
#include <functional>

namespace contextstats {

/// Thrown from inside a fit when the caller asked to stop. Nothing is kept.
class Interrupted final : public std::exception {
 public:
  const char* what() const noexcept override { return "The fit was interrupted."; }
};

/// What the caller hears of a running fit: both are called from the thread that started it, never from a
/// worker.
struct Hooks {
  std::function<bool()> stop_requested;  ///< polled between chunks of rows
  std::function<void(int iteration, double objective, double gradient)>
      progress;  ///< once an outer iteration

  void check() const {
    if (stop_requested && stop_requested()) throw Interrupted();
  }
};

}  // namespace contextstats
