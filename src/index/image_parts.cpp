// How each structure lies in an image (image.h): its pages and numbers as they are, one after another. What can be told
// from the rest is made anew. Raise kFormat in image.cpp with every change here.
#include <algorithm>

#include "index/client_directory.h"
#include "index/device_directory.h"
#include "index/image.h"
#include "index/index_impl.h"
#include "index/trigram_index.h"
#include "index/user_directory.h"

namespace curfew::index {
namespace {

constexpr std::size_t kLeastBitmap = 8;  // bytes in an image

}  // namespace

void BlobArena::save(ImageWriter& out) const {
  out.pages(words_);
  out.array(std::span<const std::uint32_t>(free_));
  out.number(free_words_);
}

void BlobArena::load(ImageReader& in) {
  in.pages(words_);
  in.array(free_);
  free_words_ = in.number();
  words_.grow(1);
}

void OrdinalTable::save(ImageWriter& out) const {
  out.pages(buckets_);
  out.pages(overflow_);
  for (const std::uint64_t n :
       {std::uint64_t{free_overflow_}, std::uint64_t{round_}, std::uint64_t{count_}, std::uint64_t{size_}})
    out.number(n);
}

void OrdinalTable::load(ImageReader& in) {
  in.pages(buckets_);
  in.pages(overflow_);
  free_overflow_ = in.number32();
  round_ = in.number32();
  count_ = in.number32();
  size_ = in.number();
  if (count_ > buckets_.size() || !std::has_single_bit(round_) || round_ > count_) in.refuse();
}

void StringPool::save(ImageWriter& out) const {
  out.pages(entries_);
  arena_.save(out);
  table_.save(out);
  out.number(free_);
}

void StringPool::load(ImageReader& in) {
  in.pages(entries_);
  arena_.load(in);
  table_.load(in);
  free_ = in.number32();
  entries_.grow(1);
}

void RowStore::save(ImageWriter& out) const {
  out.pages(facts_);
  out.pages(ids_);
  out.pages(rest_);
  out.pages(v6_);
  out.pages(tokens_);
  arena_.save(out);
  out.array(std::span<const std::uint32_t>(id_lengths_));
  for (const std::uint32_t n : {live_, long_ids_, free_, free_v6_}) out.number(n);
}

void RowStore::load(ImageReader& in) {
  in.pages(facts_);
  in.pages(ids_);
  in.pages(rest_);
  in.pages(v6_);
  in.pages(tokens_);
  arena_.load(in);
  in.array(id_lengths_);
  live_ = in.number32();
  long_ids_ = in.number32();
  free_ = in.number32();
  free_v6_ = in.number32();
  if (ids_.size() != facts_.size() || rest_.size() != facts_.size() || tokens_.size() > facts_.size()) in.refuse();
  // Marks are found anew after every start.
  for (std::uint32_t row = 0; row < facts_.size(); ++row) {
    facts_[row].set(RowFacts::kMarked, false);
    facts_[row].set_severity(0);
  }
}

void RowLists::save(ImageWriter& out) const {
  arena_.save(out);
  out.number(many_.size());
  for (const auto& rows : many_) out.bitmap(rows ? *rows : Roaring());
  out.array(std::span<const std::uint32_t>(free_many_));
}

void RowLists::load(ImageReader& in) {
  arena_.load(in);
  many_.resize(in.count(kLeastBitmap));
  for (auto& rows : many_) rows = std::make_unique<Roaring>(in.bitmap());
  in.array(free_many_);
  for (const std::uint32_t slot : free_many_) {
    if (slot >= many_.size()) return in.refuse();
    many_[slot].reset();
  }
}

void TrigramIndex::save(ImageWriter& out) {
  settle();
  out.number(entries_);
  out.bitmap(brief_);
  out.number(postings_.size());
  for (const auto& [trigram, rows] : postings_) {
    out.number(trigram);
    out.bitmap(rows);
  }
}

void TrigramIndex::load(ImageReader& in) {
  entries_ = in.number();
  brief_ = in.bitmap();
  const std::size_t n = in.count(kLeastBitmap);
  postings_.reserve(n);
  for (std::size_t i = 0; i < n && in.ok(); ++i) {
    const std::uint32_t trigram = in.number32();
    postings_.emplace(trigram, in.bitmap());
  }
}

void UserDirectory::save(ImageWriter& out) {
  out.pages(users_);
  out.pages(used_by_);
  texts_.save(out);
  lists_.save(out);
  table_.save(out);
  order_.save(out);
  trigrams_.save(out);
  out.number(free_);
  out.number(with_rows_);
}

void UserDirectory::load(ImageReader& in) {
  in.pages(users_);
  in.pages(used_by_);
  texts_.load(in);
  lists_.load(in);
  table_.load(in);
  order_.load(in);
  trigrams_.load(in);
  free_ = in.number32();
  with_rows_ = in.number();
  if (order_.size() != table_.size() || table_.size() > users_.size() || used_by_.size() != users_.size()) in.refuse();
}

void ClientDirectory::save(ImageWriter& out) const {
  out.number(clients_.size());
  for (const Client& client : clients_) {
    out.text(client.id);
    out.text(client.name);
    out.bitmap(client.regular_rows);
    out.bitmap(client.offline_rows);
    for (const std::uint64_t n :
         {client.sessions, client.offline, std::uint64_t{client.sets}, std::uint64_t{client.known}})
      out.number(n);
  }
  out.array(std::span<const std::uint32_t>(free_clients_));
  out.pages(sets_);
  arena_.save(out);
  table_.save(out);
  by_text_.save(out);
  out.number(free_set_);
}

void ClientDirectory::load(ImageReader& in) {
  clients_.resize(in.count(2 * kLeastBitmap));
  for (std::uint32_t i = 0; i < clients_.size() && in.ok(); ++i) {
    Client& client = clients_[i];
    client.id = in.text();
    client.name = in.text();
    client.regular_rows = in.bitmap();
    client.offline_rows = in.bitmap();
    client.sessions = in.number();
    client.offline = in.number();
    client.sets = in.number32();
    client.known = in.number() != 0;
    if (client.known) by_id_.emplace(client.id, i);
  }
  in.array(free_clients_);
  in.pages(sets_);
  arena_.load(in);
  table_.load(in);
  by_text_.load(in);
  free_set_ = in.number32();
  sets_.grow(1);
  if (by_id_.size() != by_text_.size() || by_id_.size() + free_clients_.size() != clients_.size()) in.refuse();
}

void DeviceDirectory::save(ImageWriter& out) const {
  agents_.save(out);
  ids_.save(out);
  out.pages(facts_);
  out.number(families_.size());
  for (const Family& family : families_) {
    out.text(family.name);
    out.number(family.hash);
    out.number(family.agents);
    out.bitmap(family.rows);
  }
  out.array(std::span<const std::uint32_t>(free_families_));
  for (const Roaring& rows : kinds_) out.bitmap(rows);
  out.pages(id_rows_);
  out.number(lists_ ? 1 : 0);
  if (lists_) lists_->save(out);
}

void DeviceDirectory::load(ImageReader& in) {
  agents_.load(in);
  ids_.load(in);
  in.pages(facts_);
  families_.resize(in.count(kLeastBitmap));
  by_name_.clear();
  for (std::uint32_t i = 0; i < families_.size() && in.ok(); ++i) {
    Family& family = families_[i];
    family.name = in.text();
    family.hash = in.number();
    family.agents = in.number32();
    family.rows = in.bitmap();
    if (family.agents > 0) by_name_.emplace(family.name, i);
  }
  in.array(free_families_);
  for (Roaring& rows : kinds_) rows = in.bitmap();
  in.pages(id_rows_);
  if (in.number() != 0) {
    lists_ = std::make_unique<RowLists>();
    lists_->load(in);
  }
  if (facts_.size() < agents_.slots()) in.refuse();
  if (in.ok() && !described_alike()) in.refuse();
}

// Whether the agent strings are still told to be what the image has them as.
bool DeviceDirectory::described_alike() const {
  for (std::uint32_t agent = 0; agent < agents_.slots(); ++agent) {
    if (!agents_.used(agent)) continue;
    const AgentFacts& facts = facts_[agent];
    const device::Device device = agent == 0 ? device::Device{} : *classify_(agents_[agent]);
    if (facts.family >= families_.size() || families_[facts.family].name != device.family ||
        facts.kind != static_cast<std::uint32_t>(device.kind))
      return false;
  }
  return true;
}

void RealmIndex::save(ImageWriter& out) {
  CURFEW_CHECK(settled(), "nothing waits when an image is written");
  rows_.save(out);
  users_.save(out);
  clients_.save(out);
  devices_.save(out);
  by_key_.save(out);
  by_token_.save(out);
  for (const Roaring* rows : {&live_, &offline_, &remembered_}) out.bitmap(*rows);
  out.number(remembered_count_);
  by_last_access_.save(out);
  by_started_.save(out);
  by_ip_.save(out);
  by_name_.save(out);
}

void RealmIndex::load(ImageReader& in) {
  rows_.load(in);
  users_.load(in);
  clients_.load(in);
  devices_.load(in);
  by_key_.load(in);
  by_token_.load(in);
  for (Roaring* rows : {&live_, &offline_, &remembered_}) *rows = in.bitmap();
  remembered_count_ = in.number();
  by_last_access_.load(in);
  by_started_.load(in);
  by_ip_.load(in);
  by_name_.load(in);
  const std::uint32_t n = rows_.live();
  if (live_.cardinality() != n || by_key_.size() != n || by_last_access_.size() != n || by_started_.size() != n ||
      by_ip_.size() != n || by_name_.size() != n)
    in.refuse();
  if (in.ok()) client_orders_.build();
}

void Index::save(ImageWriter& out) const {
  impl_->settle();
  CURFEW_CHECK(impl_->dirty_count == 0 && !impl_->bulk, "what was touched is taken before an image is written");
  const std::vector<RealmId> ids = realms();
  out.number(ids.size());
  for (const RealmId id : ids) {
    out.number(id.value);
    impl_->find(id)->save(out);
  }
}

bool Index::load(ImageReader& in) {
  CURFEW_CHECK(impl_->realms.empty(), "an image is the whole index");
  constexpr std::size_t least = 1024;  // bytes of a realm
  const std::size_t n = in.count(least);
  for (std::size_t i = 0; i < n && in.ok(); ++i) impl_->at(RealmId{in.number32()}).load(in);
  if (impl_->realms.size() != n) in.refuse();
  return in.ok();
}

void Index::clear() {
  impl_->realms.clear();
  impl_->unsettled.clear();
  impl_->dirty_backlog.clear();
  impl_->dirty_fresh.clear();
  impl_->dirty_count = 0;
}

std::vector<RealmId> Index::realms() const {
  std::vector<RealmId> out;
  for (const auto& [id, realm] : impl_->realms) out.push_back(id);
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace curfew::index
