#pragma once

#include <string>

#include "app/cli.h"
#include "app/config.h"
#include "app/directory.h"
#include "app/quarantine.h"
#include "base/error.h"
#include "base/http_client.h"
#include "ingest/file_append.h"

namespace app {

/// Commands that a running server does, from the command line's side.
/// Errors of all: as the server says (question.h, error_of); unavailable - it went away.

/// Streams the files to the server, each durable group by group; progress on a terminal.
base::Result<ingest::ImportTotals> import_through(const base::HttpClient& server,
                                                  const SourceConfig& source,
                                                  const CommandLine& line);

/// `POST /v1/directory`. Returns: the answer `directory`.
base::Result<std::string> directory_through(const base::HttpClient& server,
                                            const DirectoryRequest& request);

/// `GET /v1/directory`. Returns: a directory.yaml.
base::Result<std::string> directory_of(const base::HttpClient& server, const std::string& company);

/// `POST /v1/quarantine`, page after page. Returns: the answer of change_quarantine.
base::Result<std::string> quarantine_through(const base::HttpClient& server,
                                             const QuarantineRequest& request);

/// `POST /v1/doctor`. Returns: the answer `doctor`.
base::Result<std::string> doctor_of(const base::HttpClient& server);

/// `POST /v1/replay`. Returns: the answer `replay`.
base::Result<std::string> replay_of(const base::HttpClient& server);

/// Shows on a terminal how much is read; nothing on a pipe. `end_progress` takes it away.
void show_progress(std::uint64_t read);
void end_progress();

}  // namespace app
