#include "base/http_workers.h"

#include <string>
#include <utility>

#include "base/thread_name.h"

namespace base {

HttpWorkers::HttpWorkers(std::string_view name, std::size_t threads, std::size_t queue_max,
                         std::function<void()> job_ended)
    : load_max_(threads + queue_max), job_ended_(std::move(job_ended)) {
    for (std::size_t i = 0; i < threads; ++i) {
        threads_.emplace_back([this, name = std::string(name)] {
            name_this_thread(name);
            work();
        });
    }
}

bool HttpWorkers::try_run(std::function<void()> job) {
    {
        const std::scoped_lock lock(mutex_);
        if (stopping_ || load_ >= load_max_) {
            return false;
        }
        ++load_;
        jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
    return true;
}

std::size_t HttpWorkers::load() {
    const std::scoped_lock lock(mutex_);
    return load_;
}

void HttpWorkers::stop() {
    std::deque<std::function<void()>> dropped;
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
        dropped.swap(jobs_);
    }
    wake_.notify_all();
    threads_.clear();
}

void HttpWorkers::work() {
    for (;;) {
        std::function<void()> job;
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
            if (stopping_) {
                return;
            }
            job = std::move(jobs_.front());
            jobs_.pop_front();
        }
        job();
        job = nullptr;
        {
            const std::scoped_lock lock(mutex_);
            --load_;
        }
        if (job_ended_) {
            job_ended_();
        }
    }
}

}  // namespace base
