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

/// Calls work(item, tools) for items 0 .. count - 1, the next one on the next free of up to
/// `execution.threads` threads. Each thread has tools of its own, from make_tools(): arrays that would else
/// be allocated for every item. Items must not depend on each other; the first exception is rethrown here.
template <class MakeTools, class Work>
void for_each_item(Index count, const Execution& execution, const MakeTools& make_tools, const Work& work) {
  std::atomic<Index> next{0};
  std::atomic<bool> failed{false};
  std::exception_ptr failure;
  std::mutex failure_lock;
  const auto drain = [&](bool may_poll) {
    try {
      auto tools = make_tools();
      for (Index item = next++; item < count && !failed; item = next++) {
        if (may_poll && execution.hooks != nullptr) execution.hooks->check();
        work(item, tools);
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

/// The same without tools: work(item).
template <class Work>
void for_each_item(Index count, const Execution& execution, const Work& work) {
  for_each_item(
      count, execution, [] { return 0; }, [&](Index item, int) { work(item); });
}

}  // namespace contextstats
