// ClientOrders: the sessions of the clients that few sessions use, each client's by last access.
//
// What it is: a counted tree of its own for each client that has so few of a realm's sessions that walking the realm's
// order until a page of them is full takes thousands of steps, and yet so many that gathering them all does, too. In it
// a page, a total and any offset cost what they cost in the realm's order, also of one type.
//
// Invariants: an order holds every session of its client and no other, each under the last access under which the
// realm's order has it. A client gets an order when one of its sessions starts (or all are loaded) and it is within the
// bounds, and loses it when it has twice as many or half as few. Where there are so many such clients that their orders
// together would be too much to keep, those with the fewest sessions are first when all are loaded, and else who comes
// first. Threads: as RealmIndex. Memory: 4.5 to 6.5 bytes for each such session and client, and one bit for each of the
// realm's rows. It refers to the keys and clients that it is given.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "index/client_directory.h"
#include "index/counted_tree.h"
#include "index/row_keys.h"

namespace curfew::index {

struct SeldomClients {
  std::uint32_t fewest = 1024;  // sessions; fewer are gathered in some ten microseconds
  std::uint32_t share = 256;    // at most one session of the realm in so many
  std::uint32_t all = 8;        // all orders together: at most one in so many
};

struct TouchedRow {
  std::uint32_t row;
  std::int64_t from;  // the last access under which the orders have it
};

class ClientOrders {
 public:
  using Order = CountedTree<LastAccessKeys>;

  ClientOrders(const LastAccessKeys& keys, const ClientDirectory& clients, const SeldomClients& bounds)
      : keys_(keys), clients_(clients), bounds_(bounds) {}

  const Order* of(const ClientDirectory::Client& client) const { return order(clients_.ordinal(client)); }

  // A row has come, or has other clients: once it is in their bitmaps.
  void enter(std::uint32_t row);
  // A row goes, or gets other clients: while it still has those that it had.
  void leave(std::uint32_t row);
  // Rows that were touched: out from where they were, and in again as they are now. Between the two nothing else may be
  // done.
  void take_out(std::span<const TouchedRow> rows);
  void put_in(std::span<const TouchedRow> rows);
  // False: no order holds it.
  bool may_hold(std::uint32_t row) const {
    const std::size_t word = row / 64;
    return word < held_.size() && (held_[word] >> row % 64 & 1) != 0;
  }
  // Brings near what may_hold() reads.
  void prefetch(std::uint32_t row) const {
    if (row / 64 < held_.size()) index::prefetch(&held_[row / 64]);
  }
  // All orders anew, from the clients' bitmaps.
  void build();

  std::size_t memory_bytes() const;
  void verify() const;  // stops the program unless the invariants hold; for tests

 private:
  const Order* order(std::uint32_t client) const { return client < orders_.size() ? orders_[client].get() : nullptr; }
  template <class F>
  void for_each_order_of(std::uint32_t row, F f);
  std::uint64_t most() const { return keys_.rows.live() / bounds_.share; }
  void drop(std::unique_ptr<Order>& order);
  void build_if_seldom(std::uint32_t client);
  void erase(std::uint32_t row, std::int64_t last_access);
  void hold(std::uint32_t row, bool held);

  const LastAccessKeys& keys_;
  const ClientDirectory& clients_;
  const SeldomClients bounds_;
  std::vector<std::unique_ptr<Order>> orders_;  // by the client's ordinal
  std::vector<std::uint64_t> held_;             // a bit a row
  std::uint64_t sessions_ = 0;                  // in all orders
};

}  // namespace curfew::index
