#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kpi/contribution.h"
#include "kpi/directory.h"
#include "processors/call_assembly.h"

namespace processors_test {

/// A small world to assemble calls in: subjects as they are asked for, a directory, plain settings.
class CallWorldBuilder {
public:
    kpi::Directory directory;
    processors::CallSettings settings;

    kpi::Subject subject(std::string_view text);
    std::string_view text(kpi::Subject subject) const;
    /// A world that refers to this builder, which must outlive it.
    processors::CallWorld world();

    void declare(kpi::Manager manager, kpi::Team team);
    void endpoint(kpi::EndpointKind kind, std::string address, kpi::Manager manager,
                  kpi::Team team = {}, kpi::Validity validity = {});
    void client(kpi::Client client, kpi::Manager owner, std::string_view number,
                kpi::Validity validity = {});
    /// A calendar of the team, or of everybody, that works from `from` to `until` o'clock UTC.
    void calendar(kpi::Team team, int from, int until);

private:
    std::map<std::string, kpi::Subject, std::less<>> subjects_;
    std::vector<std::string> texts_{""};
    int entries_ = 0;
};

/// Writes the rows of a PBX by hand. Times are `13:11:28` of 2013-03-04, UTC.
class LegBuilder {
public:
    LegBuilder(CallWorldBuilder& world, std::string source_number, std::string dialled);

    LegBuilder& from(std::string peer);
    LegBuilder& to(std::string peer);
    LegBuilder& app(std::string application);
    LegBuilder& at(std::string_view start, std::string_view answer, std::string_view end);
    LegBuilder& result(processors::LegResult result);
    LegBuilder& channel(std::string uniqueid);
    LegBuilder& linked(std::string linkedid);
    LegBuilder& billed(std::int64_t seconds);
    LegBuilder& sequence(std::uint64_t number);
    processors::Leg leg() const;

private:
    processors::LegParty party(std::string peer, std::string_view number) const;

    CallWorldBuilder& world_;
    std::string source_number_;
    std::string uniqueid_ = "1.1";
    processors::Leg leg_;
};

/// `13:11:28` or `13:11:28.500` of the day of all these calls.
base::UtcMillis clock(std::string_view text);

/// What `assemble` and `contributions` give, in words: `bob answered ring 10 talk 20`.
std::string summary(const kpi::AssembledCall& call);
std::vector<std::string> parts(const kpi::AssembledCall& call, const CallWorldBuilder& world);
std::vector<std::string> flags(const kpi::AssembledCall& call);

/// Whom the calls of these tests are about.
constexpr kpi::Manager bob{1};
constexpr kpi::Manager charlie{2};
constexpr kpi::Team north{1};
constexpr kpi::Team south{2};
constexpr kpi::Client romashka{17};

using Lines = std::vector<std::string>;

/// Bob and Charlie, a mobile of Charlie's, a queue, a menu, a mailbox, two trunks, a reception that
/// is nobody's.
CallWorldBuilder office();

LegBuilder to_bob(CallWorldBuilder& world);
LegBuilder to_charlie(CallWorldBuilder& world);
LegBuilder bob_to_charlie(CallWorldBuilder& world);
LegBuilder to_app(CallWorldBuilder& world, std::string dialled, std::string application);
LegBuilder queued(CallWorldBuilder& world, std::string peer);
LegBuilder out(CallWorldBuilder& world);

/// The legs of a call and all that they must give, in the office.
struct Case {
    std::string name;
    std::function<std::vector<processors::Leg>(CallWorldBuilder&)> legs;
    std::string summary;
    Lines parts;
    Lines flags = {};
};

/// Expects it in every order of the legs.
void expect_call(const Case& expected);

}  // namespace processors_test
