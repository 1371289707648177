#pragma once

#include <string>
#include <string_view>

#include "base/http_message.h"
#include "tests/fuzz/fuzz.h"

namespace fuzz {

/// Reads a request as it is written on the wire, but for its line ends: `POST /v1/events`, header
/// fields, an empty line, the body.
inline base::HttpRequest read_request(std::string_view text) {
    Input input(text);
    base::HttpRequest request;
    const std::string_view first = input.line();
    const std::size_t blank = first.find(' ');
    request.method = first.substr(0, blank);
    request.target = blank == std::string_view::npos ? "" : first.substr(blank + 1);
    for (std::string_view line = input.line(); !line.empty(); line = input.line()) {
        const std::size_t colon = line.find(": ");
        if (colon != std::string_view::npos) {
            request.headers.add(std::string(line.substr(0, colon)),
                                std::string(line.substr(colon + 2)));
        }
    }
    request.body = input.rest();
    return request;
}

}  // namespace fuzz
