// Help, manual, completion and the program's own commands: all from one tree.
#include "cli/help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/parse.h"
#include "cli/testing.h"

namespace curfew::cli {
namespace {

using ::testing::HasSubstr;
using testing::Shell;

void each(const std::vector<const Command*>& path,
          const std::function<void(const std::vector<const Command*>&)>& visit) {
  visit(path);
  for (const auto& child : path.back()->commands) {
    auto deeper = path;
    deeper.push_back(&child);
    each(deeper, visit);
  }
}

class Tree : public ::testing::Test {
 protected:
  Command root = root_command();
  SharedOptions shared_values;
  std::vector<Option> shared = shared_values.options();
};

TEST_F(Tree, EveryCommandThatRunsHasASummaryHelpAndAnExample) {
  each({&root}, [&](const auto& path) {
    const Command& c = *path.back();
    EXPECT_FALSE(c.summary.empty()) << spelled(path);
    EXPECT_FALSE(c.summary.ends_with('.')) << spelled(path);
    if (c.run) EXPECT_FALSE(c.examples.empty()) << spelled(path);
    for (const auto& option : c.options)
      EXPECT_TRUE(option.help.ends_with('.') || option.help.ends_with("…")) << spelled(path) << " --" << option.name;
    EXPECT_TRUE(c.run || !c.commands.empty()) << spelled(path);
  });
}

TEST_F(Tree, EveryExampleParses) {
  each({&root}, [&](const auto& path) {
    for (const auto& example : path.back()->examples) {
      // As a shell would split it, up to a pipe or a redirection.
      std::vector<std::string> words(1);
      bool quoted = false;
      for (const char c : example.line + " ") {
        if (c == '"')
          quoted = !quoted;
        else if (c == ' ' && !quoted)
          words.emplace_back();
        else
          words.back() += c;
      }
      std::erase(words, "");
      words.erase(std::find_if(words.begin(), words.end(), [](const auto& w) { return w == "|" || w == ">"; }),
                  words.end());
      const auto fresh = root_command();
      SharedOptions values;
      const auto parsed = parse(fresh, values.options(), words);
      EXPECT_TRUE(parsed) << example.line << ": " << (parsed ? "" : parsed.error().error.message);
    }
  });
}

TEST_F(Tree, HelpHoldsEveryOptionAndFits) {
  each({&root}, [&](const auto& path) {
    const auto text = help_text(path, shared, 80, {});
    for (const auto& option : path.back()->options) EXPECT_THAT(text, HasSubstr("--" + option.name));
    for (const auto& child : path.back()->commands) EXPECT_THAT(text, HasSubstr("  " + child.name));
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
  });
}

TEST_F(Tree, CompletionKnowsEveryCommandAndOption) {
  const auto holds = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  };
  const auto bash = *completion_script(root, shared, "bash");
  const auto zsh = *completion_script(root, shared, "zsh");
  const auto fish = *completion_script(root, shared, "fish");
  each({&root}, [&](const auto& path) {
    const auto name = spelled(path);
    for (const auto& option : path.back()->options) {
      EXPECT_TRUE(holds(bash, "--" + option.name)) << option.name;
      EXPECT_TRUE(holds(zsh, "--" + option.name + "[")) << option.name;
      EXPECT_TRUE(holds(fish, "-l " + option.name + " ")) << option.name;
    }
    if (path.size() < 2) return;
    const auto group = spelled({path.begin(), path.end() - 1}).substr(std::string_view("curfew").size());
    EXPECT_TRUE(holds(bash, "'" + name + "')")) << name;
    EXPECT_TRUE(holds(fish, "'__curfew_group" + group + "' -a " + path.back()->name + " ")) << name;
    auto function = name;
    std::replace(function.begin(), function.end(), ' ', '_');
    EXPECT_TRUE(holds(zsh, "\n_" + function + "() {")) << name;
  });
  EXPECT_FALSE(completion_script(root, shared, "tcsh"));
}

TEST_F(Tree, TheManualHoldsEveryCommandAndNoStrayRequest) {
  const auto page = manual(root, shared, "1.2.3");
  EXPECT_THAT(page, HasSubstr(".TH CURFEW 1 \"\" \"curfew 1.2.3\""));
  each({&root}, [&](const auto& path) {
    std::string name = spelled(path);
    if (path.back()->run) EXPECT_THAT(page, HasSubstr(".SS \"" + name + "\""));
  });
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with('.'))
      EXPECT_TRUE(line.starts_with(".TH") || line.starts_with(".S") || line.starts_with(".PP") ||
                  line.starts_with(".TP") || line.starts_with(".B") || line.starts_with(".RS") ||
                  line.starts_with(".RE") || line == ".nf" || line == ".fi")
          << line;
}

