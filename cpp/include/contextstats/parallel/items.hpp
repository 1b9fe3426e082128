#pragma once

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "contextstats/interrupt.hpp"
#include "contextstats/types.hpp"

namespace contextstats {

/// How independent work is spread: threads never change the numbers, only the time.
struct Execution {
  int threads = 1;
  const Hooks* hooks = nullptr;
};

/// Calls work(item) for items 0 .. count - 1, the next one on the next free of up to `execution.threads`
/// threads. Items must not depend on each other; the first exception is rethrown here.
template <class Work>
void for_each_item(Index count, const Execution& execution, const Work& work) {
  std::atomic<Index> next{0};
  std::atomic<bool> failed{false};
  std::exception_ptr failure;
  std::mutex failure_lock;
  const auto drain = [&](bool may_poll) {
    try {
      for (Index item = next++; item < count && !failed; item = next++) {
        if (may_poll && execution.hooks != nullptr) execution.hooks->check();
        work(item);
      }
    } catch (...) {
      const std::lock_guard<std::mutex> guard(failure_lock);
      if (!failed.exchange(true)) failure = std::current_exception();
    }
  };
  std::vector<std::thread> workers;
  for (Index i = 1; i < std::min<Index>(execution.threads, count); ++i) workers.emplace_back(drain, false);
  drain(true);
  for (std::thread& worker : workers) worker.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace contextstats
