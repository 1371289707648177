#include "base/http_places.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <iterator>

namespace base {

namespace asio = boost::asio;

/// One who waits: in the line until it is granted a place, at most for as long as it lives.
class HttpPlaces::Waiting {
public:
    Waiting(HttpPlaces& places, std::chrono::milliseconds longest)
        : places_(places), timer_(places.io_, longest) {
        in_line_ = places_.waiting_.insert(places_.waiting_.end(), this);
        ++places_.waiting_count_;
    }
    ~Waiting() {
        if (!taken_) {
            leave();
        }
    }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

    asio::awaitable<void> wait() {
        if (!taken_) {
            co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
        }
    }

    void grant(Taken taken) {
        leave();
        taken_ = taken;
        timer_.cancel();
    }

    const std::optional<Taken>& taken() const { return taken_; }

private:
    void leave() {
        places_.waiting_.erase(in_line_);
        --places_.waiting_count_;
    }

    HttpPlaces& places_;
    asio::steady_timer timer_;
    std::list<Waiting*>::iterator in_line_;
    std::optional<Taken> taken_;
};

asio::awaitable<std::optional<HttpPlaces::Taken>> HttpPlaces::take(
    std::chrono::milliseconds longest) {
    if (waiting_.empty() && has_place()) {
        co_return take_place();
    }
    Waiting waiting(*this, longest);
    grant();  // a job that ended before this one stood in the line woke nobody
    co_await waiting.wait();
    co_return waiting.taken();
}

void HttpPlaces::give_back(Taken taken) {
    taken_.erase(taken_.find(taken));
    grant();
}

void HttpPlaces::job_ended() {
    if (waiting_count_ != 0) {
        asio::post(io_, [this] { grant(); });
    }
}

bool HttpPlaces::has_place() const {
    const auto first_in_time = taken_.upper_bound(std::chrono::steady_clock::now() - slow_);
    const auto in_time = std::distance(first_in_time, taken_.end());
    return pool_.load() + static_cast<std::size_t>(in_time) < places_;
}

HttpPlaces::Taken HttpPlaces::take_place() {
    return *taken_.insert(std::chrono::steady_clock::now());
}

void HttpPlaces::grant() {
    while (!waiting_.empty() && has_place()) {
        waiting_.front()->grant(take_place());
    }
}

}  // namespace base
