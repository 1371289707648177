#include "events/normal_form.h"

#include <phonenumbers/phonenumber.pb.h>
#include <phonenumbers/phonenumberutil.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "events/text.h"

namespace events {
namespace {

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

/// Numbers of at most this many digits and without `+` are internal or of a service.
constexpr std::size_t short_digits_max = 6;
/// Longer texts are no numbers: what libphonenumber says of them in other languages. In C++ it
/// searches them to the end, in time that grows with the square of their length.
constexpr std::size_t number_characters_max = 250;
/// Longer texts would only fill the cache.
constexpr std::size_t cached_bytes_max = 64;
constexpr std::size_t cache_entries_max = 100'000;

std::string_view without_brackets(std::string_view text) {
    while (!text.empty() && (text.front() == '<' || text.front() == '>')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == '<' || text.back() == '>')) {
        text.remove_suffix(1);
    }
    return text;
}

/// The user part of `sip:user@host;parameters`; any other text as it is.
std::string_view user_of(std::string_view text) {
    const std::string scheme = lower_case(text.substr(0, std::min<std::size_t>(5, text.size())));
    if (scheme.starts_with("sip:")) {
        text.remove_prefix(4);
    } else if (scheme.starts_with("sips:")) {
        text.remove_prefix(5);
    } else {
        return text;
    }
    text = text.substr(0, text.find('@'));
    return text.substr(0, text.find(';'));
}

std::string digits_of(std::string_view text) {
    const bool ascii = std::all_of(text.begin(), text.end(),
                                   [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    if (!ascii) {  // full-width and Arabic digits count as digits
        std::string digits(text);
        PhoneNumberUtil::GetInstance()->NormalizeDigitsOnly(&digits);
        return digits;
    }
    std::string digits;
    std::copy_if(text.begin(), text.end(), std::back_inserter(digits),
                 [](char c) { return c >= '0' && c <= '9'; });
    return digits;
}

/// `text` as E.164 if it is a valid number for somebody in `region`.
std::optional<std::string> valid_number(const std::string& text, const std::string& region) {
    if (code_points(text) > number_characters_max) {
        return std::nullopt;
    }
    const PhoneNumberUtil& util = *PhoneNumberUtil::GetInstance();
    PhoneNumber number;
    if (util.Parse(text, region.empty() ? "ZZ" : region, &number) !=
            PhoneNumberUtil::NO_PARSING_ERROR ||
        !util.IsValidNumber(number)) {
        return std::nullopt;
    }
    std::string formatted;
    util.Format(number, PhoneNumberUtil::E164, &formatted);
    return formatted;
}

std::optional<std::string> compute(std::string_view raw, const NumberPlan& plan) {
    std::string text(trimmed(user_of(trimmed(raw))));
    if (is_anonymous(raw) || is_anonymous(text)) {
        return std::nullopt;
    }
    std::string digits = digits_of(text);
    if (digits.empty()) {
        return text;
    }
    if (digits.size() <= short_digits_max && text.find('+') == std::string::npos) {
        return digits;
    }
    std::vector<std::string> attempts{text};
    for (const std::string& lead :
         {plan.international_prefix, std::string("00"), std::string("810")}) {
        if (!lead.empty() && !text.starts_with('+') && digits.starts_with(lead)) {
            attempts.push_back("+" + digits.substr(lead.size()));
        }
    }
    attempts.push_back("+" + digits);
    for (const std::string& attempt : attempts) {
        if (auto valid = valid_number(attempt, plan.region)) {
            return valid;
        }
    }
    return (text.starts_with('+') ? "+" : "") + digits;
}

/// Normal forms already computed. Parsing a number takes microseconds, and a company's callers
/// repeat. When full it is emptied: a bound without the book-keeping of an order.
class Cache {
public:
    std::optional<std::string> get(std::string_view raw, const NumberPlan& plan) {
        std::string key;
        key.reserve(raw.size() + plan.region.size() + plan.international_prefix.size() + 2);
        key.append(raw).append(1, '\0').append(plan.region).append(1, '\0');
        key.append(plan.international_prefix);
        {
            const std::lock_guard lock(mutex_);
            const auto found = known_.find(key);
            if (found != known_.end()) {
                return found->second;
            }
        }
        std::optional<std::string> normal = compute(raw, plan);
        const std::lock_guard lock(mutex_);
        if (known_.size() >= cache_entries_max) {
            known_.clear();
        }
        known_.emplace(std::move(key), normal);
        return normal;
    }

private:
    std::mutex mutex_;  // every importing thread and request asks the same cache
    std::unordered_map<std::string, std::optional<std::string>> known_;
};

}  // namespace

bool is_anonymous(std::string_view raw) {
    static constexpr std::array<std::string_view, 6> words = {
        "anonymous", "unknown", "-", "restricted", "private", "unavailable"};
    const std::string_view bare = without_brackets(trimmed(raw));
    if (bare.empty()) {
        return true;
    }
    if (bare.size() > 11) {
        return false;
    }
    const std::string word = lower_case(bare);
    return std::find(words.begin(), words.end(), word) != words.end();
}

std::optional<std::string> normal_number(std::string_view raw, const NumberPlan& plan) {
    if (raw.size() > cached_bytes_max) {
        return compute(raw, plan);
    }
    static Cache cache;
    return cache.get(raw, plan);
}

std::string normal_mail(std::string_view raw) {
    const std::string_view text = trimmed(raw);
    if (text.ends_with('>')) {
        const std::size_t open = text.find_last_of("<>", text.size() - 2);
        if (text.size() > 1 && open != std::string_view::npos && text[open] == '<') {
            return lower_case(trimmed(text.substr(open + 1, text.size() - open - 2)));
        }
    }
    return lower_case(text);
}

std::string normal_message_id(std::string_view raw) {
    return std::string(without_brackets(without_white_space(raw)));
}

std::string masked_number(std::string_view number) {
    const std::string_view digits = number.starts_with('+') ? number.substr(1) : number;
    const bool is_number = !digits.empty() && std::all_of(digits.begin(), digits.end(), [](char c) {
        return c >= '0' && c <= '9';
    });
    if (!is_number) {  // a name of somebody: its first letters at most
        std::size_t shown = std::min<std::size_t>(2, number.size());
        while (shown < number.size() &&
               (static_cast<unsigned char>(number[shown]) & 0xC0U) == 0x80U) {
            ++shown;
        }
        return number.empty() ? std::string() : std::string(number.substr(0, shown)) + " ***";
    }
    if (digits.size() <= short_digits_max) {
        return std::string(number);
    }
    const std::string_view last = number.substr(number.size() - 4);
    return std::string(number.substr(0, 2)) + " *** ***-" + std::string(last.substr(0, 2)) + "-" +
           std::string(last.substr(2));
}

}  // namespace events
