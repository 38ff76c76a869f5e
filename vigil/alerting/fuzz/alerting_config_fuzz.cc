// Any bytes as a configuration and as records of state.
#include <cstddef>
#include <cstdint>
#include <string>

#include "vigil/alerting/config.h"
#include "vigil/alerting/ledger.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  static_cast<void>(vigil::alerting::parse_config(text, "fuzz.yml"));
  if (auto records = vigil::alerting::decode_records(text)) {
    vigil::alerting::Ledger ledger;
    for (auto& record : *records) ledger.apply(std::move(record));
  }
  return 0;
}
