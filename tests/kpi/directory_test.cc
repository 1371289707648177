// Who and whose at an instant: validity is half-open, the later `from` speaks, then the smaller id,
// and the answer does not depend on the order in which entries came. Working hours follow the local
// calendar.

#include "kpi/directory.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using kpi::Client;
using kpi::Directory;
using kpi::EndpointKind;
using kpi::Manager;
using kpi::Subject;
using kpi::Team;

constexpr kpi::EndpointKinds every_kind = ~kpi::EndpointKinds{0};
constexpr Manager ivanov{1};
constexpr Manager petrova{2};
constexpr Team north{1};
constexpr Team south{2};

base::UtcMillis at(std::string_view text) {
    return kpi::parse_instant(text).value();
}
const base::UtcMillis noon = at("2026-11-02T12:00:00Z");

kpi::EndpointEntry endpoint(EndpointKind kind, std::string address, Manager manager,
                            kpi::Validity validity = {}, std::string normalised = {}) {
    kpi::EndpointEntry entry;
    entry.kind = kind;
    entry.address = std::move(address);
    entry.normalised = std::move(normalised);
    entry.manager = manager;
    entry.manager_id = manager ? "m-" + std::to_string(manager.value()) : "";
    entry.validity = validity;
    return entry;
}

kpi::ManagerEntry declared(Manager manager, Team team, kpi::Validity validity = {}) {
    kpi::ManagerEntry entry;
    entry.manager = manager;
    entry.id = "m-" + std::to_string(manager.value());
    entry.team = team;
    entry.validity = validity;
    return entry;
}

Manager who(const Directory& directory, std::string_view address, base::UtcMillis when,
            std::string_view normalised = {}) {
    const auto* const found = directory.endpoint(address, normalised, when, every_kind);
    return found != nullptr ? found->manager : Manager{};
}

TEST(Directory, AnExtensionBelongsToWhoSatThereThen) {
    Directory directory;
    directory.put("a", endpoint(EndpointKind::extension, "101", ivanov, {base::since_ever, noon}));
    directory.put("b", endpoint(EndpointKind::extension, "101", petrova, {noon, base::for_ever}));
    EXPECT_EQ(who(directory, "101", noon - base::Millis{1}), ivanov);
    EXPECT_EQ(who(directory, "101", noon), petrova);
    EXPECT_EQ(who(directory, "102", noon), Manager{});
    EXPECT_EQ(who(directory, "", noon), Manager{});
}

TEST(Directory, OfSeveralTheLaterFromSpeaksThenTheSmallerId) {
    for (const bool turned : {false, true}) {
        Directory directory;
        const auto first = endpoint(EndpointKind::extension, "101", ivanov);
        const auto second = endpoint(EndpointKind::mobile, "101", petrova);
        directory.put("a", turned ? second : first);
        directory.put("b", turned ? first : second);
        EXPECT_EQ(who(directory, "101", noon), ivanov);
        EXPECT_EQ(directory.endpoints("101", {}, noon, every_kind).size(), 2U);
        directory.put("c", endpoint(EndpointKind::did, "101", petrova, {noon, base::for_ever}));
        EXPECT_EQ(who(directory, "101", noon), petrova);
        EXPECT_EQ(who(directory, "101", noon - base::Millis{1}), ivanov);
    }
}

TEST(Directory, OnlyPhonesAndMailMatchInNormalForm) {
    Directory directory;
    directory.put("a",
                  endpoint(EndpointKind::mobile, "8 903 111-22-33", ivanov, {}, "+79031112233"));
    directory.put("b", endpoint(EndpointKind::extension, "+74951234567", petrova));
    EXPECT_EQ(who(directory, "89031112233", noon, "+79031112233"), ivanov);
    EXPECT_EQ(who(directory, "+79031112233", noon), ivanov);
    EXPECT_EQ(who(directory, "8 903 111-22-33", noon), ivanov);
    EXPECT_EQ(who(directory, "84951234567", noon, "+74951234567"), Manager{});
    EXPECT_EQ(who(directory, "+74951234567", noon, "+74951234567"), petrova);
    EXPECT_EQ(directory.endpoints("+79031112233", "+79031112233", noon, every_kind).size(), 1U);
}

TEST(Directory, KindsNarrowTheSearch) {
    Directory directory;
    directory.put("a", endpoint(EndpointKind::queue, "600", Manager{}));
    EXPECT_EQ(directory.endpoint("600", {}, noon, kpi::human_endpoints), nullptr);
    EXPECT_NE(directory.endpoint("600", {}, noon, kpi::bit(EndpointKind::queue)), nullptr);
}

