// What the machine itself takes in this hour, beside which the figures in seconds are read: memory that is read in a
// row, at random, and for the first time; a small write that is durable; a round trip on the loopback.
//
//     curfew_limits_bench DIRECTORY    a file is written there, and removed
//
// Results: one JSON object a line on standard output.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>
#include <vector>

#include "peers/peer.h"

namespace curfew::bench {
namespace {

constexpr std::size_t kMemory = std::size_t{512} << 20;
constexpr std::size_t kGigabyte = std::size_t{1} << 30;

void value(std::string_view what, double number, std::string_view unit) {
  fmt::print(R"({{"measure":"limit {}","value":{:.3f},"unit":"{}"}})"
             "\n",
             what, number, unit);
}

// The compiler has to work it out, at this point.
void keep(std::uint64_t number) {
  asm volatile("" : : "r"(number) : "memory");
}

double p50(std::vector<double>& values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

// In large pages, as the index asks for them. On a virtual machine whose host takes back what is free, the first touch
// waits for the host to give it again.
void memory() {
  void* const mapped = ::mmap(nullptr, kMemory, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) die("no memory: {}", errno);
  ::madvise(mapped, kMemory, MADV_HUGEPAGE);
  const std::span<std::uint64_t> words(static_cast<std::uint64_t*>(mapped), kMemory / sizeof(std::uint64_t));

  constexpr std::size_t kPage = 4096 / sizeof(std::uint64_t);
  const Stopwatch touching;
  for (std::size_t i = 0; i < words.size(); i += kPage) words[i] = 1;
  value("first touch", touching.seconds() * kGigabyte / kMemory, "s a GB");

  for (std::size_t i = 0; i < words.size(); ++i) words[i] = i * 0x9e3779b97f4a7c15U;
  constexpr int kTimes = 4;
  std::uint64_t sum = 0;
  const Stopwatch reading;
  for (int time = 0; time < kTimes; ++time)
    for (const std::uint64_t word : words) sum += word;
  keep(sum);
  value("memory read", static_cast<double>(kTimes * kMemory) / 1e9 / reading.seconds(), "GB/s");

  constexpr int kSteps = 2'000'000;
  std::uint64_t at = sum % words.size();  // each step needs the one before
  const Stopwatch walking;
  for (int step = 0; step < kSteps; ++step)
    at = ((words[at] ^ static_cast<std::uint64_t>(step)) * 0xd1342543de82ef95U >> 16) % words.size();
  keep(at);
  value("random access", walking.seconds() * 1e9 / kSteps, "ns");
  ::munmap(mapped, kMemory);
}

// As a log is written that was filled with zeros: a page is written over, and the next behind it.
void durable_write(const std::string& directory) {
  const std::string name = directory + "/limits";
  const int file = ::open(name.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) die("{}: {}", name, errno);
  constexpr int kWrites = 400;
  const std::array<char, 4096> page{};
  const auto write = [&](int place) {
    if (::pwrite(file, page.data(), page.size(), static_cast<off_t>(place * page.size())) < 0)
      die("{}: {}", name, errno);
  };
  for (int i = 0; i < kWrites; ++i) write(i);
  ::fsync(file);
  std::vector<double> times;
  for (int i = 0; i < kWrites; ++i) {
    const Stopwatch watch;
    write(i);
    if (::fdatasync(file) != 0) die("{}: {}", name, errno);
    times.push_back(watch.seconds() * 1e3);
  }
  ::close(file);
  ::unlink(name.c_str());
  value("durable write", p50(times), "ms");
}

int connected_pair(int& other) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
            caller = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0 || caller < 0 || ::bind(listener, generic, length) != 0 || ::listen(listener, 1) != 0 ||
      ::getsockname(listener, generic, &length) != 0 || ::connect(caller, generic, length) != 0)
    die("loopback: {}", errno);
  other = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (other < 0) die("loopback: {}", errno);
  ::close(listener);
  const int one = 1;
  for (const int end : {caller, other}) ::setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return caller;
}

void round_trip() {
  int there = -1;
  const int here = connected_pair(there);
  std::thread echo([there] {
    char byte = 0;
    while (::read(there, &byte, 1) == 1 && ::write(there, &byte, 1) == 1) {
    }
    ::close(there);
  });
  std::vector<double> times;
  for (int i = 0; i < 5000; ++i) {
    char byte = 1;
    const Stopwatch watch;
    if (::write(here, &byte, 1) != 1 || ::read(here, &byte, 1) != 1) die("loopback: {}", errno);
    times.push_back(watch.seconds() * 1e6);
  }
  ::close(here);
  echo.join();
  value("round trip", p50(times), "us");
}

}  // namespace
}  // namespace curfew::bench

int main(int count, char** values) {
  if (count != 2) curfew::bench::die("a directory is needed");
  curfew::bench::memory();
  curfew::bench::durable_write(values[1]);
  curfew::bench::round_trip();
}
