#include "app/quarantine.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "app/audit.h"
#include "base/json.h"
#include "ingest/redrive.h"
#include "query/reading.h"
#include "store/bytes.h"
#include "store/keys.h"

namespace app {
namespace {

/// The source of the records that close items.
constexpr const char* sender = "quarantine";
constexpr std::size_t chunk_records_max = 1'000;
constexpr std::size_t chunk_bytes_max = std::size_t{1} << 20;

/// An item as the views show it.
struct Item {
    std::uint64_t offset = 0;
    store::QuarantineRow row;
};

/// What became of one; `reason` is empty unless it is still open.
struct Outcome {
    std::uint64_t offset = 0;
    std::string state;
    std::string reason;
};

/// The records of one partition, read forwards.
class Records {
public:
    Records(eventlog::LogReader& log, eventlog::Partition partition)
        : log_(log), partition_(partition) {}

    /// The record at `offset`; null when the log no longer holds it.
    base::Result<const eventlog::ReadRecord*> at(std::uint64_t offset) {
        const bool is_here =
            !chunk_.empty() && offset >= chunk_.front().offset && offset <= chunk_.back().offset;
        if (!is_here) {
            auto read = log_.read(partition_, offset, chunk_records_max, chunk_bytes_max);
            const bool is_gone = !read && read.error().code() == base::ErrorCode::not_found;
            if (is_gone) {
                return nullptr;
            }
            BOOST_OUTCOME_TRY(chunk_, std::move(read));
        }
        return chunk_.empty() ? nullptr : &chunk_[offset - chunk_.front().offset];
    }

private:
    eventlog::LogReader& log_;
    eventlog::Partition partition_;
    std::vector<eventlog::ReadRecord> chunk_;
};

/// The items of one company in one state of the views.
class Items {
public:
    Items(const store::ReadView& view, const std::string& company)
        : view_(view), ordinal_(view.companies.at(company).ordinal) {}

    std::string id_of(std::uint64_t offset) const {
        return std::to_string(view_.partition) + "-" + std::to_string(offset);
    }

    /// The items of these ids, each once. Errors: not_found - an id that no item has.
    base::Result<std::vector<Item>> named(const std::vector<std::string>& ids) const {
        std::vector<Item> items;
        std::set<std::uint64_t> offsets;
        for (const std::string& id : ids) {
            const std::optional<std::uint64_t> offset = offset_of(id);
            std::optional<store::QuarantineRow> row;
            if (offset) {
                BOOST_OUTCOME_TRY(
                    row, query::read_row<store::QuarantineRow>(*view_.rows, store::Family::state,
                                                               store::quarantine_key(*offset)));
            }
            if (!row || row->company != ordinal_) {
                return base::Error(base::ErrorCode::not_found, "no such item in quarantine: " + id);
            }
            if (offsets.insert(*offset).second) {
                items.push_back({*offset, std::move(*row)});
            }
        }
        std::ranges::sort(items, {}, &Item::offset);
        return items;
    }

    /// Up to `limit` + 1 open items in offset order.
    base::Result<std::vector<Item>> open(const QuarantineRequest& request,
                                         std::size_t limit) const {
        std::vector<Item> items;
        std::uint64_t from = 0;
        if (!request.cursor.empty()) {
            const std::optional<std::uint64_t> last = offset_of(request.cursor);
            if (!last) {
                return base::Error(base::ErrorCode::invalid, "cursor: expected the id of an item");
            }
            from = *last + 1;
        }
        BOOST_OUTCOME_TRY(const std::optional<std::uint32_t> source, source_of(request.source));
        if (!request.source.empty() && !source) {
            return items;
        }
        const std::string first = store::quarantine_key(0);
        const std::string prefix = first.substr(0, first.size() - sizeof(std::uint64_t));
        const auto take = [&](std::string_view key, std::string_view value) -> base::Result<bool> {
            BOOST_OUTCOME_TRY(auto row, store::decode<store::QuarantineRow>(value));
            const bool is_meant = row.company == ordinal_ && row.state == "open" &&
                                  (request.reason.empty() || row.reason == request.reason) &&
                                  (!source || row.source.value() == *source);
            if (is_meant) {
                items.push_back(
                    {store::KeyReader(key.substr(prefix.size())).u64(), std::move(row)});
            }
            return items.size() <= limit;
        };
        BOOST_OUTCOME_TRY(query::scan_rows(*view_.rows, store::Family::state,
                                           store::quarantine_key(from), store::prefix_end(prefix),
                                           take));
        return items;
    }

private:
    std::optional<std::uint64_t> offset_of(std::string_view id) const {
        const std::string_view digits = id.substr(std::min(id.find('-') + 1, id.size()));
        std::uint64_t offset = 0;
        const auto [end, failed] =
            std::from_chars(digits.data(), digits.data() + digits.size(), offset);
        const bool is_number = failed == std::errc{} && end == digits.data() + digits.size();
        return is_number && id_of(offset) == id ? std::optional(offset) : std::nullopt;
    }

