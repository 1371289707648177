// Settings in force at an instant (interface.md 2). Proved: defaults without any declaration, per
// key the latest `from` speaks, of equal ones the one that no configuration declared, whatever the
// row keys.

#include <gtest/gtest.h>

#include <limits>

#include "kpi/settings.h"

namespace {

base::UtcMillis day(int number) {
    return base::from_ms(std::int64_t{number} * 86'400'000);
}

kpi::SettingsEntry entry(base::UtcMillis from, std::map<std::string, double> numbers) {
    kpi::SettingsEntry made;
    made.from = from;
    made.numbers = std::move(numbers);
    return made;
}

TEST(SettingsTimeline, HasDefaultsBeforeAnyDeclaration) {
    kpi::SettingsTimeline timeline;
    timeline.put("k", entry(day(10), {{"qualified_seconds", 90}}));
    const kpi::Settings settings = timeline.at(day(10) - base::Millis{1});
    EXPECT_EQ(settings.qualified, base::Millis{60'000});
    EXPECT_EQ(settings.touch, base::Millis{10'000});
    EXPECT_EQ(settings.short_abandon, base::Millis{5'000});
    EXPECT_EQ(settings.min_connect, base::Millis{1'000});
    EXPECT_EQ(settings.new_window_days, 0);
    EXPECT_EQ(settings.in_work_days, 30);
    EXPECT_EQ(settings.lost_after_days, std::nullopt);
    EXPECT_TRUE(settings.proposals_from_mail);
}

TEST(SettingsTimeline, TakesEveryKeyFromTheLatestDeclarationThatNamesIt) {
    kpi::SettingsTimeline timeline;
    timeline.put("z", entry(day(1), {{"qualified_seconds", 90}, {"touch_seconds", 20}}));
    timeline.put("a", entry(day(2), {{"qualified_seconds", 30}, {"min_connect_seconds", 0}}));
    EXPECT_EQ(timeline.at(day(1)).qualified, base::Millis{90'000});
    const kpi::Settings later = timeline.at(day(2));
    EXPECT_EQ(later.qualified, base::Millis{30'000});
    EXPECT_EQ(later.touch, base::Millis{20'000});
    EXPECT_EQ(later.min_connect, base::Millis{0});
    timeline.erase("a");
    EXPECT_EQ(timeline.at(day(2)).qualified, base::Millis{90'000});
}

TEST(SettingsTimeline, OfEqualInstantsThePersonOutranksTheConfiguration) {
    for (const auto& [configured, stated] : {std::pair("a", "b"), std::pair("b", "a")}) {
        kpi::SettingsTimeline timeline;
        kpi::SettingsEntry from_file =
            entry(day(1), {{"qualified_seconds", 90}, {"touch_seconds", 20}});
        from_file.by_configuration = true;
        timeline.put(configured, from_file);
        timeline.put(stated, entry(day(1), {{"qualified_seconds", 30}}));
        EXPECT_EQ(timeline.at(day(1)).qualified, base::Millis{30'000});
        EXPECT_EQ(timeline.at(day(1)).touch, base::Millis{20'000});
    }
}

TEST(SettingsTimeline, ALaterConfigurationOutranksAnEarlierPerson) {
    kpi::SettingsTimeline timeline;
    timeline.put("a", entry(day(1), {{"qualified_seconds", 30}}));
    kpi::SettingsEntry from_file = entry(day(2), {{"qualified_seconds", 90}});
    from_file.by_configuration = true;
    timeline.put("b", from_file);
    EXPECT_EQ(timeline.at(day(2)).qualified, base::Millis{90'000});
}

TEST(SettingsTimeline, CarriesEveryOtherKey) {
    kpi::SettingsTimeline timeline;
    kpi::SettingsEntry all = entry(base::since_ever, {{"short_abandon_seconds", 2.5},
                                                      {"new_window_days", 30},
                                                      {"in_work_days", 14},
                                                      {"lost_after_days", 120}});
    all.words = {{"proposals_from", "events"}};
    all.company_name = "Acme";
    all.region = "RU";
    all.currency = kpi::Currency{'E', 'U', 'R'};
    all.mail_domains = {"acme.example"};
    all.source_count = {{"pbx-2", false}, {"pbx-3", false}};
    all.lateness_seconds = {{"pbx-1", 300}};
    timeline.put("a", all);
    kpi::SettingsEntry one_source;
    one_source.from = day(1);
    one_source.source_count = {{"pbx-2", true}};
    timeline.put("b", one_source);
    const kpi::Settings settings = timeline.at(day(1));
    EXPECT_EQ(settings.short_abandon, base::Millis{2'500});
    EXPECT_EQ(settings.new_window_days, 30);
    EXPECT_EQ(settings.in_work_days, 14);
    EXPECT_EQ(settings.lost_after_days, 120);
    EXPECT_FALSE(settings.proposals_from_mail);
    EXPECT_EQ(settings.company_name, "Acme");
    EXPECT_EQ(settings.region, "RU");
    EXPECT_EQ(settings.currency, (kpi::Currency{'E', 'U', 'R'}));
    EXPECT_EQ(settings.mail_domains, std::vector<std::string>{"acme.example"});
    EXPECT_EQ(settings.source_count,
              (std::map<std::string, bool>{{"pbx-2", true}, {"pbx-3", false}}));
    EXPECT_EQ(settings.lateness_seconds, (std::map<std::string, std::int64_t>{{"pbx-1", 300}}));
}

TEST(SettingsTimeline, SurvivesNumbersThatMakeNoSense) {
    kpi::SettingsTimeline timeline;
    timeline.put("a",
                 entry(day(1), {{"qualified_seconds", 1e300},
                                {"touch_seconds", -5},
                                {"short_abandon_seconds", std::numeric_limits<double>::quiet_NaN()},
                                {"new_window_days", 1e300},
                                {"no_such_setting", 1}}));
    const kpi::Settings settings = timeline.at(day(1));
    EXPECT_GT(settings.qualified, base::Millis{0});
    EXPECT_EQ(settings.touch, base::Millis{0});
    EXPECT_EQ(settings.short_abandon, base::Millis{5'000});
    EXPECT_GT(settings.new_window_days, 0);
}

}  // namespace
