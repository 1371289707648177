#pragma once

#include <filesystem>
#include <memory>

#include "base/error.h"
#include "base/probe.h"
#include "store/view_store.h"

namespace store {

/// Opens (and makes, where it is missing) the view directory at `path`.
///
/// Errors: corrupt, unavailable as of ViewStore; already_exists - another process holds it.
base::Result<std::unique_ptr<ViewStore>> open_rocks(const std::filesystem::path& path);

/// The same store over a file system in memory, which lives as long as the handle. For tests and for
/// a fold whose rows are only compared.
base::Result<std::unique_ptr<ViewStore>> open_rocks_in_memory();

}  // namespace store
