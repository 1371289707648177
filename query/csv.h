#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace query {

/// The list inside an answer as RFC 4180 text with a line of names: rows of KPIs, calls,
/// contributions, managers, clients, a client's timeline, sources, items in quarantine. Money
/// stands in minor units, several texts in one field are joined by `;`, null is empty.
///
/// A text that a spreadsheet would take for a formula (it begins with = + - @, a tab, a line end or
/// NUL) gets an apostrophe in front; so do numbers of people, which begin with `+`. Errors: invalid
/// - `answer` is no answer with a list.
base::Result<std::string> csv(std::string_view answer);

}  // namespace query
