#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace base {

/// Header fields in their order; names compare without case.
class HttpHeaders {
public:
    HttpHeaders() = default;
    HttpHeaders(std::initializer_list<std::pair<std::string, std::string>> fields)
        : fields_(fields) {}

    /// Adds one more field, also beside one of the same name.
    void add(std::string name, std::string value);
    /// Replaces every field of this name.
    void set(std::string_view name, std::string value);
    /// The first field of this name; nothing if there is none.
    std::optional<std::string_view> find(std::string_view name) const;
    /// How many fields have this name: a doubled credential is a reason to refuse.
    std::size_t count(std::string_view name) const;
    /// The fields as they came.
    const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

/// The decoded parameters of a query string, in their order. `+` and `%20` are a space.
class HttpQuery {
public:
    void add(std::string name, std::string value);
    /// The last value of this name; nothing if there is none.
    std::optional<std::string_view> last(std::string_view name) const;
    /// Every value of this name.
    std::vector<std::string_view> all(std::string_view name) const;
    /// Names and values as they came.
    const std::vector<std::pair<std::string, std::string>>& items() const { return items_; }

private:
    std::vector<std::pair<std::string, std::string>> items_;
};

/// One request as a route sees it.
///
/// Invariants: `path`, `query` and `params` are percent-decoded, valid UTF-8 and free of NUL.
struct HttpRequest {
    std::string method{};  ///< in capitals: GET, HEAD, POST ...
    std::string target{};  ///< as it came: `/v1/calls/a%2Fb?limit=5`
    std::string path{};    ///< decoded, without the query
    HttpQuery query{};
    HttpHeaders headers{};
    std::string body{};  ///< empty for a streaming route
    std::string peer{};  ///< numeric address of the other side
    std::vector<std::pair<std::string, std::string>>
        params{};  ///< of the route's `{name}` segments

    /// The text that matched `{name}` of the route; empty if the route has none of this name.
    std::string_view param(std::string_view name) const;
    /// The media type of Content-Type in small letters, without parameters; empty if absent.
    std::string content_type() const;
};

/// One answer. `Content-Length`, `Connection` and `Date`-like fields are the server's own business.
struct HttpResponse {
    int status = 200;
    std::string content_type = "application/json";  ///< not sent while `body` is empty
    HttpHeaders headers{};                          ///< beside Content-Type
    std::string body{};
};

/// What an RFC 9457 answer says.
struct HttpProblem {
    int status = 500;
    std::string type = "about:blank";  ///< a stable name of the problem: `urn:normwatch:too_large`
    std::string title{};               ///< empty: the reason phrase of `status`
    std::string detail{};              ///< what a person does about it; never input beyond its name
    std::string pointer{};             ///< JSON pointer to the culprit; empty: `null`
};

/// `{"type","title","status","detail","pointer"}` as `application/problem+json`.
HttpResponse problem_response(const HttpProblem& problem);

/// The standard phrase of a status: "Not Found".
std::string_view reason_phrase(int status);

/// Undoes percent encoding.
///
/// Errors: invalid - a `%` without two hexadecimal digits, or the result has a NUL or is not UTF-8.
Result<std::string> url_decode(std::string_view text, bool plus_is_space = false);

/// Percent-encodes all but the unreserved characters of RFC 3986.
std::string url_encode(std::string_view text);

/// Fills `path` and `query` from `target`.
///
/// Errors: invalid - not of the form `/path?query`, or badly encoded; `path` and `query` are
/// undefined.
Result<void> split_target(HttpRequest& request);

/// Reads a request body piece by piece.
///
/// Threads: the one that the stream handler runs on.
class HttpBodySource {
public:
    virtual ~HttpBodySource() = default;
    /// Blocks for the next bytes of the body; 0 is its end, also when asked again.
    ///
    /// Errors: cancelled   - the client broke off or the server is stopping.
    ///         timeout     - the client was silent for the idle time.
    ///         invalid     - the framing of the body is broken.
    virtual Result<std::size_t> read(std::span<char> buffer) = 0;
};

/// Writes a response piece by piece: `(begin write* end) | answer`.
///
/// Errors:  of each: cancelled - the client is gone or reads nothing; stop working.
/// Threads: the one that the stream handler runs on.
class HttpBodySink {
public:
    virtual ~HttpBodySink() = default;
    /// Sends status and headers; a body of unknown size follows in chunks.
    virtual Result<void> begin(int status, const HttpHeaders& headers) = 0;
    /// Sends `text` at once; nothing is buffered. Empty text sends nothing.
    virtual Result<void> write(std::string_view text) = 0;
    /// Ends the body. Without it the client sees a broken answer.
    virtual Result<void> end() = 0;
    /// Instead of the three: one whole answer, say a refusal.
    virtual Result<void> answer(const HttpResponse& response) = 0;
};

}  // namespace base
