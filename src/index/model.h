// Model: the same answers as Index from vectors and loops, for tests. Slow, and plain enough to be read as the
// definition.
#pragma once

#include <array>
#include <map>
#include <set>

#include "index/index.h"

namespace curfew::index {

class Model {
 public:
  explicit Model(device::Classify classify) : classify_(std::move(classify)) {}

  Handle insert(const session::Session& session);
  void erase(const Handle& handle);
  bool touch(const Handle& handle, Time at, const std::optional<IpAddress>& ip);
  void update(const Handle& handle, const session::Session& session);
  void set_marks(const Handle& handle, std::uint16_t marks);
  void name_client(RealmId realm, std::string_view client_id, std::string_view name);
  bool forget_user(RealmId realm, std::string_view user_id);
  void put_user(RealmId realm, std::string_view user_id, std::string_view username, std::string_view email);
  void drop_realm(RealmId realm);
  void take_dirty(std::size_t limit, std::vector<DirtyRow>& out);
  std::size_t dirty_count() const { return dirty_.size(); }

  std::optional<Handle> find(const session::SessionKey& key) const;
  std::optional<Handle> find_by_token(RealmId realm, const session::TokenHash& hash) const;
  bool alive(const Handle& handle) const;
  session::Session get(const Handle& handle) const;
  RowView view(const Handle& handle) const;  // but for the user's number
  std::string device_key(const Handle& handle) const;
  std::uint16_t marks(const Handle& handle) const;

  Page query(const Query& query) const;
  Summary summarize(std::span<const RealmId> realms, const Filter& filter) const;
  std::vector<Handle> matching(std::span<const RealmId> realms, const Filter& filter) const;
  UserPage users(std::span<const RealmId> realms, std::string_view search, std::uint64_t offset,
                 std::size_t limit) const;
  std::optional<UserRow> user(RealmId realm, std::string_view user_id) const;
  std::vector<Handle> user_sessions(RealmId realm, std::string_view user_id) const;
  std::vector<ClientRow> clients(std::span<const RealmId> realms, std::string_view search) const;
  std::string client_name(RealmId realm, std::string_view client_id) const;
  std::uint64_t size(RealmId realm) const;
  std::uint64_t size() const;
  std::vector<ExpiredRow> expired(RealmId realm, const session::Policy& policy, Time now) const;

 private:
  struct User {
    std::string username, email;
  };
  struct Realm {
    std::vector<std::optional<session::Session>> rows;
    std::map<std::string, User, std::less<>> users;
    std::map<std::string, std::string, std::less<>> client_names;
  };
  // The filter's user condition needs the realm: does anybody have that id?
  bool matches(const Realm& realm, const Filter& filter, const session::Session& session) const;
  session::Session whole(const Realm& realm, const session::Session& session) const;
  UserRow user_row(RealmId id, const Realm& realm, const std::string& user_id, const User& user) const;
  void learn_user(Realm& realm, const session::Session& session);
  const Realm* realm(RealmId id) const;

  std::map<RealmId, Realm> realms_;
  device::Classify classify_;
  std::map<std::uint64_t, Handle> dirty_;         // by no
  std::map<std::uint64_t, std::uint16_t> marks_;  // the same
};

}  // namespace curfew::index
