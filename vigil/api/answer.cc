#include "vigil/api/answer.h"

#include <utility>

namespace vigil::api {
namespace {

// Longer answers are streamed.
constexpr std::size_t kPieceBytes = 256U << 10;
// Prometheus shows as many annotations of each kind.
constexpr std::size_t kMaxAnnotations = 10;

void write_annotations(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  json.key(name);
  json.begin_array();
  for (std::size_t i = 0; i < texts.size() && i < kMaxAnnotations; ++i) json.value(texts[i]);
  if (texts.size() > kMaxAnnotations) {
    const std::string kind = name == "warnings" ? "warning" : "info";
    json.value(std::to_string(texts.size() - kMaxAnnotations) + " more " + kind + " annotations omitted");
  }
  json.end_array();
}

}  // namespace

ErrorType error_type(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return {"bad_data", 400};
    case ErrorCode::kNotFound: return {"not_found", 404};
    case ErrorCode::kExecution:
    case ErrorCode::kLimitExceeded:
    case ErrorCode::kNotSupported: return {"execution", 422};
    case ErrorCode::kCancelled: return {"canceled", 499};
    case ErrorCode::kTimeout: return {"timeout", 503};
    case ErrorCode::kUnavailable: return {"unavailable", 503};
    case ErrorCode::kAlreadyExists:
    case ErrorCode::kOutOfOrder:
    case ErrorCode::kOutOfBounds: return {"bad_data", 400};
    case ErrorCode::kCorruption:
    case ErrorCode::kIo:
    case ErrorCode::kInternal: break;
  }
  return {"internal", 500};
}

void send_error(Writer out, const Error& error) {
  const ErrorType type = error_type(error.code());
  JsonWriter json;
  json.begin_object();
  json.member("status", "error");
  json.member("errorType", type.name);
  json.member("error", error.message());
  json.end_object();
  out->send(net::Response::json(json.take(), type.status));
}

Error invalid_parameter(std::string_view name, std::string_view why) {
  return Error(ErrorCode::kInvalidArgument, "invalid parameter \"" + std::string(name) + "\": " + std::string(why));
}

void send_data(Writer out, const std::function<void(JsonWriter&)>& data, const promql::Annotations& annotations) {
  bool streaming = false;
  JsonWriter json(
      [&out, &streaming](std::string_view text) {
        if (!std::exchange(streaming, true)) out->begin(net::Response::json(""));
        return out->write(text);
      },
      kPieceBytes);
  json.begin_object();
  json.member("status", "success");
  json.key("data");
  data(json);
  write_annotations(json, "warnings", annotations.warnings);
  write_annotations(json, "infos", annotations.infos);
  if (!streaming) {
    // Closed by hand, so that the last bracket cannot start a stream.
    out->send(net::Response::json(json.take() + "}"));
    return;
  }
  json.end_object();
  json.flush();
  out->finish();
}

void send(Writer out, Result<Data> result) {
  if (!result) return send_error(std::move(out), result.error());
  send_data(std::move(out), *result);
}

}  // namespace vigil::api
