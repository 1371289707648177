#include "sample_rows.h"

#include <limits>

namespace store_test {

namespace {

constexpr std::int64_t monday_ms = 1'793'602'800'000;

base::UtcMillis at(std::int64_t ms) {
    return base::from_ms(monday_ms + ms);
}

store::Head sample_head() {
    return {.revision = {.source = 2, .mapper = 3},
            .fingerprint = {.facts_high = 0x0102030405060708,
                            .facts_low = 0x1112131415161718,
                            .parties_high = 0x2122232425262728,
                            .parties_low = 0x3132333435363738},
            .sources = {kpi::Source{1}, kpi::Source{4}},
            .observations = {{.source = kpi::Source{1},
                              .event_source = "/pbx-1",
                              .id = "e-1",
                              .offset = 1'000,
                              .received_at = at(61'000)},
                             {.source = kpi::Source{4},
                              .event_source = "/pbx-2",
                              .id = "e-2",
                              .offset = 2'000,
                              .received_at = at(62'000)}},
            .voided = true};
}

store::LegRow sample_leg() {
    return {.kind = store::LegKind::leg_event,
            .head = sample_head(),
            .native_id = "1718000000.1",
            .second_id = "leg-1",
            .third_id = "7",
            .linked_ids = {"1718000000.2", ""},
            .inside_call_event = true,
            .caller = {.number = kpi::Subject{11}, .text = kpi::Subject{12}},
            .called = {.number = kpi::Subject{13}, .text = kpi::Subject{14}},
            .channel = kpi::Subject{15},
            .peer = kpi::Subject{16},
            .application = "Dial",
            .direction = 1,
            .started_at = at(0),
            .answered_at = at(4'000),
            .ended_at = at(60'000),
            .result = 1,
            .billed_seconds = 0,
            .quality = kpi::bit(kpi::Quality::weak_key),
            .disposition = 3,
            .manager = kpi::Manager{5},
            .endpoint = kpi::Subject{17},
            .hung_up_by_caller = true,
            .tags = {"vip", "ad"},
            .has_recording = true,
            .recording_state = "completed",
            .recording_seconds = 55.5};
}

kpi::Participation sample_participation() {
    return {.manager = kpi::Manager{5},
            .team = kpi::Team{2},
            .endpoint = kpi::Subject{17},
            .result = kpi::OfferResult::answered,
            .connected = true,
            .qualified = true,
            .touch = true,
            .ring = base::Millis{4'000},
            .talk = base::Millis{56'000},
            .hold = base::Millis{0},
            .consult = base::Millis{1'000}};
}

kpi::Contribution sample_contribution() {
    return {.kpi = kpi::Kpi::payments_amount,
            .manager = kpi::Manager{5},
            .team = kpi::Team{2},
            .segment = kpi::Segment::existing,
            .at = at(0),
            .value = -12'300'000,
            .currency = {'R', 'U', 'B'},
            .member = 9};
}

}  // namespace

store::CallRow sample_call() {
    store::CallRow row;
    row.legs = {sample_leg(), store::LegRow{}};
    row.call = {.direction = kpi::Direction::inbound,
                .disposition = kpi::Disposition::answered,
                .started_at = at(0),
                .answered_at = at(4'000),
                .ended_at = at(60'000),
                .client = kpi::Client{9},
                .client_name = kpi::Subject{18},
                .number = kpi::Subject{11},
                .anonymous = true,
                .dialled = kpi::Subject{14},
                .segment = kpi::Segment::fresh,
                .ivr = base::Millis{1'000},
                .wait = base::Millis{0},
                .talk = base::Millis{56'000},
                .missed = true,
                .short_abandon = true,
                .owned = true,
                .owner = kpi::Manager{6},
                .owner_team = kpi::Team{3},
                .owner_own_team = kpi::Team{4},
                .originator = kpi::Manager{7},
                .originator_team = kpi::Team{5},
                .participations = {sample_participation()},
                .quality = kpi::bit(kpi::Quality::undeclared)};
    row.native_ids = {"1718000000.1", "1718000000.2"};
    return row;
}

store::CallRow plain_call() {
    store::LegRow leg;
    leg.kind = store::LegKind::cdr;
    leg.head = sample_head();
    leg.head.revision = {};
    leg.head.voided = false;
    leg.head.observations.resize(1);
    leg.head.sources.resize(1);
    leg.native_id = leg.second_id = "1718000000.1";
    leg.third_id = "7";
    leg.caller = {.number = kpi::Subject{1'001}, .text = kpi::Subject{1'002}};
    leg.called = {.number = kpi::Subject{1'003}, .text = kpi::Subject{1'003}};
    leg.channel = kpi::Subject{1'004};
    leg.peer = kpi::Subject{1'005};
    leg.application = "Dial";
    leg.started_at = at(0);
    leg.answered_at = at(4'000);
    leg.ended_at = at(60'000);
    leg.result = 1;
    leg.billed_seconds = 56;
    store::CallRow row;
    row.legs = {leg};
    row.call.direction = kpi::Direction::outbound;
    row.call.disposition = kpi::Disposition::answered;
    row.call.started_at = at(0);
    row.call.answered_at = at(4'000);
    row.call.ended_at = at(60'000);
    row.call.number = kpi::Subject{1'003};
    row.call.dialled = kpi::Subject{1'003};
    row.call.segment = kpi::Segment::fresh;
    row.call.talk = base::Millis{56'000};
    row.call.originator = kpi::Manager{5};
    row.call.originator_team = kpi::Team{2};
    row.call.participations = {sample_participation()};
    row.native_ids = {"1718000000.1"};
    return row;
}

store::AliasRow sample_alias() {
    return {.native_id = "1718000000.1"};
}

store::VoidedLegsRow sample_voided_legs() {
    return {.legs = {sample_leg()}};
}

store::ActivityRow sample_activity() {
    return {.known = true,
            .head = sample_head(),
            .at = at(0),
            .from = {kpi::Subject{21}},
            .to = {kpi::Subject{22}, kpi::Subject{23}},
            .cc = {kpi::Subject{24}},
            .word = "human",
            .second_word = "proposal",
            .thread = "root@x",
            .native_id = "<m-1@x>",
            .manager = kpi::Manager{5},
            .client = kpi::Client{9},
            .invoice_id = "i-1",
            .minor = std::numeric_limits<std::int64_t>::min(),
            .currency = {'R', 'U', 'B'},
            .payments = {{.payment_id = "p-1",
                          .received_at = at(5'000),
                          .minor = 7,
                          .currency = {'E', 'U', 'R'},
                          .refund = true}},
            .resolved_client = kpi::Client{10},
            .touch = true,
            .contributions = {sample_contribution()}};
}

store::VoidRow sample_void() {
    return {
        .voids = {{.revision = 0, .head = sample_head()}, {.revision = std::nullopt, .head = {}}}};
}

store::KeptRow sample_kept() {
    return {.head = sample_head()};
}

store::DirectoryRow sample_directory() {
    return {.head = sample_head(),
            .data = std::string("\x0a\x00\xff", 3),
            .parties = {{.kind = 1, .normalised = kpi::Subject{31}, .raw = kpi::Subject{32}}}};
}

store::ClientRow sample_client() {
    return {.payments = {{.key = std::string("buch\0p-1", 8),
                          .at = at(0),
                          .minor = 12'300'000,
                          .currency = {'R', 'U', 'B'},
                          .refund = true,
                          .invoice = std::string("buch\0i-1", 8)}}};
}

store::ThreadRow sample_thread() {
    return {.mails = {{.at = at(0), .message_id = "m-1@x", .manager = kpi::Manager{5}}}};
}

store::CaseRow sample_case() {
    return {.missed = {.client = kpi::Client{9},
                       .number = kpi::Subject{11},
                       .first_at = at(0),
                       .first_ended_at = at(30'000),
                       .owner = kpi::Manager{6},
                       .owner_team = kpi::Team{3},
                       .owner_own_team = kpi::Team{4},
                       .segment = kpi::Segment::fresh,
                       .state = kpi::CaseState::returned_late,
                       .due = at(86'430'000),
                       .attempted_at = at(60'000),
                       .resolved_at = at(90'000'000),
                       .attempt = base::Millis{30'000},
                       .contact = base::Millis{0},
                       .resolver = kpi::Manager{5},
                       .resolver_team = kpi::Team{2}},
            .resolver_kind = 1,
            .resolver_scope = kpi::Scope{2},
            .resolver_native_id = "1718000000.9"};
}

store::CasesRow sample_cases() {
    return {.cases = {{.at = at(0), .native_id = "1718000000.1", .scope = kpi::Scope{2}},
                      {.at = at(60'000), .native_id = "", .scope = kpi::Scope{3}}}};
}

namespace {

store::KeptSums sample_sums() {
    store::KeptSums sums;
    store::CellRow cell;
    cell.add(store::Measure::calls_out_answered, 3);
    cell.add(store::Measure::talk_ms, -5);
    sums.add(kpi::Segment::existing, {'E', 'U', 'R'}, cell);
    sums.add(kpi::Segment::fresh, kpi::Kpi::contacts_unique, 77, 2);
    sums.add(kpi::Segment::fresh, kpi::Kpi::contacts_unique, 78, -1);
    return sums;
}

}  // namespace

store::WatchRow sample_watch() {
    return {.team = kpi::Team{3},
            .until = at(86'400'000),
            .due = at(1),
            .is_stale = true,
            .newest_opened_at = at(2),
            .late = {{.at = at(3), .done = sample_sums()}},
            .late_until = at(11),
            .ahead = {{.at = at(4), .done = sample_sums()}},
            .periods = {{.grain = kpi::Grain::week,
                         .time = {at(0), at(604'800'000)},
                         .scheduled = base::Millis{9},
                         .worked = {{at(1), at(5)}, {at(6), at(10)}},
                         .done = sample_sums()}},
            .norms = {{.kpi = kpi::Kpi::payments_amount,
                       .segment = kpi::Segment::fresh,
                       .grain = kpi::Grain::week,
                       .value = {base::Int128{std::numeric_limits<std::int64_t>::max()} * 7, 3},
                       .polarity = kpi::Polarity::lower,
                       .currency = {'E', 'U', 'R'},
                       .state = {.severity = kpi::Severity::breach,
                                 .warn_since = at(5),
                                 .breach_since = at(6)},
                       .judged_until = at(7),
                       .episodes = 4,
                       .opened_at = at(8),
                       .next = at(9)}}};
}

store::EpisodeRow sample_episode() {
    return {.kpi = kpi::Kpi::calls_out,
            .segment = kpi::Segment::existing,
            .grain = kpi::Grain::month,
            .period = {at(0), at(2'592'000'000)},
            .number = 2,
            .team = kpi::Team{3},
            .polarity = kpi::Polarity::band,
            .currency = {'E', 'U', 'R'},
            .expected = {5, 3},
            .done = sample_sums(),
            .history = {{.at = at(9),
                         .state = store::EpisodeState::retracted,
                         .severity = kpi::Severity::warn,
                         .actual = kpi::Ratio{1, 2},
                         .expected = {5, 3},
                         .cause = store::EpisodeCause::late_data}}};
}

store::OutboxRow sample_outbox() {
    return {.company = kpi::Company{1},
            .manager = kpi::Manager{9},
            .opened_at = at(5),
            .kpi = kpi::Kpi::calls_out,
            .segment = kpi::Segment::existing,
            .grain = kpi::Grain::month,
            .step = 2,
            .offset = 300};
}

store::SilencesRow sample_silences() {
    return {.over = {{at(1), at(2)}, {at(5), at(9)}}};
}

store::CellRow sample_cell() {
    store::CellRow cell;
    cell.add(store::Measure::calls_in, 3);
    cell.add(store::Measure::talk_ms, 180'000);
    cell.add(store::Measure::missed_unattributed, -1);
    cell.add(store::Measure::paid_amount,
             base::Int128{std::numeric_limits<std::int64_t>::max()} * 100);
    return cell;
}

store::SetRow sample_set() {
    store::SetRow set;
    set.add(std::numeric_limits<std::uint64_t>::max(), 1);
    set.add(7, 2);
    set.add(1'000, 4'294'967'295);
    return set;
}

store::QuarantineRow sample_quarantine() {
    return {.company = kpi::Company{1},
            .source = kpi::Source{2},
            .reason = "invalid_time",
            .stage = "map",
            .pointer = "/data/started_at",
            .detail = "no such instant",
            .file = "Master.csv",
            .line = 17,
            .byte = 0,
            .index = 3,
            .received_at = at(0),
            .bytes = 250,
            .state = "redriven"};
}

store::SourceRow sample_source() {
    return {.applied = 1,
            .duplicate = 2,
            .stale = 3,
            .quarantined = 4,
            .last_received_at = at(0),
            .newest_event_at = at(1),
            .up_to = at(2)};
}

store::PositionRow sample_position() {
    return {.first_offset = 10,
            .next_offset = 1'000'000,
            .ledger = {.applied = 900'000, .duplicate = 99'000, .stale = 980, .quarantined = 10},
            .log_time = at(0),
            .origins = {{.log_id_high = 0x0102030405060708,
                         .log_id_low = 0x090a0b0c0d0e0f10,
                         .seen = {{.from = 0, .until = 7}, {.from = 9, .until = 12}}}}};
}

store::JobRow sample_job() {
    return {.bracket_open = true,
            .offset = 999'999,
            .dirt = {{.what = store::Dirt::What::everything},
                     {.what = store::Dirt::What::subject,
                      .term = 11,
                      .from = at(0),
                      .until = at(60'000)}},
            .cursor = "\x03\x01",
            .done = 12};
}

}  // namespace store_test
