#include "vigil/exposition/textfile.h"

#include "vigil/exposition/page_writer.h"

namespace vigil::exposition {

Result<void> write_textfile(const metrics::Registry& registry, const std::filesystem::path& path, FileSystem& files) {
  std::filesystem::path temporary = path;
  temporary += ".tmp";
  const auto write = [&]() -> Result<void> {
    VIGIL_TRY(auto file, files.open_writable(temporary, FileSystem::OpenMode::kTruncate));
    Result<void> written;
    PageWriter page(Format::kText, [&](std::string_view chunk) {
      written = file->append(chunk);
      return written.has_value();
    });
    registry.visit(page);
    page.finish();
    VIGIL_TRY_VOID(std::move(written));
    return file->sync();
  };
  if (auto written = write(); !written) {
    static_cast<void>(files.remove(temporary));  // may not even exist
    return written;
  }
  VIGIL_TRY_VOID(files.rename(temporary, path));
  return files.sync_directory(path.has_parent_path() ? path.parent_path() : std::filesystem::path("."));
}

}  // namespace vigil::exposition
