#include "api/ingest.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "api/event_stream.h"
#include "api/session_input.h"
#include "base/json_writer.h"
#include "base/limits.h"

namespace curfew::api {
namespace {

constexpr std::size_t kGroup = 1'000;
constexpr std::size_t kUnderWay = 4;

// What the connection's thread and the sequencer share. Lives as long as either needs it.
class Tally {
 public:
  Tally(Services& services, Call call) : services_(services), call_(std::move(call)) {}

  const Call& call() const { return call_; }

  void refuse(std::uint64_t line, std::string code, std::string detail) {
    const std::lock_guard lock(mutex_);
    list(line, std::move(code), std::move(detail));
  }

  // Sends a group; `lines` are those of its commands.
  void send(const std::shared_ptr<Tally>& self, engine::Submission submission, std::vector<std::uint64_t> lines) {
    {
      const std::lock_guard lock(mutex_);
      if (failure_) return;
      ++under_way_;
    }
    services_.engine.submit(std::move(submission),
                            [self, lines = std::move(lines)](Result<std::vector<engine::CommandResult>> results) {
                              self->done(lines, std::move(results));
                            });
  }

  // False: enough is under way; `resume` is called when there is room.
  bool room(std::function<void()> resume) {
    const std::lock_guard lock(mutex_);
    if (under_way_ < kUnderWay || failure_) return true;
    resume_ = std::move(resume);
    return false;
  }

  // The rest is not wanted; answers as soon as it is certain what was accepted.
  void fail(Error error) {
    bool last = false;
    {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::move(error);
      last = under_way_ == 0 && !answered_;
      if (last) answered_ = true;
    }
    if (last) answer();
  }

  bool failed() const {
    const std::lock_guard lock(mutex_);
    return failure_.has_value();
  }

  void finish() {
    {
      const std::lock_guard lock(mutex_);
      finished_ = true;
      if (under_way_ > 0 || answered_) return;
      answered_ = true;
    }
    answer();
  }

  // The client has gone: nothing is answered any more.
  void abort() {
    const std::lock_guard lock(mutex_);
    answered_ = true;
    resume_ = nullptr;
  }

 private:
  struct Refusal {
    std::string code, detail;
  };

  // Under the mutex. Keeps the refusals of the lowest lines.
  void list(std::uint64_t line, std::string code, std::string detail) {
    ++refused_;
    refusals_.emplace(line, Refusal{std::move(code), std::move(detail)});
    if (refusals_.size() > limits::kRefusalsListed) refusals_.erase(std::prev(refusals_.end()));
  }

  void done(const std::vector<std::uint64_t>& lines, Result<std::vector<engine::CommandResult>> results) {
    std::function<void()> resume;
    bool last = false;
    {
      const std::lock_guard lock(mutex_);
      --under_way_;
      if (!results) {
        if (!failure_) failure_ = results.error();
      } else {
        for (std::size_t i = 0; i < lines.size(); ++i) {
          const engine::CommandResult& result = (*results)[i];
          if (!session::refused(result.outcome)) {
            ++accepted_;
            continue;
          }
          // Beyond the list only the count matters.
          if (refusals_.size() == limits::kRefusalsListed && lines[i] > refusals_.rbegin()->first) {
            ++refused_;
            continue;
          }
          Error error = outcome_error(result, ErrorCode::kConflict);
          list(lines[i], std::move(error.reason), std::move(error.message));
        }
      }
      resume = std::exchange(resume_, nullptr);
      // A failure is answered as soon as it is certain what was accepted, whether or not more is being sent.
      last = (finished_ || failure_) && under_way_ == 0 && !answered_;
      if (last) answered_ = true;
    }
    if (resume) resume();
    if (last) answer();
  }

  // Once, when nothing is under way any more.
  void answer() {
    if (failure_) {
      ProblemExtras extras;
      extras.accepted = accepted_;
      extras.refused = refused_;
      call_.refuse(*failure_, extras);
      return;
    }
    std::string body;
    JsonWriter json(body);
    json.begin_object().field("accepted", accepted_).field("refused", refused_).key("refusals").begin_array();
    for (const auto& [line, refusal] : refusals_)
      json.begin_object().field("line", line).field("code", refusal.code).field("detail", refusal.detail).end_object();
    json.end_array().end_object();
    call_.answer(json_response(200, std::move(body)));
  }

