#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

namespace base {

/// A fixed number of threads with one bounded queue of jobs. With `queue_max` 0 a job is taken only
/// when a thread is free for it.
///
/// Threads: any may call `try_run`; construction and `stop` belong to the owner.
class HttpWorkers {
public:
    /// `name`: of its threads (thread_name.h). `job_ended`: called after each job, when there is
    /// room for another; by the thread that did it.
    HttpWorkers(std::string_view name, std::size_t threads, std::size_t queue_max,
                std::function<void()> job_ended = {});
    ~HttpWorkers() { stop(); }

    /// Queues `job`; false (and `job` is dropped) if `threads` + `queue_max` jobs run or wait, or
    /// the pool stops. A job must not throw.
    bool try_run(std::function<void()> job);

    /// Jobs that run or wait.
    std::size_t load();

    /// Drops what is queued, waits for what runs. Idempotent.
    void stop();

private:
    void work();

    const std::size_t load_max_;
    const std::function<void()> job_ended_;
    std::mutex mutex_;  // guards jobs_, load_, stopping_
    std::condition_variable wake_;
    std::deque<std::function<void()>> jobs_;
    std::size_t load_ = 0;  // jobs that wait or run
    bool stopping_ = false;
    std::vector<std::jthread> threads_;
};

}  // namespace base
