// directory.yaml is read strictly and whole, or not at all: texts need no quotes, every mistake is
// one line that names its place, and what is written reads back as the same entries.
#include "ingest/directory_yaml.h"

#include <gtest/gtest.h>

#include "ingest/cloudevents/event_json.h"
#include "support.h"

namespace ingest::directory_yaml {
namespace {

constexpr const char* sample = R"(teams:    [{id: north, name: North}]
managers: [{id: m-ivanov, name: Ivanov, team: north, role: senior, from: 2026-01-01}]
endpoints:
  - {kind: extension, address: 101, manager: m-ivanov, from: 2026-01-01, until: 2026-06-01}
  - {kind: extension, address: "0101", manager: m-petrova, from: 2026-06-01}
  - {kind: email, address: ivanov@acme.example, manager: m-ivanov}
clients:
  - id: 17
    name: Romashka
    owner: m-ivanov
    class: A
    value: vip
    interest: 1
    phones: [+74951234567]
    emails: [buyer@romashka.example]
    from: 2026-01-01
calendars:
  - id: std
    weekdays: {mon-fri: ["09:00-13:00", 14:00-18:00]}
    holidays: [2026-01-01]
    for: {team: 12}
absences:  [{manager: m-ivanov, from: 2026-11-02, until: 2026-11-04, reason: sick}]
norms:
  - {kpi: calls_out, segment: new, per: day, value: 30, team: north, from: 2026-01-01}
  - {kpi: calls_missed, per: day, value: 2.5, polarity: lower, team: north}
plans:
  - {kpi: payments_amount, per: month, value: {minor: 100000000, currency: RUB}, manager: m-ivanov,
     from: 2026-11-01, version: 1, signed_off: 2026-10-30}
checkpoints:
  - {id: proposal-due, after: proposal_requested, expect: proposal_sent, within: 2d}
settings:  [{from: 2026-07-01, kpis: {qualified_seconds: 90, proposals_from: mail}}]
)";

std::vector<std::string> told(const Directory& directory) {
    std::vector<std::string> out;
    for (const Entry& entry : directory.entries) {
        out.push_back(entry.section + " " + cloudevents::data_json(entry.event));
    }
    return out;
}

Directory read_good(std::string_view text) {
    auto directory = read(text, "directory.yaml", cloudevents_context());
    EXPECT_TRUE(directory) << directory.error().context();
    return directory ? std::move(directory.value()) : Directory();
}

std::string mistake(std::string_view text) {
    const auto directory = read(text, "directory.yaml", cloudevents_context());
    EXPECT_FALSE(directory);
    return directory ? "" : directory.error().context();
}

TEST(DirectoryYaml, ReadsEverySection) {
    const Directory directory = read_good(sample);
    EXPECT_EQ(directory.sections.size(), 10U);
    EXPECT_EQ(
        told(directory),
        (std::vector<std::string>{
            R"(teams {"id":"north","name":"North"})",
            // NOLINTNEXTLINE(bugprone-suspicious-missing-comma): one string on several lines
            R"(managers {"id":"m-ivanov","name":"Ivanov","team":"north","role":"senior",)"
            R"("from":"2026-01-01"})",
            R"(endpoints {"kind":"extension","address":"101","manager":"m-ivanov",)"
            R"("from":"2026-01-01","until":"2026-06-01"})",
            R"(endpoints {"kind":"extension","address":"0101","manager":"m-petrova",)"
            R"("from":"2026-06-01"})",
            R"(endpoints {"kind":"email","address":"ivanov@acme.example","manager":"m-ivanov"})",
            R"(clients {"id":"17","name":"Romashka","owner":"m-ivanov","class":"A",)"
            R"("value":"vip","interest":1,"phones":["+74951234567"],)"
            R"("emails":["buyer@romashka.example"],"from":"2026-01-01"})",
            R"(calendars {"id":"std","weekdays":{"mon-fri":["09:00-13:00","14:00-18:00"]},)"
            R"("holidays":["2026-01-01"],"for":{"team":"12"}})",
            R"(absences {"manager":"m-ivanov","from":"2026-11-02","until":"2026-11-04",)"
            R"("reason":"sick"})",
            R"(norms {"kpi":"calls_out","segment":"new","per":"day","value":30,)"
            R"("team":"north","from":"2026-01-01"})",
            R"(norms {"kpi":"calls_missed","per":"day","value":2.5,"polarity":"lower",)"
            R"("team":"north"})",
            R"(plans {"kpi":"payments_amount","per":"month","value":{"currency":"RUB",)"
            R"("minor":100000000},"manager":"m-ivanov","from":"2026-11-01","version":1,)"
            R"("signed_off":"2026-10-30"})",
            R"(checkpoints {"after":"proposal_requested","expect":"proposal_sent",)"
            R"("id":"proposal-due","within":"2d"})",
            R"(settings {"from":"2026-07-01","kpis":{"proposals_from":"mail",)"
            R"("qualified_seconds":90}})"}));
    EXPECT_EQ(directory.entries[4].line, 6U);
    EXPECT_EQ(directory.entries[0].event.head.source(), "/directory");
}

TEST(DirectoryYaml, ReadsBackWhatItWrites) {
    const Directory directory = read_good(sample);
    std::vector<Section> sections;
    for (const std::string& name : directory.sections) {
        Section& section = sections.emplace_back(Section{name, {}});
        for (const Entry& entry : directory.entries) {
            if (entry.section == name) {
                section.entries.push_back(cloudevents::data_json(entry.event));
            }
        }
    }
    const std::string text = write(sections);
    EXPECT_EQ(told(read_good(text)), told(directory)) << text;
    EXPECT_NE(
        text.find(
            "  - {id: m-ivanov, name: Ivanov, team: north, role: senior, from: 2026-01-01}\n"),
        std::string::npos)
        << text;
}

TEST(DirectoryYaml, QuotesWhatYamlWouldReadOtherwise) {
    const std::string text = write({{"teams",
                                     {R"({"id":"no","name":"a: b #\n\"'"})", R"({"id":"12"})",
                                      R"({"id":"- x"})", R"({"id":"Отдел","name":""})"}},
                                    {"managers", {}}});
    EXPECT_EQ(text.find("managers"), std::string::npos);
    EXPECT_EQ(told(read_good(text)),
              (std::vector<std::string>{R"(teams {"id":"no","name":"a: b #\n\"'"})",
                                        R"(teams {"id":"12"})", R"(teams {"id":"- x"})",
                                        R"(teams {"id":"Отдел"})"}))
        << text;
}

TEST(DirectoryYaml, ReadsBackANameTooLongForAnImplicitKey) {
    for (const std::size_t length : {1000U, 1022U, 1024U, 1025U, 2000U}) {
        const std::string plain = R"({"id":"c",")" + std::string(length, 'k') + R"(":1})";
        const std::string quoted = R"({"id":"c",")" + std::string(length, '~') + R"(":1})";
        for (const std::string& entry : {plain, quoted}) {
            const std::string text = write({{"checkpoints", {entry}}});
            EXPECT_EQ(told(read_good(text)), (std::vector<std::string>{"checkpoints " + entry}))
                << length;
        }
    }
}

TEST(DirectoryYaml, TellsAnEmptySectionFromNone) {
    EXPECT_TRUE(read_good("").sections.empty());
    EXPECT_EQ(read_good("teams:\nmanagers: []\n").sections,
              (std::vector<std::string>{"teams", "managers"}));
}

struct Mistaken {
    const char* name;
    const char* text;
    const char* mistake;
};

class Mistakes : public testing::TestWithParam<Mistaken> {};

TEST_P(Mistakes, NameTheirLine) {
    EXPECT_EQ(mistake(GetParam().text), GetParam().mistake);
}

INSTANTIATE_TEST_SUITE_P(
    OfTheFile, Mistakes,
    testing::Values(
        Mistaken{"not_utf8", "teams:\n  - {id: a, name: \xD1\xEA}\n",
                 "directory.yaml:2: not UTF-8"},
        Mistaken{"name_of_a_member", "checkpoints:\n  - {id: a, \xD1: 1}\n",
                 "directory.yaml:2: not UTF-8"},
        Mistaken{"escape", "teams:\n  - {id: a,\n     name: \"\\N\"}\n",
                 "directory.yaml:3: not UTF-8"},
        Mistaken{"section", "teams: []\nmanger: []\n",
                 "directory.yaml:2: unknown section \"manger\""},
        Mistaken{"section_twice", "teams: []\nteams: []\n",
                 "directory.yaml:2: section \"teams\" stands there twice"},
        Mistaken{"no_sections", "- a\n", "directory.yaml:1: not a directory: no sections"},
        Mistaken{"no_list", "teams: 7\n", "directory.yaml:1: teams: not a list"},
        Mistaken{"no_object", "teams:\n  - north\n",
                 "directory.yaml:2: teams: an entry that is no object"},
        Mistaken{"field", "teams:\n  - id: north\n    nam: North\n",
                 "directory.yaml:3: teams: unknown field \"nam\""},
        Mistaken{"revision", "teams: [{id: north, revision: 2}]\n",
                 "directory.yaml:1: teams: unknown field \"revision\""},
        Mistaken{"declared_by", "settings:\n- {declared_by: configuration}\n",
                 "directory.yaml:2: settings: unknown field \"declared_by\""},
        Mistaken{"field_twice", "teams:\n  - id: a\n    id: b\n",
                 "directory.yaml:3: teams: \"id\" stands there twice"},
        Mistaken{"missing", "managers:\n  - {name: Ivanov}\n",
                 "directory.yaml:2: managers: id: missing_field (required)"},
        Mistaken{"time", "managers:\n  - id: m\n    from: soon\n",
                 "directory.yaml:3: managers: from: invalid_time (no instant, and no date where "
                 "one may stand)"},
        Mistaken{"number", "norms:\n  - {kpi: calls_out, per: day, value: many}\n",
                 "directory.yaml:2: norms: value: invalid_value (neither a number nor money, "
                 "not below 0)"},
        Mistaken{"order", "absences:\n  - {manager: m, from: 2026-11-02, until: 2026-11-01}\n",
                 "directory.yaml:2: absences: until: impossible (the end lies before the start)"},
        Mistaken{"list", "clients:\n  - {id: c, phones: +74951234567}\n",
                 "directory.yaml:2: clients: phones: invalid_value (of another type, or none of "
                 "the words allowed)"},
        Mistaken{"twice", "teams:\n  - {id: a}\n  - {id: b}\n  - {id: a}\n",
                 "directory.yaml:4: teams: the entry of line 2 stands here again"},
        Mistaken{"twice_in_another_spelling",
                 "managers:\n  - {id: a, from: 2026-01-01}\n  - {id: a, from: "
                 "\"2025-12-31T21:00:00Z\"}\n",
                 "directory.yaml:3: managers: the entry of line 2 stands here again"},
        Mistaken{"name_twice_below", "settings:\n  - {kpis: {a: 1, a: 2}}\n",
                 "directory.yaml:2: \"a\" stands there twice"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(DirectoryYaml, NamesTheLineOfBrokenYaml) {
    EXPECT_EQ(mistake("teams:\n  - {id: a\nx: [").substr(0, 15), "directory.yaml:");
    EXPECT_NE(mistake("a: b: c\n"), "");
}

TEST(DirectoryYaml, RefusesAFileThatGrowsWithoutBound) {
    std::string bomb = "checkpoints:\n  - id: x\n    a: &a0 [1,1,1,1,1,1,1,1,1,1]\n";
    for (int n = 1; n < 10; ++n) {
        const std::string last = "*a" + std::to_string(n - 1);
        bomb += "    a" + std::to_string(n) + ": &a" + std::to_string(n) + " [" + last;
        for (int m = 1; m < 10; ++m) {
            bomb += "," + last;
        }
        bomb += "]\n";
    }
    EXPECT_NE(mistake(bomb).find("more values"), std::string::npos);
    EXPECT_NE(mistake("checkpoints:\n  - {id: x, a: " + std::string(40, '[') +
                      std::string(40, ']') + "}\n")
                  .find("nested deeper"),
              std::string::npos);
}

TEST(DirectoryYaml, KnowsTheSectionOfEveryDirectoryType) {
    EXPECT_EQ(section_of("absence"), "absences");
    EXPECT_EQ(word_of("settings"), "settings");
    EXPECT_EQ(section_of("call"), "");
    EXPECT_EQ(word_of("calls"), "");
}

}  // namespace
}  // namespace ingest::directory_yaml
