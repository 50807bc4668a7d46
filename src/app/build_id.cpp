#include "app/build_id.h"

#include <elf.h>
#include <link.h>

#include <cstring>
#include <span>

#include "base/crypto.h"

namespace curfew::app {
namespace {

// A note: its head, its owner's name and what it holds, each filled up to four bytes.
std::string id_in(std::span<const std::uint8_t> notes) {
  const auto whole = [](std::size_t size) { return (size + 3) / 4 * 4; };
  ElfW(Nhdr) head;
  while (notes.size() >= sizeof head) {
    std::memcpy(&head, notes.data(), sizeof head);
    notes = notes.subspan(sizeof head);
    const std::size_t name = whole(head.n_namesz), held = whole(head.n_descsz);
    if (name > notes.size() || held > notes.size() - name) break;
    if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == sizeof ELF_NOTE_GNU &&
        std::memcmp(notes.data(), ELF_NOTE_GNU, sizeof ELF_NOTE_GNU) == 0)
      return to_hex(notes.subspan(name, head.n_descsz));
    notes = notes.subspan(name + held);
  }
  return {};
}

// The first object that is visited is the program itself.
int visit(dl_phdr_info* info, std::size_t, void* out) {
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& part = info->dlpi_phdr[i];
    if (part.p_type != PT_NOTE) continue;
    const auto* from = reinterpret_cast<const std::uint8_t*>(info->dlpi_addr + part.p_vaddr);
    std::string id = id_in({from, part.p_memsz});
    if (!id.empty()) *static_cast<std::string*>(out) = std::move(id);
  }
  return 1;
}

}  // namespace

std::string build_id() {
  std::string out;
  ::dl_iterate_phdr(visit, &out);
  return out;
}

}  // namespace curfew::app
