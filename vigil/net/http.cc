#include "vigil/net/http.h"

#include <algorithm>

#include "vigil/base/mutex.h"
#include "vigil/net/url.h"

namespace vigil::net {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool equal_without_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

void Headers::set(std::string_view name, std::string_view value) {
  std::erase_if(fields_, [name](const auto& field) { return equal_without_case(field.first, name); });
  add(name, value);
}

void Headers::add(std::string_view name, std::string_view value) { fields_.emplace_back(name, value); }

std::string_view Headers::get(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (equal_without_case(key, name)) return value;
  }
  return {};
}

bool Headers::has(std::string_view name) const {
  return std::any_of(fields_.begin(), fields_.end(),
                     [name](const auto& field) { return equal_without_case(field.first, name); });
}

Result<Params> Params::parse(std::string_view text) {
  Params params;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    VIGIL_TRY(std::string name, percent_decode(pair.substr(0, equals), true));
    std::string value;
    if (equals != std::string_view::npos) {
      auto decoded = percent_decode(pair.substr(equals + 1), true);
      if (!decoded) return std::unexpected(std::move(decoded).error());
      value = *std::move(decoded);
    }
    params.add(std::move(name), std::move(value));
  }
  return params;
}

void Params::add(std::string name, std::string value) { pairs_.emplace_back(std::move(name), std::move(value)); }

std::string_view Params::get(std::string_view name) const {
  for (const auto& [key, value] : pairs_) {
    if (key == name) return value;
  }
  return {};
}

bool Params::has(std::string_view name) const {
  return std::any_of(pairs_.begin(), pairs_.end(), [name](const auto& pair) { return pair.first == name; });
}

std::vector<std::string_view> Params::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : pairs_) {
    if (key == name) values.push_back(value);
  }
  return values;
}

std::string Params::encode() const {
  std::string out;
  for (const auto& [key, value] : pairs_) {
    if (!out.empty()) out += '&';
    out += encode_query_component(key);
    out += '=';
    out += encode_query_component(value);
  }
  return out;
}

Result<Params> Request::form() const {
  std::string_view type = headers.get("Content-Type");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  const bool has_form = (method == "POST" || method == "PUT" || method == "PATCH") &&
                        equal_without_case(type, "application/x-www-form-urlencoded");
  if (!has_form) return query;
  VIGIL_TRY(Params form, Params::parse(body));
  for (const auto& [name, value] : query.pairs()) form.add(name, value);
  return form;
}

Response Response::text(int status, std::string body) {
  Response response;
  response.status = status;
  response.headers.set("Content-Type", "text/plain; charset=utf-8");
  response.body = std::move(body);
  return response;
}

Response Response::json(std::string body, int status) {
  Response response;
  response.status = status;
  response.headers.set("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

Result<ClientResponse> HttpClient::fetch(ClientRequest request) {
  struct Answer {
    Mutex mutex;
    CondVar ready;
    std::optional<Result<ClientResponse>> result GUARDED_BY(mutex);
  };
  // Shared: the callback may still hold the lock when the waiter has gone on.
  auto answer = std::make_shared<Answer>();
  send(std::move(request), [answer](Result<ClientResponse> result) {
    MutexLock lock(answer->mutex);
    answer->result = std::move(result);
    answer->ready.notify_one();
  });
  MutexLock lock(answer->mutex);
  while (!answer->result.has_value()) answer->ready.wait(answer->mutex);
  return *std::move(answer->result);
}

}  // namespace vigil::net
