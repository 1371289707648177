#include "base/http_message.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/json.h"
#include "base/utf8.h"

namespace base {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char small = lower(c);
    return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

struct Phrase {
    int status;
    std::string_view text;
};

constexpr std::array phrases{
    Phrase{200, "OK"},
    Phrase{201, "Created"},
    Phrase{202, "Accepted"},
    Phrase{204, "No Content"},
    Phrase{206, "Partial Content"},
    Phrase{301, "Moved Permanently"},
    Phrase{302, "Found"},
    Phrase{303, "See Other"},
    Phrase{304, "Not Modified"},
    Phrase{400, "Bad Request"},
    Phrase{401, "Unauthorized"},
    Phrase{403, "Forbidden"},
    Phrase{404, "Not Found"},
    Phrase{405, "Method Not Allowed"},
    Phrase{406, "Not Acceptable"},
    Phrase{408, "Request Timeout"},
    Phrase{409, "Conflict"},
    Phrase{411, "Length Required"},
    Phrase{412, "Precondition Failed"},
    Phrase{413, "Content Too Large"},
    Phrase{414, "URI Too Long"},
    Phrase{415, "Unsupported Media Type"},
    Phrase{416, "Range Not Satisfiable"},
    Phrase{417, "Expectation Failed"},
    Phrase{422, "Unprocessable Content"},
    Phrase{429, "Too Many Requests"},
    Phrase{431, "Request Header Fields Too Large"},
    Phrase{500, "Internal Server Error"},
    Phrase{501, "Not Implemented"},
    Phrase{502, "Bad Gateway"},
    Phrase{503, "Service Unavailable"},
    Phrase{504, "Gateway Timeout"},
    Phrase{505, "HTTP Version Not Supported"},
};

}  // namespace

void HttpHeaders::add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
}

void HttpHeaders::set(std::string_view name, std::string value) {
    std::erase_if(fields_, [name](const auto& field) { return same_name(field.first, name); });
    fields_.emplace_back(std::string(name), std::move(value));
}

std::optional<std::string_view> HttpHeaders::find(std::string_view name) const {
    for (const auto& [key, value] : fields_) {
        if (same_name(key, name)) {
            return value;
        }
    }
    return std::nullopt;
}

std::size_t HttpHeaders::count(std::string_view name) const {
    return static_cast<std::size_t>(
        std::count_if(fields_.begin(), fields_.end(),
                      [name](const auto& field) { return same_name(field.first, name); }));
}

void HttpQuery::add(std::string name, std::string value) {
    items_.emplace_back(std::move(name), std::move(value));
}

std::optional<std::string_view> HttpQuery::last(std::string_view name) const {
    const auto found = std::find_if(items_.rbegin(), items_.rend(),
                                    [name](const auto& item) { return item.first == name; });
    if (found == items_.rend()) {
        return std::nullopt;
    }
    return found->second;
}

std::vector<std::string_view> HttpQuery::all(std::string_view name) const {
    std::vector<std::string_view> values;
    for (const auto& [key, value] : items_) {
        if (key == name) {
            values.emplace_back(value);
        }
    }
    return values;
}

std::string_view HttpRequest::param(std::string_view name) const {
    for (const auto& [key, value] : params) {
        if (key == name) {
            return value;
        }
    }
    return {};
}

std::string HttpRequest::content_type() const {
    std::string_view value = headers.find("Content-Type").value_or("");
    value = value.substr(0, value.find(';'));
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) {
        value.remove_suffix(1);
    }
    std::string type(value);
    std::transform(type.begin(), type.end(), type.begin(), lower);
    return type;
}

HttpResponse problem_response(const HttpProblem& problem) {
    JsonWriter out;
    out.begin_object().member("type", problem.type);
    out.key("title");
    if (problem.title.empty()) {
        out.value(reason_phrase(problem.status));
    } else {
        out.value(problem.title);
    }
    out.member("status", problem.status).member("detail", problem.detail).key("pointer");
    if (problem.pointer.empty()) {
        out.null();
    } else {
        out.value(problem.pointer);
    }
    out.end_object();
    return HttpResponse{.status = problem.status,
                        .content_type = "application/problem+json",
                        .headers = {},
                        .body = out.take()};
}

std::string_view reason_phrase(int status) {
    const auto found = std::find_if(phrases.begin(), phrases.end(),
                                    [status](const Phrase& p) { return p.status == status; });
    return found == phrases.end() ? std::string_view("Unknown") : found->text;
}

Result<std::string> url_decode(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            const int high = i + 1 < text.size() ? hex_digit(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return Error(ErrorCode::invalid, "bad percent encoding");
            }
            c = static_cast<char>(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        if (c == '\0') {
            return Error(ErrorCode::invalid, "NUL in a URL");
        }
        out += c;
    }
    if (!is_utf8(out)) {
        return Error(ErrorCode::invalid, "a URL that is not UTF-8");
    }
    return out;
}

std::string url_encode(std::string_view text) {
    static constexpr std::string_view hex = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        if (is_unreserved(c)) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += hex[byte >> 4U];
        out += hex[byte & 15U];
    }
    return out;
}

Result<void> split_target(HttpRequest& request) {
    const std::string_view target = request.target;
    if (!target.starts_with('/') || target.find('#') != std::string_view::npos) {
        return Error(ErrorCode::invalid, "the target is not of the form /path?query");
    }
    const std::size_t mark = target.find('?');
    BOOST_OUTCOME_TRY(request.path, url_decode(target.substr(0, mark)));
    request.query = HttpQuery();
    std::string_view rest = mark == std::string_view::npos ? "" : target.substr(mark + 1);
    while (!rest.empty()) {
        const std::string_view item = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), item.size() + 1));
        if (item.empty()) {
            continue;
        }
        const std::size_t equals = std::min(item.find('='), item.size());
        BOOST_OUTCOME_TRY(std::string name, url_decode(item.substr(0, equals), true));
        BOOST_OUTCOME_TRY(std::string value,
                          url_decode(item.substr(std::min(equals + 1, item.size())), true));
        request.query.add(std::move(name), std::move(value));
    }
    return success();
}

}  // namespace base
