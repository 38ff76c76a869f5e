#include "vigil/exporters/container_names.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "vigil/base/strings.h"

namespace vigil::exporters {
namespace {

using nlohmann::json;

constexpr std::size_t kIdDigits = 64;
constexpr std::size_t kShortIdDigits = 12;
constexpr std::uint64_t kMaxFileBytes = 16U << 20;

constexpr char kDockerContainers[] = "var/lib/docker/containers";
constexpr char kPodmanContainers[] = "var/lib/containers/storage/overlay-containers/containers.json";
constexpr char kContainerdTasks[] = "run/containerd/io.containerd.runtime.v2.task";

bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::optional<std::string> usable(std::string name) {
  if (name.empty() || name.size() > kMaxNameBytes || !is_valid_utf8(name)) return std::nullopt;
  return name;
}

const json* member(const json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

std::optional<std::string> text_member(const json& object, const char* key) {
  const json* const value = member(object, key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return usable(value->get<std::string>());
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::string unescape_unit(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("\\x") && i + 3 < text.size()) {
      const int high = hex_digit(text[i + 2]), low = hex_digit(text[i + 3]);
      if (high >= 0 && low >= 0) {
        out += static_cast<char>(high * 16 + low);
        i += 3;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

}  // namespace

std::optional<std::string> container_id(std::string_view directory) {
  constexpr std::string_view kScope = ".scope";
  if (directory.ends_with(kScope)) directory.remove_suffix(kScope.size());
  if (directory.size() < kIdDigits) return std::nullopt;
  const std::string_view id = directory.substr(directory.size() - kIdDigits);
  const std::string_view runtime = directory.substr(0, directory.size() - kIdDigits);
  if (!is_hex(id)) return std::nullopt;
  // "docker-", "libpod-", "cri-containerd-", "crio-"; without the systemd driver nothing, or Podman's "libpod-".
  if (!runtime.empty() && (!runtime.ends_with('-') || runtime.ends_with("-conmon-"))) return std::nullopt;
  return std::string(id);
}

std::optional<std::string> unit_name(std::string_view directory) {
  constexpr std::string_view kService = ".service", kScope = ".scope";
  if (directory.ends_with(kService)) {
    directory.remove_suffix(kService.size());
  } else if (directory.ends_with(kScope)) {
    directory.remove_suffix(kScope.size());
    if (directory == "init" || directory.starts_with("session-")) return std::nullopt;
    // What is left of a runtime's scopes are its helpers: conmon.
    if (directory.size() > kIdDigits && is_hex(directory.substr(directory.size() - kIdDigits))) return std::nullopt;
  } else {
    return std::nullopt;
  }
  return usable(unescape_unit(directory));
}

std::optional<std::string> docker_name(std::string_view config_v2_json) {
  auto name = text_member(json::parse(config_v2_json, nullptr, false), "Name");
  if (name && name->starts_with('/')) name->erase(0, 1);
  return name && !name->empty() ? name : std::nullopt;
}

std::optional<std::string> containerd_name(std::string_view config_json) {
  const json config = json::parse(config_json, nullptr, false);
  const json* const annotations = member(config, "annotations");
  if (annotations == nullptr) return std::nullopt;
  for (const char* const key : {"nerdctl/name", "io.kubernetes.cri.container-name"}) {
    if (auto name = text_member(*annotations, key)) return name;
  }
  return std::nullopt;
}

std::map<std::string, std::string> podman_names(std::string_view containers_json) {
  std::map<std::string, std::string> names;
  const json containers = json::parse(containers_json, nullptr, false);
  if (!containers.is_array()) return names;
  for (const json& container : containers) {
    const auto id = text_member(container, "id");
    const json* const all = member(container, "names");
    if (!id || all == nullptr || !all->is_array() || all->empty() || !all->front().is_string()) continue;
    if (auto name = usable(all->front().get<std::string>())) names[*id] = std::move(*name);
  }
  return names;
}

std::string ContainerNames::name(const std::string& id) {
  if (const auto text = read(root_ / kDockerContainers / id / "config.v2.json")) {
    if (auto name = docker_name(*text)) return std::move(*name);
  }
  if (!podman_) podman_ = podman_names(read(root_ / kPodmanContainers).value_or(""));
  if (const auto found = podman_->find(id); found != podman_->end()) return found->second;
  // One folder for each namespace of containerd: k8s.io, default, …
  const auto namespaces = files_.list(root_ / kContainerdTasks);
  for (const std::string& space : namespaces ? *namespaces : std::vector<std::string>()) {
    if (const auto text = read(root_ / kContainerdTasks / space / id / "config.json")) {
      if (auto name = containerd_name(*text)) return std::move(*name);
    }
  }
  return id.substr(0, kShortIdDigits);
}

std::optional<std::string> ContainerNames::read(const FileSystem::Path& path) const {
  const auto size = files_.file_size(path);
  if (!size || *size > kMaxFileBytes) return std::nullopt;
  auto text = files_.read_file(path);
  return text ? std::optional(std::move(*text)) : std::nullopt;
}

}  // namespace vigil::exporters
