// What people call the container behind a control group.
//
// Container runtimes name the directory of a control group for the container's id, 64
// hexadecimal digits, alone (cgroupfs driver) or as "docker-<id>.scope" (systemd
// driver). The name is in the runtime's own files: Docker's
// containers/<id>/config.v2.json, Podman's overlay-containers/containers.json, and the
// config.json of the bundle for containerd (nerdctl, Kubernetes). Services and scopes of
// systemd are called what their unit is called: "mpc-node-1.service" is mpc-node-1.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "vigil/base/error.h"
#include "vigil/base/file_system.h"

namespace vigil::exporters {

// Longer names are not used.
inline constexpr std::size_t kMaxNameBytes = 256;

// The container's id in the name of a control group's directory. A helper of the runtime
// that is named for the container (conmon) is none.
std::optional<std::string> container_id(std::string_view directory);

// The unit's name without ".service" or ".scope", systemd's escapes (\x2d) decoded. Login
// sessions and PID 1's own scope are none.
std::optional<std::string> unit_name(std::string_view directory);

// The name in each of the files; absent if it is not such a file or names nothing.
std::optional<std::string> docker_name(std::string_view config_v2_json);
std::optional<std::string> containerd_name(std::string_view config_json);
// Ids and names of all containers.
std::map<std::string, std::string> podman_names(std::string_view containers_json);

// Names of one reading: Podman's file is read once. Not thread-safe.
class ContainerNames {
 public:
  // `root` is the host's "/"; `files` outlives the object.
  ContainerNames(FileSystem& files, FileSystem::Path root) : files_(files), root_(std::move(root)) {}

  // The name given by people, or the first 12 digits of the id, as `docker ps` shows it.
  std::string name(const std::string& id);

 private:
  std::optional<std::string> read(const FileSystem::Path& path) const;

  FileSystem& files_;
  const FileSystem::Path root_;
  std::optional<std::map<std::string, std::string>> podman_;
};

}  // namespace vigil::exporters
