#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "vigil/base/fake_clock.h"
#include "vigil/base/memory_file_system.h"
#include "vigil/exposition/page_writer.h"
#include "vigil/resources/cgroup.h"
#include "vigil/resources/host_metrics.h"
#include "vigil/resources/process_metrics.h"
#include "vigil/resources/sampler.h"
#include "vigil/resources/usage_meter.h"

namespace vigil::resources {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(Proc, ProcessStat) {
  struct Case {
    const char* name;
    std::string text;
    bool good;
  } cases[] = {
      {"plain", "7 (node) S 1 7 7 0 -1 4 1 0 0 0 250 50 0 0 20 0 3 0 1000 4096 9 18446744073709551615", true},
      {"a name like fields", "7 (a) S ) 1) S 1 7 7 0 -1 4 1 0 0 0 250 50 0 0 20 0 3 0 1000 4096 9", true},
      {"cut", "7 (node) S 1 7 7 0 -1 4 1 0 0 0 250 50 0 0 20 0 3 0 1000 4096", false},
      {"not a number", "7 (node) S 1 7 7 0 -1 4 1 0 0 0 x 50 0 0 20 0 3 0 1000 4096 9", false},
      {"empty", "", false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto stat = parse_process_stat(c.text);
    ASSERT_EQ(stat.has_value(), c.good);
    if (!stat) continue;
    EXPECT_EQ(stat->user_ticks, 250U);
    EXPECT_EQ(stat->system_ticks, 50U);
    EXPECT_EQ(stat->threads, 3U);
    EXPECT_EQ(stat->start_ticks, 1000U);
    EXPECT_EQ(stat->virtual_bytes, 4096U);
    EXPECT_EQ(stat->resident_pages, 9U);
  }
}

TEST(Proc, NetDev) {
  const auto devices = parse_net_dev(
      "Inter-|   Receive                                                |  Transmit\n"
      " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls "
      "carrier compressed\n"
      "    lo: 100 1 2 3 0 0 0 0 200 4 5 6 0 0 0 0\n"
      "eth0:18446744073709551615 1 0 0 0 0 0 0 5 2 0 0 0 0 0 0\n"
      "eth0:1: 7 1 0 0 0 0 0 0 8 2 0 0 0 0 0 0\n"
      "cut: 1 2 3\n");
  std::vector<std::string> seen;
  const auto text = [](const TrafficCounters& counters) {
    return " " + std::to_string(counters.bytes) + " " + std::to_string(counters.packets) + " " +
           std::to_string(counters.errors) + " " + std::to_string(counters.dropped);
  };
  for (const auto& [device, received, transmitted] : devices)
    seen.push_back(device + text(received) + text(transmitted));
  EXPECT_THAT(
      seen, ElementsAre("lo 100 1 2 3 200 4 5 6", "eth0 18446744073709551615 1 0 0 5 2 0 0", "eth0:1 7 1 0 0 8 2 0 0"));
}

TEST(Proc, MemoryLimit) {
  struct Case {
    const char* text;
    std::optional<std::uint64_t> limit;
  } cases[] = {{"max\n", {}}, {"1073741824\n", 1073741824}, {"9223372036854771712\n", {}}, {"", {}}, {"-1\n", {}}};
  for (const Case& c : cases) EXPECT_EQ(parse_memory_limit(c.text), c.limit) << c.text;
}

std::string shown(std::optional<std::uint64_t> value) { return value ? std::to_string(*value) : "-"; }

TEST(Cgroup, Counts) {
  struct Case {
    const char* text;
    const char* count;
  } cases[] = {{"4096\n", "4096"},
               {"7", "7"},
               {"max\n", "-"},
               {"-1\n", "-"},
               {"", "-"},
               {"1e3\n", "-"},
               {"18446744073709551616\n", "-"}};
  for (const Case& c : cases) EXPECT_EQ(shown(parse_count(c.text)), c.count) << c.text;
}

TEST(Cgroup, KeyedValues) {
  const char* const text = "usage_usec 17\nuser_usec 5\nbroken\nthrottled_usec x\nnr_periods\nusage_usec 18";
  EXPECT_EQ(shown(keyed_value(text, "usage_usec")), "17");
  EXPECT_EQ(shown(keyed_value(text, "throttled_usec")), "-");
  EXPECT_EQ(shown(keyed_value(text, "nr_periods")), "-");
  EXPECT_EQ(shown(keyed_value(text, "usage")), "-");
}

TEST(Cgroup, CpuMax) {
  struct Case {
    const char* text;
    const char *quota, *period;
  } cases[] = {{"50000 100000\n", "50000", "100000"}, {"max 100000\n", "-", "100000"}, {"", "-", "-"}, {"7", "7", "-"}};
  for (const Case& c : cases) {
    const CpuBandwidth bandwidth = parse_cpu_max(c.text);
    EXPECT_EQ(shown(bandwidth.quota_us) + shown(bandwidth.period_us), std::string(c.quota) + c.period) << c.text;
  }
}

TEST(Cgroup, BlockDevices) {
  const auto text = [](const std::vector<DeviceIo>& devices) {
    std::string out;
    for (const DeviceIo& io : devices) {
      out += io.device + " " + std::to_string(io.read_bytes) + " " + std::to_string(io.written_bytes) + ";";
    }
    return out;
  };
  EXPECT_EQ(text(parse_io_stat("8:16 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n8:0\n"
                               "253:0 wbytes=5 rbytes=6\n../../x rbytes=1 wbytes=1\n8:0 rbytes=x wbytes=1\n")),
            "8:16 1 2;253:0 6 5;");
  EXPECT_EQ(text(parse_io_service_bytes("8:0 Read 1\n8:0 Write 2\n8:0 Sync 3\n8:0 Total 3\n8:16 Write 4\n"
                                        "8:/ Read 1\nTotal 7\n")),
            "8:0 1 2;8:16 0 4;");
}

TEST(Cgroup, FirstProcess) {
  EXPECT_EQ(shown(first_process("0\n41\n42\n")), "41");
  EXPECT_EQ(shown(first_process("x\n\n7")), "7");
  EXPECT_EQ(shown(first_process("")), "-");
}

TEST(Proc, MountsDecodeEscapes) {
  const auto mounts = parse_mounts("/dev/sda1 /my\\040disk\\134x ext4 rw 0 0\nbroken line\n\n");
  ASSERT_EQ(mounts.size(), 1U);
  EXPECT_EQ(mounts[0].mountpoint, "/my disk\\x");
}

// A machine in memory.
class ResourcesTest : public testing::Test {
 protected:
  ResourcesTest() {
    put("/proc/stat",
        "cpu  10 0 0 0 0 0 0 0 0 0\n"
        "cpu0 1000 20 300 40000 50 6 7 8 0 0\n"
        "cpu1 2000 0 0 0 0 0 0\n"
        "intr 1 2 3\nbtime 1700000000\n");
    stat(250, 50);
    put("/proc/self/limits",
        "Limit                     Soft Limit           Hard Limit           Units     \n"
        "Max open files            1024                 524288               files     \n"
        "Max address space         unlimited            unlimited            bytes     \n");
    put("/proc/self/fd/0", "");
    put("/proc/self/fd/1", "");
    netstat(1000, 2000);
    put("/proc/meminfo", "MemTotal:       1000 kB\nMemFree: 1 kB\nMemAvailable:   400 kB\nHugePages_Total: 0\n");
    put("/proc/net/dev", "a|b\nc|d\n lo: 1 1 0 0 0 0 0 0 2 2 0 0 0 0 0 0\neth0: 3 1 0 0 0 0 0 0 4 2 0 0 0 0 0 0\n");
    put("/proc/self/mounts",
        "proc /proc proc rw 0 0\n/dev/old / ext2 rw 0 0\n/dev/sda1 / ext4 rw 0 0\nserver:/x /share nfs4 rw 0 0\n"
        "none /gone tmpfs rw 0 0\nnone /empty tmpfs rw 0 0\n");
  }
  void put(const std::string& path, const std::string& text) {
    ASSERT_TRUE(files_.create_directories(std::filesystem::path(path).parent_path()));
    ASSERT_TRUE(files_.write_file_atomically(path, text));
  }
  void stat(int user, int system) {
    put("/proc/self/stat", "7 (node) S 1 7 7 0 -1 4 1 0 0 0 " + std::to_string(user) + " " + std::to_string(system) +
                               " 0 0 20 0 3 0 6000 1048576 9");
  }
  void netstat(int in, int out) {
    put("/proc/self/net/netstat", "TcpExt: A B\nTcpExt: 1 2\nIpExt: InNoRoutes InOctets OutOctets X\nIpExt: 0 " +
                                      std::to_string(in) + " " + std::to_string(out) + " 5\n");
  }
  static Result<Space> space(const std::filesystem::path& path) {
    if (path == "/gone") return fail(ErrorCode::kNotFound, "gone");
    if (path == "/empty") return Space{};
    return Space{.size_bytes = 5000, .available_bytes = 3000};
  }
  std::string page(metrics::Registry& registry) {
    EXPECT_TRUE(registry.problems().empty());
    return exposition::page_text(registry, exposition::Format::kText);
  }

