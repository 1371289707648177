#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fuzz {

/// One run of a target over any bytes. Ends the process when a property does not hold. Each target
/// is one file that defines it.
void run(std::string_view input);

/// Takes values off the front of an input. Behind its end there are zeros and empty texts.
class Input {
public:
    explicit Input(std::string_view bytes) : rest_(bytes) {}

    std::uint8_t byte() {
        const std::string_view one = take(1);
        return one.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(one.front());
    }
    /// Two bytes, the higher one first.
    std::size_t number() {
        const std::size_t high = byte();
        return high << 8 | byte();
    }
    std::string_view take(std::size_t size) {
        const std::string_view taken = rest_.substr(0, size);
        rest_.remove_prefix(taken.size());
        return taken;
    }
    /// Without its line feed, which is taken too.
    std::string_view line() {
        const std::size_t end = rest_.find('\n');
        const std::string_view taken = take(end);
        rest_.remove_prefix(std::min<std::size_t>(rest_.size(), 1));
        return taken;
    }
    std::string_view rest() const { return rest_; }
    bool is_empty() const { return rest_.empty(); }

private:
    std::string_view rest_;
};

}  // namespace fuzz
