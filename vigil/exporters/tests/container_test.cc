#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "vigil/base/fake_clock.h"
#include "vigil/base/memory_file_system.h"
#include "vigil/exporters/container_metrics.h"
#include "vigil/exporters/container_names.h"
#include "vigil/exporters/container_sampler.h"
#include "vigil/exposition/page_writer.h"

namespace vigil::exporters {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kA(64, 'a'), kB(64, 'b'), kC(64, 'c');

TEST(ContainerNames, IdsOfContainersInNamesOfControlGroups) {
  struct Case {
    std::string directory;
    bool container;
  } cases[] = {
      {kA, true},
      {"docker-" + kA + ".scope", true},
      {"libpod-" + kA + ".scope", true},
      {"libpod-" + kA, true},
      {"cri-containerd-" + kA + ".scope", true},
      {"crio-" + kA + ".scope", true},
      {"libpod-conmon-" + kA + ".scope", false},
      {"crio-conmon-" + kA + ".scope", false},
      {"docker" + kA, false},
      {"docker-" + kA.substr(1) + ".scope", false},
      {"docker-" + std::string(64, 'A') + ".scope", false},
      {"docker-" + kA + ".service", false},
      {"docker", false},
      {"", false},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(container_id(c.directory), c.container ? std::optional(kA) : std::nullopt) << c.directory;
  }
}

TEST(ContainerNames, UnitsOfSystemd) {
  struct Case {
    std::string directory, name;
  } cases[] = {
      {"mpc-node-1.service", "mpc-node-1"},
      {"mpc\\x2dnode@3.service", "mpc-node@3"},
      {"backup.scope", "backup"},
      {"cut\\x2.service", "cut\\x2"},
      {"init.scope", ""},
      {"session-4.scope", ""},
      {"libpod-conmon-" + kA + ".scope", ""},
      {"system.slice", ""},
      {".service", ""},
      {"bad\\xff.service", ""},  // not UTF-8
      {std::string(300, 'x') + ".service", ""},
  };
  for (const Case& c : cases) EXPECT_EQ(unit_name(c.directory).value_or(""), c.name) << c.directory;
}

TEST(ContainerNames, FilesOfRuntimes) {
  struct Case {
    std::string json, docker, containerd;
  } cases[] = {
      {R"({"ID":"x","Name":"/mpc-node-1"})", "mpc-node-1", ""},
      {R"({"Name":"plain"})", "plain", ""},
      {R"({"Name":"/"})", "", ""},
      {R"({"Name":["/a"]})", "", ""},
      {R"({"annotations":{"nerdctl/name":"web","io.kubernetes.cri.container-name":"b"}})", "", "web"},
      {R"({"annotations":{"io.kubernetes.cri.container-name":"b"}})", "", "b"},
      {R"({"annotations":7})", "", ""},
      {R"([])", "", ""},
      {R"({"Name":"\ud800"})", "", ""},
      {R"({"Name":"/cut)", "", ""},
      {"{\"Name\":\"/\xff\"}", "", ""},
      {"", "", ""},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(docker_name(c.json).value_or(""), c.docker) << c.json;
    EXPECT_EQ(containerd_name(c.json).value_or(""), c.containerd) << c.json;
  }
  const auto podman = podman_names(R"([{"id":"1","names":["web","alias"]},{"id":"2","names":[]},{"names":["x"]},7,
                                      {"id":3,"names":["x"]},{"id":"4","names":"x"}])");
  EXPECT_EQ(podman, (std::map<std::string, std::string>{{"1", "web"}}));
}

// What stat(2) says in these tests, by path.
std::map<std::string, FileIdentity>& identities() {
  static std::map<std::string, FileIdentity> all;
  return all;
}
Result<FileIdentity> identify(const FileSystem::Path& path) {
  const auto found = identities().find(path.string());
  if (found == identities().end()) return fail(ErrorCode::kNotFound, path.string());
  return found->second;
}

class ContainerTest : public testing::Test {
 protected:
  ContainerTest() {
    identities() = {{"/proc/1/ns/net", {1, 0}}};
    options_.files = &files_;
    options_.identify = identify;
  }

