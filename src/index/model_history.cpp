#include "index/model_history.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "index/client_orders.h"
#include "index/image.h"
#include "index/model_text.h"

namespace curfew::index {

namespace {

using session::Session;
using session::SessionNo;

// "agent N" → one of a few kinds and families, of which two agents share one.
device::Classify classifier() {
  return [](std::string_view agent) {
    auto device = std::make_shared<device::Device>();
    if (agent.empty()) return std::shared_ptr<const device::Device>(device);
    const int n = agent.back() - '0';
    device->kind = static_cast<device::Kind>(n % 3 + 1);
    device->family = n < 2    ? "Firefox on Windows"
                     : n == 2 ? std::string(device::kUnknownFamily)
                              : "Family " + std::to_string(n);
    return std::shared_ptr<const device::Device>(device);
  };
}

// Few enough that clients come into these bounds and leave them again, at both ends.
constexpr SeldomClients kSeldom{4, 3, 1};

}  // namespace

History::History(std::uint64_t seed)
    : draw_(seed), index_(std::make_unique<Index>(classifier(), kSeldom)), model_(classifier()) {
  kept_ = draw_.below(3) == 0 ? 5 : 1000;
  index_->keep_rows_of_counts(kept_);
  index_->set_read_ahead(1, 100);
  marking_ = draw_.below(4) > 0;
}

void History::step() {
  if (!stretch_ && draw_.below(12) == 0) {
    left_ = 1 + draw_.below(50);
    stretch_.emplace(*index_);
  }
  change();
  if (!stretch_) return;
  const auto dice = draw_.below(12);
  if (dice == 0) check_query();
  if (dice == 1) check_directory();
  if (dice == 2) check_network(draw_.realm(), draw_.below(6));
  if (dice == 3) check_neighbours(draw_.realm(), draw_.user_id());
  if (dice == 4 && !live_.empty()) check_address();
  if (--left_ == 0) stretch_.reset();
}

void History::change() {
  const auto dice = draw_.below(100);
  if (dice < 35 || live_.empty()) {
    insert();
  } else if (dice < 40) {
    if (marking_) set_marks();
  } else if (dice < 60) {
    touch();
  } else if (dice < 72) {
    update();
  } else if (dice < 90) {
    erase();
  } else if (dice < 94) {
    put_user();
  } else if (dice < 96) {
    forget_user();
  } else if (dice < 98) {
    name_client();
  } else if (dice == 98) {
    take_dirty();
  } else if (draw_.below(6) == 0) {
    drop_realm();
  }
}

void History::load(int rows) {
  Index::WriteLock lock(*index_);
  index_->begin_load();
  for (int i = 0; i < rows; ++i) {
    Session s = draw_.session();
    if (model_.find(s.key)) continue;
    s.no = SessionNo{++last_no_};
    model_.insert(s);
    live_.push_back(s.key);
    index_->load_row(s);
  }
  index_->end_load();
}

std::map<std::string_view, std::uint64_t> History::plans() const {
  auto all = plans_;
  for (const auto& [plan, times] : index_->plans()) all[plan] += times;
  return all;
}

void History::expect(bool holds, const std::string& what) {
  if (!holds) throw Failure{what};
}

void History::same(const Session& got, const Session& want, const std::string& where) {
  if (!(got == want)) throw Failure{where + "\n  got  " + describe(got) + "\n  want " + describe(want)};
}

Handle History::in_index(const session::SessionKey& key) {
  const auto handle = index_->find(key);
  expect(handle.has_value(), "a live session is found: " + key.id);
  return *handle;
}

void History::insert() {
  Session s = draw_.session();
  if (model_.find(s.key)) return;
  s.no = SessionNo{++last_no_};
  const Writing lock(*this);
  const Handle handle = index_->insert(s);
  model_.insert(s);
  expect(index_->alive(handle), "alive after insert");
  live_.push_back(s.key);
}

void History::touch() {
  const Writing lock(*this);
  for (std::size_t i = draw_.below(5) + 1; i > 0; --i) {
    const auto& key = draw_.one_of(live_);
    const Time at{model_.get(*model_.find(key)).last_access.ms + static_cast<std::int64_t>(draw_.below(2000)) - 500};
    std::optional<IpAddress> ip;
    if (draw_.below(2) == 0) ip = draw_.ip();
    const bool changed = model_.touch(*model_.find(key), at, ip);
    expect(index_->touch(in_index(key), at, ip) == changed, "touch says whether it changed anything");
    if (draw_.below(4) == 0)
      same(index_->get(in_index(key)), model_.get(*model_.find(key)), "the writer reads its own touch");
    if (draw_.below(8) == 0) check_query();
  }
}

void History::update() {
  const auto& key = draw_.one_of(live_);
  Session s = model_.get(*model_.find(key));
  if (draw_.below(2) == 0) {
    s.clients.clear();
    s.token_hash.reset();
    draw_.add_details(s);
  } else if (draw_.below(2) == 0) {
    const std::string id = draw_.client_id();
    if (std::none_of(s.clients.begin(), s.clients.end(), [&](const auto& link) { return link.client_id == id; }))
      s.clients.push_back({id, s.last_access});
  } else {
    s.remember_me = !s.remember_me;
  }
  const Writing lock(*this);
  index_->update(in_index(key), s);
  model_.update(*model_.find(key), s);
}

void History::erase() {
  const std::size_t at = draw_.below(live_.size());
  const auto key = live_[at];
  const Writing lock(*this);
  const Handle handle = in_index(key);
  index_->erase(handle);
  model_.erase(*model_.find(key));
  expect(!index_->alive(handle) && !index_->find(key), "an erased session is gone");
  live_.erase(live_.begin() + static_cast<std::ptrdiff_t>(at));
}

void History::set_marks() {
  const Writing lock(*this);
  for (std::size_t i = draw_.below(5) + 1; i > 0; --i) {
    const auto& key = draw_.one_of(live_);
    const std::uint16_t marks = draw_.marks();
    index_->set_marks(in_index(key), marks);
    model_.set_marks(*model_.find(key), marks);
    expect(index_->marks(in_index(key)) == marks, "the writer reads its own marks");
  }
}

void History::put_user() {
  const RealmId id = draw_.realm();
  const std::string user = draw_.user_id(), name = draw_.username(),
                    email = draw_.below(2) == 0 ? "" : "Mail." + draw_.username();
  const Writing lock(*this);
  const Index::UserTexts texts[] = {{id, user, name, email}};
  std::vector<std::uint32_t> numbers;
  index_->put_users(texts, numbers);
  model_.put_user(id, user, name, email);
}

void History::forget_user() {
  const RealmId id = draw_.realm();
  const std::string user = draw_.user_id();
  const Writing lock(*this);
  expect(index_->forget_user(id, user) == model_.forget_user(id, user), "forget_user");
}

void History::name_client() {
  const RealmId id = draw_.realm();
  const std::string client = draw_.client_id(), name = draw_.below(3) == 0 ? "" : "The " + client;
  const Writing lock(*this);
  index_->name_client(id, client, name);
  model_.name_client(id, client, name);
}

void History::take_dirty() {
  std::vector<DirtyRow> got, want;
  const Writing lock(*this);
  index_->take_dirty(model_.dirty_count() + 1, got);
  model_.take_dirty(model_.dirty_count() + 1, want);
  expect(got.size() == want.size(), "take_dirty gives every touched row");
  for (std::size_t i = 0; i < got.size(); ++i)
    expect(got[i].no == want[i].no && got[i].last_access == want[i].last_access && got[i].ip == want[i].ip,
           "take_dirty");
}

void History::drop_realm() {
  const RealmId id = draw_.realm();
  const Writing lock(*this);
  index_->drop_realm(id);
  model_.drop_realm(id);
  std::erase_if(live_, [&](const auto& key) { return key.realm == id; });
}

// The index is written out and read back; the history goes on with what was read.
void History::through_an_image() {
  take_dirty();
  std::vector<std::pair<Handle, std::uint16_t>> marks;
  for (const auto& key : live_)
    if (const auto handle = index_->find(key); handle && index_->marks(*handle) != 0)
      marks.emplace_back(*handle, index_->marks(*handle));
  const ImageName name{"model", std::to_string(draw_.next())};
  const std::string path = testing::TempDir() + "curfew_model_test_" + std::to_string(::getpid()) + ".image";
  const auto writer = ImageWriter::create(path, name, [] { return true; });
  if (!writer) throw Failure{writer.error().message};
  index_->save(**writer);
  if (const auto written = (*writer)->finish(); !written) throw Failure{written.error().message};
  const auto reader = ImageReader::open(path, name);
  if (!reader) throw Failure{reader.error().message};
  ::unlink(path.c_str());
  auto fresh = std::make_unique<Index>(classifier(), kSeldom);
  fresh->keep_rows_of_counts(kept_);
  fresh->set_read_ahead(1, 100);
  expect(fresh->load(**reader) && (*reader)->finish(), "an image is read as it was written");
  for (const auto& [plan, times] : index_->plans()) plans_[plan] += times;
  index_ = std::move(fresh);
  const Index::WriteLock lock(*index_);
  for (const auto& [handle, of_row] : marks) {
    expect(index_->marks(handle) == 0, "rows come without marks");
    index_->set_marks(handle, of_row);
  }
}

}  // namespace curfew::index
