#include "vigil/tuning/links.h"

namespace vigil::tuning {
namespace {

bool skip(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

std::string_view runbook_of(std::string_view pack, std::string_view link) {
  const bool ours = skip(link, "{{ $externalURL }}") && skip(link, "/runbooks/") && skip(link, pack) && skip(link, "/");
  return ours ? link : std::string_view();
}

std::string_view dashboard_of(std::string_view link) { return skip(link, "/d/") ? link : std::string_view(); }

}  // namespace vigil::tuning