  void put(const std::string& path, const std::string& text) {
    ASSERT_TRUE(files_.create_directories(FileSystem::Path(path).parent_path()).has_value());
    ASSERT_TRUE(files_.write_file_atomically(path, text).has_value());
  }
  void put_process(std::uint64_t pid, std::uint64_t network, const std::string& devices) {
    const std::string proc = "/proc/" + std::to_string(pid);
    identities()[proc + "/ns/net"] = {network, 0};
    put(proc + "/net/dev", devices);
  }
  // A control group of version 2 with everything in it.
  void put_v2(const std::string& id) {
    const std::string directory = "/sys/fs/cgroup" + id;
    put(directory + "/cpu.stat", "usage_usec 2500000\nuser_usec 1\nnr_periods 4\nthrottled_usec 750000\n");
    put(directory + "/cpu.max", "50000 100000\n");
    put(directory + "/memory.current", "1000\n");
    put(directory + "/memory.stat", "anon 600\ninactive_file 300\n");
    put(directory + "/memory.max", "4096\n");
    put(directory + "/memory.events", "low 0\noom 3\noom_kill 2\n");
    put(directory + "/io.stat", "8:0 rbytes=11 wbytes=22 rios=1 wios=1 dbytes=0 dios=0\n");
    put(directory + "/cgroup.procs", "41\n42\n");
    identities()[directory] = {7, 1700000000.5};
  }
  std::string page() {
    metrics::Registry registry;
    FakeClock clock(1'700'000'100'000);
    ContainerMetrics containers(registry, ContainerSampler(options_), clock);
    return exposition::page_text(registry, exposition::Format::kText);
  }

  MemoryFileSystem files_;
  ContainerSamplerOptions options_;
};

constexpr char kNetDev[] =
    "Inter-|   Receive  |  Transmit\n face |bytes\n"
    "    lo: 1 1 1 1 0 0 0 0 1 1 1 1 0 0 0 0\n"
    "  eth0: 100 10 1 2 0 0 0 0 200 20 3 4 0 0 0 0\n";

TEST_F(ContainerTest, Version2ShowsEveryFamily) {
  put("/sys/fs/cgroup/cgroup.controllers", "cpu memory io\n");
  put("/sys/fs/cgroup/cpu.stat", "usage_usec 9\n");
  put("/sys/dev/block/8:0/uevent", "MAJOR=8\nMINOR=0\nDEVNAME=sda\nDEVTYPE=disk\n");
  put("/var/lib/docker/containers/" + kA + "/config.v2.json", R"({"Name":"/mpc-node-1"})");
  const std::string id = "/system.slice/docker-" + kA + ".scope";
  put_v2(id);
  put_process(41, 2, kNetDev);
  const std::string page = this->page();
  const std::string with = "id=\"" + id + "\",name=\"mpc-node-1\"} ";
  const std::string network = "id=\"" + id + "\",interface=\"eth0\",name=\"mpc-node-1\"} ";
  for (const std::string& line : std::vector<std::string>{
           "container_cpu_usage_seconds_total{cpu=\"total\"," + with + "2.5",
           "container_cpu_cfs_throttled_seconds_total{" + with + "0.75",
           "container_spec_cpu_quota{" + with + "50000",
           "container_spec_cpu_period{" + with + "100000",
           "container_memory_usage_bytes{" + with + "1000",
           "container_memory_working_set_bytes{" + with + "700",
           "container_spec_memory_limit_bytes{" + with + "4096",
           "container_oom_events_total{" + with + "2",
           "container_start_time_seconds{" + with + "1700000000.5",
           "container_last_seen{" + with + "1700000100",
           "container_fs_reads_bytes_total{device=\"/dev/sda\"," + with + "11",
           "container_fs_writes_bytes_total{device=\"/dev/sda\"," + with + "22",
           "container_network_receive_bytes_total{" + network + "100",
           "container_network_receive_packets_total{" + network + "10",
           "container_network_receive_errors_total{" + network + "1",
           "container_network_receive_packets_dropped_total{" + network + "2",
           "container_network_transmit_bytes_total{" + network + "200",
           "container_network_transmit_packets_total{" + network + "20",
           "container_network_transmit_errors_total{" + network + "3",
           "container_network_transmit_packets_dropped_total{" + network + "4",
           "vigil_containers 1",
           "vigil_containers_left_out 0",
       }) {
    EXPECT_THAT(page, HasSubstr("\n" + line + "\n"));
  }
  EXPECT_THAT(page, Not(HasSubstr("interface=\"lo\"")));
}

