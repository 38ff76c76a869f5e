// Commands, flags and HTTP paths that the guide names, against the program itself: its help,
// and its answers.
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "packs/all/all.h"
#include "packs/reference/tests/documents.h"
#include "vigil/base/glob.h"
#include "vigil/net/curl_client.h"

namespace vigil::packs {
namespace {

using testing::Document;
using testing::documents;
using testing::kRepository;
using testing::matches;
using testing::read;

std::string output_of(const std::string& command) {
  std::string output;
  std::FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return output;
  std::array<char, 4096> buffer{};
  for (std::size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) output.append(buffer.data(), n);
  ::pclose(pipe);
  return output;
}

// One command of the program, from its --help.
struct Command {
  std::set<std::string> subcommands, flags;
};

const Command& command(const std::string& path) {  // "", "check rules"
  static std::map<std::string, Command> seen;
  const auto [entry, fresh] = seen.try_emplace(path);
  if (!fresh) return entry->second;
  std::string section;
  const std::string help = output_of(std::string(VIGIL_BINARY) + " " + path + " --help");
  EXPECT_NE(help.find("Usage: vigil"), std::string::npos) << path << ": " << help;
  for (const std::string& line : matches(help, "[^\n]+")) {
    if (line.front() != ' ') section = line;
    if (section == "Subcommands:" && line.starts_with("  ") && line[2] != ' ') {
      entry->second.subcommands.insert(line.substr(2, line.find(' ', 2) - 2));
    }
    // Options come first on their lines; what else begins with "--" is prose.
    if (section == "Options:" && line.starts_with("  -")) {
      for (const std::string& flag : matches(line.substr(0, line.find("  ", 2)), "--[a-z][a-z0-9.-]*")) {
        entry->second.flags.insert(flag);
      }
    }
  }
  return entry->second;
}

// Of all commands together.
void collect_flags(const std::string& path, std::set<std::string>& flags) {
  const Command& here = command(path);
  flags.insert(here.flags.begin(), here.flags.end());
  for (const std::string& name : here.subcommands) collect_flags(path.empty() ? name : path + " " + name, flags);
}

// As a shell splits: quotes kept together, a comment cut off.
std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  for (const std::string& word : matches(line, "(?:'[^']*'|\"[^\"]*\"|[^ '\"])+")) {
    if (word.front() == '#') break;
    words.push_back(word);
  }
  return words;
}

bool is_placeholder(const std::string& word) { return std::regex_match(word, std::regex("[A-Z…][A-Z…_]*")); }

class CommandLine {
 public:
  CommandLine(const Document& document, std::vector<std::string> words)
      : document_(document), words_(std::move(words)) {}

  void check() {
    std::string path;
    std::size_t at = 1;
    // Down to the command that takes the rest; a span may stop on the way.
    while (at < words_.size() && !command(path).subcommands.empty() && !words_[at].starts_with("-")) {
      if (is_placeholder(words_[at])) return;
      ASSERT_TRUE(command(path).subcommands.contains(words_[at]))
          << where() << "vigil " << path << " has no such command";
      path += (path.empty() ? "" : " ") + words_[at++];
    }
    for (; at < words_.size() && words_[at] != "--"; ++at) {
      const std::string& word = words_[at];
      if (word.starts_with("--")) {
        const std::string flag = word.substr(0, word.find('='));
        EXPECT_TRUE(command(path).flags.contains(flag)) << where() << "vigil " << path << " has no " << flag;
        const bool attached = word.find('=') != std::string::npos;
        const std::string value = attached                 ? word.substr(flag.size() + 1)
                                  : at + 1 < words_.size() ? words_[at + 1]
                                                           : "";
        check_value(path, flag, value);
      } else {
        check_file(word);
        if (path == "check pack" || path == "dashboards export") check_pack_name(word);
      }
    }
  }

