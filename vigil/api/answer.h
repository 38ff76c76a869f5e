// The envelope of every answer, and the status codes of errors.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "vigil/api/json_writer.h"
#include "vigil/base/error.h"
#include "vigil/net/http.h"
#include "vigil/promql/value.h"

namespace vigil::api {

// Prometheus' errorType, with its status code.
//   bad_data 400 · not_found 404 · execution 422 · canceled 499 · internal 500 ·
//   timeout and unavailable 503
struct ErrorType {
  std::string_view name;
  int status;
};
ErrorType error_type(ErrorCode code);

using Writer = std::unique_ptr<net::ResponseWriter>;

// {"status":"error","errorType":…,"error":…}
void send_error(Writer out, const Error& error);
// The same with "invalid parameter "name": " in front: kInvalidArgument.
Error invalid_parameter(std::string_view name, std::string_view why);

// {"status":"success","data":<data>,"warnings":[…],"infos":[…]}. `data` writes exactly one
// value. Short answers go out at once, long ones are streamed while they are written.
void send_data(Writer out, const std::function<void(JsonWriter&)>& data, const promql::Annotations& annotations = {});

// A handler that fails or produces data: exactly one of both is sent.
using Data = std::function<void(JsonWriter&)>;
void send(Writer out, Result<Data> result);

}  // namespace vigil::api
