#include "support.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdlib>
#include <fstream>
#include <system_error>

namespace store_test {

std::string to_hex(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out.push_back(digits[byte >> 4]);
        out.push_back(digits[byte & 15]);
    }
    return out;
}

Golden read_golden(const std::string& file) {
    std::ifstream in(std::string(GOLDEN_DIR) + "/" + file);
    Golden lines;
    std::string name;
    std::string hex;
    while (in >> name >> hex) {
        lines.emplace_back(name, hex);
    }
    return lines;
}

void expect_golden(const std::string& file, const Golden& lines) {
    const char* const update = std::getenv("UPDATE_GOLDEN");
    if (update != nullptr && std::string_view(update) == "1") {
        std::ofstream out(std::string(GOLDEN_DIR) + "/" + file);
        for (const auto& [name, hex] : lines) {
            out << name << ' ' << hex << '\n';
        }
        ASSERT_TRUE(out.good());
        return;
    }
    const Golden golden = read_golden(file);
    ASSERT_EQ(golden.size(), lines.size())
        << "rewrite with UPDATE_GOLDEN=1 and read the difference";
    for (std::size_t i = 0; i < lines.size(); ++i) {
        EXPECT_EQ(golden[i].first, lines[i].first);
        EXPECT_EQ(golden[i].second, lines[i].second) << lines[i].first;
    }
}

TempDirectory::TempDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "normwatch_store_XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
}

TempDirectory::~TempDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace store_test
