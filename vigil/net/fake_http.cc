#include "vigil/net/fake_http.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "vigil/net/url.h"

namespace vigil::net {
namespace {

// Where a RecordingWriter leaves the answer, also after its own death.
struct Recording {
  Mutex mutex;
  CondVar done;
  Response response GUARDED_BY(mutex);
  bool complete GUARDED_BY(mutex) = false;

  void finish(Response answer) {
    MutexLock lock(mutex);
    if (complete) return;
    response = std::move(answer);
    complete = true;
    done.notify_all();
  }
};

class RecordingWriter final : public ResponseWriter {
 public:
  explicit RecordingWriter(std::shared_ptr<Recording> recording) : recording_(std::move(recording)) {}
  ~RecordingWriter() override {
    if (!answered_) recording_->finish(Response::text(500, "the handler gave no answer\n"));
  }
  void send(Response response) override {
    answered_ = true;
    recording_->finish(std::move(response));
  }
  void begin(Response head) override { streamed_ = std::move(head); }
  bool write(std::string_view chunk) override {
    streamed_.body += chunk;
    return true;
  }
  void finish() override {
    answered_ = true;
    recording_->finish(std::move(streamed_));
  }
  bool cancelled() const override { return false; }

 private:
  std::shared_ptr<Recording> recording_;
  Response streamed_;
  bool answered_ = false;
};

std::string_view without_query(std::string_view url) { return url.substr(0, url.find('?')); }

}  // namespace

Response call(const Handler& handler, const Request& request) {
  auto recording = std::make_shared<Recording>();
  handler(request, std::make_unique<RecordingWriter>(recording));
  MutexLock lock(recording->mutex);
  while (!recording->complete) recording->done.wait(recording->mutex);
  return std::move(recording->response);
}

Request make_request(std::string_view method, std::string_view target, std::string body,
                     std::string_view content_type) {
  Request request;
  request.method = std::string(method);
  request.target = std::string(target);
  const std::size_t question = target.find('?');
  request.path = percent_decode(target.substr(0, question), false).value_or(std::string(target));
  if (question != std::string_view::npos) request.query = Params::parse(target.substr(question + 1)).value_or(Params());
  if (!content_type.empty()) request.headers.set("Content-Type", content_type);
  request.body = std::move(body);
  request.remote = "127.0.0.1:50000";
  return request;
}

void FakeHttpClient::on(std::string_view url, Responder responder, Duration latency) {
  MutexLock lock(mutex_);
  routes_.insert_or_assign(std::string(url), Route{std::move(responder), latency});
}

void FakeHttpClient::on(std::string_view url, int status, std::string body, std::string_view content_type) {
  ClientResponse response;
  response.status = status;
  response.headers.set("Content-Type", content_type);
  response.wire_bytes = body.size();
  response.body = std::move(body);
  on(url, [response](const ClientRequest&) -> Result<ClientResponse> { return response; });
}

void FakeHttpClient::serve(std::string_view base_url, Handler handler, Duration latency) {
  const std::string pattern = std::string(base_url) + "*";
  on(
      pattern,
      [handler = std::move(handler)](const ClientRequest& sent) -> Result<ClientResponse> {
        VIGIL_TRY(const Url url, Url::parse(sent.url));
        const std::string target = url.query.empty() ? url.path : url.path + "?" + url.query;
        Request request = make_request(sent.method, target, sent.body);
        request.headers = sent.headers;
        Response answer = call(handler, request);
        ClientResponse response;
        response.status = answer.status;
        response.headers = std::move(answer.headers);
        response.wire_bytes = answer.body.size();
        response.body = std::move(answer.body);
        return response;
      },
      latency);
}

void FakeHttpClient::remove(std::string_view url) {
  MutexLock lock(mutex_);
  routes_.erase(std::string(url));
}

void FakeHttpClient::hang(std::string_view url) {
  on(url, [](const ClientRequest&) { return Result<ClientResponse>(ClientResponse()); }, kMaxTimestamp);
}

const FakeHttpClient::Route* FakeHttpClient::find(std::string_view url) const {
  if (const auto at = routes_.find(url); at != routes_.end()) return &at->second;
  const Route* best = nullptr;
  std::size_t best_length = 0;
  for (const auto& [pattern, route] : routes_) {
    if (!pattern.ends_with('*')) continue;
    const std::string_view prefix = std::string_view(pattern).substr(0, pattern.size() - 1);
    if (url.starts_with(prefix) && prefix.size() >= best_length) {
      best = &route;
      best_length = prefix.size();
    }
  }
  return best;
}

void FakeHttpClient::send(ClientRequest request, Callback done) {
  Responder responder;
  Duration latency = 0;
  const Duration timeout = request.timeout;
  {
    MutexLock lock(mutex_);
    requests_.push_back(request);
    if (const Route* route = find(without_query(request.url))) {
      responder = route->responder;
      latency = route->latency;
    }
  }
  auto answer = [request = std::move(request), responder = std::move(responder), latency,
                 done = std::move(done)]() mutable {
    const std::string where = request.method + " " + redact_url(request.url);
    if (latency > request.timeout) {
      done(fail(ErrorCode::kTimeout, where + ": no answer within " + format_duration(request.timeout)));
    } else if (!responder) {
      done(fail(ErrorCode::kUnavailable, where + ": connection refused"));
    } else {
      auto result = responder(request);
      if (result && result->body.size() > request.max_body_bytes) {
        result = fail(ErrorCode::kLimitExceeded,
                      where + ": the body is longer than " + std::to_string(request.max_body_bytes) + " bytes");
      }
      done(std::move(result));
    }
  };
  if (scheduler_ == nullptr) return answer();
  scheduler_->run_at(scheduler_->clock().now() + std::min(latency, timeout), std::move(answer));
}

std::vector<ClientRequest> FakeHttpClient::requests() const {
  MutexLock lock(mutex_);
  return requests_;
}

void FakeHttpClient::clear_requests() {
  MutexLock lock(mutex_);
  requests_.clear();
}

}  // namespace vigil::net
