#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace events {

/// How a source writes numbers.
struct NumberPlan {
    std::string region;                ///< ISO 3166 of numbers without country code; empty: none
    std::string international_prefix;  ///< `810` in front of a country code; empty: none
    friend auto operator<=>(const NumberPlan&, const NumberPlan&) = default;
};

/// The normal form of a telephone number or short address; nullopt = anonymous.
///
/// Source: domain.md 3, normal form of an address; libphonenumber 8.12.57.
/// Threads: any (a bounded cache behind a mutex).
std::optional<std::string> normal_number(std::string_view raw, const NumberPlan& plan);

/// `anonymous`, `unknown`, `-`, empty and their like, with or without angle brackets.
bool is_anonymous(std::string_view raw);

/// The address in angle brackets, else the text; trimmed, lower case.
std::string normal_mail(std::string_view raw);

/// RFC 5322 Message-ID without white space and angle brackets.
std::string normal_message_id(std::string_view raw);

/// `+7 *** ***-45-67`: the first two characters and the last four; short internal numbers as they
/// are. Source: promises.md 9.3.
std::string masked_number(std::string_view number);

}  // namespace events
