// Proves the house rules on the sources: what a folder includes and links, where libraries stand,
// the names that are not used, and sizes. Every rule is first shown to find a bad sample, and to
// leave a good one alone, so that a rule that sees nothing fails here.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/tidy/rules.h"
#include "tests/tidy/source.h"

namespace tidy {

namespace {

using Rule = std::vector<Finding> (*)(const Source&);

std::string describe(const std::vector<Finding>& findings) {
    std::string text;
    for (const Finding& finding : findings) {
        text += finding.path + ":" + std::to_string(finding.line) + ": " + finding.what + "\n";
    }
    return text;
}

const std::vector<Source>& sources() {
    static const std::vector<Source> all = read_sources(NORMWATCH_ROOT);
    return all;
}

std::vector<Finding> over_the_tree(Rule rule) {
    std::vector<Finding> all;
    for (const Source& source : sources()) {
        const std::vector<Finding> found = rule(source);
        all.insert(all.end(), found.begin(), found.end());
    }
    return all;
}

/// A text and whether the rule finds something in it.
struct Case {
    std::string name;
    Rule rule;
    std::string path;
    std::string text;
    bool bad;
};

class RuleTest : public testing::TestWithParam<Case> {};

TEST_P(RuleTest, FindsTheBadSampleOnly) {
    const Case& tested = GetParam();
    const std::vector<Finding> found = tested.rule({tested.path, tested.text});
    EXPECT_EQ(!found.empty(), tested.bad) << describe(found);
}

std::string name_of(const testing::TestParamInfo<Case>& tested) {
    return tested.param.name;
}

INSTANTIATE_TEST_SUITE_P(
    IncludeTable, RuleTest,
    testing::Values(Case{"base_knows_no_domain", check_include_table, "base/a.cc",
                         "#include \"events/event.h\"\n", true},
                    Case{"kpi_knows_no_store", check_include_table, "kpi/a.h",
                         "#include \"store/rows.h\"\n", true},
                    Case{"ingest_knows_no_kpi", check_include_table, "ingest/http/a.h",
                         "#include \"kpi/kpi.h\"\n", true},
                    Case{"ingest_reads_local_times", check_include_table, "ingest/x/a.cc",
                         "#include \"kpi/local_time.h\"\n", false},
                    Case{"base_knows_no_record", check_include_table, "base/a.cc",
                         "#include \"normwatch.pb.h\"\n", true},
                    Case{"own_folder", check_include_table, "store/a.cc",
                         "#include \"store/bytes.h\"\n", false},
                    Case{"processors_read_the_log", check_include_table, "processors/a.cc",
                         "#include \"eventlog/log.h\"\n", false},
                    Case{"nobody_knows_app", check_include_table, "query/a.cc",
                         "#include \"app/main.h\"\n", true},
                    Case{"app_knows_all", check_include_table, "app/a.cc",
                         "#include \"query/routes.h\"\n", false},
                    Case{"linked_folder", check_include_table, "kpi/CMakeLists.txt",
                         "module(kpi SOURCES a.cc USES base store)\n", true},
                    Case{"privately_linked_folder", check_include_table, "base/CMakeLists.txt",
                         "module(base SOURCES a.cc USES fmt::fmt\n  PRIVATE_USES events)\n", true},
                    Case{"linked_part_of_a_folder", check_include_table, "query/CMakeLists.txt",
                         "module(query SOURCES a.cc USES base_http kpi store)\n", false},
                    Case{"a_source_file_is_no_library", check_include_table, "kpi/CMakeLists.txt",
                         "module(kpi USES base SOURCES store.cc events)\n", false}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    LibraryPlacement, RuleTest,
    testing::Values(Case{"rocksdb_outside", check_library_placement, "processors/a.cc",
                         "#include <rocksdb/db.h>\n", true},
                    Case{"rocksdb_beside_its_file", check_library_placement, "store/rows.cc",
                         "#include <rocksdb/db.h>\n", true},
                    Case{"rocksdb_in_place", check_library_placement, "store/rocks_view_store.cc",
                         "#include <rocksdb/db.h>\n", false},
                    Case{"prometheus_outside", check_library_placement, "base/probe.cc",
                         "#include <prometheus/registry.h>\n", true},
                    Case{"beast_outside", check_library_placement, "query/a.cc",
                         "#include <boost/beast.hpp>\n", true},
                    Case{"beast_in_place", check_library_placement, "base/http_server.cc",
                         "#include <boost/beast/http.hpp>\n", false},
                    Case{"librdkafka_outside", check_library_placement, "eventlog/segment_log.cc",
                         "#include <librdkafka/rdkafka.h>\n", true},
                    Case{"asio_in_the_fold", check_library_placement, "processors/runner.cc",
                         "#include <boost/asio.hpp>\n", true}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    BannedNames, RuleTest,
    testing::Values(
        Case{"detached", check_banned_names, "a/a.cc", "spawn(io, f(), boost::asio::detached);\n",
             true},
        Case{"wall_clock", check_banned_names, "a/a.cc",
             "auto t = std::chrono::system_clock::now();\n", true},
        Case{"the_clock", check_banned_names, "base/clock.cc", "return system_clock::now();\n",
             false},
        Case{"thread", check_banned_names, "a/a.cc", "std::thread worker(f);\n", true},
        Case{"jthread", check_banned_names, "a/a.cc",
             "std::jthread a(f); std::this_thread::yield();\n", false},
        Case{"new_object", check_banned_names, "a/a.cc", "auto* p = new Thing();\n", true},
        Case{"operator_new", check_banned_names, "a/a.cc", "void* operator new(std::size_t);\n",
             false},
        Case{"new_in_a_comment", check_banned_names, "a/a.cc", "int a;  // the new segment\n",
             false},
        Case{"new_in_a_literal", check_banned_names, "a/a.cc",
             "auto a = \"new\"; auto b = R\"(new x)\";\n", false},
        Case{"newest", check_banned_names, "a/a.cc", "int newest = renew;\n", false},
        Case{"assert", check_banned_names, "a/a.cc", "assert(x);\n", true},
        Case{"static_assert", check_banned_names, "a/a.cc", "static_assert(sizeof(int) == 4);\n",
             false},
        Case{"using_namespace", check_banned_names, "a/a.cc", "using namespace std;\n", true},
        Case{"literals", check_banned_names, "a/a.cc", "using namespace std::chrono_literals;\n",
             false},
        Case{"sleep_in_a_test", check_banned_names, "tests/a/a.cc",
             "std::this_thread::sleep_for(1s);\n", true},
        Case{"macro", check_banned_names, "a/a.cc", "#define TWICE(x) ((x) + (x))\n", true},
        Case{"todo", check_banned_names, "a/a.cc", "int a;  // TODO more\n", true},
        Case{"no_pragma_once", check_banned_names, "a/a.h", "int a;\n", true},
        Case{"pragma_once", check_banned_names, "a/a.h", "#pragma once\nint a;\n", false}),
    name_of);

std::string function_of(std::size_t lines, const std::string& head) {
    std::string text = head + " {\n";
    for (std::size_t n = 2; n < lines; ++n) {
        text += "    if (a) { b(); }\n";
    }
    return text + "}\n";
}

std::string repeated(const std::string& text, std::size_t times) {
    std::string all;
    for (std::size_t n = 0; n < times; ++n) {
        all += text;
    }
    return all;
}

const std::string in_class = "namespace a {\nclass B {\npublic:\n    ";

INSTANTIATE_TEST_SUITE_P(
    Sizes, RuleTest,
    testing::Values(
        Case{"a_line_of_101", check_sizes, "a/a.cc", std::string(101, 'x') + "\n", true},
        Case{"a_line_of_100", check_sizes, "a/a.cc", std::string(100, 'x') + "\n", false},
        Case{"letters_are_counted_and_not_bytes", check_sizes, "a/a.cc",
             "// " + repeated("\u00e9", 97) + "\n", false},
        Case{"a_file_of_501", check_sizes, "a/a.cc", repeated("int a;\n", 501), true},
        Case{"a_file_of_500", check_sizes, "a/a.cc", repeated("int a;\n", 500), false},
        Case{"a_function_of_61", check_sizes, "a/a.cc", function_of(61, "int f(int a = 3)"), true},
        Case{"a_function_of_60", check_sizes, "a/a.cc", function_of(60, "int f(int a)"), false},
        Case{"a_method_of_61", check_sizes, "a/a.cc",
             in_class + function_of(61, "int f() const") + "};\n}\n", true},
        Case{"a_method_of_60", check_sizes, "a/a.cc",
             in_class + function_of(60, "int f() const") + "};\n}\n", false},
        Case{"a_constructor_of_61", check_sizes, "a/a.cc",
             function_of(61, "B::B(int a) : a_{a}, b_(a)"), true},
        Case{"a_test_of_61", check_sizes, "a/a.cc", function_of(61, "TEST(A, B)"), true},
        Case{"a_table_is_no_function", check_sizes, "a/a.cc",
             "const Case cases[] = {\n" + repeated("    {1, f(2)},\n", 80) + "};\n", false},
        Case{"a_list_of_cases_is_no_function", check_sizes, "a/a.cc",
             "INSTANTIATE(A, values(\n" + repeated("    Case{1, {.a = 2}},\n", 80) +
                 "    Case{}));\n",
             false},
        Case{"a_class_is_no_function", check_sizes, "a/a.h",
             "class A : public B<int(int)> {\n" + repeated("    int f();\n", 80) + "};\n", false}),
    name_of);

TEST(CodeOnly, KeepsLinesAndColumns) {
    const std::string code = code_only("int a; // x\nchar b = '\"'; /* y\nz */ int c = 1'000;\n");
    EXPECT_EQ(code, "int a;     \nchar b = ' ';     \n     int c = 1'000;\n");
}

TEST(ReadSources, SeesEveryFolder) {
    for (const std::string folder : {"base", "events", "eventlog", "kpi", "store", "tests"}) {
        EXPECT_TRUE(std::any_of(sources().begin(), sources().end(),
                                [&folder](const Source& source) {
                                    return source.path.starts_with(folder + "/") &&
                                           source.path.ends_with(".cc");
                                }))
            << folder;
    }
}

TEST(Tree, IncludesByTheTable) {
    const std::vector<Finding> found = over_the_tree(check_include_table);
    EXPECT_TRUE(found.empty()) << describe(found);
}

TEST(Tree, KeepsLibrariesInTheirPlace) {
    const std::vector<Finding> found = over_the_tree(check_library_placement);
    EXPECT_TRUE(found.empty()) << describe(found);
}

TEST(Tree, UsesNoBannedName) {
    const std::vector<Finding> found = over_the_tree(check_banned_names);
    EXPECT_TRUE(found.empty()) << describe(found);
}

TEST(Tree, KeepsTheSizes) {
    const std::vector<Finding> found = over_the_tree(check_sizes);
    EXPECT_TRUE(found.empty()) << describe(found);
}

}  // namespace

}  // namespace tidy
