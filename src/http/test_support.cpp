#include "http/test_support.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <thread>

#include "http/field.h"

namespace curfew::http::test {
namespace {

constexpr int kPatienceMs = static_cast<int>(std::chrono::milliseconds(kPatience).count());

bool wait_for(int socket, short events) {
  pollfd waiting{socket, events, 0};
  return ::poll(&waiting, 1, kPatienceMs) == 1;
}

std::size_t parse_size(std::string_view text, int base) {
  std::size_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, base);
  return value;
}

}  // namespace

bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

std::string_view Answer::header(std::string_view name) const {
  for (const Header& header : headers) {
    if (iequals(header.name, name)) return header.value;
  }
  return {};
}

bool Answer::has(std::string_view name) const {
  return std::any_of(headers.begin(), headers.end(), [&](const Header& header) { return iequals(header.name, name); });
}

Client::Client(std::uint16_t port, int receive_buffer) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_buffer > 0) ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    ::close(socket_);
    socket_ = -1;
  }
}

Client::~Client() {
  SSL_free(ssl_);
  SSL_CTX_free(context_);
  if (socket_ >= 0) ::close(socket_);
}

bool Client::start_tls(int max_version, const std::string& alpn) {
  context_ = SSL_CTX_new(TLS_client_method());
  if (max_version != 0) {
    SSL_CTX_set_security_level(context_, 0);
    SSL_CTX_set_min_proto_version(context_, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_, max_version);
  }
  ssl_ = SSL_new(context_);
  if (!alpn.empty()) {
    const std::string wire = static_cast<char>(alpn.size()) + alpn;
    SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(wire.data()), static_cast<unsigned>(wire.size()));
  }
  SSL_set_fd(ssl_, socket_);
  return SSL_connect(ssl_) == 1;
}

std::string Client::alpn() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_, &name, &size);
  return std::string(reinterpret_cast<const char*>(name), size);
}

std::string Client::tls_version() const {
  return SSL_get_version(ssl_);
}

std::string Client::peer_certificate_name() const {
  X509* certificate = SSL_get1_peer_certificate(ssl_);
  std::array<char, 256> name{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(),
                            static_cast<int>(name.size()));
  X509_free(certificate);
  return name.data();
}

bool Client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ssl_ ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                        : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool Client::fill() {
  std::array<char, 65536> into;
  if (!(ssl_ && SSL_pending(ssl_) > 0) && !wait_for(socket_, POLLIN)) return false;
  const auto n =
      ssl_ ? SSL_read(ssl_, into.data(), static_cast<int>(into.size())) : ::recv(socket_, into.data(), into.size(), 0);
  if (n <= 0) return false;
  buffer_.append(into.data(), static_cast<std::size_t>(n));
  return true;
}

std::string Client::read_some() {
  if (buffer_.empty()) fill();
  return std::exchange(buffer_, {});
}

std::string Client::read_until(std::string_view text) {
  std::size_t at;
  while ((at = buffer_.find(text)) == std::string::npos) {
    if (!fill()) return std::exchange(buffer_, {});
  }
  std::string result = buffer_.substr(0, at + text.size());
  buffer_.erase(0, at + text.size());
  return result;
}

std::string Client::read_to_end() {
  while (fill()) {
  }
  return std::exchange(buffer_, {});
}

bool Client::at_end() {
  return buffer_.empty() && wait_for(socket_, POLLIN) && !fill();
}

void Client::shutdown_send() {
  ::shutdown(socket_, SHUT_WR);
}

void Client::reset() {
  const linger hard{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  ::close(socket_);
  socket_ = -1;
}

std::string Client::read_chunked(bool& complete) {
  std::string body;
  for (;;) {
    const std::string line = read_until("\r\n");
    if (!line.ends_with("\r\n")) return body;
    const std::size_t size = parse_size(line, 16);
    while (buffer_.size() < size + 2) {
      if (!fill()) return body + std::exchange(buffer_, {});
    }
    body += buffer_.substr(0, size);
    buffer_.erase(0, size + 2);
    if (size == 0) {
      complete = true;
      return body;
    }
  }
}

Answer Client::read_answer(bool head) {
  Answer answer;
  const std::string text = read_until("\r\n\r\n");
  if (!text.ends_with("\r\n\r\n") || !text.starts_with("HTTP/1.1 ")) return answer;
  std::string_view rest = text;
  answer.status = static_cast<int>(parse_size(rest.substr(9, 3), 10));
  rest.remove_prefix(rest.find("\r\n") + 2);
  while (!rest.starts_with("\r\n")) {
    const auto colon = rest.find(": ");
    const auto end = rest.find("\r\n");
    answer.headers.push_back(
        {std::string(rest.substr(0, colon)), std::string(rest.substr(colon + 2, end - colon - 2))});
    rest.remove_prefix(end + 2);
  }
  if (head || answer.status == 204 || answer.status == 304 || answer.status == 100) {
    answer.complete = true;
  } else if (answer.has("Content-Length")) {
    const std::size_t size = parse_size(answer.header("Content-Length"), 10);
    while (buffer_.size() < size && fill()) {
    }
    answer.complete = buffer_.size() >= size;
    answer.body = buffer_.substr(0, size);
    buffer_.erase(0, answer.body.size());
  } else if (answer.header("Transfer-Encoding") == "chunked") {
    answer.body = read_chunked(answer.complete);
  } else {
    answer.body = read_to_end();
    answer.complete = true;
  }
  return answer;
}

Answer Client::get(const std::string& path, const std::string& more_headers) {
  send("GET " + path + " HTTP/1.1\r\nHost: test\r\n" + more_headers + "\r\n");
  return read_answer();
}

namespace {
ServerOptions on_loopback(ServerOptions options) {
  options.host = "127.0.0.1";
  options.port = 0;
  if (options.threads == 0) options.threads = 2;
  return options;
}
}  // namespace

RunningServer::RunningServer(Application& application, ServerOptions options,
                             std::function<void(const AccessEntry&)> on_request)
    : server(on_loopback(std::move(options)), application, std::move(on_request)) {
  const Status started = server.start();
  EXPECT_TRUE(started.has_value()) << started.error().message;
}

KeyPair make_certificate(const std::string& name, const std::string& passphrase) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                             0);
  X509_set_issuer_name(certificate, subject);
  X509_sign(certificate, key, EVP_sha256());

  const auto text_of = [](BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(bio);
    return text;
  };
  KeyPair pair;
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, certificate);
  pair.certificate = text_of(bio);
  bio = BIO_new(BIO_s_mem());
  const EVP_CIPHER* cipher = passphrase.empty() ? nullptr : EVP_aes_256_cbc();
  PEM_write_bio_PrivateKey(bio, key, cipher, reinterpret_cast<const unsigned char*>(passphrase.data()),
                           static_cast<int>(passphrase.size()), nullptr, nullptr);
  pair.key = text_of(bio);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return pair;
}

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "curfew-http-XXXXXX").string();
  path_ = ::mkdtemp(pattern.data());
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::write(const std::string& name, const std::string& content) const {
  std::string path = path_ + "/" + name;
  std::ofstream(path, std::ios::trunc) << content;
  return path;
}

}  // namespace curfew::http::test
