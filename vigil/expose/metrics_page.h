// The answer to GET /metrics.
#pragma once

#include <functional>
#include <memory>

#include "vigil/exposition/page_writer.h"
#include "vigil/metrics/registry.h"
#include "vigil/net/http.h"

namespace vigil::expose {

// Streams the families that `source` shows to the visitor it is given, in the format that
// `?format=` names (text, openmetrics, protobuf, json, csv, influx), else in the scrape format
// that the Accept header likes best. An unknown name is 400.
//
// Memory: one chunk of 64 KiB and what the connection has queued, whatever the page's size.
void send_metrics_page(const net::Request& request, net::ResponseWriter& out,
                       const std::function<void(metrics::Visitor&)>& source,
                       const exposition::PageOptions& options = {});

}  // namespace vigil::expose
