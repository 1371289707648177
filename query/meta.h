#pragma once

#include <optional>
#include <span>

#include "base/error.h"
#include "base/json.h"
#include "query/question.h"

namespace query {

/// The smallest watermark of the company's configured sources that have one; nullopt: none has.
/// Source: domain.md 7, completeness. Errors: those of the store.
base::Result<std::optional<base::UtcMillis>> complete_until(Question& question);

/// Writes the member `meta` that closes every answer: as of when it is, and of which state.
///
/// `as_of` is the view's log time; `complete_until` the smallest watermark of the configured
/// sources
/// (`up_to` of their heartbeats, else newest event - lateness), and `stale_sources` those without
/// one; `definitions` has the versions of `asked`. Errors: those of the store.
base::Result<void> write_meta(base::JsonWriter& out, Question& question,
                              std::span<const AskedKpi> asked = {});

}  // namespace query