TEST(Run, HelpIsNoFailureAndGoesToStandardOutput) {
  Shell shell;
  EXPECT_EQ(shell.run({"sessions", "revoke", "--help"}), kExitDone);
  EXPECT_THAT(shell.out.str(), HasSubstr("Usage: curfew sessions revoke [OPTIONS] [SESSION...]"));
  Shell version;
  EXPECT_EQ(version.run({"--version"}), kExitDone);
  EXPECT_EQ(version.out.str(), "curfew " CURFEW_VERSION "\n");
}

TEST(Run, HelpIsGivenEvenWhereSomethingElseIsMissing) {
  Shell shell;
  EXPECT_EQ(shell.run({"sessions", "revoke", "--limit", "x", "-h"}), kExitDone);
}

TEST(Run, TheProgramAddsItsOwnCommands) {
  struct Options {
    std::string config;
    std::int64_t port = 8080;
    bool demo = false;
    std::vector<std::string> proxies;
  };
  auto o = std::make_shared<Options>();
  const auto extra = [&] {
    auto c = make_command("serve", "Run the server");
    c.option("config", "FILE", &o->config, "The configuration.").file = true;
    c.option("port", "N", &o->port, "The port.").most = 65'535;
    c.option("proxy", "CIDR", &o->proxies, "A trusted proxy.");
    c.flag("demo", &o->demo, "With demo data.");
    c.run = [o](Context& context) -> Result<int> {
      context.terminal.out << o->config << " " << o->port << " " << o->demo << " " << o->proxies.size() << "\n";
      return kExitPartly;
    };
    return std::vector<Command>{c};
  };
  Shell shell;
  EXPECT_EQ(run({"serve", "--config", "a.toml", "--port=9", "--demo", "--proxy", "10.0.0.1", "--proxy", "10.0.0.2"},
                shell.terminal, shell.server.connect(), extra()),
            3);
  EXPECT_EQ(shell.out.str(), "a.toml 9 1 2\n");
  EXPECT_EQ(run({"serve", "--server", "http://a"}, shell.terminal, shell.server.connect(), extra()), kExitUsage);
  EXPECT_EQ(run({"serve", "--port", "65536"}, shell.terminal, shell.server.connect(), extra()), kExitUsage);
}

TEST(Run, WordsThatLookLikeCommandsOrOptionsAreValuesWhereValuesBelong) {
  Shell shell;
  shell.run({"users", "show", "--realm", "r", "sessions"});
  EXPECT_EQ(shell.server.asked.front(), "GET /api/v1/realms/r/users/sessions");
  Shell dashes;
  dashes.run({"sessions", "list", "--search", "--realm", "--user=-x"});
  EXPECT_EQ(dashes.only(), "GET /api/v1/realms/-/sessions?search=--realm&user=-x");
  Shell after;
  after.run({"users", "show", "--realm", "r", "--", "-h"});
  EXPECT_EQ(after.server.asked.front(), "GET /api/v1/realms/r/users/-h");
  Shell brackets;
  brackets.run({"sessions", "list", "--client", "[a,b]", "--search", "a b&c"});
  EXPECT_EQ(brackets.only(), "GET /api/v1/realms/-/sessions?search=a%20b%26c&client=%5Ba%2Cb%5D");
}

}  // namespace
}  // namespace curfew::cli
