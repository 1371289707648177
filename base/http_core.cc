#include "base/http_core.h"

#include <atomic>
#include <boost/asio/dispatch.hpp>
#include <utility>

#include "base/ensure.h"

namespace base {

class HttpReplyDesk::Promise {
public:
    Promise(std::shared_ptr<HttpReplyDesk> desk, Ticket ticket)
        : desk_(std::move(desk)), ticket_(ticket) {}
    Promise(const Promise&) = delete;
    Promise& operator=(const Promise&) = delete;
    ~Promise() {
        if (!is_kept_) {
            desk_->deliver(
                ticket_, problem_response({.status = 500, .detail = "the request failed inside"}));
        }
    }
    void keep(HttpResponse response) {
        ENSURE(!is_kept_.exchange(true));
        desk_->deliver(ticket_, std::move(response));
    }

private:
    std::shared_ptr<HttpReplyDesk> desk_;
    Ticket ticket_;
    std::atomic<bool> is_kept_{false};
};

HttpReplyDesk::Ticket HttpReplyDesk::open(Receiver receiver) {
    receivers_.emplace(++last_ticket_, std::move(receiver));
    return last_ticket_;
}

HttpReply HttpReplyDesk::reply_for(Ticket ticket) {
    return [promise = std::make_shared<Promise>(shared_from_this(), ticket)](
               HttpResponse response) { promise->keep(std::move(response)); };
}

void HttpReplyDesk::close() {
    const std::scoped_lock lock(mutex_);
    io_ = nullptr;
}

void HttpReplyDesk::deliver(Ticket ticket, HttpResponse response) {
    const std::scoped_lock lock(mutex_);
    if (io_ == nullptr) {
        return;
    }
    boost::asio::dispatch(
        *io_, [desk = shared_from_this(), ticket, response = std::move(response)]() mutable {
            auto taken = desk->receivers_.extract(ticket);
            if (!taken.empty()) {
                taken.mapped()(std::move(response));
            }
        });
}

}  // namespace base
