#include "base/http_router.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/ensure.h"

namespace base {
namespace {

/// The segments behind each slash: `/` is one empty segment.
std::vector<std::string_view> split_path(std::string_view path) {
    std::vector<std::string_view> segments;
    while (path.starts_with('/')) {
        path.remove_prefix(1);
        segments.push_back(path.substr(0, path.find('/')));
        path.remove_prefix(segments.back().size());
    }
    return segments;
}

std::optional<std::vector<std::string>> decoded_path(std::string_view target) {
    std::vector<std::string> decoded;
    for (const std::string_view segment : split_path(target.substr(0, target.find('?')))) {
        Result<std::string> text = url_decode(segment);
        if (!text) {
            return std::nullopt;
        }
        decoded.push_back(std::move(text).value());
    }
    return decoded;
}

std::string joined(const std::set<std::string>& methods) {
    std::string out;
    for (const std::string& method : methods) {
        out += (out.empty() ? "" : ", ") + method;
    }
    return out;
}

}  // namespace

HttpRouter& HttpRouter::add(HttpRoute route) {
    Entry entry{std::make_unique<HttpRoute>(std::move(route)), {}};
    entry.segments = parse_pattern(entry.route->pattern);
    for (const Entry& other : entries_) {
        ENSURE(other.route->method != entry.route->method || compare(other, entry) != 0);
    }
    entries_.push_back(std::move(entry));
    std::sort(entries_.begin(), entries_.end(),
              [](const Entry& a, const Entry& b) { return compare(a, b) < 0; });
    return *this;
}

HttpRouter& HttpRouter::get(std::string pattern, HandlerMode mode, HttpHandler handler) {
    return add({"GET", std::move(pattern), mode, std::move(handler), 0});
}

HttpRouter& HttpRouter::post(std::string pattern, HandlerMode mode, HttpHandler handler,
                             std::size_t body_bytes_max) {
    return add({"POST", std::move(pattern), mode, std::move(handler), body_bytes_max});
}

HttpRouter& HttpRouter::add_all(HttpRouter other,
                                const std::function<HttpHandler(HttpHandler)>& change) {
    for (Entry& entry : other.entries_) {
        if (auto* const handler = std::get_if<HttpHandler>(&entry.route->handler)) {
            entry.route->handler = change(std::move(*handler));
        }
        add(std::move(*entry.route));
    }
    return *this;
}

HttpRouter& HttpRouter::post_stream(std::string pattern, HttpStreamHandler handler) {
    return add({"POST", std::move(pattern), HandlerMode::worker, std::move(handler), 0});
}

HttpRouter::Match HttpRouter::match(std::string_view method, std::string_view target) const {
    const std::optional<std::vector<std::string>> path = decoded_path(target);
    if (!path) {
        return {};
    }
    std::set<std::string> allowed;
    for (const Entry& entry : entries_) {
        Match match;
        if (!fits(entry, *path, match)) {
            continue;
        }
        const std::string& serves = entry.route->method;
        if (serves == method || (serves == "GET" && method == "HEAD")) {
            match.route = entry.route.get();
            return match;
        }
        allowed.insert(serves);
        if (serves == "GET") {
            allowed.insert("HEAD");
        }
    }
    Match none;
    none.allow = joined(allowed);
    return none;
}

std::vector<HttpRouter::Segment> HttpRouter::parse_pattern(std::string_view pattern) {
    std::vector<Segment> segments;
    for (std::string_view text : split_path(pattern)) {
        ENSURE(segments.empty() || segments.back().kind != Kind::rest);
        if (!text.starts_with('{')) {
            segments.push_back({Kind::text, std::string(text)});
            continue;
        }
        ENSURE(text.ends_with('}'));
        text = text.substr(1, text.size() - 2);
        const bool is_rest = text.ends_with("...");
        if (is_rest) {
            text.remove_suffix(3);
        }
        segments.push_back({is_rest ? Kind::rest : Kind::one, std::string(text)});
    }
    ENSURE(!segments.empty());
    return segments;
}

bool HttpRouter::fits(const Entry& entry, const std::vector<std::string>& path, Match& match) {
    for (std::size_t i = 0; i < entry.segments.size(); ++i) {
        const Segment& segment = entry.segments[i];
        if (i >= path.size()) {
            return false;
        }
        if (segment.kind == Kind::rest) {
            std::string rest = path[i];
            for (std::size_t j = i + 1; j < path.size(); ++j) {
                rest += "/" + path[j];
            }
            match.params.emplace_back(segment.text, std::move(rest));
            return true;
        }
        if (segment.kind == Kind::text ? segment.text != path[i] : path[i].empty()) {
            return false;
        }
        if (segment.kind == Kind::one) {
            match.params.emplace_back(segment.text, path[i]);
        }
    }
    return entry.segments.size() == path.size();
}

/// The order in which patterns are tried: names of parameters do not count.
int HttpRouter::compare(const Entry& a, const Entry& b) {
    const std::size_t common = std::min(a.segments.size(), b.segments.size());
    for (std::size_t i = 0; i < common; ++i) {
        const Segment& left = a.segments[i];
        const Segment& right = b.segments[i];
        if (left.kind != right.kind) {
            return left.kind < right.kind ? -1 : 1;
        }
        if (const int order = left.text.compare(right.text);
            left.kind == Kind::text && order != 0) {
            return order;
        }
    }
    return static_cast<int>(a.segments.size()) - static_cast<int>(b.segments.size());
}

}  // namespace base