 private:
  std::string where() const {
    std::string line = document_.path.string() + ":";
    for (const std::string& word : words_) line += " " + word;
    return line + ": ";
  }
  void check_pack_name(const std::string& name) const {
    if (words_.size() > 3 && name == words_.back() && name.find('/') != std::string::npos) return;  // a directory
    if (name.find('/') == std::string::npos && name != "dashboards") {
      EXPECT_TRUE(name == "all" || find(name) != nullptr) << where() << "there is no pack " << name;
    }
  }
  void check_value(const std::string& path, const std::string& flag, const std::string& value) const {
    if (is_placeholder(value) || value.empty()) return;
    if (flag == "--demo" || flag == "--pack") check_pack_name(value);
    if (flag != "--scenario") return;
    const pack::Pack* const pack = find(path.substr(path.rfind(' ') + 1));
    ASSERT_NE(pack, nullptr) << where();
    EXPECT_NE(std::ranges::find(pack->scenarios, value, &pack::Scenario::name), pack->scenarios.end())
        << where() << pack->name << " has no scenario " << value;
  }
  // Files of the repository must be there.
  void check_file(const std::string& word) const {
    if (!word.starts_with("packs/") && !word.starts_with("docs/")) return;
    const auto found = expand_glob((kRepository / word).string(), FileSystem::real());
    EXPECT_TRUE(found && !found->empty()) << where() << word << " does not exist";
  }

