// The rows of each user's sessions (user_directory.h).
#include <algorithm>
#include <bit>

#include "index/user_directory.h"

namespace curfew::index {

std::size_t UserDirectory::list_bytes(std::uint32_t rows) {
  return std::bit_ceil(rows) * sizeof(std::uint32_t);
}

void UserDirectory::add_row(std::uint32_t at, std::uint32_t row) {
  User& user = users_[at];
  if (user.rows == 0) ++with_rows_;
  if (user.flags & kMany) {
    many_[user.posting]->add(row);
    ++user.rows;
    return;
  }
  if (user.rows == 0) {
    user.posting = row;
  } else if (user.rows == 1) {
    const std::uint32_t first = user.posting;
    user.posting = postings_.allocate(list_bytes(2));
    list(user)[0] = first;
    list(user)[1] = row;
  } else {
    if (std::has_single_bit(user.rows)) {
      const std::uint32_t old = user.posting;
      const std::uint32_t bigger = postings_.allocate(list_bytes(user.rows + 1));
      std::memcpy(postings_.at(bigger), postings_.at(old), user.rows * sizeof(std::uint32_t));
      postings_.release(old, list_bytes(user.rows));
      user.posting = bigger;
    }
    list(user)[user.rows] = row;
  }
  if (++user.rows > kManyRows) spread(user);
}

void UserDirectory::remove_row(std::uint32_t at, std::uint32_t row) {
  User& user = users_[at];
  if (user.flags & kMany) {
    many_[user.posting]->remove(row);
    if (--user.rows <= kManyRows / 2) gather(user);
    return;
  }
  if (user.rows == 1) {
    user.rows = 0;
    --with_rows_;
    return;
  }
  std::uint32_t* rows = list(user);
  std::uint32_t* found = std::find(rows, rows + user.rows, row);
  CURFEW_CHECK(found != rows + user.rows, "a session's row is among its user's");
  std::copy(found + 1, rows + user.rows, found);
  --user.rows;
  const std::uint32_t old = user.posting;
  if (user.rows == 1) {
    user.posting = rows[0];
    postings_.release(old, list_bytes(2));
  } else if (std::has_single_bit(user.rows)) {
    const std::uint32_t smaller = postings_.allocate(list_bytes(user.rows));
    std::memcpy(postings_.at(smaller), postings_.at(old), user.rows * sizeof(std::uint32_t));
    postings_.release(old, list_bytes(user.rows + 1));
    user.posting = smaller;
  }
}

void UserDirectory::spread(User& user) {
  auto rows = std::make_unique<Roaring>(user.rows, list(user));
  postings_.release(user.posting, list_bytes(user.rows));
  if (free_many_.empty()) {
    user.posting = static_cast<std::uint32_t>(many_.size());
    many_.push_back(std::move(rows));
  } else {
    user.posting = free_many_.back();
    free_many_.pop_back();
    many_[user.posting] = std::move(rows);
  }
  user.flags |= kMany;
}

void UserDirectory::gather(User& user) {
  const std::uint32_t slot = user.posting;
  user.posting = postings_.allocate(list_bytes(user.rows));
  many_[slot]->toUint32Array(list(user));
  many_[slot].reset();
  free_many_.push_back(slot);
  user.flags = static_cast<std::uint16_t>(user.flags & ~kMany);
}

}  // namespace curfew::index
