#include "client/client.h"

#include <curl/curl.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <mutex>
#include <optional>
#include <thread>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "client/url.h"

namespace curfew::client {

namespace {

constexpr int kAttempts = 3;
constexpr Duration kLongestWait = Duration::seconds(10);
constexpr std::size_t kMaxHeaders = 100;
constexpr std::size_t kMaxProblemBytes = 1024 * 1024;

struct EasyFree {
  void operator()(CURL* h) const { curl_easy_cleanup(h); }
};
struct MultiFree {
  void operator()(CURLM* h) const { curl_multi_cleanup(h); }
};
struct ListFree {
  void operator()(curl_slist* l) const { curl_slist_free_all(l); }
};
using HeaderList = std::unique_ptr<curl_slist, ListFree>;

void append(HeaderList& list, const std::string& line) {
  // A failed append leaves the old list as it was; without memory there is nothing better to do than to go without.
  if (curl_slist* longer = curl_slist_append(list.get(), line.c_str())) {
    (void)list.release();
    list.reset(longer);
  }
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// What one exchange gathers; curl's callbacks hold a pointer to it.
struct Exchange {
  int status = 0;
  Fields headers;
  std::string body;
  bool too_large = false;
  const ChunkSink* sink = nullptr;  // for 2xx bodies, when streaming
  bool enough = false;              // the sink said so
  const ChunkSource* source = nullptr;
  std::string outgoing;  // what the source gave and curl has not taken yet
  bool source_ended = false;
  std::optional<Error> source_error;
};

std::size_t on_header(char* data, std::size_t, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const std::string_view line(data, size);
  if (line.starts_with("HTTP/")) {  // a new head, after 100 Continue
    exchange.headers.clear();
    const auto space = line.find(' ');
    exchange.status = space == std::string_view::npos ? 0 : std::atoi(std::string(line.substr(space + 1, 3)).c_str());
  } else if (const auto colon = line.find(':');
             colon != std::string_view::npos && exchange.headers.size() < kMaxHeaders) {
    exchange.headers.emplace_back(lower(trimmed(line.substr(0, colon))), std::string(trimmed(line.substr(colon + 1))));
  }
  return size;
}

std::size_t on_body(char* data, std::size_t, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (exchange.sink != nullptr && exchange.status / 100 == 2) {
    if ((*exchange.sink)(std::string_view(data, size))) return size;
    exchange.enough = true;
    return 0;
  }
  const auto most = exchange.sink != nullptr ? kMaxProblemBytes : Client::kMaxAnswerBytes;
  if (exchange.body.size() + size > most) {
    exchange.too_large = true;
    return 0;
  }
  exchange.body.append(data, size);
  return size;
}

std::size_t on_read(char* out, std::size_t, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (exchange.outgoing.empty() && !exchange.source_ended) {
    auto piece = (*exchange.source)();
    if (!piece) {
      exchange.source_error = std::move(piece).error();
      return CURL_READFUNC_ABORT;
    }
    exchange.source_ended = piece->empty();
    exchange.outgoing = std::move(*piece);
  }
  const auto taken = std::min(size, exchange.outgoing.size());
  std::memcpy(out, exchange.outgoing.data(), taken);
  exchange.outgoing.erase(0, taken);
  return taken;
}

bool worth_retrying(CURLcode code) {
  return code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR || code == CURLE_GOT_NOTHING ||
         code == CURLE_PARTIAL_FILE || code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM;
}

bool worth_retrying(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

}  // namespace

struct Client::Impl {
  ClientOptions options;
  ServerUrl url;
  std::unique_ptr<CURL, EasyFree> easy;
  std::unique_ptr<CURLM, MultiFree> multi;
  char detail[CURL_ERROR_SIZE] = {};

  void prepare(const Request& request, HeaderList& headers, Exchange& exchange);
  CURLcode perform();
  Error transport_error(CURLcode code) const;
  Result<Answer> answer_of(CURLcode code, Exchange& exchange) const;
};

// Sets everything but the body; the handle keeps its connection between requests.
void Client::Impl::prepare(const Request& request, HeaderList& headers, Exchange& exchange) {
  CURL* h = easy.get();
  curl_easy_reset(h);
  detail[0] = '\0';
  curl_easy_setopt(h, CURLOPT_ERRORBUFFER, detail);
  curl_easy_setopt(h, CURLOPT_URL, (url.base + request.path + query_text(request.query)).c_str());
  curl_easy_setopt(h, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(h, CURLOPT_USERAGENT, "curfew/" CURFEW_VERSION);
  curl_easy_setopt(h, CURLOPT_ACCEPT_ENCODING, "");
  curl_easy_setopt(h, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.ms));
  if (!options.ca_file.empty()) curl_easy_setopt(h, CURLOPT_CAINFO, options.ca_file.c_str());
  if (exchange.sink != nullptr || exchange.source != nullptr) {
    curl_easy_setopt(h, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(h, CURLOPT_LOW_SPEED_TIME,
                     static_cast<long>(std::max<std::int64_t>(1, options.stream_silence.ms / 1000)));
  } else {
    curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.ms));
  }
  curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(h, CURLOPT_HEADERDATA, &exchange);
  curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(h, CURLOPT_WRITEDATA, &exchange);
  append(headers, "Accept: " + request.accept);
  if (!options.api_key.empty()) append(headers, "Authorization: Bearer " + options.api_key);
  for (const auto& [name, value] : request.headers) append(headers, name + ": " + value);
}

// Runs the prepared transfer, looking every tenth of a second whether the user has had enough.
CURLcode Client::Impl::perform() {
  if (curl_multi_add_handle(multi.get(), easy.get()) != CURLM_OK) return CURLE_FAILED_INIT;
  CURLcode code = CURLE_OK;
  for (int running = 1; running != 0;) {
    if (curl_multi_perform(multi.get(), &running) != CURLM_OK) {
      code = CURLE_FAILED_INIT;
      break;
    }
    if (options.interrupted()) {
      code = CURLE_ABORTED_BY_CALLBACK;
      break;
    }
    if (running != 0) curl_multi_poll(multi.get(), nullptr, 0, 100, nullptr);
  }
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left))
    if (message->msg == CURLMSG_DONE && code == CURLE_OK) code = message->data.result;
  curl_multi_remove_handle(multi.get(), easy.get());
  return code;
}