TEST(Directory, AReplacedOrErasedEntryIsGoneEverywhere) {
    Directory directory;
    directory.put("a", endpoint(EndpointKind::did, "8495", ivanov, {}, "+7495"));
    directory.put("a", endpoint(EndpointKind::did, "8812", petrova, {}, "+7812"));
    EXPECT_EQ(who(directory, "8495", noon, "+7495"), Manager{});
    EXPECT_EQ(who(directory, "8812", noon), petrova);
    EXPECT_EQ(directory.first_named(ivanov), std::nullopt);
    directory.erase("a");
    EXPECT_EQ(who(directory, "8812", noon, "+7812"), Manager{});
    directory.erase("never there");
}

TEST(Directory, ACopyStandsOnItsOwn) {
    Directory first;
    first.put("a", endpoint(EndpointKind::extension, "101", ivanov));
    Directory second = first;
    first.erase("a");
    EXPECT_EQ(who(first, "101", noon), Manager{});
    EXPECT_EQ(who(second, "101", noon), ivanov);
    second.put("a", endpoint(EndpointKind::extension, "101", petrova));
    EXPECT_EQ(who(second, "101", noon), petrova);
}

TEST(Directory, AManagersTeamIsTheOneOfThatDay) {
    Directory directory;
    directory.put("a", declared(ivanov, north, {base::since_ever, noon}));
    directory.put("b", declared(ivanov, south, {noon, noon + std::chrono::hours{1}}));
    EXPECT_EQ(directory.team_of(ivanov, noon - base::Millis{1}), north);
    EXPECT_EQ(directory.team_of(ivanov, noon), south);
    EXPECT_EQ(directory.team_of(ivanov, noon + std::chrono::hours{1}), Team{});
    EXPECT_EQ(directory.manager(ivanov, noon + std::chrono::hours{1}), nullptr);
    EXPECT_TRUE(directory.is_declared(ivanov));
    EXPECT_EQ(directory.managers().size(), 2U);
}

TEST(Directory, AManagerNeverDeclaredIsNamedFromTheEarliestEntry) {
    Directory directory;
    directory.put("a", endpoint(EndpointKind::extension, "1", ivanov, {noon, base::for_ever}));
    kpi::ClientEntry client;
    client.client = Client{1};
    client.owner = ivanov;
    client.validity.from = noon - std::chrono::hours{5};
    directory.put("b", client);
    EXPECT_EQ(directory.first_named(ivanov), noon - std::chrono::hours{5});
    EXPECT_EQ(directory.first_named(petrova), std::nullopt);
    directory.erase("b");
    EXPECT_EQ(directory.first_named(ivanov), noon);
    directory.put("c", declared(ivanov, north));
    EXPECT_EQ(directory.first_named(ivanov), std::nullopt);
    EXPECT_TRUE(directory.is_declared(ivanov));
}

TEST(Directory, AClientIsFoundByNumberAndMailAndKeepsHisOwnerOfThatDay) {
    Directory directory;
    kpi::ClientEntry old;
    old.client = Client{1};
    old.id = "c-1";
    old.owner = ivanov;
    old.phones = {Subject{7}, Subject{7}};
    old.mails = {Subject{8}};
    old.validity.until = noon;
    kpi::ClientEntry young = old;
    young.owner = petrova;
    young.validity = {noon, base::for_ever};
    kpi::ClientEntry other = old;
    other.client = Client{2};
    other.id = "c-0";
    other.validity = {};
    directory.put("a", old);
    directory.put("b", young);
    directory.put("c", other);
    EXPECT_EQ(directory.owner_of(Client{1}, noon - base::Millis{1}), ivanov);
    EXPECT_EQ(directory.owner_of(Client{1}, noon), petrova);
    const auto before = directory.clients_by_phone(Subject{7}, noon - base::Millis{1});
    ASSERT_EQ(before.size(), 2U);
    EXPECT_EQ(before.front()->id, "c-0");
    EXPECT_EQ(directory.clients_by_phone(Subject{7}, noon).front()->id, "c-1");
    EXPECT_EQ(directory.client_by_mail(Subject{8}, noon)->id, "c-1");
    EXPECT_TRUE(directory.clients_by_phone(Subject{}, noon).empty());
    EXPECT_EQ(directory.owner_of(Client{9}, noon), Manager{});
}

TEST(Directory, ARoomIsAMailboxOnlyWithCalendars) {
    Directory directory;
    directory.put("b", endpoint(EndpointKind::calendar, "room@else.example", Manager{}, {},
                                "room@else.example"));
    EXPECT_EQ(directory.mailbox("room@else.example", noon, false), nullptr);
    EXPECT_NE(directory.mailbox("room@else.example", noon, true), nullptr);
}

