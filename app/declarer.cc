#include "app/declarer.h"

#include "app/log.h"
#include "base/thread_name.h"

namespace app {
namespace {

constexpr std::chrono::milliseconds look_again{50};

}  // namespace

void Declarer::start() {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Declarer::stop() {
    if (thread_.joinable()) {
        thread_.request_stop();
        thread_.join();
    }
}

void Declarer::run(const std::stop_token& stop) {
    base::name_this_thread("declare");
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested() && declared_.size() < node_.config().companies.size()) {
        for (const CompanyConfig& company : node_.config().companies) {
            if (declared_.contains(company.id) ||
                !node_.is_caught_up(node_.partition(company.id))) {
                continue;
            }
            lock.unlock();
            const base::Result<void> declared = node_.declare(company);
            lock.lock();
            if (declared) {
                declared_.insert(company.id);
                declared_some_.notify_all();
            } else {
                log_warning("settings", declared.error().context());
            }
        }
        declared_some_.wait_for(lock, stop, look_again, [] { return false; });
    }
}

bool Declarer::wait_declared(const std::string& company, std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    return declared_some_.wait_for(lock, timeout, [&] { return declared_.contains(company); });
}

}  // namespace app
