#pragma once

#include <filesystem>
#include <memory>

#include "base/error.h"
#include "base/probe.h"
#include "store/view_store.h"

namespace store {

/// Opens (and makes, where it is missing) the view directory at `path`.
///
/// Block cache and memtables share one budget over all directories of the process (engine.md 4.2).
/// Lifetime: snapshots may outlive the store; the directory stays held until the last one is gone.
/// Errors:   corrupt, unavailable as of ViewStore; already_exists - another process, or this one,
/// holds it.
base::Result<std::unique_ptr<ViewStore>> open_rocks(const std::filesystem::path& path);

/// The same store over a file system in memory, which lives as long as the handle. For tests and
/// for a fold whose rows are only compared.
base::Result<std::unique_ptr<ViewStore>> open_rocks_in_memory();

/// Makes the directory `path` a copy of the store as it is now, while it is written to: hard links
/// on the same file system, so that it costs neither space nor time. The parent of `path` is there,
/// `path` is not.
///
/// Errors: unavailable - of the disk; invalid - not a store that `open_rocks` gave.
base::Result<void> copy_to(const ViewStore& store, const std::filesystem::path& path);

/// The counters `store_*` of a store that `open_rocks` gave; nullptr for any other. Lifetime: the
/// store's.
const base::Probe* probe_of(const ViewStore& store);

}  // namespace store
