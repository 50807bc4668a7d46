// EventStream: a body of server-sent events that waits without a thread, sends a sign of life, and ends when its caller
// has lost the right to it.
//
// Threads: pull() from the connection's thread, one at a time; poke() from any.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

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
  // `allowed` is asked every few seconds.
  EventStream(Services& services, std::function<bool()> allowed);
  ~EventStream() override;

  Pull pull(std::string& out, std::function<void()> wake) final;

 protected:
  enum class More : std::uint8_t { kSome, kNothing, kEnd };
  // Appends what there is. After kNothing the source calls poke() once there is something.
  virtual More take(std::string& out, const std::function<void()>& poke) = 0;

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

  Services& services_;
  std::function<bool()> allowed_;
  std::shared_ptr<Doorbell> bell_;
  bool begun_ = false;
  Heartbeat::Ticket ticket_;
};

// Whether the caller may still do this: an operator or key that is still there and still holds the permission.
std::function<bool()> still_allowed(Services& services, const Call& call);

// 200 text/event-stream; 429 when there are too many streams.
http::Response stream_response(std::unique_ptr<http::BodySource> source);
Status room_for_stream(Services& services);

}  // namespace curfew::api
