#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/node.h"
#include "base/error.h"

namespace app {

enum class QuarantineWork { redrive, discard };

/// Items of the quarantine of a company, and what shall become of them.
struct QuarantineRequest {
    std::string company;
    QuarantineWork work = QuarantineWork::redrive;
    std::vector<std::string> ids;  ///< empty: the open items that the next three name
    std::string reason;            ///< of the quarantine; empty: any
    std::string source;            ///< id; empty: any
    bool all = false;              ///< without reason and source: every open item
    bool replace = false;          ///< an item in conflict wins
    std::string because;
    std::string by;         ///< who asks
    std::string cursor;     ///< id of an item: only those behind it
    std::size_t limit = 0;  ///< items of one answer; 0: `quarantine_page_max`
};

/// The most items that one request changes; the answer's `next_cursor` goes on behind them.
inline constexpr std::size_t quarantine_page_max = 10'000;

/// Maps the kept bytes of open items again as their sources are mapped now, or sets them aside for
/// good. An item's new event and the record that closes it are one append that a crash leaves whole
/// or not at all, so however often it is asked, an item becomes one event. What is still refused
/// stays open. A line of the audit is durable before anything changes.
///
/// `is_stopping` is asked between appends. The views must have applied what was durable before, and
/// one such request runs at a time: else an item could be closed twice.
///
/// Returns: the answer `{"items": [{"id", "state", "reason"}], "next_cursor"}`; `reason` says why
/// an
///          item is still open: a reason of the quarantine, `conflict` (without `replace`), or
///          `raw_gone` when its bytes are no longer kept.
/// Errors:  invalid     - no items are named, a discard without `because`, no such company.
///          not_found   - an id that no item has; nothing is changed.
///          unavailable - `is_stopping`; of the log. What is closed by then stays closed: ask
///          again.
base::Result<std::string> change_quarantine(Node& node, const QuarantineRequest& request,
                                            const std::function<bool()>& is_stopping);

/// The body of `POST /v1/quarantine`, back and forth. `company` stays empty when none is named.
/// Errors: invalid - no such object; the member is named.
base::Result<QuarantineRequest> read_quarantine_request(std::string_view body);
std::string to_json(const QuarantineRequest& request);

/// Asks `page` until `next_cursor` is null. Returns: the items of all pages as one answer.
base::Result<std::string> all_pages(
    QuarantineRequest request,
    const std::function<base::Result<std::string>(const QuarantineRequest&)>& page);

}  // namespace app
