// replay FOLDER...: runs a target over every file of its corpus, without libFuzzer, so that every
// build with whatever compiler does. The last name that it says is the one that broke it.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <span>
#include <string>

#include "tests/fuzz/fuzz.h"

int main(int count, char** words) {
    std::set<std::filesystem::path> files;
    for (const char* const folder : std::span(words, static_cast<std::size_t>(count)).subspan(1)) {
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            files.insert(entry.path());
        }
    }
    for (const std::filesystem::path& path : files) {
        std::cout << path.string() << '\n' << std::flush;  // the run may end the process
        std::ifstream file(path, std::ios::binary);
        const std::string input{std::istreambuf_iterator<char>(file), {}};
        fuzz::run(input);
    }
    std::cout << files.size() << " inputs\n";
    return files.empty() ? 1 : 0;
}
