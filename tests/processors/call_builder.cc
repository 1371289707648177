#include "tests/processors/call_builder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace processors_test {
namespace {

/// `12`, `0.999`
std::string seconds(base::Millis time) {
    std::string text = std::to_string(time.count() / 1000);
    if (time.count() % 1000 != 0) {
        text += '.' + std::to_string(1000 + time.count() % 1000).substr(1);
    }
    return text;
}

}  // namespace

base::UtcMillis clock(std::string_view text) {
    return kpi::parse_instant("2013-03-04T" + std::string(text) + "Z").value();
}

kpi::Subject CallWorldBuilder::subject(std::string_view text) {
    if (text.empty()) {
        return {};
    }
    const auto next = kpi::Subject{static_cast<std::uint32_t>(texts_.size())};
    const auto [place, is_new] = subjects_.emplace(text, next);
    if (is_new) {
        texts_.emplace_back(text);
    }
    return place->second;
}

std::string_view CallWorldBuilder::text(kpi::Subject subject) const {
    return texts_.at(subject.value());
}

processors::CallWorld CallWorldBuilder::world() {
    return {directory, [this](base::UtcMillis) { return settings; },
            [](kpi::Client, base::UtcMillis) { return kpi::Segment::existing; },
            [this](std::string_view text) { return subject(text); }};
}

void CallWorldBuilder::declare(kpi::Manager manager, kpi::Team team) {
    kpi::ManagerEntry entry;
    entry.manager = manager;
    entry.id = "m-" + std::to_string(manager.value());
    entry.team = team;
    directory.put("entry " + std::to_string(++entries_), entry);
}

void CallWorldBuilder::endpoint(kpi::EndpointKind kind, std::string address, kpi::Manager manager,
                                kpi::Team team, kpi::Validity validity) {
    kpi::EndpointEntry entry;
    entry.kind = kind;
    entry.normalised = kind == kpi::EndpointKind::did || kind == kpi::EndpointKind::mobile
                           ? address
                           : std::string();
    entry.address = std::move(address);
    entry.manager = manager;
    entry.manager_id = manager ? "m-" + std::to_string(manager.value()) : std::string();
    entry.team = team;
    entry.validity = validity;
    directory.put("entry " + std::to_string(++entries_), entry);
}

void CallWorldBuilder::client(kpi::Client client, kpi::Manager owner, std::string_view number,
                              kpi::Validity validity) {
    kpi::ClientEntry entry;
    entry.client = client;
    entry.id = "c-" + std::to_string(client.value());
    entry.owner = owner;
    entry.phones = {subject(number)};
    entry.validity = validity;
    directory.put("entry " + std::to_string(++entries_), entry);
}

void CallWorldBuilder::calendar(kpi::Team team, int from, int until) {
    kpi::CalendarEntry entry;
    entry.id = "calendar " + std::to_string(entries_);
    for (auto& day : entry.hours) {
        day = {{from * 60, until * 60}};
    }
    entry.aim.team = team;
    directory.put("entry " + std::to_string(++entries_), entry);
}

LegBuilder::LegBuilder(CallWorldBuilder& world, std::string source_number, std::string dialled)
    : world_(world), source_number_(std::move(source_number)) {
    leg_.is_cdr = true;
    leg_.native_id = "1.1";
    leg_.application = "Dial";
    leg_.dialled = std::move(dialled);
    leg_.dialled_normalised = leg_.dialled;
    from("SIP/alice");
}

processors::LegParty LegBuilder::party(std::string peer, std::string_view number) const {
    processors::LegParty party;
    party.address = peer.substr(peer.find('/') + 1);
    party.local_channel = peer.starts_with("Local/");
    party.peer = std::move(peer);
    party.number = number;
    party.number_subject = world_.subject(number);
    return party;
}

LegBuilder& LegBuilder::from(std::string peer) {
    leg_.caller = party(std::move(peer), source_number_);
    return *this;
}

LegBuilder& LegBuilder::to(std::string peer) {
    leg_.called = party(std::move(peer), leg_.dialled_normalised);
    return *this;
}

LegBuilder& LegBuilder::app(std::string application) {
    leg_.application = std::move(application);
    return *this;
}

LegBuilder& LegBuilder::at(std::string_view start, std::string_view answer, std::string_view end) {
    leg_.started_at = clock(start);
    leg_.ended_at = clock(end);
    leg_.answered_at = answer.empty() ? std::nullopt : std::optional(clock(answer));
    leg_.result =
        answer.empty() ? processors::LegResult::no_answer : processors::LegResult::answered;
    return *this;
}

LegBuilder& LegBuilder::result(processors::LegResult result) {
    leg_.result = result;
    return *this;
}

LegBuilder& LegBuilder::channel(std::string uniqueid) {
    uniqueid_ = std::move(uniqueid);
    return *this;
}

LegBuilder& LegBuilder::linked(std::string linkedid) {
    leg_.native_id = std::move(linkedid);
    return *this;
}