Error Client::Impl::transport_error(CURLcode code) const {
  const std::string why = detail[0] != '\0' ? std::string(detail) : std::string(curl_easy_strerror(code));
  long os_error = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_OS_ERRNO, &os_error);
  switch (code) {
    case CURLE_ABORTED_BY_CALLBACK:
      return {ErrorCode::kCancelled, "interrupted", "interrupted", {}};
    case CURLE_COULDNT_CONNECT:
      return {ErrorCode::kUnavailable,
              "no_server",
              "no server at " + url.base + " (" + why +
                  "). Is it running? Name another one with --server or CURFEW_SERVER.",
              {}};
    case CURLE_COULDNT_RESOLVE_HOST:
      return {ErrorCode::kUnavailable,
              "no_server",
              "no server at " + url.base + ": the name " + url.host + " is not known. Check --server or CURFEW_SERVER.",
              {}};
    case CURLE_OPERATION_TIMEDOUT:
      return {ErrorCode::kDeadlineExceeded,
              "no_answer",
              "the server at " + url.base + " did not answer in time (" + why + "). --timeout gives it longer.",
              {}};
    case CURLE_PEER_FAILED_VERIFICATION:
      return {
          ErrorCode::kUnavailable,
          "untrusted_certificate",
          "the certificate of " + url.base + " is not trusted (" + why + "). --ca-file names the authority to trust.",
          {}};
    case CURLE_SSL_CACERT_BADFILE:
      return {ErrorCode::kInvalidArgument, "invalid_value",
              "the CA file " + options.ca_file + " can't be used (" + why + ").", "caFile"};
    case CURLE_SSL_CONNECT_ERROR:
      return {ErrorCode::kUnavailable, "no_tls", "no TLS connection to " + url.base + " (" + why + ").", {}};
    default:
      return {
          ErrorCode::kUnavailable, "connection_lost", "the connection to " + url.base + " broke (" + why + ").", {}};
  }
}

