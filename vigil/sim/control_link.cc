#include "vigil/sim/control_link.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <utility>

namespace vigil::sim {

Result<std::unique_ptr<ControlLink>> ControlLink::start(std::string_view supervisor, int parent_pid, int node,
                                                        std::string_view peer_address, std::string_view http_address,
                                                        Events events) {
  // Asked for first, checked after: the parent may have died before.
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent_pid) return fail(ErrorCode::kCancelled, "the supervisor is gone");
  std::unique_ptr<ControlLink> self(new ControlLink);
  const auto received = [events](net::LinkId, std::string_view text) {
    const std::size_t space = text.find(' ');
    const std::string_view verb = text.substr(0, space);
    const std::string_view rest = space == std::string_view::npos ? std::string_view() : text.substr(space + 1);
    if (verb == "peer") {
      int id = 0;
      const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), id);
      const std::size_t at = static_cast<std::size_t>(parsed.ptr - rest.data());
      if (parsed.ec == std::errc() && at + 1 < rest.size()) events.peer(id, rest.substr(at + 1));
    } else if (verb == "fault") {
      events.fault(rest);
    } else if (verb == "clear") {
      events.clear();
    }
  };
  VIGIL_TRY(self->hub_, net::MessageHub::start({}, {.opened = {},
                                                    .received = received,
                                                    .closed = [events](net::LinkId, const Error&) { events.lost(); }}));
  self->link_ = self->hub_->connect(supervisor);
  self->hub_->send(self->link_,
                   "hello " + std::to_string(node) + " " + std::string(peer_address) + " " + std::string(http_address));
  return self;
}

void ControlLink::report_fault(std::string_view fault, int node) {
  hub_->send(link_, "fault " + std::string(fault) + " " + std::to_string(node));
}

void ControlLink::report_clear() { hub_->send(link_, "clear"); }

}  // namespace vigil::sim
