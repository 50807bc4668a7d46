// EventStream: a body of server-sent events that waits without a thread, sends a sign of life, and ends when its caller
// has lost the right to it.
//
// Threads: pull() from the connection's thread, one at a time; poke() from any.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/gzip_join.h"
#include "api/route.h"
#include "api/services.h"
#include "http/message.h"

namespace curfew::api {

inline constexpr int kSignOfLifeBeats = 15;  // seconds between comments on a silent stream
inline constexpr int kMostBeats = 15 * 60;   // then it ends, and the client resumes it with fresh credentials
inline constexpr std::int64_t kMostStreams = 4'096;

// id may be empty.
void append_event(std::string& out, std::string_view id, std::string_view name, std::string_view data);

class EventStream : public http::BodySource {
 public:
  // `allowed` is asked every few seconds. `gzip`: the body is compressed, and take() shares packed texts.
  EventStream(Services& services, std::function<bool()> allowed, bool gzip = false);
  ~EventStream() override;

  Pull pull(std::string& out, std::function<void()> wake) final;
  http::SharedText shared() final { return std::exchange(shared_, {}); }

 protected:
  enum class More : std::uint8_t { kSome, kNothing, kEnd };
  // Appends what there is. After kNothing the source calls poke() once there is something.
  virtual More take(std::string& out, const std::function<void()>& poke) = 0;
  // For take(): the text from `from` on follows what it has appended, without a copy.
  void share(std::shared_ptr<const engine::EventSlice> slice, std::size_t from, std::string& out);

 private:
  // Outlives the stream in the callbacks that may still come.
  struct Doorbell {
    std::mutex mutex;
    std::function<void()> wake;  // of a pull that found nothing
    bool rung = false;           // since the last take() began
    std::atomic<int> beats{0};   // since the stream began
    std::atomic<int> last_sent{0};
    std::atomic<bool> closed{false};
    void ring();
  };

  Pull pull_plain(std::string& out, std::function<void()> wake);

  Services& services_;
  std::function<bool()> allowed_;
  std::optional<GzipJoin> gzip_;
  http::SharedText shared_;
  std::pair<std::uint32_t, std::size_t> shared_part_;  // what gzip_ is to be told of it
  std::shared_ptr<Doorbell> bell_;
  bool begun_ = false;
  Heartbeat::Ticket ticket_;
};

// Whether the caller may still do this: an operator or key that is still there and still holds the permission.
std::function<bool()> still_allowed(Services& services, const Call& call);

// 200 text/event-stream; 429 when there are too many streams.
http::Response stream_response(std::unique_ptr<http::BodySource> source, bool gzip = false);
Status room_for_stream(Services& services);

}  // namespace curfew::api
