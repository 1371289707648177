#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <list>
#include <optional>
#include <set>

#include "base/http_workers.h"

namespace base {

/// Places for large bodies, each of which becomes a job of one pool: given in the order of asking,
/// before a byte of the body is read.
///
/// Who finds none waits a while, with his body in his own hands, instead of being refused and
/// sending it all again at once: that is what keeps a crowd from taking the time of those who are
/// served. A body that takes its time to come keeps nobody out: its place counts for a moment only.
///
/// Threads: the socket thread; `job_ended` any.
class HttpPlaces {
public:
    using Taken = std::chrono::steady_clock::time_point;

    /// `places`: bodies that are read, and jobs of `pool`, at once. `slow`: how long a place counts
    /// whose body does not come. Lifetime: `io` and `pool` outlive the waiting.
    HttpPlaces(boost::asio::io_context& io, HttpWorkers& pool, std::size_t places,
               std::chrono::milliseconds slow)
        : io_(io), pool_(pool), places_(places), slow_(slow) {}

    /// A place, at most `longest` from now, and when it was taken; nothing: there was none.
    boost::asio::awaitable<std::optional<Taken>> take(std::chrono::milliseconds longest);
    /// The body has become a job, or never will.
    void give_back(Taken taken);
    /// A thread of the pool is free.
    void job_ended();

private:
    class Waiting;
    bool has_place() const;
    Taken take_place();
    void grant();

    boost::asio::io_context& io_;
    HttpWorkers& pool_;
    const std::size_t places_;
    const std::chrono::milliseconds slow_;
    std::multiset<Taken> taken_;   // of bodies that are read now
    std::list<Waiting*> waiting_;  // the longest first
    std::atomic<std::size_t> waiting_count_{0};
};

}  // namespace base
