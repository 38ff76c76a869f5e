#include "vigil/base/file_system.h"

namespace vigil {

Result<std::string> FileSystem::read_file(const Path& path) {
  VIGIL_TRY(auto file, open_readable(path));
  std::string content(file->size(), '\0');
  VIGIL_TRY(const std::size_t read, file->read(0, content));
  content.resize(read);
  return content;
}

Result<void> FileSystem::write_file_atomically(const Path& path, std::string_view content) {
  Path temporary = path;
  temporary += ".tmp";
  {
    VIGIL_TRY(auto file, open_writable(temporary, OpenMode::kTruncate));
    VIGIL_TRY_VOID(file->append(content));
    VIGIL_TRY_VOID(file->sync());
  }
  VIGIL_TRY_VOID(rename(temporary, path));
  return sync_directory(path.has_parent_path() ? path.parent_path() : Path("."));
}

}  // namespace vigil
