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
  if (!thread_.joinable()) {
    try {
      thread_ = std::thread([this] { run(); });
    } catch (const std::system_error&) {
      begun_ = std::move(complete);
      if (written) written();
      return;  // wait() does it
    }
  }
  {
    const std::lock_guard lock(mutex_);
    asked_ = std::move(complete);
    has_asked_ = true;
    written_ = std::move(written);
  }
  wake_.notify_all();
}

Result<ledger::Position> Appender::wait() {
  if (begun_) return ledger_.append(std::exchange(begun_, nullptr)());
  if (short_) wait_briefly([this] { return has_answered_.load(); });
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return answer_.has_value(); });
  has_answered_ = false;
  return *std::exchange(answer_, std::nullopt);
}

void Appender::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || asked_ != nullptr; });
    if (asked_ == nullptr) return;
    has_asked_ = false;
    const Complete complete = std::exchange(asked_, nullptr);
    const std::function<void()> written = std::move(written_);
    lock.unlock();
    Result<ledger::Position> answer = ledger_.append(complete());
    if (written) written();  // before wait() returns: the caller may begin the next one then
    lock.lock();
    answer_ = std::move(answer);
    has_answered_ = true;
    lock.unlock();
    wake_.notify_all();
    if (written) wait_briefly([this] { return has_asked_.load(); });
    lock.lock();
  }
}

}  // namespace curfew::engine