Result<Answer> Client::Impl::answer_of(CURLcode code, Exchange& exchange) const {
  if (exchange.source_error) return tl::unexpected(std::move(*exchange.source_error));
  if (exchange.too_large)
    return fail(ErrorCode::kTooLarge, "answer_too_large",
                "the server's answer is larger than 64 MiB; ask for less at a time.");
  Answer answer;
  answer.status = exchange.status;
  answer.headers = std::move(exchange.headers);
  if (exchange.status / 100 != 2 && exchange.status >= 300)
    return tl::unexpected(error_of(exchange.status, exchange.body, answer.header("retry-after")));
  if (code != CURLE_OK) return tl::unexpected(transport_error(code));
  if (!exchange.body.empty()) {
    boost::system::error_code broken;
    answer.body = boost::json::parse(exchange.body, broken);
    if (broken)
      return fail(ErrorCode::kUnavailable, "not_json",
                  "the answer of " + url.base + " is not JSON; is it a Curfew server, or something in front of it?");
  }
  return answer;
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::open(ClientOptions options) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  CURFEW_TRY(auto url, parse_server_url(options.server));
  CURFEW_TRY_STATUS(check_key(options.api_key));
  if (!options.api_key.empty() && !url.tls && !url.loopback && !options.allow_plain_http)
    return fail(ErrorCode::kInvalidArgument, "plain_http",
                "the API key is not sent to " + url.base + " without TLS: use https, or allow it with --plain-http.",
                "server");
  if (!options.ca_file.empty() && !std::ifstream(options.ca_file))
    return invalid("caFile", "the CA file " + options.ca_file + " can't be read.");
  if (!options.pause)
    options.pause = [](Duration wait) { std::this_thread::sleep_for(std::chrono::milliseconds(wait.ms)); };
  auto impl = std::make_unique<Impl>();
  impl->options = std::move(options);
  impl->url = std::move(url);
  impl->easy.reset(curl_easy_init());
  impl->multi.reset(curl_multi_init());
  if (!impl->easy || !impl->multi) return fail(ErrorCode::kInternal, "no_curl", "libcurl could not be started.");
  return std::unique_ptr<Client>(new Client(std::move(impl)));
}

Result<Answer> Client::send(const Request& request) {
  const bool repeatable = request.repeatable || request.method == Method::kGet || request.method == Method::kPut;
  const std::string body = request.body ? boost::json::serialize(*request.body) : std::string{};
  for (int attempt = 1;; ++attempt) {
    Exchange exchange;
    HeaderList headers;
    impl_->prepare(request, headers, exchange);
    CURL* h = impl_->easy.get();
    curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, std::string(to_string(request.method)).c_str());
    if (request.body || request.method == Method::kPost) {
      if (request.body) append(headers, "Content-Type: application/json");
      append(headers, "Expect:");
      curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
      curl_easy_setopt(h, CURLOPT_POSTFIELDS, body.c_str());
    }
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers.get());
    const CURLcode code = impl_->perform();
    const bool again = code == CURLE_OK ? worth_retrying(exchange.status) : worth_retrying(code);
    if (!again || !repeatable || attempt == kAttempts) return impl_->answer_of(code, exchange);
    Answer head;
    head.headers = exchange.headers;
    const auto asked =
        Duration::seconds(std::clamp(std::atoi(std::string(head.header("retry-after")).c_str()), 0, 3600));
    if (asked > kLongestWait) return impl_->answer_of(code, exchange);
    impl_->options.pause(std::max(asked, Duration{200 * attempt}));
  }
}

Status Client::stream(const Request& request, const ChunkSink& sink) {
  Exchange exchange;
  exchange.sink = &sink;
  HeaderList headers;
  impl_->prepare(request, headers, exchange);
  curl_easy_setopt(impl_->easy.get(), CURLOPT_HTTPHEADER, headers.get());
  const CURLcode code = impl_->perform();
  if (exchange.enough) return {};
  const auto answer = impl_->answer_of(code, exchange);
  if (!answer) return tl::unexpected(answer.error());
  return {};
}

Result<Answer> Client::upload(const Request& request, const ChunkSource& source) {
  Exchange exchange;
  exchange.source = &source;
  HeaderList headers;
  impl_->prepare(request, headers, exchange);
  append(headers, "Content-Type: application/x-ndjson");
  append(headers, "Transfer-Encoding: chunked");
  append(headers, "Expect:");
  CURL* h = impl_->easy.get();
  curl_easy_setopt(h, CURLOPT_POST, 1L);
  curl_easy_setopt(h, CURLOPT_READFUNCTION, on_read);
  curl_easy_setopt(h, CURLOPT_READDATA, &exchange);
  curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers.get());
  return impl_->answer_of(impl_->perform(), exchange);
}

}  // namespace curfew::client