  const double ticks_ = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const double page_bytes_ = static_cast<double>(::sysconf(_SC_PAGESIZE));
  MemoryFileSystem files_;
  FakeClock clock_{1'700'000'100'000};
  Sampler sampler_{files_, space};
};

TEST_F(ResourcesTest, Process) {
  const auto usage = sampler_.process();
  ASSERT_TRUE(usage) << usage.error().message();
  EXPECT_DOUBLE_EQ(usage->cpu_seconds, 300 / ticks_);
  EXPECT_EQ(usage->resident_bytes, 9 * page_bytes_);
  EXPECT_EQ(usage->virtual_bytes, 1048576U);
  EXPECT_EQ(usage->virtual_max_bytes, std::nullopt);
  EXPECT_EQ(usage->open_fds, 2U);
  EXPECT_EQ(usage->max_fds, 1024U);
  EXPECT_EQ(usage->threads, 3U);
  EXPECT_DOUBLE_EQ(usage->start_time_seconds, 1.7e9 + 6000 / ticks_);
  ASSERT_TRUE(usage->network);
  EXPECT_EQ(usage->network->received, 1000U);
  EXPECT_EQ(usage->network->transmitted, 2000U);

  ASSERT_TRUE(files_.remove("/proc/self/net/netstat"));
  EXPECT_FALSE(sampler_.process()->network);
  ASSERT_TRUE(files_.remove("/proc/self/stat"));
  EXPECT_THAT(sampler_.process().error().message(), HasSubstr("/proc/self/stat"));
}

TEST_F(ResourcesTest, HostAndFilesystems) {
  const auto usage = sampler_.host();
  ASSERT_TRUE(usage) << usage.error().message();
  ASSERT_EQ(usage->cpus.size(), 2U);
  EXPECT_DOUBLE_EQ(usage->cpus[0].seconds[3], 40000 / ticks_);
  EXPECT_EQ(usage->memory_total_bytes, 1000U * 1024);
  EXPECT_EQ(usage->memory_available_bytes, 400U * 1024);
  EXPECT_EQ(usage->network.size(), 2U);
  const auto disks = sampler_.filesystems();
  ASSERT_TRUE(disks);
  ASSERT_EQ(disks->size(), 1U);  // neither /proc, nor a hidden, remote, vanished or empty one
  EXPECT_EQ((*disks)[0].mount.device, "/dev/sda1");
  EXPECT_EQ((*disks)[0].space.available_bytes, 3000U);
}

TEST_F(ResourcesTest, MemoryLimitIsTheLowestOfAll) {
  struct Case {
    const char* name;
    std::string cgroup;
    std::vector<std::pair<std::string, std::string>> limits;
    std::uint64_t expected;
  } cases[] = {
      {"none", "", {}, 1000 * 1024},
      {"v2, own", "0::/a/b\n", {{"/sys/fs/cgroup/a/b/memory.max", "5000\n"}}, 5000},
      {"v2, of a parent",
       "0::/a/b\n",
       {{"/sys/fs/cgroup/a/b/memory.max", "5000\n"}, {"/sys/fs/cgroup/a/memory.max", "4000\n"}},
       4000},
      {"v2, max", "0::/a/b\n", {{"/sys/fs/cgroup/a/b/memory.max", "max\n"}}, 1000 * 1024},
      {"v2, above the host's", "0::/a\n", {{"/sys/fs/cgroup/a/memory.max", "99999999\n"}}, 1000 * 1024},
      {"v1 of a container: only its root is mounted",
       "4:memory:/docker/7\n0::/\n",
       {{"/sys/fs/cgroup/memory/memory.limit_in_bytes", "6000\n"}},
       6000},
      {"hybrid: memory belongs to v1",
       "5:cpu,memory:/a\n0::/a\n",
       {{"/sys/fs/cgroup/a/memory.max", "3000\n"}, {"/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "7000\n"}},
       7000},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    ASSERT_TRUE(files_.remove_all("/sys/fs/cgroup"));
    put("/proc/self/cgroup", c.cgroup);
    for (const auto& [path, text] : c.limits) put(path, text);
    EXPECT_EQ(sampler_.memory_limit_bytes().value_or(0), c.expected);
  }
}

TEST_F(ResourcesTest, MeterTellsUseBetweenTwoLooks) {
  put("/data/wal/1", std::string(100, 'x'));
  put("/data/chunks", std::string(23, 'x'));
  UsageMeter meter(sampler_, clock_, {.data_directory = "/data"});
  auto usage = meter.read();
  ASSERT_TRUE(usage) << usage.error().message();
  // Since the process began: 300 ticks of two CPUs in 100 s less 6000 ticks.
  EXPECT_NEAR(usage->cpu_ratio, 300 / ticks_ / (100 - 6000 / ticks_) / 2, 1e-9);
  EXPECT_EQ(usage->disk_bytes, 123U);
  EXPECT_EQ(usage->disk_limit_bytes, 3123U);
  EXPECT_EQ(usage->memory_limit_bytes, 1000U * 1024);
  EXPECT_EQ(usage->received_bytes_per_second, 0);

  stat(250 + static_cast<int>(ticks_), 50);  // one CPU second of the four there are in 2 s
  netstat(1500, 2200);
  clock_.advance(2 * kSecond);
  usage = meter.read();
  ASSERT_TRUE(usage);
  EXPECT_DOUBLE_EQ(usage->cpu_ratio, 0.25);
  EXPECT_EQ(usage->received_bytes_per_second, 250);
  EXPECT_EQ(usage->transmitted_bytes_per_second, 100);

  // Two looks at the same time, and counters that went back.
  netstat(0, 0);
  EXPECT_EQ(meter.read()->cpu_ratio, 0);
  clock_.advance(kSecond);
  EXPECT_EQ(meter.read()->received_bytes_per_second, 0);
}

TEST_F(ResourcesTest, ProcessFamilies) {
  metrics::Registry registry;
  const ProcessMetrics process(registry, sampler_, clock_);
  const std::string text = page(registry);
  for (const char* line :
       {"# TYPE process_cpu_seconds_total counter\n", "\nprocess_virtual_memory_bytes 1048576\n",
        "\nprocess_open_fds 2\n", "\nprocess_max_fds 1024\n", "\nprocess_threads 3\n",
        "# TYPE process_resident_memory_bytes gauge\n", "\nprocess_network_receive_bytes_total 1000\n",
        "\nprocess_network_transmit_bytes_total 2000\n", "\nprocess_start_time_seconds "}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, Not(HasSubstr("process_virtual_memory_max_bytes")));
  // What cannot be read is absent, not zero.
  ASSERT_TRUE(files_.remove_all("/proc/self"));
  EXPECT_THAT(page(registry), HasSubstr("process_open_fds 2"));  // a reading serves 100 ms
  clock_.advance(100);
  EXPECT_THAT(page(registry), Not(HasSubstr("process_")));
}

TEST_F(ResourcesTest, HostFamilies) {
  metrics::Registry registry;
  const HostMetrics host(registry, sampler_, clock_);
  const std::string text = page(registry);
  for (const char* line :
       {"\nnode_cpu_seconds_total{cpu=\"0\",mode=\"idle\"} ", "\nnode_cpu_seconds_total{cpu=\"1\",mode=\"steal\"} 0\n",
        "\nnode_memory_MemTotal_bytes 1024000\n", "\nnode_memory_MemAvailable_bytes 409600\n",
        "\nnode_network_receive_bytes_total{device=\"eth0\"} 3\n",
        "\nnode_network_transmit_bytes_total{device=\"lo\"} 2\n",
        "\nnode_filesystem_size_bytes{device=\"/dev/sda1\",fstype=\"ext4\",mountpoint=\"/\"} 5000\n",
        "\nnode_filesystem_avail_bytes{device=\"/dev/sda1\",fstype=\"ext4\",mountpoint=\"/\"} 3000\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

// On the machine that runs the test: figures that it can check for itself.
TEST(RealResources, AreThoseOfThisProcess) {
  const Sampler sampler;
  const auto before = sampler.process();
  ASSERT_TRUE(before) << before.error().message();
  EXPECT_GT(before->resident_bytes, 100'000U);
  EXPECT_GE(before->open_fds, 3U);
  EXPECT_GE(before->threads, 1U);
  EXPECT_LT(before->start_time_seconds, static_cast<double>(Clock::system().now()) / 1000 + 1);
  EXPECT_GT(before->start_time_seconds, static_cast<double>(Clock::system().now()) / 1000 - 3600);

  // 32 MiB that are touched are resident.
  std::vector<char> memory(32 << 20);
  for (std::size_t i = 0; i < memory.size(); i += 512) memory[i] = static_cast<char>(i);
  EXPECT_GE(sampler.process()->resident_bytes, before->resident_bytes + (28U << 20));

  const auto host = sampler.host();
  ASSERT_TRUE(host) << host.error().message();
  EXPECT_EQ(host->cpus.size(), static_cast<std::size_t>(::sysconf(_SC_NPROCESSORS_ONLN)));
  EXPECT_LE(sampler.memory_limit_bytes().value_or(0), host->memory_total_bytes.value_or(0));
  const auto disks = sampler.filesystems();
  ASSERT_TRUE(disks);
  for (const FilesystemUsage& disk : *disks) EXPECT_LE(disk.space.available_bytes, disk.space.size_bytes);
}

}  // namespace
}  // namespace vigil::resources