  const Document& document_;
  const std::vector<std::string> words_;
};

// Lines and spans that are commands of `program`, one a piece: a line may have several.
std::vector<std::pair<const Document*, std::vector<std::string>>> commands_of(const std::string& program) {
  std::vector<std::pair<const Document*, std::vector<std::string>>> found;
  for (const Document& document : documents()) {
    std::vector<std::string> lines = document.code_lines;
    lines.insert(lines.end(), document.spans.begin(), document.spans.end());
    for (const std::string& line : lines) {
      std::vector<std::string> words;
      bool inside = false;
      for (const std::string& word : words_of(line)) {
        const bool begins = word == program;
        const bool ends = word == "|" || word == "&&" || word == ";" || word == ">" || word == "<";
        if (inside && (begins || ends)) {
          found.emplace_back(&document, words);
          inside = false;
        }
        if (begins && (words.empty() || words.back() != "run")) {  // not of prose: `vigil run …` has its own rest
          words.clear();
          inside = true;
        }
        words.push_back(word);
        if (ends) words.clear();
      }
      if (inside) found.emplace_back(&document, words);
    }
  }
  return found;
}

TEST(Commands, ExistWithTheirFlags) {
  const auto commands = commands_of("vigil");
  EXPECT_GT(commands.size(), 40U);
  for (const auto& [document, words] : commands) CommandLine(*document, words).check();
}

TEST(Commands, FlagsByThemselvesExist) {
  std::set<std::string> known{"--extend.query-path"};  // of the PostgreSQL exporter
  collect_flags("", known);
  EXPECT_GT(known.size(), 50U);
  std::size_t checked = 0;
  for (const Document& document : documents()) {
    for (const std::string& span : document.spans) {
      if (!std::regex_match(span, std::regex("--[a-z][a-z0-9.-]*(=[^ ]*| [^ ]+)?"))) continue;
      ++checked;
      EXPECT_TRUE(known.contains(span.substr(0, span.find_first_of("= ")))) << document.path << ": " << span;
    }
  }
  EXPECT_GT(checked, 8U);
}

TEST(Commands, OfTheScriptExist) {
  const std::string script = read(kRepository / "dev");
  const auto commands = commands_of("./dev");
  EXPECT_GT(commands.size(), 4U);
  for (const auto& [document, words] : commands) {
    ASSERT_GT(words.size(), 1U) << document->path;
    EXPECT_NE(script.find("\ncmd_" + words[1] + "() {"), std::string::npos) << document->path << ": ./dev " << words[1];
    if (words.size() > 3 && words[2] == "--demo") {
      EXPECT_NE(find(words[3]), nullptr) << document->path << ": ./dev run --demo " << words[3];
    }
  }
}

// --- HTTP -------------------------------------------------------------------------

// A server of the program on a free port, until the end of its life. It prints its URL once it listens.
class Server {
 public:
  Server() {
    directory_ = ::testing::TempDir() + "/commands-" + std::to_string(::getpid());
    const std::string listen = "--web.listen-address=127.0.0.1:0";
    const std::string data = "--storage.tsdb.path=" + directory_;
    std::string arguments[] = {
        VIGIL_BINARY, "server", listen, data, "--log.level=error", "--web.enable-remote-write-receiver",
        "--pack",     "mpc"};
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    int ends[2];
    if (::pipe(ends) != 0) return;
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_addclose(&actions, ends[0]);
    if (::posix_spawn(&pid_, VIGIL_BINARY, &actions, nullptr, argv.data(), environ) != 0) pid_ = 0;
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    for (char c = 0; ::read(ends[0], &c, 1) == 1 && c != '\n';) base_ += c;
    ::close(ends[0]);
  }
  ~Server() {
    if (pid_ != 0) {
      ::kill(pid_, SIGTERM);
      ::waitpid(pid_, nullptr, 0);
    }
    std::filesystem::remove_all(directory_);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int status(const std::string& path) { return fetch(path).first; }
  std::pair<int, std::string> fetch(const std::string& path) {
    net::ClientRequest request;
    request.method = "GET";
    request.headers.add("Accept", "text/html, */*");  // pages of the UI are asked for as a browser does
    request.url = base_ + path;
    const auto response = client_->fetch(std::move(request));
    return response ? std::pair(response->status, response->body) : std::pair(0, std::string());
  }

 private:
  std::string directory_;
  std::string base_;  // "http://127.0.0.1:40123"; empty if it did not start
  pid_t pid_ = 0;
  std::unique_ptr<net::HttpClient> client_ = net::make_curl_client({});
};

TEST(Http, PathsAndMetricsOfTheServerExist) {
  Server server;
  ASSERT_EQ(server.status("/-/ready"), 200) << "the server did not start";
  EXPECT_EQ(server.status("/api/v1/no_such_path"), 404);
  std::size_t checked = 0;
  std::size_t faults = 0;
  const std::regex url("https?://(?:127\\.0\\.0\\.1|localhost):(\\d+)(/[^ \n'\"`>;,)]*)");
  const std::regex path_alone("(?:(?:GET|POST|DELETE) )?(/(?:api|-|federate|runbooks)[a-zA-Z0-9_/{}<>-]*)");
  for (const Document& document : documents()) {
    std::vector<std::string> paths;
    std::string code;
    for (const std::string& line : document.code_lines) code += line + "\n";
    for (const std::string& span : document.spans) {
      code += span + "\n";
      if (std::smatch match; std::regex_match(span, match, path_alone)) paths.push_back(match[1]);
    }
    code += document.prose;
    for (std::sregex_iterator at(code.begin(), code.end(), url), end; at != end; ++at) {
      const std::string port = (*at)[1], path = (*at)[2];
      if (port == "9090") paths.push_back(path);
      if (std::smatch match; std::regex_match(path, match, std::regex("/fault/([a-z_]+)(\\?.*)?"))) {
        ++faults;
        EXPECT_TRUE(match[1] == "clear" ||
                    std::ranges::any_of(all(),
                                        [&](const pack::Pack* pack) {
                                          return std::ranges::find(pack->scenarios, match[1].str(),
                                                                   &pack::Scenario::name) != pack->scenarios.end() &&
                                                 (document.pack.empty() || document.pack == pack->name);
                                        }))
            << document.path << ": " << path;
      }
    }
    for (std::string path : paths) {
      path = std::regex_replace(path, std::regex("<pack>"), "mpc");
      path = std::regex_replace(path, std::regex("<alert>"), "MPCNodeDown");
      if (path == "/api/v1" || path == "/api/v2" || path == "/") continue;
      ++checked;
      // A path that takes another method answers 405.
      EXPECT_NE(server.status(path), 404) << document.path << ": " << path;
    }
    for (const std::string& name : matches(document.text, "`(vigil_[a-z_]+)[`{]")) {
      EXPECT_NE(server.fetch("/metrics").second.find("\n# TYPE " + name + " "), std::string::npos)
          << document.path << ": the server has no " << name;
    }
  }
  EXPECT_GT(checked, 3U);
  EXPECT_GT(faults, 8U);
}

}  // namespace
}  // namespace vigil::packs
