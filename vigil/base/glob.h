// File name patterns of rule_files, file_sd_configs and the like: the syntax of
// Go's path/filepath.Match, which is what these settings mean upstream.
//
//   *        any characters but '/'            [abc] [a-z]   one of these
//   ?        one character but '/'             [^a-z]        one that is not
//   \c       the character c itself
//
// As there, a leading dot is a character like any other: `*.yml` finds `.a.yml`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/file_system.h"

namespace vigil {

// Whether the whole of `name` matches. Characters are bytes: `?` needs two for `é`.
// kInvalidArgument for a pattern that ends inside `[…]` or after `\`, or has an empty `[]`.
Result<bool> glob_match(std::string_view pattern, std::string_view name);

// The paths that a pattern names, sorted; wildcards may stand in any element. A
// pattern without wildcards is returned as it is, so that the caller can say which
// file is missing; other patterns give existing paths only. Folders that cannot be
// read are passed over.
//
//   VIGIL_TRY(const auto paths, expand_glob("/etc/vigil/rules/*.yml", files));
Result<std::vector<std::string>> expand_glob(std::string_view pattern, FileSystem& files);

}  // namespace vigil
