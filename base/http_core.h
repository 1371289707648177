#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/http_places.h"
#include "base/http_probe.h"
#include "base/http_server.h"
#include "base/http_workers.h"

namespace base {

class HttpConnection;

/// Where replies that come late, from any thread, find the connection that waits for them.
///
/// A reply knows only a ticket. The desk outlives the server for as long as replies exist, so one
/// that comes after the server is gone meets a closed desk and is dropped.
///
/// Threads: `reply_for` and what it returns any; the rest the socket thread.
class HttpReplyDesk : public std::enable_shared_from_this<HttpReplyDesk> {
public:
    using Ticket = std::uint64_t;
    using Receiver = std::function<void(HttpResponse)>;

    explicit HttpReplyDesk(boost::asio::io_context& io) : io_(&io) {}

    /// A ticket on which `receiver` gets the response, on the socket thread.
    Ticket open(Receiver receiver);
    /// Takes the receiver back; what comes for `ticket` later is dropped.
    void forget(Ticket ticket) { receivers_.erase(ticket); }
    /// The reply of `ticket`; if its last copy goes without a call, the response is a 500.
    HttpReply reply_for(Ticket ticket);
    /// After this nobody receives anything. The io_context may go.
    void close();

private:
    class Promise;
    void deliver(Ticket ticket, HttpResponse response);

    std::mutex mutex_;  // guards io_
    boost::asio::io_context* io_;
    Ticket last_ticket_ = 0;
    std::unordered_map<Ticket, Receiver> receivers_;
};

/// What all connections of one server share.
///
/// Threads: the socket thread, but for what has its own rule (probe, workers, streams, desk).
struct HttpCore {
    explicit HttpCore(const HttpServerOptions& limits)
        : options(limits),
          places(io, intake, limits.intake_places, limits.intake_wait),
          workers("questions", limits.workers, limits.worker_queue_max),
          intake("intake", limits.intake_workers, limits.intake_queue_max,
                 [this] { places.job_ended(); }),
          streams("streams", limits.streams_max, 0),
          desk(std::make_shared<HttpReplyDesk>(io)) {}

    const HttpServerOptions options;
    HttpProbe probe;
    std::atomic<bool> stopping{false};  // any thread reads
    std::unordered_set<HttpConnection*> connections;
    std::size_t body_bytes = 0;  // of bodies that are read or answered, of all connections
    HttpPlaces places;           // of large bodies, each to become a job of `intake`
    std::mutex drained_mutex;    // guards connections_left
    std::condition_variable drained;
    std::size_t connections_left = 0;

    // Goes before what is above: coroutines that are left in it take their connections along.
    boost::asio::io_context io{1};
    HttpWorkers workers;
    HttpWorkers intake;
    HttpWorkers streams;
    std::shared_ptr<HttpReplyDesk> desk;
};

}  // namespace base
