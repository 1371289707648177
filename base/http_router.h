#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/http_message.h"

namespace base {

/// Gives the answer of one request. Called exactly once, from any thread; later is fine. A reply
/// that is dropped without a call becomes a 500.
using HttpReply = std::function<void(HttpResponse)>;

/// Answers one request, now or later, through its reply.
///
/// Errors: an exception that leaves it becomes a 500, unless the reply was called before.
using HttpHandler = std::function<void(HttpRequest, HttpReply)>;

/// Answers one request while its body still arrives: an import of any size that shows its progress.
/// Runs on a thread of its own and may block; returns when it is done.
///
/// Lifetime: head, source and sink live until it returns.
using HttpStreamHandler =
    std::function<void(const HttpRequest& head, HttpBodySource& source, HttpBodySink& sink)>;

/// Where a handler runs.
enum class HandlerMode {
    io,      ///< on the socket thread: must not block, nor compute for more than a millisecond
    worker,  ///< on the worker pool: reads views, may block for seconds; queue full: 503
    io_when_small,  ///< on the socket thread up to `small_body_bytes_max`, else on a pool of its
                    ///< own, where nothing stands in front of it that reads views
};

/// The largest body that `io_when_small` keeps on the socket thread.
inline constexpr std::size_t small_body_bytes_max = std::size_t{64} * 1024;

/// One method of one path.
struct HttpRoute {
    std::string method;   ///< in capitals; GET answers HEAD too
    std::string pattern;  ///< `/v1/calls/{call_id}`; also its name in the metrics
    HandlerMode mode = HandlerMode::worker;
    std::variant<HttpHandler, HttpStreamHandler> handler;
    std::size_t body_bytes_max = 0;  ///< 0: the server's own limit; a stream has none
};

/// The routes of one listener. Built before the server starts, constant afterwards.
///
/// A pattern's segment is a text, `{name}` (any one segment, not empty) or, as the last one,
/// `{name...}` (the rest of the path, may be empty). Where several patterns fit, a text wins over
/// `{name}`, and that over `{name...}`, at the first segment where they differ.
class HttpRouter {
public:
    /// Adds a route. Two routes of one method and shape are a bug and abort.
    HttpRouter& add(HttpRoute route);
    HttpRouter& get(std::string pattern, HandlerMode mode, HttpHandler handler);
    HttpRouter& post(std::string pattern, HandlerMode mode, HttpHandler handler,
                     std::size_t body_bytes_max = 0);
    HttpRouter& post_stream(std::string pattern, HttpStreamHandler handler);
    /// Adds the routes of `other`, each handler as `change` makes it; of streams as they are.
    HttpRouter& add_all(HttpRouter other, const std::function<HttpHandler(HttpHandler)>& change);

    /// What `route` found.
    struct Match {
        const HttpRoute* route = nullptr;  ///< null: 404, or 405 with `allow`
        std::vector<std::pair<std::string, std::string>> params;  ///< decoded
        std::string allow;                                        ///< "GET, HEAD, POST"
    };

    /// The route for `method` and the undecoded path of `target`.
    Match match(std::string_view method, std::string_view target) const;

private:
    enum class Kind { text, one, rest };  // the order in which they win
    struct Segment {
        Kind kind = Kind::text;
        std::string text;
    };
    struct Entry {
        std::unique_ptr<HttpRoute> route;
        std::vector<Segment> segments;
    };

    static std::vector<Segment> parse_pattern(std::string_view pattern);
    static bool fits(const Entry& entry, const std::vector<std::string>& path, Match& match);
    static int compare(const Entry& a, const Entry& b);

    std::vector<Entry> entries_;
};

}  // namespace base
