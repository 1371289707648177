#pragma once

#include "ingest/mapped.h"

namespace fuzz {

/// Received 2026-11-24T09:00:00Z of a company in Moscow: by its CRM, by its exchange.
const ingest::MapContext& crm_context();
const ingest::MapContext& pbx_context();

}  // namespace fuzz