kpi::CalendarEntry office_hours(std::string id) {
    kpi::CalendarEntry calendar;
    calendar.id = std::move(id);
    for (std::size_t day = 0; day < 5; ++day) {
        calendar.hours[day] = {{9 * 60, 13 * 60}, {14 * 60, 18 * 60}};
    }
    return calendar;
}

base::Millis hours_of(const Directory& directory, Manager manager, std::string_view role, Team team,
                      std::string_view from, std::string_view until) {
    const auto hours =
        directory.calendars().hours({manager, role, team}, directory.zone(), at(from), at(until));
    return hours ? kpi::length(*hours) : base::Millis{-1};
}

TEST(Schedule, CountsWorkingHoursWithoutBreaksHolidaysAndWeekends) {
    Directory directory;
    directory.set_zone(kpi::Zone::find("Europe/Moscow").value());
    kpi::CalendarEntry calendar = office_hours("std");
    calendar.holidays = {kpi::parse_date("2026-11-04").value()};
    directory.put("a", calendar);
    const auto week =
        hours_of(directory, ivanov, "", north, "2026-11-01T21:00:00Z", "2026-11-08T21:00:00Z");
    EXPECT_EQ(week, std::chrono::hours{32});
    EXPECT_EQ(
        hours_of(directory, ivanov, "", north, "2026-11-02T09:30:00Z", "2026-11-02T11:30:00Z"),
        std::chrono::hours{1});  // 12:30 to 14:30 in Moscow, a break between
    EXPECT_EQ(
        hours_of(directory, ivanov, "", north, "2026-11-04T06:00:00Z", "2026-11-04T15:00:00Z"),
        base::Millis{0});
}

TEST(Schedule, ANightShiftOfTheSpringChangeIsAnHourShorter) {
    Directory directory;
    directory.set_zone(kpi::Zone::find("Europe/Berlin").value());
    kpi::CalendarEntry calendar;
    calendar.id = "night";
    calendar.hours[6] = {{0, 6 * 60}};
    directory.put("a", calendar);
    EXPECT_EQ(hours_of(directory, ivanov, "", {}, "2025-03-29T23:00:00Z", "2025-03-30T22:00:00Z"),
              std::chrono::hours{5});
    EXPECT_EQ(hours_of(directory, ivanov, "", {}, "2025-10-25T22:00:00Z", "2025-10-26T23:00:00Z"),
              std::chrono::hours{7});
}

TEST(Schedule, TheNearestCalendarSpeaksAndNoneIsUnknown) {
    Directory directory;
    const auto monday = [&directory](Manager manager, std::string_view role, Team team) {
        return hours_of(directory, manager, role, team, "2026-11-02T00:00:00Z",
                        "2026-11-03T00:00:00Z") /
               std::chrono::minutes{1};
    };
    EXPECT_EQ(hours_of(directory, ivanov, "senior", north, "2026-11-02T00:00:00Z",
                       "2026-11-03T00:00:00Z"),
              base::Millis{-1});
    const auto put = [&directory](const std::string& key, int minutes, auto aim) {
        kpi::CalendarEntry calendar;
        calendar.id = key;
        calendar.hours[0] = {{0, minutes}};
        aim(calendar);
        directory.put(key, calendar);
    };
    put("z", 10, [](auto&) {});
    put("y", 20, [](auto& calendar) { calendar.aim.team = north; });
    put("x", 30, [](auto& calendar) { calendar.aim.role = "senior"; });
    put("w", 40, [](auto& calendar) { calendar.aim.manager = ivanov; });
    EXPECT_EQ(monday(ivanov, "senior", north), 40);
    EXPECT_EQ(monday(petrova, "senior", north), 30);
    EXPECT_EQ(monday(petrova, "junior", north), 20);
    EXPECT_EQ(monday(petrova, "junior", south), 10);
    EXPECT_EQ(monday({}, "", {}), 10);
    put("zz", 50, [](auto& calendar) { calendar.validity.from = at("2026-01-01T00:00:00Z"); });
    EXPECT_EQ(monday(petrova, "junior", south), 50);  // the later `from`
}

TEST(EndpointKind, WordsAndKindsLeadToEachOther) {
    for (const char* const word : {"extension", "did", "mobile", "email", "calendar", "queue",
                                   "ivr", "voicemail", "trunk", "fax"}) {
        ASSERT_TRUE(kpi::endpoint_kind_of(word).has_value()) << word;
        EXPECT_EQ(kpi::to_string(*kpi::endpoint_kind_of(word)), word);
    }
    EXPECT_EQ(kpi::endpoint_kind_of("phone"), std::nullopt);
}

}  // namespace
