#include "index/client_orders.h"

#include <algorithm>
#include <numeric>

#include "index/ring.h"

namespace curfew::index {
namespace {

constexpr double kPacked = 1.0;  // sessions that are touched move to the end

}  // namespace

template <class F>
void ClientOrders::for_each_order_of(std::uint32_t row, F f) {
  for (const std::uint32_t client : clients_.members(keys_.rows.rest(row).clients))
    if (client < orders_.size() && orders_[client]) f(orders_[client]);
}

void ClientOrders::enter(std::uint32_t row) {
  for (const std::uint32_t client : clients_.members(keys_.rows.rest(row).clients)) {
    if (order(client) == nullptr) {
      build_if_seldom(client);
      continue;
    }
    std::unique_ptr<Order>& order = orders_[client];
    if (order->size() >= 2 * most()) {
      drop(order);
      continue;
    }
    order->insert(row);
    ++sessions_;
    hold(row, true);
  }
}

void ClientOrders::leave(std::uint32_t row) {
  if (!may_hold(row)) return;
  erase(row, keys_.rows.facts(row).last_access());
  hold(row, false);
  for_each_order_of(row, [&](std::unique_ptr<Order>& order) {
    --sessions_;
    if (order->size() < bounds_.fewest / 2 || order->size() > 2 * most()) drop(order);
  });
}

void ClientOrders::drop(std::unique_ptr<Order>& order) {
  sessions_ -= order->size();
  order.reset();
}

void ClientOrders::erase(std::uint32_t row, std::int64_t last_access) {
  const Probe key = LastAccessKeys::at(last_access, keys_.rows.facts(row).no);
  for_each_order_of(row, [&](std::unique_ptr<Order>& order) { order->erase(key, row); });
}

// Three rounds, each asking for what the next will read.
void ClientOrders::take_out(std::span<const TouchedRow> rows) {
  for (const TouchedRow& touched : rows) keys_.rows.prefetch(touched.row);
  for (const TouchedRow& touched : rows) clients_.prefetch(keys_.rows.rest(touched.row).clients);
  for (const TouchedRow& touched : rows) clients_.prefetch_members(keys_.rows.rest(touched.row).clients);
  for (const TouchedRow& touched : rows) erase(touched.row, touched.from);
}

void ClientOrders::put_in(std::span<const TouchedRow> rows) {
  for (const TouchedRow& touched : rows)
    for_each_order_of(touched.row, [&](std::unique_ptr<Order>& order) { order->insert(touched.row); });
}

void ClientOrders::build() {
  orders_.clear();
  held_.clear();
  sessions_ = 0;
  std::vector<std::uint32_t> clients(clients_.slots());
  std::iota(clients.begin(), clients.end(), 0U);
  std::sort(clients.begin(), clients.end(), [&](std::uint32_t a, std::uint32_t b) {
    const std::uint64_t of_a = clients_.client(a).sessions, of_b = clients_.client(b).sessions;
    return of_a != of_b ? of_a < of_b : a < b;
  });
  for (const std::uint32_t client : clients) build_if_seldom(client);
}

void ClientOrders::build_if_seldom(std::uint32_t client) {
  const ClientDirectory::Client& of = clients_.client(client);
  if (of.sessions < bounds_.fewest || of.sessions > most()) return;
  if (sessions_ + of.sessions > keys_.rows.live() / bounds_.all) return;
  struct Entry {
    std::int64_t last_access;
    std::uint64_t no;
    std::uint32_t row;
  };
  std::vector<Entry> entries;
  entries.reserve(of.sessions);
  for (const bool offline : {false, true}) {
    Ring ring([&](std::uint32_t row) { keys_.prefetch(row); },
              [&](std::uint32_t row) {
                const RowFacts& facts = keys_.rows.facts(row);
                entries.push_back({facts.last_access(), facts.no, row});
                hold(row, true);
              });
    for (const std::uint32_t row : of.rows(offline)) ring.push(row);
    ring.drain();
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.last_access != b.last_access ? a.last_access < b.last_access : a.no < b.no;
  });
  std::vector<std::uint32_t> rows;
  rows.reserve(entries.size());
  for (const Entry& entry : entries) rows.push_back(entry.row);
  if (orders_.size() <= client) orders_.resize(std::size_t{client} + 1);
  orders_[client] = std::make_unique<Order>(keys_);
  orders_[client]->build(rows, kPacked);
  sessions_ += rows.size();
}

void ClientOrders::hold(std::uint32_t row, bool held) {
  const std::size_t word = row / 64;
  const std::uint64_t bit = std::uint64_t{1} << row % 64;
  if (held_.size() <= word) held_.resize(std::max<std::size_t>(word + 1, (keys_.rows.rows() + 63) / 64));
  held_[word] = held ? held_[word] | bit : held_[word] & ~bit;
}

std::size_t ClientOrders::memory_bytes() const {
  std::size_t bytes = held_.capacity() * sizeof(std::uint64_t);
  for (const auto& order : orders_)
    if (order) bytes += sizeof(Order) + order->memory_bytes();
  return bytes;
}

void ClientOrders::verify() const {
  std::uint64_t sessions = 0;
  for (std::uint32_t client = 0; client < orders_.size(); ++client) {
    if (!orders_[client]) continue;
    const Order& order = *orders_[client];
    const ClientDirectory::Client& of = clients_.client(client);
    order.verify();
    sessions += order.size();
    CURFEW_CHECK(order.size() == of.sessions && order.marked() == of.offline, "an order has its client's sessions");
    for (std::uint32_t rank = 0; rank < order.size(); ++rank) {
      const std::uint32_t row = order.item(order.select(rank));
      CURFEW_CHECK(of.contains(row, keys_.marked(row)) && may_hold(row), "and no others, each known to be in one");
    }
  }
  CURFEW_CHECK(sessions == sessions_, "it is known how many there are in all");
}

}  // namespace curfew::index