    base::Result<std::optional<std::uint32_t>> source_of(const std::string& id) const {
        BOOST_OUTCOME_TRY(
            const auto name,
            view_.rows->get(store::Family::state,
                            store::name_key(ordinal_, store::Table::source, std::string_view(id))));
        return name ? std::optional(static_cast<std::uint32_t>(store::ValueReader(*name).u()))
                    : std::nullopt;
    }

    const store::ReadView& view_;
    kpi::Company ordinal_;
};

/// Closes items group by group.
class Closing {
public:
    /// `log`: the one that is folded, where the bytes of an item stand at its offset.
    Closing(Node& node, eventlog::LogReader& log, const QuarantineRequest& request,
            const Items& items, const std::function<bool()>& is_stopping)
        : node_(node),
          request_(request),
          items_(items),
          is_stopping_(is_stopping),
          partition_(node.partition(request.company)),
          now_(node.clock().now()),
          own_(company_context(*node.config().company(request.company), sender, now_)),
          records_(log, partition_) {}

    base::Result<void> take(const Item& item) {
        if (item.row.state != "open") {
            outcomes_.push_back({item.offset, item.row.state, {}});
            return base::success();
        }
        std::vector<eventlog::Record> made;
        if (request_.work == QuarantineWork::redrive) {
            BOOST_OUTCOME_TRY(const ingest::Mapped mapped, map_again(item));
            if (const auto* rejection = std::get_if<ingest::Rejection>(&mapped)) {
                outcomes_.push_back({item.offset, "open", rejection->reason});
                return base::success();
            }
            made.push_back({events::encode(std::get<events::Event>(mapped)), now_});
        }
        const std::string_view state = state_when_done();
        const ingest::ClosedItem closed{items_.id_of(item.offset), std::string(state),
                                        request_.because, request_.by};
        made.push_back({events::encode(ingest::quarantine_event(closed, own_)), now_});
        outcomes_.push_back({item.offset, std::string(state), {}});
        return add(std::move(made));
    }

    base::Result<void> flush() {
        if (group_.empty()) {
            return base::success();
        }
        if (is_stopping_()) {
            return base::Error(base::ErrorCode::unavailable,
                               "the server is stopping; ask again, what is closed stays closed");
        }
        bytes_ = 0;
        BOOST_OUTCOME_TRY(
            eventlog::append_and_wait(node_.log(), partition_, std::exchange(group_, {})));
        return base::success();
    }

    const std::vector<Outcome>& outcomes() const { return outcomes_; }

private:
    std::string_view state_when_done() const {
        return request_.work == QuarantineWork::redrive ? "redriven" : "discarded";
    }

    /// The event of an item stands in front of the record that closes it, both in one append.
    base::Result<void> add(std::vector<eventlog::Record> made) {
        std::size_t more = 0;
        for (const eventlog::Record& record : made) {
            more += record.bytes.size() + eventlog::record_frame_bytes_max;
        }
        if (bytes_ + more > eventlog::whole_append_bytes_max) {
            BOOST_OUTCOME_TRY(flush());
        }
        bytes_ += more;
        std::ranges::move(made, std::back_inserter(group_));
        return base::success();
    }

    base::Result<ingest::Mapped> map_again(const Item& item) {
        BOOST_OUTCOME_TRY(const eventlog::ReadRecord* record, records_.at(item.offset));
        if (record == nullptr) {
            return ingest::Rejection{"raw_gone", "", "its record is no longer kept"};
        }
        base::Result<events::Event> decoded = events::decode(record->bytes);
        const bool is_known =
            decoded && decoded.value().head.data_case() != events::pb::Event::DATA_NOT_SET;
        if (!is_known) {
            return ingest::Rejection{"unknown_type", "", "still unknown to this version"};
        }
        events::Event event = std::move(decoded).value();
        if (event.head.has_rejected()) {
            return mapped_again(event, items_.id_of(item.offset));
        }
        const bool is_conflict = item.row.reason == "conflict";
        if (is_conflict && !request_.replace) {
            return ingest::Rejection{"conflict", "", "another content is kept"};
        }
        event.head.set_redrive_of(items_.id_of(item.offset));
        event.head.set_received_at(base::to_ms(now_));
        if (is_conflict) {
            event.head.set_source_revision(event.head.source_revision() + 1);
        }
        return event;
    }

