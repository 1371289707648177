#pragma once

#include <string>

#include "app/node.h"
#include "base/error.h"
#include "store/read_view.h"

namespace app {

enum class DirectoryMode { apply, diff };

/// A directory.yaml to be compared with what stands, and perhaps made to stand.
struct DirectoryRequest {
    std::string company;
    DirectoryMode mode = DirectoryMode::diff;
    std::string text;
    std::string file_name;  ///< as errors show it
    bool prune = false;     ///< removals are meant
    bool wait = false;
};

/// Compares, and with `apply` appends what differs between directory.begin and directory.applied,
/// durable when it returns. Removals without `prune`: nothing is applied.
///
/// Returns: the answer `directory`.
/// Errors:  invalid - `FILE:LINE: ...`, or the company is not configured; of the log and the store.
/// Threads: one at a time a company: two at once could both append their difference.
base::Result<std::string> change_directory(Node& node, const DirectoryRequest& request);

/// The directory that stands, as the text of a directory.yaml. Errors: of the store.
base::Result<std::string> directory_text(const store::ReadView& view, const std::string& company);

}  // namespace app
