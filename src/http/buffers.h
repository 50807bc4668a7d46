// The two buffers of a connection: what has come in and is not consumed yet, and what is to go out. Threads: one at a
// time.
#pragma once

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "http/message.h"

namespace curfew::http {

// Bytes come in at the tail and are consumed at the front. Between make_room() and commit() the memory does not move,
// so that a read may be under way while the front is consumed.
class InputBuffer {
 public:
  std::string_view view() const { return {bytes_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }
  std::size_t capacity() const { return capacity_; }
  void consume(std::size_t n) { begin_ += n; }

  char* tail() { return bytes_.get() + end_; }
  std::size_t room() const { return capacity_ - end_; }
  void commit(std::size_t n) { end_ += n; }

  // Makes room at the tail, in `preferred` bytes of memory at least and `limit` at most. False: full.
  // REQUIRES: no read is under way.
  bool make_room(std::size_t preferred, std::size_t limit) {
    if (empty()) begin_ = end_ = 0;
    if (capacity_ < preferred) {
      resize(preferred);
    } else if (end_ == capacity_ && begin_ > 0) {
      std::memmove(bytes_.get(), bytes_.get() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    } else if (end_ == capacity_ && capacity_ < limit) {
      resize(std::min(limit, capacity_ * 2));
    }
    return room() > 0;
  }

  // Gives back memory that only a large request needed. REQUIRES: empty, and no read is under way.
  void release(std::size_t keep) {
    if (capacity_ <= keep) return;
    bytes_.reset();
    capacity_ = begin_ = end_ = 0;
  }

 private:
  void resize(std::size_t capacity) {
    std::unique_ptr<char[]> larger(new char[capacity]);
    const std::size_t size = end_ - begin_;
    if (size > 0) std::memcpy(larger.get(), bytes_.get() + begin_, size);
    bytes_ = std::move(larger);
    capacity_ = capacity;
    begin_ = 0;
    end_ = size;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0, begin_ = 0, end_ = 0;
};

// One write: head, body, shared text and tail go out together, in one system call where the socket takes it.
class Output {
 public:
  static constexpr std::size_t kParts = 4;
  std::string head, body;
  SharedText shared;
  std::string_view tail;  // static text

  std::size_t size() const { return head.size() + body.size() + shared.text.size() + tail.size(); }
  bool pending() const { return sent_ < size(); }

  // The parts that are still to be sent; returns how many there are.
  int parts(std::array<iovec, kParts>& into) const {
    std::size_t skip = sent_;
    int count = 0;
    for (const std::string_view part : {std::string_view(head), std::string_view(body), shared.text, tail}) {
      if (skip >= part.size()) {
        skip -= part.size();
        continue;
      }
      into[static_cast<std::size_t>(count++)] = {const_cast<char*>(part.data()) + skip, part.size() - skip};
      skip = 0;
    }
    return count;
  }
  void advance(std::size_t n) { sent_ += n; }

  // Ready for the next write. Keeps only as much memory as the next head will need.
  void clear() {
    head.clear();
    if (head.capacity() > 2048) head.shrink_to_fit();
    std::string().swap(body);  // an assignment would keep its memory
    shared = {};
    tail = {};
    sent_ = 0;
  }

 private:
  std::size_t sent_ = 0;
};

}  // namespace curfew::http
