#include "vigil/config/redact.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "vigil/base/strings.h"

namespace vigil::config {
namespace {

constexpr std::array<std::string_view, 16> kSecretKeys = {
    "password",        "credentials",  "bearer_token", "client_secret", "secret_key", "access_key",
    "token",           "auth_token",   "api_key",      "key",           "secrets",    "application_secret",
    "application_key", "consumer_key", "service_key",  "routing_key"};

bool is_secret(std::string_view key) {
  return std::find(kSecretKeys.begin(), kSecretKeys.end(), key) != kSecretKeys.end();
}

// scheme://user:password@host -> scheme://user:<secret>@host
std::string without_url_password(std::string_view text) {
  const std::size_t scheme = text.find("://");
  if (scheme == std::string_view::npos) return std::string(text);
  const std::size_t begin = scheme + 3;
  const std::size_t end = text.find_first_of("/?#", begin);
  const std::string_view authority = text.substr(begin, end == std::string_view::npos ? end : end - begin);
  const std::size_t at = authority.rfind('@');
  const std::size_t colon = authority.find(':');
  if (at == std::string_view::npos || colon == std::string_view::npos || colon > at) return std::string(text);
  return std::string(text.substr(0, begin + colon + 1)) + "<secret>" + std::string(text.substr(begin + at));
}

// Plain where YAML reads it back as the same string, double-quoted elsewhere.
std::string scalar(std::string_view text, bool quoted) {
  const bool plain = !quoted && !text.empty() &&
                     text.find_first_of("\n\t#:{}[],&*!|>'\"%@`") == std::string_view::npos && text.front() != ' ' &&
                     text.back() != ' ' && text.front() != '-' && text.front() != '?';
  if (plain) return std::string(text);
  std::string out = "\"";
  append_json_string(out, text);  // JSON strings are YAML double-quoted scalars
  return out + '"';
}

void write(std::string& out, const yaml::Node& node, std::size_t indent, bool hide, bool secret) {
  const std::string margin(indent, ' ');
  switch (node.kind()) {
    case yaml::Kind::kNull: out += " null\n"; return;
    case yaml::Kind::kScalar:
      out += ' ';
      out += secret ? "<secret>"
                    : scalar(hide ? without_url_password(node.text()) : std::string(node.text()), node.quoted());
      out += '\n';
      return;
    case yaml::Kind::kSequence:
      if (node.size() == 0) {
        out += " []\n";
        return;
      }
      out += '\n';
      for (const yaml::Node& item : node.items()) {
        out += margin + "-";
        if (item.is_mapping() && item.size() > 0) {
          // The first key stands on the dash's line.
          std::string nested;
          write(nested, item, indent + 2, hide, secret);
          out += ' ';
          out += nested.substr(1 + indent + 2);
        } else {
          write(out, item, indent + 2, hide, secret);
        }
      }
      return;
    case yaml::Kind::kMapping:
      if (node.size() == 0) {
        out += " {}\n";
        return;
      }
      out += '\n';
      for (const auto& [key, value] : node.entries()) {
        out += margin + scalar(key.text(), false) + ":";
        write(out, value, indent + 2, hide, hide && (secret || is_secret(key.text())));
      }
      return;
  }
}

}  // namespace

std::string to_yaml(const yaml::Node& node, bool hide_secrets) {
  std::string out;
  write(out, node, 0, hide_secrets, false);
  // The root's leading newline or space belongs to a key that it does not have.
  if (!out.empty() && (out.front() == '\n' || out.front() == ' ')) out.erase(0, 1);
  return out;
}

}  // namespace vigil::config
