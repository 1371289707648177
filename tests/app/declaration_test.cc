// Proves that the configuration becomes facts only where it says something new: what is declared,
// from when on, and that nothing is declared twice. A declaration is folded here as the fold does
// it, by hand.
#include "app/declaration.h"

#include <gtest/gtest.h>

#include <string>

namespace app {
namespace {

using std::chrono::hours;

const base::UtcMillis noon = base::from_ms(1'790'000'000'000);

Config config_of(const std::string& rest) {
    base::Result<Config> config = parse_config(
        "data_dir: d\ncompany: {id: acme, timezone: Europe/Moscow, mail_domains: "
        "[acme.example]}\n" +
            rest,
        "n.yaml", {});
    EXPECT_TRUE(config.has_value());
    return std::move(config).value();
}

std::optional<events::Event> declared(const Config& config, const kpi::SettingsTimeline& standing,
                                      base::UtcMillis now) {
    return declaration(config, config.companies.front(), standing, now);
}

/// What the fold makes of the configuration as a whole.
kpi::SettingsEntry entry_of(const Config& config, base::UtcMillis from) {
    kpi::SettingsEntry entry = configured_settings(config, config.companies.front());
    entry.from = from;
    return entry;
}

TEST(Declaration, FirstOneHoldsSinceEverAndSaysEverything) {
    const Config config = config_of("sources: [{id: pbx, kind: asterisk-cdr-csv}]\n");
    const auto event = declared(config, {}, noon);
    ASSERT_TRUE(event.has_value());
    const events::pb::Settings& settings = event->head.settings();
    EXPECT_FALSE(settings.has_from());
    EXPECT_EQ(settings.declared_by(), "configuration");
    EXPECT_EQ(settings.timezone(), "Europe/Moscow");
    EXPECT_EQ(settings.mail_domains(0), "acme.example");
    EXPECT_TRUE(settings.source_count().at("pbx"));
    EXPECT_EQ(settings.source_lateness_seconds().at("pbx"), 300);
    EXPECT_NE(settings.kpis().find("\"qualified_seconds\":60"), std::string::npos)
        << settings.kpis();
    EXPECT_EQ(event->head.type(), "normwatch.settings.v1");
    EXPECT_EQ(event->head.company(), "acme");
}

TEST(Declaration, NothingIsSaidTwice) {
    const Config config = config_of("");
    kpi::SettingsTimeline standing;
    standing.put("1", entry_of(config, base::since_ever));
    EXPECT_FALSE(declared(config, standing, noon).has_value());
}

TEST(Declaration, OnlyWhatChangedIsSaidAndFromNowOn) {
    kpi::SettingsTimeline standing;
    standing.put("1", entry_of(config_of(""), base::since_ever));
    const auto event = declared(config_of("kpis: {qualified_seconds: 90.5}\n"), standing, noon);
    ASSERT_TRUE(event.has_value());
    EXPECT_EQ(event->head.settings().kpis(), "{\"qualified_seconds\":90.5}");
    EXPECT_FALSE(event->head.settings().has_timezone());
    EXPECT_EQ(event->head.settings().from().at(), base::to_ms(noon));
}

TEST(Declaration, ComparesWithTheLatestOwnOne) {
    kpi::SettingsTimeline standing;
    standing.put("2", entry_of(config_of("kpis: {qualified_seconds: 90}\n"), noon - hours(1)));
    standing.put("1", entry_of(config_of(""), base::since_ever));
    EXPECT_TRUE(declared(config_of(""), standing, noon).has_value());
    EXPECT_FALSE(
        declared(config_of("kpis: {qualified_seconds: 90}\n"), standing, noon).has_value());
}

TEST(Declaration, SettingsOfTheDirectoryAreNotItsBusiness) {
    kpi::SettingsTimeline standing;
    standing.put("1", entry_of(config_of(""), base::since_ever));
    kpi::SettingsEntry foreign;
    foreign.from = noon - hours(1);
    foreign.numbers["qualified_seconds"] = 90;
    standing.put("2", foreign);
    EXPECT_FALSE(declared(config_of(""), standing, noon).has_value());
}

TEST(Declaration, NeverStandsBesideTheLastOneWhenTheClockGoesBack) {
    kpi::SettingsTimeline standing;
    standing.put("1", entry_of(config_of(""), noon));
    const auto event =
        declared(config_of("kpis: {touch_seconds: 11}\n"), standing, noon - hours(5));
    ASSERT_TRUE(event.has_value());
    EXPECT_EQ(event->head.settings().from().at(), base::to_ms(noon) + 1);
}

}  // namespace
}  // namespace app
