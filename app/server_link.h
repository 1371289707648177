#pragma once

#include <optional>

#include "app/config.h"
#include "base/files.h"
#include "base/http_client.h"

namespace app {

/// The running server of this data directory: it answers on `server.listen` and names the log id of
/// `data_dir`. nullopt: there is none, so the command works on the directory itself.
std::optional<base::HttpClient> find_server(const Config& config, base::Files& files);

}  // namespace app