    ingest::Mapped mapped_again(const events::Event& rejected, const std::string& id) const {
        const std::string& source_id = rejected.head.source_id();
        const Config& config = node_.config();
        const SourceConfig* source = config.source(source_id);
        const bool is_own = source != nullptr && source->company == request_.company;
        const bool is_default = source == nullptr && source_id == unconfigured_source;
        const auto format = ingest::format_of_rejected(rejected, is_own ? source->kind : "");
        if ((!is_own && !is_default) || !format) {
            return ingest::Rejection{"unknown_source", "", "its source is not configured"};
        }
        return ingest::map_again(
            rejected, *format, id,
            is_own ? map_context(config, *source, now_)
                   : company_context(*config.company(request_.company), unconfigured_source, now_));
    }

    Node& node_;
    const QuarantineRequest& request_;
    const Items& items_;
    const std::function<bool()>& is_stopping_;
    eventlog::Partition partition_;
    base::UtcMillis now_;
    ingest::MapContext own_;
    Records records_;
    std::vector<eventlog::Record> group_;
    std::size_t bytes_ = 0;
    std::vector<Outcome> outcomes_;
};

base::Result<void> check(const Config& config, const QuarantineRequest& request) {
    const bool has_filter = !request.reason.empty() || !request.source.empty();
    const int ways = (request.ids.empty() ? 0 : 1) + (has_filter ? 1 : 0) + (request.all ? 1 : 0);
    std::string wrong;
    if (config.company(request.company) == nullptr) {
        wrong = "there is no company " + request.company;
    } else if (ways != 1) {
        wrong = "name the items one way: ids, reason and source, or all";
    } else if (request.ids.size() > quarantine_page_max) {
        wrong = "ids: at most " + std::to_string(quarantine_page_max);
    } else if (request.work == QuarantineWork::discard && request.replace) {
        wrong = "replace: goes with redrive";
    } else if (request.work == QuarantineWork::discard &&
               request.because.find_first_not_of(" \t\n") == std::string::npos) {
        wrong = "because: who discards says why";
    }
    return wrong.empty() ? base::Result<void>(base::success())
                         : base::Error(base::ErrorCode::invalid, wrong);
}

base::Result<void> audit(const Node& node, const QuarantineRequest& request) {
    std::map<std::string, std::string> filters{{"company", request.company}};
    for (const auto& [name, value] :
         {std::pair<const char*, const std::string&>{"reason", request.reason},
          {"source", request.source},
          {"cursor", request.cursor}}) {
        if (!value.empty()) {
            filters[name] = value;
        }
    }
    for (const std::string& id : request.ids) {
        filters["ids"] += (filters["ids"].empty() ? "" : ",") + id;
    }
    if (request.replace) {
        filters["replace"] = "true";
    }
    const bool is_redrive = request.work == QuarantineWork::redrive;
    return append_audit(
        node.config().data_dir,
        {node.clock().now(), request.by, is_redrive ? "quarantine redrive" : "quarantine discard",
         request.because, std::move(filters)});
}

std::string answer_of(const std::vector<Outcome>& outcomes, const Items& items, bool has_more) {
    base::JsonWriter out;
    out.begin_object().key("items").begin_array();
    for (const Outcome& one : outcomes) {
        out.begin_object().member("id", std::string_view(items.id_of(one.offset)));
        out.member("state", std::string_view(one.state)).key("reason");
        if (one.reason.empty()) {
            out.null();
        } else {
            out.value(std::string_view(one.reason));
        }
        out.end_object();
    }
    out.end_array().key("next_cursor");
    if (has_more) {
        out.value(std::string_view(items.id_of(outcomes.back().offset)));
    } else {
        out.null();
    }
    return out.end_object().take();
}

}  // namespace

base::Result<std::string> change_quarantine(Node& node, const QuarantineRequest& request,
                                            const std::function<bool()>& is_stopping) {
    BOOST_OUTCOME_TRY(check(node.config(), request));
    const std::shared_ptr<const store::ReadView> view = node.view(request.company);
    const Items items(*view, request.company);
    const std::size_t limit =
        request.limit == 0 ? quarantine_page_max : std::min(request.limit, quarantine_page_max);
    BOOST_OUTCOME_TRY(std::vector<Item> chosen,
                      request.ids.empty() ? items.open(request, limit) : items.named(request.ids));
    const bool has_more = request.ids.empty() && chosen.size() > limit;
    if (has_more) {
        chosen.pop_back();
    }
    BOOST_OUTCOME_TRY(audit(node, request));
    BOOST_OUTCOME_TRY(eventlog::LogReader* const log, node.history());
    Closing closing(node, *log, request, items, is_stopping);
    for (const Item& item : chosen) {
        BOOST_OUTCOME_TRY(closing.take(item));
    }
    BOOST_OUTCOME_TRY(closing.flush());
    return answer_of(closing.outcomes(), items, has_more);
}

}  // namespace app
