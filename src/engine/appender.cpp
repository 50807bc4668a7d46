#include "engine/appender.h"

#include <system_error>
#include <utility>

#include "engine/brief_wait.h"

namespace curfew::engine {

Appender::~Appender() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Appender::begin(Complete complete, std::function<void()> written) {
  short_ = written != nullptr;
  ++under_way_;
  if (!thread_.joinable()) {
    try {
      thread_ = std::thread([this] { run(); });
    } catch (const std::system_error&) {
      return write({std::move(complete), std::move(written)});
    }
  }
  {
    const std::lock_guard lock(mutex_);
    asked_.push_back({std::move(complete), std::move(written)});
    asked_count_ = asked_.size();
  }
  wake_.notify_all();
}

Result<ledger::Position> Appender::wait() {
  if (short_) wait_briefly([this] { return answer_count_ > 0; });
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return !answers_.empty(); });
  Result<ledger::Position> answer = std::move(answers_.front());
  answers_.pop_front();
  answer_count_ = answers_.size();
  if (--under_way_ == 0) failed_.reset();
  return answer;
}

void Appender::write(const Asked& asked) {
  const auto failed = [this] {
    const std::lock_guard lock(mutex_);
    return failed_;
  }();
  Result<ledger::Position> answer =
      failed ? Result<ledger::Position>(tl::unexpect, *failed) : ledger_.append(asked.complete());
  if (asked.written) asked.written();
  const std::lock_guard lock(mutex_);
  if (!answer) failed_ = answer.error();
  answers_.push_back(std::move(answer));
  answer_count_ = answers_.size();
}

void Appender::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !asked_.empty(); });
    if (asked_.empty()) return;
    const Asked asked = std::move(asked_.front());
    asked_.pop_front();
    asked_count_ = asked_.size();
    lock.unlock();
    write(asked);
    wake_.notify_all();
    if (asked.written) wait_briefly([this] { return asked_count_ > 0; });
    lock.lock();
  }
}

}  // namespace curfew::engine
