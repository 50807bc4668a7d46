#include "index/client_directory.h"

#include <algorithm>

namespace curfew::index {

std::uint64_t ClientDirectory::hash_of_members(std::span<const std::uint32_t> members) {
  return hash_bytes({reinterpret_cast<const char*>(members.data()), members.size_bytes()});
}

std::uint32_t ClientDirectory::client_ordinal(std::string_view client_id) {
  const std::uint64_t h = hash_bytes(client_id);
  std::uint32_t ordinal = by_text_.find(h, [&](std::uint32_t client) { return clients_[client].id == client_id; });
  if (ordinal != OrdinalTable::kNone) return ordinal;
  if (!free_clients_.empty()) {
    ordinal = free_clients_.back();
    free_clients_.pop_back();
  } else {
    ordinal = static_cast<std::uint32_t>(clients_.size());
    clients_.emplace_back();
  }
  clients_[ordinal].id = client_id;
  clients_[ordinal].known = true;
  by_id_.emplace(client_id, ordinal);
  by_text_.insert(h, ordinal, ClientHashOf{*this});
  return ordinal;
}

void ClientDirectory::forget_if_unused(std::uint32_t ordinal) {
  Client& client = clients_[ordinal];
  if (client.sets > 0 || !client.name.empty()) return;
  by_id_.erase(client.id);
  by_text_.erase(hash_bytes(client.id), ordinal);
  client = Client{};
  free_clients_.push_back(ordinal);
}

void ClientDirectory::name_client(std::string_view client_id, std::string_view name) {
  const std::uint32_t ordinal = client_ordinal(client_id);
  clients_[ordinal].name = name;
  forget_if_unused(ordinal);
}

const ClientDirectory::Client* ClientDirectory::find(std::string_view client_id) const {
  const auto it = by_id_.find(client_id);
  return it == by_id_.end() ? nullptr : &clients_[it->second];
}

std::span<const std::uint32_t> ClientDirectory::members(std::uint32_t set) const {
  const Set& entry = sets_[set];
  if (entry.size <= 1) return {&entry.ref, entry.size};
  return {reinterpret_cast<const std::uint32_t*>(arena_.at(entry.ref)), entry.size};
}

std::uint64_t ClientDirectory::hash(const std::vector<session::ClientLink>& clients) {
  std::uint64_t h = clients.size();
  for (const auto& link : clients) h = hash_bytes(link.client_id, h);
  return h;
}

bool ClientDirectory::is(std::uint32_t set, const std::vector<session::ClientLink>& clients) const {
  const auto have = members(set);
  return std::equal(have.begin(), have.end(), clients.begin(), clients.end(),
                    [&](std::uint32_t client, const auto& link) { return clients_[client].id == link.client_id; });
}

std::uint32_t ClientDirectory::acquire(const std::vector<session::ClientLink>& clients, std::uint64_t hash) {
  if (clients.empty()) return 0;
  if (guesses_.size() < kMostGuesses && guesses_.size() < sets_.size()) guesses_.assign(2 * guesses_.size(), 0);
  std::uint32_t& guess = guesses_[hash & (guesses_.size() - 1)];
  if (guess != 0 && is(guess, clients))
    ++sets_[guess].uses;
  else
    guess = find_or_add(clients);
  return guess;
}

std::uint32_t ClientDirectory::find_or_add(const std::vector<session::ClientLink>& clients) {
  scratch_.clear();
  for (const auto& link : clients) scratch_.push_back(client_ordinal(link.client_id));
  const std::span<const std::uint32_t> wanted(scratch_);
  const std::uint64_t h = hash_of_members(wanted);
  std::uint32_t at = table_.find(h, [&](std::uint32_t set) {
    const auto have = members(set);
    return std::equal(have.begin(), have.end(), wanted.begin(), wanted.end());
  });
  if (at != OrdinalTable::kNone) {
    ++sets_[at].uses;
    return at;
  }
  const std::uint32_t ref = wanted.size() == 1
                                ? wanted[0]
                                : arena_.store({reinterpret_cast<const char*>(wanted.data()), wanted.size_bytes()});
  at = free_set_;
  if (at != 0)
    free_set_ = sets_[at].ref;
  else
    at = sets_.push(Set{});
  sets_[at] = {ref, 1, static_cast<std::uint32_t>(wanted.size())};
  for (const std::uint32_t ordinal : wanted) ++clients_[ordinal].sets;
  table_.insert(h, at, HashOf{*this});
  return at;
}

void ClientDirectory::release(std::uint32_t set) {
  if (set == 0 || --sets_[set].uses > 0) return;
  const auto have = members(set);
  scratch_.assign(have.begin(), have.end());
  table_.erase(hash_of_members(have), set);
  Set& entry = sets_[set];
  if (entry.size > 1) arena_.release(entry.ref, entry.size * sizeof(std::uint32_t));
  entry = {free_set_, 0, 0};
  free_set_ = set;
  for (const std::uint32_t ordinal : scratch_) {
    --clients_[ordinal].sets;
    forget_if_unused(ordinal);
  }
}

void ClientDirectory::enter(std::uint32_t row, std::uint32_t set, bool offline) {
  for (const std::uint32_t ordinal : members(set)) {
    Client& client = clients_[ordinal];
    (offline ? client.offline_rows : client.regular_rows).add(row);
    ++client.sessions;
    client.offline += offline ? 1 : 0;
  }
}

void ClientDirectory::leave(std::uint32_t row, std::uint32_t set, bool offline) {
  for (const std::uint32_t ordinal : members(set)) {
    Client& client = clients_[ordinal];
    (offline ? client.offline_rows : client.regular_rows).remove(row);
    --client.sessions;
    client.offline -= offline ? 1 : 0;
  }
}

void ClientDirectory::enter_later(std::uint32_t row, std::uint32_t set, bool offline) {
  constexpr std::size_t many = 4096;
  if (waiting_.size() < clients_.size()) waiting_.resize(clients_.size());
  for (const std::uint32_t ordinal : members(set)) {
    std::vector<std::uint32_t>& rows = waiting_[ordinal][offline ? 1 : 0];
    rows.push_back(row);
    Client& client = clients_[ordinal];
    ++client.sessions;
    client.offline += offline ? 1 : 0;
    if (rows.size() < many) continue;
    (offline ? client.offline_rows : client.regular_rows).addMany(rows.size(), rows.data());
    rows.clear();
  }
}

void ClientDirectory::finish_entering() {
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    clients_[i].regular_rows.addMany(waiting_[i][0].size(), waiting_[i][0].data());
    clients_[i].offline_rows.addMany(waiting_[i][1].size(), waiting_[i][1].data());
  }
  waiting_ = {};
  for (Client& client : clients_) {
    client.regular_rows.shrinkToFit();
    client.offline_rows.shrinkToFit();
  }
}

std::size_t ClientDirectory::memory_bytes() const {
  std::size_t bytes = guesses_.capacity() * sizeof(std::uint32_t) + sets_.memory_bytes() + arena_.memory_bytes() +
                      table_.memory_bytes();
  for (const Client& client : clients_)
    bytes += sizeof(Client) + 2 * client.id.size() + client.name.size() + client.regular_rows.getSizeInBytes() +
             client.offline_rows.getSizeInBytes();
  return bytes;
}

}  // namespace curfew::index
