#include "http/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <fstream>
#include <string>

namespace curfew::http {
namespace {

// A BIO over a socket that never raises SIGPIPE and never blocks, whatever the process and the socket are set to.
int socket_of(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

int bio_write(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const auto n = ::send(socket_of(bio), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(n);
}

int bio_read(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  const auto n = ::recv(socket_of(bio), into, static_cast<std::size_t>(size), MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  return static_cast<int>(n);
}

long bio_control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

const BIO_METHOD* bio_method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "curfew socket");
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

int choose_alpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size,
                void*) {
  static constexpr unsigned char kOurs[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kOurs, sizeof(kOurs), in, in_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

// Never asks for a passphrase; remembers that one would have been needed.
int refuse_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return 0;
}

std::string last_openssl_error() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code ? ERR_reason_error_string(code) : nullptr;
  ERR_clear_error();
  return reason ? reason : "unknown reason";
}

tl::unexpected<Error> bad_file(std::string_view what, const std::string& path, const std::string& why,
                               std::string field) {
  return fail(ErrorCode::kInvalidArgument, "invalid_tls_files", std::string(what) + " '" + path + "': " + why,
              std::move(field));
}

Status load_certificate(SSL_CTX* context, const std::string& path) {
  if (!std::ifstream(path))
    return bad_file("the certificate chain", path, "the file can't be opened", "certificate_chain");
  if (SSL_CTX_use_certificate_chain_file(context, path.c_str()) != 1) {
    return bad_file("the certificate chain", path, "not a PEM certificate chain (" + last_openssl_error() + ")",
                    "certificate_chain");
  }
  return {};
}

Status load_key(SSL_CTX* context, const TlsFiles& files) {
  const std::string& path = files.private_key;
  if (!std::ifstream(path)) return bad_file("the private key", path, "the file can't be opened", "private_key");
  bool passphrase_asked = false;
  SSL_CTX_set_default_passwd_cb(context, refuse_passphrase);
  SSL_CTX_set_default_passwd_cb_userdata(context, &passphrase_asked);
  const int loaded = SSL_CTX_use_PrivateKey_file(context, path.c_str(), SSL_FILETYPE_PEM);
  SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
  if (loaded != 1) {
    const std::string reason = last_openssl_error();
    if (passphrase_asked)
      return bad_file("the private key", path, "it is encrypted; give a key without a passphrase", "private_key");
    if (reason.find("mismatch") != std::string::npos) {
      return bad_file("the private key", path,
                      "it does not belong to the certificate in '" + files.certificate_chain + "'", "private_key");
    }
    return bad_file("the private key", path, "not a PEM private key (" + reason + ")", "private_key");
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    ERR_clear_error();
    return bad_file("the private key", path,
                    "it does not belong to the certificate in '" + files.certificate_chain + "'", "private_key");
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<TlsContext>> TlsContext::load(const TlsFiles& files) {
  ERR_clear_error();
  SSL_CTX* raw = SSL_CTX_new(TLS_server_method());
  if (!raw) return fail(ErrorCode::kInternal, "tls_unavailable", "OpenSSL made no context: " + last_openssl_error());
  std::shared_ptr<TlsContext> context(new TlsContext(raw));

  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                               SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);  // tickets resume sessions; nothing is kept here
  static constexpr unsigned char kIdContext[] = {'c', 'u', 'r', 'f', 'e', 'w'};
  SSL_CTX_set_session_id_context(raw, kIdContext, sizeof(kIdContext));
  SSL_CTX_set_alpn_select_cb(raw, choose_alpn, nullptr);
  if (SSL_CTX_set_cipher_list(raw, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1 ||
      SSL_CTX_set1_groups_list(raw, "X25519:P-256:P-384") != 1) {
    return fail(ErrorCode::kInternal, "tls_unavailable", "OpenSSL lacks the ciphers wanted: " + last_openssl_error());
  }
  CURFEW_TRY_STATUS(load_certificate(raw, files.certificate_chain));
  CURFEW_TRY_STATUS(load_key(raw, files));
  return context;
}

TlsContext::~TlsContext() {
  SSL_CTX_free(context_);
}

std::unique_ptr<TlsSession> TlsContext::accept(int socket) {
  SSL* ssl = SSL_new(context_);
  if (!ssl) return nullptr;
  auto session = std::make_unique<TlsSession>(ssl);
  BIO* bio = BIO_new(bio_method());
  if (!bio) return nullptr;
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
  SSL_set_accept_state(ssl);
  return session;
}

TlsSession::~TlsSession() {
  SSL_free(ssl_);
}

TlsIo TlsSession::why(int result) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      return TlsIo::kWantRead;
    case SSL_ERROR_WANT_WRITE:
      return TlsIo::kWantWrite;
    case SSL_ERROR_ZERO_RETURN:
      return TlsIo::kClosed;
    default:
      broken_ = true;
      return TlsIo::kFailed;
  }
}

TlsIo TlsSession::handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  return result == 1 ? TlsIo::kDone : why(result);
}

TlsCount TlsSession::read(char* into, std::size_t size) {
  ERR_clear_error();
  const int result = SSL_read(ssl_, into, static_cast<int>(std::min<std::size_t>(size, INT_MAX)));
  if (result > 0) return {TlsIo::kDone, static_cast<std::size_t>(result)};
  return {why(result), 0};
}

TlsCount TlsSession::write(std::string_view bytes) {
  ERR_clear_error();
  const int result = SSL_write(ssl_, bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), INT_MAX)));
  if (result > 0) return {TlsIo::kDone, static_cast<std::size_t>(result)};
  return {why(result), 0};
}

void TlsSession::shutdown() {
  if (broken_ || !SSL_is_init_finished(ssl_)) return;  // OpenSSL forbids it after a fatal error
  ERR_clear_error();
  SSL_shutdown(ssl_);
}

}  // namespace curfew::http