TEST_F(ContainerTest, Version1ShowsTheSame) {
  const std::string id = "/docker/" + kA;
  const std::string root = "/sys/fs/cgroup/";
  put(root + "cpuacct" + id + "/cpuacct.usage", "2500000000\n");
  put(root + "cpu" + id + "/cpu.stat", "nr_periods 4\nnr_throttled 2\nthrottled_time 750000000\n");
  put(root + "cpu" + id + "/cpu.cfs_quota_us", "50000\n");
  put(root + "cpu" + id + "/cpu.cfs_period_us", "100000\n");
  put(root + "memory" + id + "/memory.usage_in_bytes", "1000\n");
  put(root + "memory" + id + "/memory.stat", "inactive_file 1\ntotal_inactive_file 300\n");
  put(root + "memory" + id + "/memory.limit_in_bytes", "9223372036854771712\n");
  put(root + "memory" + id + "/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
  put(root + "memory" + id + "/tasks", "41\n");
  put(root + "blkio" + id + "/blkio.throttle.io_service_bytes", "8:0 Read 11\n8:0 Write 22\nTotal 33\n");
  put(root + "memory" + id + "/cgroup.procs", "0\n41\n");
  identities()[root + "memory" + id] = {7, 1700000000};
  put_process(41, 2, kNetDev);
  const std::string page = this->page();
  const std::string with = "id=\"" + id + "\",name=\"aaaaaaaaaaaa\"} ";
  for (const std::string& line : std::vector<std::string>{
           "container_cpu_usage_seconds_total{cpu=\"total\"," + with + "2.5",
           "container_cpu_cfs_throttled_seconds_total{" + with + "0.75",
           "container_spec_cpu_quota{" + with + "50000",
           "container_memory_usage_bytes{" + with + "1000",
           "container_memory_working_set_bytes{" + with + "700",
           "container_spec_memory_limit_bytes{" + with + "0",
           "container_oom_events_total{" + with + "2",
           "container_start_time_seconds{" + with + "1700000000",
           "container_fs_writes_bytes_total{device=\"8:0\"," + with + "22",
           "container_network_transmit_bytes_total{id=\"" + id + "\",interface=\"eth0\",name=\"aaaaaaaaaaaa\"} 200",
           "vigil_containers 1",
       }) {
    EXPECT_THAT(page, HasSubstr("\n" + line + "\n"));
  }
  // No quota is -1 there.
  put(root + "cpu" + id + "/cpu.cfs_quota_us", "-1\n");
  EXPECT_THAT(this->page(), Not(HasSubstr("container_spec_cpu_")));
}

TEST_F(ContainerTest, WhatIsAContainer) {
  put("/sys/fs/cgroup/cgroup.controllers", "");
  put("/var/lib/containers/storage/overlay-containers/containers.json",
      R"([{"id":")" + kB + R"(","names":["pod-web"]}])");
  put("/run/containerd/io.containerd.runtime.v2.task/k8s.io/" + kC + "/config.json",
      R"({"annotations":{"io.kubernetes.cri.container-name":"api"}})");
  options_.names = {{"/given/x", "mpc-node-2"}};
  const std::string cpu = "usage_usec 1\n";
  for (const std::string& path : std::vector<std::string>{
           "/user.slice/user-0.slice/session-1.scope", "/init.scope", "/system.slice/cron.service",
           "/machine.slice/libpod-" + kB + ".scope/container/nested.service",
           "/machine.slice/libpod-conmon-" + kB + ".scope", "/kubepods.slice/pod1/cri-containerd-" + kC + ".scope",
           "/given/x/y.service", "/given/z", "/bad\xff.service"}) {
    put("/sys/fs/cgroup" + path + "/cpu.stat", cpu);
  }
  const auto usage = ContainerSampler(options_).read();
  ASSERT_TRUE(usage.has_value()) << usage.error().message();
  std::vector<std::string> seen;
  for (const ContainerUsage& one : usage->containers) seen.push_back(one.name);
  EXPECT_THAT(seen, testing::UnorderedElementsAre("mpc-node-2", "api", "pod-web", "cron"));
  EXPECT_EQ(usage->left_out, 1U);  // the one whose name is no UTF-8
}

TEST_F(ContainerTest, FiguresThatAreNotThereAreAbsent) {
  put("/sys/fs/cgroup/cgroup.controllers", "");
  struct Case {
    const char* file;
    std::string text;
  } cases[] = {{"cpu.stat", "usage_usec -1\nusage_usec"},
               {"cpu.stat", std::string(1 << 16, '\0')},
               {"cpu.max", "max 100000\n"},
               {"memory.current", "99999999999999999999999\n"},
               {"memory.stat", "inactive_file\n"},
               {"memory.events", "\n\n\xff\n"},
               {"io.stat", "../../etc rbytes=1 wbytes=1\n8:0\n"}};
  for (const Case& c : cases) put(std::string("/sys/fs/cgroup/a.service/") + c.file, c.text);
  const std::string page = this->page();
  EXPECT_THAT(page, HasSubstr("container_last_seen{id=\"/a.service\",name=\"a\"}"));
  for (const char* const absent : {"container_cpu", "container_memory", "container_spec", "container_oom",
                                   "container_fs", "container_network", "container_start"}) {
    EXPECT_THAT(page, Not(HasSubstr(absent)));
  }
}

TEST_F(ContainerTest, NetworkOfTheHostIsNotTheContainers) {
  put("/sys/fs/cgroup/cgroup.controllers", "");
  put("/sys/fs/cgroup/a.service/cgroup.procs", "41\n");
  put_process(41, 1, kNetDev);  // as process 1
  EXPECT_THAT(page(), Not(HasSubstr("container_network")));
  // A container that keeps its processes one level down.
  put("/sys/fs/cgroup/b.service/cgroup.procs", "");
  put("/sys/fs/cgroup/b.service/payload/cgroup.procs", "43\n");
  put_process(43, 2, kNetDev);
  EXPECT_THAT(page(),
              HasSubstr("container_network_receive_bytes_total{id=\"/b.service\",interface=\"eth0\",name=\"b\"} 100"));
  // Who may see neither process 1's network nor its own says nothing rather than something wrong.
  identities().erase("/proc/1/ns/net");
  EXPECT_THAT(page(), Not(HasSubstr("container_network")));
  identities()["/proc/self/ns/net"] = {1, 0};
  EXPECT_THAT(page(), HasSubstr("name=\"b\"} 100"));
  EXPECT_THAT(page(), Not(HasSubstr("name=\"a\"} 100")));
}

TEST_F(ContainerTest, StartTimeChangesOnlyWithTheDirectory) {
  put("/sys/fs/cgroup/cgroup.controllers", "");
  put_v2("/a.service");
  FileIdentity& identity = identities()["/sys/fs/cgroup/a.service"];
  ContainerSampler sampler(options_);
  const auto start = [&] { return sampler.read().value().containers.at(0).start_time_seconds.value(); };
  identity = {7, 100};
  EXPECT_EQ(start(), 100);
  identity = {7, 150};  // a child came: the time of the last change moved
  EXPECT_EQ(start(), 100);
  identity = {8, 200};  // another directory of the same name: a restart
  EXPECT_EQ(start(), 200);
}

TEST_F(ContainerTest, LimitsAreCounted) {
  put("/sys/fs/cgroup/cgroup.controllers", "");
  for (int i = 0; i < 5; ++i) put("/sys/fs/cgroup/s" + std::to_string(i) + ".service/cpu.stat", "usage_usec 1\n");
  options_.max_containers = 3;
  std::string page = this->page();
  EXPECT_THAT(page, HasSubstr("\nvigil_containers 3\n"));
  EXPECT_THAT(page, HasSubstr("\nvigil_containers_left_out 2\n"));
  options_.max_cgroups = 2;  // the root and one more
  page = this->page();
  EXPECT_THAT(page, HasSubstr("\nvigil_containers 1\n"));
  EXPECT_THAT(page, HasSubstr("\nvigil_containers_left_out 4\n"));
}

TEST_F(ContainerTest, NoControlGroups) {
  const auto usage = ContainerSampler(options_).read();
  ASSERT_FALSE(usage.has_value());
  EXPECT_EQ(usage.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(usage.error().message(), HasSubstr("/sys/fs/cgroup"));
  const std::string page = this->page();
  EXPECT_THAT(page, Not(HasSubstr("container_")));
  EXPECT_THAT(page, testing::ContainsRegex("vigil_containers_read_failures_total [0-9]"));
}

TEST(FileIdentity, OfARealFile) {
  const auto identity = file_identity("/proc/self/ns/net");
  ASSERT_TRUE(identity.has_value()) << identity.error().message();
  EXPECT_GT(identity->inode, 0U);
  EXPECT_FALSE(file_identity("/no/such/file").has_value());
}

}  // namespace
}  // namespace vigil::exporters
