#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace base {

/// A number that names one kind of thing: no arithmetic, no implicit conversion, ordered and
/// hashable.
template <class Tag, class Number = std::uint32_t>
class StrongId {
public:
    constexpr StrongId() = default;
    constexpr explicit StrongId(Number value) : value_(value) {}
    constexpr Number value() const { return value_; }
    /// Ordinal 0 names nobody and nothing.
    constexpr explicit operator bool() const { return value_ != 0; }
    friend constexpr auto operator<=>(StrongId, StrongId) = default;

private:
    Number value_ = 0;
};

}  // namespace base

template <class Tag, class Number>
struct std::hash<base::StrongId<Tag, Number>> {
    std::size_t operator()(base::StrongId<Tag, Number> id) const noexcept {
        return std::hash<Number>{}(id.value());
    }
};