LegBuilder& LegBuilder::billed(std::int64_t seconds) {
    leg_.billed_seconds = seconds;
    return *this;
}

LegBuilder& LegBuilder::sequence(std::uint64_t number) {
    leg_.sequence = number;
    return *this;
}

processors::Leg LegBuilder::leg() const {
    processors::Leg leg = leg_;
    leg.tokens = {leg.native_id, uniqueid_};
    leg.order_key = uniqueid_ + '\0' + (leg.called ? leg.called->peer : std::string());
    return leg;
}

std::string summary(const kpi::AssembledCall& call) {
    std::string text(kpi::to_string(call.direction));
    text += ' ';
    text += kpi::to_string(call.disposition);
    text += " talk " + seconds(call.talk);
    if (call.wait) {
        text += " wait " + seconds(*call.wait);
    }
    if (call.ivr && call.ivr->count() != 0) {
        text += " ivr " + seconds(*call.ivr);
    }
    text += call.missed ? " missed" : "";
    text += call.short_abandon ? " short" : "";
    return text;
}

std::vector<std::string> parts(const kpi::AssembledCall& call, const CallWorldBuilder& world) {
    std::vector<std::string> lines;
    for (const kpi::Participation& one : call.participations) {
        std::string line = one.manager ? "m-" + std::to_string(one.manager.value()) : "nobody";
        line += " at " + std::string(world.text(one.endpoint)) + ' ';
        line += kpi::to_string(one.result);
        line += " ring " + seconds(one.ring) + " talk " + seconds(one.talk);
        line += one.hold ? " hold " + seconds(*one.hold) : "";
        line += one.consult && one.consult->count() != 0 ? " consult " + seconds(*one.consult) : "";
        line += one.qualified ? " qualified" : "";
        lines.push_back(line);
    }
    return lines;
}

std::vector<std::string> flags(const kpi::AssembledCall& call) {
    std::vector<std::string> names;
    for (unsigned number = 0; number < 32; ++number) {
        if ((call.quality >> number & 1U) != 0) {
            names.emplace_back(kpi::to_string(static_cast<kpi::Quality>(number)));
        }
    }
    return names;
}

CallWorldBuilder office() {
    CallWorldBuilder world;
    world.declare(bob, north);
    world.declare(charlie, north);
    world.endpoint(kpi::EndpointKind::extension, "bob", bob);
    world.endpoint(kpi::EndpointKind::extension, "200", bob);
    world.endpoint(kpi::EndpointKind::extension, "charlie", charlie);
    world.endpoint(kpi::EndpointKind::extension, "300", charlie);
    world.endpoint(kpi::EndpointKind::mobile, "+79035550001", charlie);
    world.endpoint(kpi::EndpointKind::extension, "190", kpi::Manager{}, south);
    world.endpoint(kpi::EndpointKind::queue, "800", kpi::Manager{}, north);
    world.endpoint(kpi::EndpointKind::voicemail, "8500", kpi::Manager{});
    world.endpoint(kpi::EndpointKind::ivr, "700", kpi::Manager{});
    world.endpoint(kpi::EndpointKind::trunk, "trunk", kpi::Manager{});
    world.endpoint(kpi::EndpointKind::trunk, "trunk2", kpi::Manager{});
    world.client(romashka, bob, "100");
    return world;
}

LegBuilder to_bob(CallWorldBuilder& world) {
    return LegBuilder(world, "100", "200").to("SIP/bob");
}

LegBuilder to_charlie(CallWorldBuilder& world) {
    return LegBuilder(world, "100", "300").to("SIP/charlie");
}

LegBuilder bob_to_charlie(CallWorldBuilder& world) {
    return LegBuilder(world, "200", "300").from("SIP/bob").to("SIP/charlie").channel("1.0");
}

LegBuilder to_app(CallWorldBuilder& world, std::string dialled, std::string application) {
    return LegBuilder(world, "100", std::move(dialled)).app(std::move(application));
}

LegBuilder queued(CallWorldBuilder& world, std::string peer) {
    return LegBuilder(world, "100", "800").app("Queue").to(std::move(peer));
}

LegBuilder out(CallWorldBuilder& world) {
    return LegBuilder(world, "200", "+74951234567").from("SIP/bob").to("SIP/trunk");
}

void expect_call(const Case& expected) {
    CallWorldBuilder world = office();
    std::vector<processors::Leg> legs = expected.legs(world);
    const kpi::AssembledCall call = assemble(legs, world.world());
    EXPECT_EQ(summary(call), expected.summary);
    EXPECT_EQ(parts(call, world), expected.parts);
    EXPECT_EQ(flags(call), expected.flags);
    std::vector<std::size_t> order(legs.size());
    for (std::size_t n = 0; n < order.size(); ++n) {
        order[n] = n;
    }
    while (std::next_permutation(order.begin(), order.end())) {
        std::vector<processors::Leg> turned;
        for (const std::size_t n : order) {
            turned.push_back(legs[n]);
        }
        EXPECT_EQ(assemble(turned, world.world()), call);
    }
}
}  // namespace processors_test
