// The control socket: how `curfew backup` asks a running server for a copy of its data.
//
// A Unix socket DIR/control.sock in the data directory, which only the server's user can reach (mode 0600 in a
// directory of mode 0700). One line asks: "backup /absolute/path"; one line answers: "ok …" or "error …". One caller at
// a time; a caller that says nothing for ten seconds is cut. Threads: one of its own.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "base/result.h"

namespace curfew::app {

class ControlSocket {
 public:
  using Backup = std::function<Status(const std::string& target)>;

  ControlSocket(std::string path, Backup backup);
  ~ControlSocket();
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;

  Status start();
  void stop();  // idempotent

 private:
  void run();
  void serve(int connection);

  const std::string path_;
  const Backup backup_;
  int listener_ = -1;
  int wake_[2] = {-1, -1};
  std::thread thread_;
};

// Asks the server that holds the data directory. kNotFound when none listens there.
Status ask_for_backup(const std::string& socket_path, const std::string& target);

}  // namespace curfew::app
