#include "processors/fold.h"

#include <algorithm>
#include <boost/container/small_vector.hpp>

#include "base/ensure.h"
#include "events/normal_form.h"
#include "processors/activity_facts.h"
#include "processors/origins.h"

namespace processors {
namespace {

using events::Kind;
using store::Family;
using store::Table;

std::string position_key() {
    return store::meta_key("position");
}
std::string job_key() {
    return store::meta_key("job");
}
std::string version_key() {
    return store::meta_key("fold_version");
}

std::string number_value(std::uint64_t number) {
    store::ValueWriter value;
    value.u(number);
    return value.take();
}

std::optional<std::string> optional_text(bool present, const std::string& text) {
    return present ? std::optional(text) : std::nullopt;
}
std::optional<std::uint64_t> optional_number(bool present, std::uint64_t number) {
    return present ? std::optional(number) : std::nullopt;
}

/// Wants the rows of the texts whose ordinals are not in memory.
void want_unknown_names(FoldState& state, kpi::Company company, const events::EventView& event) {
    for (const events::pb::Party& party : event.personal.parties()) {
        for (const std::string* const text : {&party.raw(), &party.normalised()}) {
            if (!text->empty() && !state.names.is_cached(company, Table::subject, *text)) {
                state.rows.want(Family::state, store::name_key(company, Table::subject, *text));
            }
        }
    }
}

}  // namespace

Fold::Fold(store::ViewStore& store)
    : state_(store),
      timers_(state_.store, state_.rows),
      watches_(state_, timers_),
      cases_(state_, timers_),
      calls_(state_, cases_, timers_),
      activities_(state_, cases_),
      directory_(state_, watches_),
      reattribution_(state_, calls_, activities_, cases_) {
    state_.cells.set_listener(&watches_);
}

base::Result<void> Fold::open(std::uint64_t log_start) {
    BOOST_OUTCOME_TRY(state_.rows.open());
    BOOST_OUTCOME_TRY(const auto position,
                      state_.read<store::PositionRow>(Family::state, position_key()));
    if (!position) {
        state_.position.first_offset = log_start;
        state_.position.next_offset = log_start;
        state_.rows.put(Family::state, version_key(), number_value(fold_version));
        write_position();
        return base::success();
    }
    state_.position = *position;
    BOOST_OUTCOME_TRY(const auto version, state_.rows.get(Family::state, version_key()));
    if (!version || store::ValueReader(*version).u() != fold_version) {
        return base::Error(
            base::ErrorCode::corrupt,
            "the views were folded by another version of the program: run `normwatch replay`");
    }
    BOOST_OUTCOME_TRY(const auto job, state_.read<store::JobRow>(Family::state, job_key()));
    std::vector<std::string> ids;
    const store::Key prefix = store::name_key(kpi::Company(), Table::company, std::string_view());
    BOOST_OUTCOME_TRY(state_.store.scan(Family::state, prefix, store::prefix_end(prefix),
                                        [&](std::string_view key, std::string_view) {
                                            ids.emplace_back(key.substr(prefix.bytes().size()));
                                            return true;
                                        }));
    for (const std::string& id : ids) {
        BOOST_OUTCOME_TRY(state_.company(id));
    }
    BOOST_OUTCOME_TRY(timers_.open());
    BOOST_OUTCOME_TRY(directory_.load());
    BOOST_OUTCOME_TRY(watches_.load());
    if (job) {
        state_.job = *job;
        state_.dirt.insert(job->dirt.begin(), job->dirt.end());
    }
    return base::success();
}

void Fold::write_position() {
    state_.write(Family::state, position_key(), state_.position);
    if (state_.dirt.empty() && !state_.job.bracket_open && !has_job()) {
        state_.job = store::JobRow{};
        state_.rows.erase(Family::state, job_key());
        return;
    }
    state_.job.dirt.assign(state_.dirt.begin(), state_.dirt.end());
    state_.write(Family::state, job_key(), state_.job);
}

base::Result<void> Fold::look_ahead(std::span<const eventlog::ReadRecord> records) {
    ahead_.clear();
    arena_.Reset();
    for (const eventlog::ReadRecord& record : records) {
        const auto event = events::decode(record.bytes, arena_);
        if (!event) {
            continue;
        }
        if (const CompanyState* const company =
                state_.known_company(event.value().head.company())) {
            want_unknown_names(state_, company->ordinal, event.value());
            BOOST_OUTCOME_TRY(calls_.want_rows(*company, event.value()));
        }
        ahead_.emplace_back(record.offset, event.value());
    }
    return state_.rows.read_wanted();
}

events::EventView Fold::decoded(const eventlog::ReadRecord& record) {
    while (!ahead_.empty() && ahead_.front().first < record.offset) {
        ahead_.pop_front();
    }
    if (!ahead_.empty() && ahead_.front().first == record.offset) {
        const events::EventView event = ahead_.front().second;
        ahead_.pop_front();
        return event;
    }
    if (ahead_.empty()) {
        arena_.Reset();
    }
    const auto event = events::decode(record.bytes, arena_);
    if (event) {
        return event.value();
    }
    using google::protobuf::Arena;
    auto* const head = Arena::CreateMessage<events::pb::Event>(&arena_);
    events::pb::Rejected* const rejected = head->mutable_rejected();
    rejected->set_reason("unknown_type");
    rejected->set_stage("fold");
    rejected->set_detail("the record is no event of this version");
    rejected->set_bytes(record.bytes.size());
    return {*head, *Arena::CreateMessage<events::pb::Personal>(&arena_)};
}

base::Result<void> Fold::apply(const eventlog::ReadRecord& record) {
    ENSURE(record.offset == state_.position.next_offset && !has_job());
    state_.position.log_time = std::max(state_.position.log_time, record.received_at);
    const events::EventView event = decoded(record);
    if (event.head.has_tick()) {
        BOOST_OUTCOME_TRY(apply_tick(record, event.head.tick()));
    } else {
        BOOST_OUTCOME_TRY(apply_event(record, event));
    }
    BOOST_OUTCOME_TRY(watches_.take_heard());
    if (has_job()) {
        state_.job.offset = record.offset;
        BOOST_OUTCOME_TRY(work());
    }
    ++state_.position.next_offset;
    return base::success();
}

/// It is of no company and no source: log time goes on, and that is all.
base::Result<void> Fold::apply_tick(const eventlog::ReadRecord& record,
                                    const events::pb::Tick& tick) {
    state_.position.log_time = std::max(state_.position.log_time, base::from_ms(tick.at()));
    if (record.origin) {
        note_origin(state_.position, *record.origin);
    }
    ++state_.position.ledger.applied;
    return base::success();
}

base::Result<void> Fold::apply_event(const eventlog::ReadRecord& record,
                                     const events::EventView& event) {
    BOOST_OUTCOME_TRY(CompanyState * company, state_.company(event.head.company()));
    BOOST_OUTCOME_TRY(const auto source,
                      state_.names.intern_as<kpi::Source>(company->ordinal, Table::source,
                                                          event.head.source_id()));
    BOOST_OUTCOME_TRY(Verdict verdict, judge_event(record, event, *company, source));
    const bool is_repeated = record.origin && note_origin(state_.position, *record.origin);
    if (is_repeated && (verdict == Verdict::conflict || verdict == Verdict::rejected)) {
        verdict = Verdict::duplicate;  // what has no key is known again by where it came from
    }
    if (verdict == Verdict::conflict || verdict == Verdict::rejected) {
        BOOST_OUTCOME_TRY(quarantine(record, event, *company, source, verdict));
    }
    return count(*company, source, event, verdict);
}

base::Result<void> Fold::fire_timers() {
    return timers_.fire(state_.position.log_time, timers_max, [this](const store::TimerKey& timer) {
        switch (timer.rule) {
            case store::TimerRule::call_given_up: return calls_.give_up(timer);
            case store::TimerRule::watch: return watches_.fire(timer);
            case store::TimerRule::case_expiry: break;
        }
        return cases_.expire(timer);
    });
}

base::Result<void> Fold::work() {
    const bool may_attribute = !state_.job.bracket_open;
    const bool is_clean = changes_count() == 0 && watches_.is_flushed();
    if (may_attribute && is_clean && state_.dirt.empty() &&
        !timers_.is_due(state_.position.log_time)) {
        return watches_.work(watched_managers_max);
    }
    if (may_attribute) {
        BOOST_OUTCOME_TRY(reattribution_.work(inline_entities_max));
    }
    BOOST_OUTCOME_TRY(fire_timers());
    return watches_.take_heard();
}

base::Result<void> Fold::commit() {
    write_position();
    write_sources();
    state_.cells.flush();
    cases_.flush();
    watches_.flush();
    state_.names.forget();
    BOOST_OUTCOME_TRY(state_.rows.commit());
    timers_.committed();
    return base::success();
}

base::Result<Verdict> Fold::judge_event(const eventlog::ReadRecord& record,
                                        const events::EventView& event, CompanyState& company,
                                        kpi::Source source) {
    if (event.head.has_rejected()) {
        return Verdict::rejected;
    }
    Incoming incoming{.event = event,
                      .parties = {},
                      .delivery = {.source = source,
                                   .event_source = event.head.source(),
                                   .id = event.head.id(),
                                   .offset = record.offset,
                                   .received_at = record.received_at},
                      .revision = {.source = event.head.source_revision(),
                                   .mapper = event.head.mapper_revision()},
                      .fingerprint = {}};
    BOOST_OUTCOME_TRY(incoming.parties, intern_parties(state_.names, company.ordinal, event));
    boost::container::small_vector<std::uint64_t, 8> subjects;
    for (std::size_t i = 0; i < incoming.parties.size(); ++i) {
        subjects.push_back(incoming.parties[i].normalised.value());
    }
    incoming.fingerprint = events::fingerprint(event, subjects);
    return dispatch(company, incoming);
}

base::Result<Verdict> Fold::dispatch(CompanyState& company, const Incoming& incoming) {
    using events::pb::Event;
    const Event& head = incoming.event.head;
    switch (head.data_case()) {
        case Event::kCall:
        case Event::kCallLeg:
        case Event::kCdrRow: return calls_.apply(company, incoming);
        case Event::kEmail:
        case Event::kMeeting:
        case Event::kProposal:
        case Event::kInvoice:
        case Event::kPayment: return activities_.apply(company, incoming);
        case Event::kVoid: return apply_void(company, incoming);
        case Event::kOpaque:
        case Event::kReview: return keep(company, incoming);
        case Event::kHeartbeat:
        case Event::kQuarantine: {
            BOOST_OUTCOME_TRY(quarantine_action(head.quarantine()));
            return Verdict::fresh;
        }
        case Event::kDirectoryBegin: state_.job.bracket_open = true; return Verdict::fresh;
        case Event::kDirectoryApplied: state_.job.bracket_open = false; return Verdict::fresh;
        case Event::kRejected:
        case Event::DATA_NOT_SET: return Verdict::rejected;
        default: return directory_.apply(company, incoming);
    }
}

base::Result<Verdict> Fold::apply_void(CompanyState& company, const Incoming& incoming) {
    const events::pb::Void& voided = incoming.event.head.void_();
    const Kind kind = events::kind_of_word(voided.kind());
    const std::string& scope_name =
        voided.kind().starts_with("call")
            ? (voided.scope().empty() ? incoming.event.head.scope() : voided.scope())
            : voided.ledger();
    BOOST_OUTCOME_TRY(const auto scope, state_.names.intern_as<kpi::Scope>(
                                            company.ordinal, Table::scope, scope_name));
    std::string entity_id = voided.entity_id();
    if (kind == Kind::email) {
        entity_id = events::normal_message_id(entity_id);
    } else if (events::is_directory(kind)) {
        entity_id = canonical_void_name(entity_id, company.directory.zone());
    }
    const store::EntityKey key{company.ordinal, store::kind_byte(Kind::voided), scope,
                               void_target(voided.kind(), entity_id)};
    BOOST_OUTCOME_TRY(const auto stored,
                      state_.read<store::VoidRow>(Family::entity, store::entity_key(key)));
    store::VoidRow row = stored.value_or(store::VoidRow{});
    const std::optional<std::uint64_t> revision =
        optional_number(voided.has_revision(), voided.revision());
    const auto known = std::find_if(row.voids.begin(), row.voids.end(),
                                    [&](const auto& one) { return one.revision == revision; });
    const Verdict verdict = judge(known == row.voids.end() ? nullptr : &known->head,
                                  incoming.revision, incoming.fingerprint);
    if (verdict == Verdict::stale || verdict == Verdict::conflict) {
        return verdict;
    }
    if (verdict == Verdict::duplicate) {
        observe(known->head, incoming.delivery);
    } else {
        const auto head = head_of(incoming.revision, incoming.fingerprint, incoming.delivery);
        if (known == row.voids.end()) {
            row.voids.push_back({.revision = revision, .head = head});
            std::sort(row.voids.begin(), row.voids.end(),
                      [](const auto& a, const auto& b) { return a.revision < b.revision; });
        } else {
            known->head = head;
        }
    }
    state_.write(Family::entity, store::entity_key(key), row);
    company.has_voids = true;
    if (verdict != Verdict::duplicate) {
        BOOST_OUTCOME_TRY(act_on_void(company, scope, voided, entity_id));
    }
    return verdict;
}

base::Result<void> Fold::act_on_void(CompanyState& company, kpi::Scope scope,
                                     const events::pb::Void& voided, const std::string& entity_id) {
    const Kind kind = events::kind_of_word(voided.kind());
    switch (kind) {
        case Kind::call: return calls_.apply_void(company, scope, voided.kind(), entity_id);
        case Kind::email:
        case Kind::proposal: return activities_.apply_void(company, kind, {}, entity_id);
        case Kind::invoice:
        case Kind::payment: return activities_.apply_void(company, kind, scope, entity_id);
        case Kind::meeting: {
            // `uid/recurrence_id`: either may hold a slash, so every reading is tried.
            BOOST_OUTCOME_TRY(activities_.apply_void(company, kind, {}, ledger_id(entity_id, "")));
            for (auto slash = entity_id.find('/'); slash != std::string::npos;
                 slash = entity_id.find('/', slash + 1)) {
                BOOST_OUTCOME_TRY(activities_.apply_void(
                    company, kind, {},
                    ledger_id(entity_id.substr(0, slash), entity_id.substr(slash + 1))));
            }
            return base::success();
        }
        default:
            return events::is_directory(kind) ? directory_.apply_void(company, kind, entity_id)
                                              : base::Result<void>(base::success());
    }
}

base::Result<Verdict> Fold::keep(CompanyState& company, const Incoming& incoming) {
    const events::pb::Event& head = incoming.event.head;
    const Kind kind = events::kind_of(head);
    store::KeyWriter native;
    if (head.has_review()) {
        native.text(head.review().call_id())
            .text(head.review().manager())
            .text(head.review().scorecard_id());
    }
    native.text(head.source()).text(head.id());
    const store::EntityKey key{company.ordinal, store::kind_byte(kind), {}, native.take()};
    const store::Key bytes = store::entity_key(key);
    BOOST_OUTCOME_TRY(const auto stored, state_.read<store::KeptRow>(Family::entity, bytes));
    const Verdict verdict =
        judge(stored ? &stored->head : nullptr, incoming.revision, incoming.fingerprint);
    if (verdict == Verdict::duplicate) {
        store::KeptRow noted = *stored;
        if (observe(noted.head, incoming.delivery)) {
            state_.write(Family::entity, bytes, noted);
        }
    } else if (verdict == Verdict::fresh || verdict == Verdict::revision) {
        const store::KeptRow row{
            .head = head_of(incoming.revision, incoming.fingerprint, incoming.delivery)};
        state_.write(Family::entity, bytes, row);
    }
    return verdict;
}

base::Result<void> Fold::quarantine(const eventlog::ReadRecord& record,
                                    const events::EventView& event, const CompanyState& company,
                                    kpi::Source source, Verdict verdict) {
    const events::pb::Event& head = event.head;
    const events::pb::Origin& origin = head.origin();
    store::QuarantineRow row{.company = company.ordinal,
                             .source = source,
                             .reason = head.rejected().reason(),
                             .stage = head.rejected().stage(),
                             .pointer = head.rejected().pointer(),
                             .detail = head.rejected().detail(),
                             .file = optional_text(origin.has_file(), origin.file()),
                             .line = optional_number(origin.has_line(), origin.line()),
                             .byte = optional_number(origin.has_byte(), origin.byte()),
                             .index = optional_number(origin.has_index(), origin.index()),
                             .received_at = record.received_at,
                             .bytes = head.rejected().bytes(),
                             .state = "open"};
    if (verdict == Verdict::conflict) {
        row.reason = "conflict";
        row.stage = "fold";
        row.detail = "the same key and revision with another content";
        row.bytes =
            event.personal.raw().empty() ? record.bytes.size() : event.personal.raw().size();
    } else if (head.data_case() == events::pb::Event::DATA_NOT_SET) {
        row.reason = "unknown_type";
        row.stage = "fold";
        row.detail = "an event of a type that this version does not know";
        row.bytes = record.bytes.size();
    }
    state_.write(Family::state, store::quarantine_key(record.offset), row);
    return base::success();
}

base::Result<void> Fold::quarantine_action(const events::pb::QuarantineAction& action) {
    const auto dash = action.id().rfind('-');
    const std::string digits =
        dash == std::string::npos ? std::string() : action.id().substr(dash + 1);
    if (digits.empty() || digits.size() > 19 ||
        digits.find_first_not_of("0123456789") != std::string::npos) {
        return base::success();
    }
    const std::string key = store::quarantine_key(std::stoull(digits));
    BOOST_OUTCOME_TRY(auto row, state_.read<store::QuarantineRow>(Family::state, key));
    if (row) {
        row->state = action.action();
        state_.write(Family::state, key, *row);
    }
    return base::success();
}

std::map<std::string, store::CompanyView> Fold::companies() {
    std::map<std::string, store::CompanyView> views;
    for (const auto& [ordinal, company] : state_.companies) {
        auto& [version, view] = shown_[company.id];
        if (version != company.directory_version) {
            version = company.directory_version;
            view = {.ordinal = ordinal,
                    .id = company.id,
                    .directory = std::make_shared<const kpi::Directory>(company.directory),
                    .settings = std::make_shared<const kpi::SettingsTimeline>(company.timeline)};
        }
        views.emplace(company.id, view);
    }
    return views;
}

std::optional<std::pair<std::uint64_t, std::uint64_t>> Fold::reattributing() const {
    if (!has_job()) {
        return std::nullopt;
    }
    const std::uint64_t timers = timers_.is_due(state_.position.log_time) ? 1 : 0;
    return std::pair(state_.job.done, state_.job.done + state_.dirt.size() + timers);
}

std::uint64_t Fold::applied_offset() const {
    return has_job() ? state_.job.offset : state_.position.next_offset;
}

}  // namespace processors
