// Makes the definitions of rules.h from uap-core's regexes.yaml. Runs while Curfew is built.
//
//   curfew_rules_compiler regexes.yaml rules.cpp
#include <yaml-cpp/yaml.h>

#include <array>
#include <cstdio>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct Section {
  std::string_view yaml, function;
  std::vector<std::string_view> parts;
};

const std::array<Section, 3> kSections{{
    {"user_agent_parsers",
     "browser_rules",
     {"family_replacement", "v1_replacement", "v2_replacement", "v3_replacement", ""}},
    {"os_parsers",
     "system_rules",
     {"os_replacement", "os_v1_replacement", "os_v2_replacement", "os_v3_replacement", "os_v4_replacement"}},
    {"device_parsers", "hardware_rules", {"device_replacement", "brand_replacement", "model_replacement", "", ""}},
}};

std::string literal(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f) {
      // Octal: at most three digits, so that what follows is not taken for a part of it.
      std::array<char, 8> escaped{};
      std::snprintf(escaped.data(), escaped.size(), "\\%03o", byte);
      out += escaped.data();
    } else {
      if (c == '"' || c == '\\' || c == '?') out += '\\';
      out += c;
    }
  }
  return out + '"';
}

std::string text_of(const YAML::Node& rule, std::string_view key) {
  const YAML::Node value = rule[std::string(key)];
  if (!value.IsDefined() || value.IsNull()) return "nullptr";
  return literal(value.as<std::string>());
}

// What this program doesn't know it must not drop in silence: a rule would quietly mean something else.
void check_keys(const YAML::Node& rule, const Section& section) {
  for (const auto& member : rule) {
    const auto key = member.first.as<std::string>();
    bool known = key == "regex" || key == "regex_flag";
    for (const std::string_view part : section.parts) known = known || key == part;
    if (!known) throw std::runtime_error("a rule has the unknown member " + key);
  }
}

void write_section(std::ofstream& out, const YAML::Node& document, const Section& section) {
  const YAML::Node rules = document[std::string(section.yaml)];
  if (!rules.IsSequence() || rules.size() == 0) throw std::runtime_error("no rules under " + std::string(section.yaml));
  out << "std::span<const Rule> " << section.function << "() {\n  static constexpr Rule kRules[]{\n";
  for (const YAML::Node& rule : rules) {
    check_keys(rule, section);
    const std::string flag = rule["regex_flag"] ? rule["regex_flag"].as<std::string>() : "";
    if (!flag.empty() && flag != "i") throw std::runtime_error("a rule has the unknown flag " + flag);
    out << "      {" << literal(rule["regex"].as<std::string>()) << ", " << (flag == "i" ? "true" : "false") << ", {";
    for (std::size_t part = 0; part < section.parts.size(); ++part)
      out << (part > 0 ? ", " : "") << (section.parts[part].empty() ? "nullptr" : text_of(rule, section.parts[part]));
    out << "}},\n";
  }
  out << "  };\n  return kRules;\n}\n";
}

}  // namespace

int main(int count, char** values) {
  if (count != 3) {
    std::fputs("usage: curfew_rules_compiler regexes.yaml rules.cpp\n", stderr);
    return 2;
  }
  try {
    const YAML::Node document = YAML::LoadFile(values[1]);
    std::ofstream out(values[2], std::ios::binary | std::ios::trunc);
    out << "#include \"device/rules.h\"\n\nnamespace curfew::device {\n";
    for (const Section& section : kSections) write_section(out, document, section);
    out << "}  // namespace curfew::device\n";
    out.close();
    if (!out) throw std::runtime_error(std::string("can't write ") + values[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", values[1], error.what());
    return 1;
  }
  return 0;
}