  Services& services_;
  Call call_;
  mutable std::mutex mutex_;
  std::size_t under_way_ = 0;
  std::uint64_t accepted_ = 0, refused_ = 0;
  std::map<std::uint64_t, Refusal> refusals_;
  std::optional<Error> failure_;
  bool finished_ = false, answered_ = false;
  std::function<void()> resume_;
};

class IngestSink final : public http::BodySink {
 public:
  IngestSink(Services& services, Call call)
      : clock_(services.clock),
        allowed_(still_allowed(services, call)),
        tally_(std::make_shared<Tally>(services, std::move(call))) {}

  bool feed(std::string_view chunk, std::function<void()> resume) override {
    if (tally_->failed()) return true;  // answered, or about to be: the rest is dropped
    while (!chunk.empty()) {
      const std::size_t end = chunk.find('\n');
      if (end == std::string_view::npos) {
        keep(chunk);
        break;
      }
      if (partial_.empty() && !too_long_) {
        take(chunk.substr(0, end));
      } else {
        keep(chunk.substr(0, end));
        take_partial();
      }
      chunk.remove_prefix(end + 1);
      if (lines_.size() >= kGroup) flush();
      if (tally_->failed()) return true;
    }
    // Also what is less than a group: a slow sender's lines take effect when they come.
    flush();
    return tally_->room(std::move(resume));
  }

  void finish() override {
    if (!tally_->failed()) {
      if (!partial_.empty() || too_long_) take_partial();
      flush();
    }
    tally_->finish();
  }

  void abort() override { tally_->abort(); }

 private:
  void keep(std::string_view part) {
    if (too_long_ || partial_.size() + part.size() > limits::kIngestLine) {
      too_long_ = true;
      partial_.clear();
      return;
    }
    partial_ += part;
  }

  void take_partial() {
    if (too_long_) {
      refuse_long(++line_);
      too_long_ = false;
      return;
    }
    take(partial_);
    partial_.clear();
  }

  void refuse_long(std::uint64_t line) {
    tally_->refuse(line, "too_large", "A line holds at most " + std::to_string(limits::kIngestLine) + " bytes.");
  }

  void take(std::string_view text) {
    ++line_;
    if (text.size() > limits::kIngestLine) return refuse_long(line_);
    while (!text.empty() && (text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
    if (text.empty()) return;
    if (lines_.empty()) now_ = clock_.now();
    auto command = [&]() -> Result<session::Command> {
      CURFEW_TRY(const auto value, parser_.parse(text));
      return read_operation(value, tally_->call().realm->id, now_, submission_.client_names);
    }();
    if (!command) {
      Error error = std::move(command).error();
      const std::string where = error.field.empty() ? std::string() : error.field + ": ";
      tally_->refuse(line_, std::string(error.reason_or_code()), where + error.message);
      return;
    }
    submission_.commands.push_back(*std::move(command));
    lines_.push_back(line_);
  }

  void flush() {
    if (lines_.empty()) return;
    // A body may go on for days: what was allowed when it began need not be any more.
    if (!allowed_()) {
      submission_ = {};
      lines_.clear();
      tally_->fail({ErrorCode::kPermissionDenied, "forbidden",
                    "This needs SESSIONS:WRITE, which was withdrawn while the lines came in.", ""});
      return;
    }
    submission_.origin = tally_->call().origin();
    tally_->send(tally_, std::exchange(submission_, {}), std::exchange(lines_, {}));
  }

  const Clock& clock_;
  std::function<bool()> allowed_;
  std::shared_ptr<Tally> tally_;
  JsonParser parser_;
  std::string partial_;     // a line whose end has not come yet
  bool too_long_ = false;   // that line is over the limit: its rest is dropped
  std::uint64_t line_ = 0;  // lines taken
  Time now_;
  engine::Submission submission_;
  std::vector<std::uint64_t> lines_;
};

}  // namespace

std::unique_ptr<http::BodySink> open_ingest(Services& services, Call call) {
  return std::make_unique<IngestSink>(services, std::move(call));
}

}  // namespace curfew::api
