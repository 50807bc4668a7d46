#include "engine/realm.h"

#include <algorithm>

#include "base/limits.h"
#include "session/codec.h"

namespace curfew::engine {
namespace {
constexpr std::uint8_t kVersion = 2;

bool alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
}  // namespace

Status validate_realm_name(std::string_view name) {
  const auto allowed = [](char c) { return alphanumeric(c) || c == '.' || c == '_' || c == '-'; };
  if (name.empty() || name.size() > limits::kRealmName || !alphanumeric(name.front()) ||
      !std::all_of(name.begin(), name.end(), allowed))
    return invalid("name",
                   "A realm's name has 1 to 64 letters, digits, '.', '_' or '-', and begins with a letter or digit.");
  return {};
}

RealmTable::RealmTable(std::vector<Realm> realms) : realms_(std::move(realms)) {
  std::sort(realms_.begin(), realms_.end(), [](const Realm& a, const Realm& b) { return a.id < b.id; });
  for (std::size_t i = 0; i < realms_.size(); ++i)
    if (!realms_[i].removing) by_name_.emplace(realms_[i].name, i);
}

const Realm* RealmTable::find(std::string_view name) const {
  const auto it = by_name_.find(name);
  return it == by_name_.end() ? nullptr : &realms_[it->second];
}

const Realm* RealmTable::find(RealmId id) const {
  const auto it = std::lower_bound(realms_.begin(), realms_.end(), id,
                                   [](const Realm& r, RealmId wanted) { return r.id < wanted; });
  return it == realms_.end() || it->id != id ? nullptr : &*it;
}

std::vector<const Realm*> RealmTable::all() const {
  std::vector<const Realm*> out;
  out.reserve(by_name_.size());
  for (const auto& [name, i] : by_name_) out.push_back(&realms_[i]);
  return out;
}

std::shared_ptr<const signal::Settings> Realm::default_detection() {
  static const auto shared = std::make_shared<const signal::Settings>(signal::Settings::defaults());
  return shared;
}

bool operator==(const Realm& a, const Realm& b) {
  return a.id == b.id && a.name == b.name && a.display_name == b.display_name && a.created == b.created &&
         a.policy == b.policy && a.removing == b.removing &&
         (a.detection == b.detection || *a.detection == *b.detection);
}

void encode_realm(std::string& out, const Realm& realm) {
  out.push_back(static_cast<char>(kVersion));
  session::put_varint(out, realm.id.value);
  session::put_bytes(out, realm.name);
  session::put_bytes(out, realm.display_name);
  session::put_zigzag(out, realm.created.ms);
  out.push_back(realm.removing ? 1 : 0);
  std::string policy;
  session::encode_policy(policy, realm.policy);
  session::put_bytes(out, policy);
  std::string detection;
  signal::encode_settings(detection, *realm.detection);
  session::put_bytes(out, detection);
}

Result<Realm> decode_realm(std::string_view bytes) {
  session::ByteReader reader(bytes);
  const std::uint8_t version = reader.byte();
  if (version < 1 || version > kVersion)
    return fail(ErrorCode::kDataLoss, "unknown_version",
                "a realm's record has a version that this program does not know");
  Realm realm;
  realm.id = RealmId{static_cast<std::uint32_t>(reader.varint())};
  realm.name = reader.bytes();
  realm.display_name = reader.bytes();
  realm.created = Time{reader.zigzag()};
  realm.removing = reader.byte() != 0;
  const std::string_view policy = reader.bytes();
  if (version >= 2) {
    CURFEW_TRY(auto detection, signal::decode_settings(reader.bytes()));
    realm.detection = std::make_shared<const signal::Settings>(std::move(detection));
  }
  CURFEW_TRY_STATUS(reader.finish("realm"));
  CURFEW_TRY(realm.policy, session::decode_policy(policy));
  return realm;
}

}  // namespace curfew::engine
