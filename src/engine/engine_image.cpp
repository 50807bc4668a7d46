// The index image: whether the one that is there may be taken, and when one is written (image.h).
#include <unistd.h>

#include <filesystem>

#include "engine/engine_impl.h"
#include "index/image.h"

namespace curfew::engine {
namespace {

constexpr std::string_view kImageTable = "engine", kImageKey = "image";
constexpr std::size_t kNameBytes = 16;
constexpr std::int64_t kNsPerMs = 1'000'000;

// `name` alone tells one state of one ledger from every other; the rest guards against our own mistakes.
index::ImageName image_name(const ImageOptions& options, const ledger::Ledger& ledger, const std::string& name) {
  return {options.program, name + "/" + std::to_string(ledger.position()) + "/" +
                               std::to_string(ledger.last_no().value) + "/" + std::to_string(ledger.last_audit_seq())};
}

Result<ledger::Position> name_image(ledger::Ledger& ledger, Time now, std::optional<std::string> name) {
  ledger::Commit commit;
  commit.time = now;
  commit.documents.push_back({std::string(kImageTable), std::string(kImageKey), std::move(name)});
  return ledger.append(commit);
}

}  // namespace

Status Engine::Impl::read_image() {
  const std::string& path = options.image.path;
  ::unlink((path + ".new").c_str());  // of a stop that was cut short
  CURFEW_TRY(const auto name, ledger.document(kImageTable, kImageKey));
  auto found = index::ImageReader::open(path, image_name(options.image, ledger, name.value_or("")));
  if (!found && found.error().code == ErrorCode::kNotFound) return tl::make_unexpected(found.error());
  // It is read once, whatever comes of that: should reading it end the program, the next start does without.
  if (::unlink(path.c_str()) != 0)
    return fail(ErrorCode::kUnavailable, "image_io", "The index image can't be removed.");
  CURFEW_TRY(const auto reader, std::move(found));
  if (!name) return fail(ErrorCode::kConflict, "image_of_other_state", "The ledger knows of no index image.");
  if (!index.load(*reader) || !watch.load(*reader))
    return fail(ErrorCode::kDataLoss, "image_broken",
                "The index image is not what was written, or devices are told apart otherwise now.");
  CURFEW_TRY_STATUS(reader->finish());
  // From here on it can never be taken again, be it that its file comes back.
  CURFEW_TRY(position, name_image(ledger, clock.now(), std::nullopt));
  return {};
}

bool Engine::Impl::take_image() {
  if (options.image.path.empty()) return false;
  const std::int64_t began = clock.monotonic_ns();
  const Status read = read_image();
  image.ms = (clock.monotonic_ns() - began) / kNsPerMs;
  if (read) {
    image.outcome = ImageReport::Outcome::kTaken;
    return true;
  }
  index.clear();
  watch.clear();
  if (read.error().code == ErrorCode::kNotFound) return false;
  image.outcome = ImageReport::Outcome::kRefused;
  image.problem = read.error().message;
  return false;
}

Result<std::uint64_t> Engine::Impl::write_image(bool all_flushed) {
  std::vector<signal::DirtyProfile> unsaved;
  if (!all_flushed || !ledger_ok || index.dirty_count() > 0 || !unsaved_profiles.empty() ||
      watch.take_dirty(1, unsaved) || !unsaved.empty())
    return fail(ErrorCode::kUnavailable, "image_ledger", "Not everything could be written to the ledger.");
  std::error_code error;
  const auto directory = std::filesystem::path(options.image.path).parent_path();
  const auto space = std::filesystem::space(directory.empty() ? "." : directory, error);
  const std::uint64_t size = index.memory_bytes() + watch.memory_bytes();
  if (error || space.available < size + options.image.reserve_bytes)
    return fail(ErrorCode::kResourceExhausted, "image_space", "The disk has too little room for an index image.");
  const std::string name = random_token(random, kNameBytes);
  CURFEW_TRY(position, name_image(ledger, clock.now(), name));
  const std::int64_t until_ns = clock.monotonic_ns() + options.image.longest.ms * kNsPerMs;
  CURFEW_TRY(const auto writer,
             index::ImageWriter::create(options.image.path, image_name(options.image, ledger, name),
                                        [this, until_ns] { return clock.monotonic_ns() < until_ns; }));
  const index::Index::ReadLock lock(index);
  index.save(*writer);
  watch.save(*writer);
  return writer->finish();
}

void Engine::Impl::leave_image(bool all_flushed) {
  image = {};
  if (options.image.path.empty() || index.size() < options.image.least_sessions) return;
  const std::int64_t began = clock.monotonic_ns();
  const auto written = write_image(all_flushed);
  image.ms = (clock.monotonic_ns() - began) / kNsPerMs;
  image.outcome = written ? ImageReport::Outcome::kWritten : ImageReport::Outcome::kNotWritten;
  if (written)
    image.bytes = *written;
  else
    image.problem = written.error().message;
}

const ImageReport& Engine::image() const {
  return impl_->image;
}

}  // namespace curfew::engine
