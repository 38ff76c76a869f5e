// Runs the example programs as a user would.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <future>
#include <string>

#include "vigil/net/curl_client.h"

extern char** environ;

namespace vigil {
namespace {

// A program with its standard input and output in our hands.
class Program {
 public:
  Program(std::string path, std::string argument) {
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    if (::pipe(in.data()) != 0 || ::pipe(out.data()) != 0) return;
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    ::posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    ::posix_spawn_file_actions_addclose(&actions, in[1]);
    ::posix_spawn_file_actions_addclose(&actions, out[0]);
    std::array<char*, 3> arguments{path.data(), argument.data(), nullptr};
    if (::posix_spawn(&pid_, path.c_str(), &actions, nullptr, arguments.data(), environ) != 0) pid_ = 0;
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]);
    ::close(out[1]);
    input_ = ::fdopen(in[1], "w");
    output_ = ::fdopen(out[0], "r");
  }
  ~Program() { finish(); }

  void type(const std::string& text) {
    std::fputs(text.c_str(), input_);
    std::fflush(input_);
  }
  // Without the newline; "" at the end.
  std::string read_line() {
    std::string line;
    for (int c = std::fgetc(output_); c != EOF && c != '\n'; c = std::fgetc(output_)) line += static_cast<char>(c);
    return line;
  }
  // Ends its input and waits for it; returns its exit status.
  int finish() {
    if (pid_ == 0) return status_;
    std::fclose(input_);
    while (std::fgetc(output_) != EOF) {
    }
    std::fclose(output_);
    ::waitpid(pid_, &status_, 0);
    pid_ = 0;
    return status_;
  }

 private:
  pid_t pid_ = 0;
  int status_ = -1;
  std::FILE* input_ = nullptr;
  std::FILE* output_ = nullptr;
};

TEST(Examples, EmbeddedSeesItsMetricAndAnAlertReachesTheSink) {
  const auto directory = std::filesystem::temp_directory_path() / ("vigil_example_" + std::to_string(::getpid()));
  Program program(EXAMPLE_EMBEDDED, directory.string());
  EXPECT_EQ(program.read_line(),
            "alert {alertname=\"VotesRejected\", job=\"node\", severity=\"critical\", vote=\"no\"}");
  EXPECT_EQ(program.read_line(), "{job=\"node\"} 3");
  EXPECT_EQ(program.finish(), 0);
  EXPECT_TRUE(std::filesystem::exists(directory));
  std::filesystem::remove_all(directory);
}

TEST(Examples, MetricsOnlyServesItsPage) {
  Program program(EXAMPLE_METRICS_ONLY, "127.0.0.1:0");
  const std::string url = program.read_line();
  ASSERT_THAT(url, testing::MatchesRegex("http://127.0.0.1:[0-9]+/metrics"));
  const auto client = net::make_curl_client();
  const auto get = [&] {
    net::ClientRequest request;
    request.method = "GET";
    request.url = url;
    request.timeout = 5 * kSecond;
    std::promise<std::string> body;
    client->send(request, [&](Result<net::ClientResponse> response) {
      body.set_value(response ? response->body : response.error().message());
    });
    return body.get_future().get();
  };
  EXPECT_THAT(get(), testing::HasSubstr("\nlines_total 0\n"));
  program.type("one\ntwo\n");
  // The program reads at its own pace.
  std::string page;
  for (int i = 0; i < 1000 && page.find("\nlines_total 2\n") == std::string::npos; ++i) page = get();
  EXPECT_THAT(page, testing::HasSubstr("\nlines_total 2\n"));
  EXPECT_EQ(program.finish(), 0);
}

}  // namespace
}  // namespace vigil
