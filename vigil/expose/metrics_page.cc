#include "vigil/expose/metrics_page.h"

#include <optional>
#include <string>
#include <utility>

#include "vigil/base/strings.h"
#include "vigil/exposition/negotiate.h"

namespace vigil::expose {

void send_metrics_page(const net::Request& request, net::ResponseWriter& out,
                       const std::function<void(metrics::Visitor&)>& source, const exposition::PageOptions& options) {
  std::optional<exposition::Format> format;
  if (!request.query.has("format")) {
    format = exposition::negotiate(request.headers.get("Accept"));
  } else {
    const std::string_view name = request.query.get("format");
    format = exposition::format_named(name);
    if (!format) {
      out.send(net::Response::text(400, "unknown format " + go_quote(name) + ", expected one of " +
                                            std::string(exposition::kFormatNames) + "\n"));
      return;
    }
  }
  net::Response head;
  head.headers.set("Content-Type", exposition::content_type(*format));
  head.headers.set("Cache-Control", "no-store");
  head.headers.set("Vary", "Accept");
  out.begin(std::move(head));
  exposition::PageWriter page(*format, [&out](std::string_view chunk) { return out.write(chunk); }, options);
  source(page);
  page.finish();
  out.finish();
}

}  // namespace vigil::expose
