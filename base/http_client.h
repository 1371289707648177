#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/http_message.h"

namespace base {

/// Limits of one client.
struct HttpClientOptions {
    std::chrono::milliseconds connect_timeout{5'000};
    /// `send`: for the request to go out, and again for the whole answer to come. `stream`: the
    /// longest stand-still of the connection; the time that `next` takes does not count.
    std::chrono::milliseconds timeout{60'000};
};

/// A client of one server, for the command line: one connection a call, blocking.
///
/// Errors:  of each call: unavailable - nobody listens, or the connection broke; "127.0.0.1:8080:
/// ..."
///                        timeout     - no answer in time
///                        corrupt     - what came is no HTTP
///          An answer of any status is a value.
/// Threads: one call at a time.
class HttpClient {
public:
    /// Gives the next piece of a request body: fills the buffer and returns how much, 0 at the end.
    /// May block. An error breaks the request off and is the result of the call.
    using NextPiece = std::function<Result<std::size_t>(std::span<char>)>;
    /// Gets each line of the answer, without its newline, as soon as it is there. Runs on a thread
    /// of the client, beside NextPiece.
    using OnLine = std::function<void(std::string_view)>;

    /// `url` is `http://host[:port]`, with nothing behind.
    ///
    /// Errors: invalid - another scheme, or not a URL.
    static Result<HttpClient> open(std::string_view url, const HttpClientOptions& options = {});

    Result<HttpResponse> get(std::string target, HttpHeaders headers = {}) const;
    Result<HttpResponse> post(std::string target, std::string content_type, std::string body,
                              HttpHeaders headers = {}) const;

    /// Sends `request`: its method, target, headers and body.
    Result<HttpResponse> send(const HttpRequest& request) const;

    /// Sends `request` with a body of unknown size, while its answer arrives. Lines of a 2xx answer
    /// go to `on_line` and the response has no body; another answer is in the response whole. An
    /// answer that is complete before the body is sent ends the sending.
    Result<HttpResponse> stream(const HttpRequest& request, const NextPiece& next,
                                const OnLine& on_line) const;

    /// "127.0.0.1:8080", as in errors.
    const std::string& peer() const { return peer_; }

private:
    HttpClient(std::string host, std::string port, std::string peer,
               const HttpClientOptions& options)
        : host_(std::move(host)),
          port_(std::move(port)),
          peer_(std::move(peer)),
          options_(options) {}

    std::string host_;
    std::string port_;
    std::string peer_;
    HttpClientOptions options_;
};

}  // namespace base
