#include "app/serve.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

#include "app/log.h"
#include "app/node.h"
#include "app/server.h"

namespace app {
namespace {

sigset_t stop_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    return signals;
}

/// From now on a stop signal ends the process at once.
void end_at_next_signal() {
    struct sigaction action{};
    action.sa_handler = [](int) { ::_exit(3); };
    ::sigaction(SIGTERM, &action, nullptr);
    ::sigaction(SIGINT, &action, nullptr);
    const sigset_t signals = stop_signals();
    ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

/// Waits for a stop signal, or for a partition that cannot go on.
std::optional<base::Error> wait_for_end(Server& server) {
    const sigset_t signals = stop_signals();
    for (;;) {
        const timespec second{1, 0};
        if (::sigtimedwait(&signals, nullptr, &second) > 0) {
            return std::nullopt;
        }
        if (const std::optional<base::Error> failed = server.failure()) {
            return failed;
        }
    }
}

/// Ends the process when what is left to do takes too long: a client of Kafka may wait for ever for
/// a broker that is away (librdkafka 2.0.2). Nothing is lost by it: the log and the views are
/// closed before.
class LastResort {
public:
    /// From now on there is little time.
    void arm(int exit_code) {
        thread_ = std::jthread([exit_code](const std::stop_token& stop) {
            constexpr std::chrono::seconds patience(3);
            std::mutex mutex;
            std::condition_variable_any never;
            std::unique_lock lock(mutex);
            never.wait_for(lock, stop, patience, [] { return false; });
            if (!stop.stop_requested()) {
                log_info("stopped", "without waiting for the client of Kafka");
                ::_exit(exit_code);
            }
        });
    }

private:
    std::jthread thread_;
};

CommandResult failed(const base::Error& error) {
    return {exit_code_of(error), "", error.context()};
}

}  // namespace

CommandResult serve(const Config& config, Role role) {
    const sigset_t signals = stop_signals();
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread begins
    ::signal(SIGPIPE, SIG_IGN);
    const base::SystemClock clock;
    LastResort last_resort;  // goes after the node
    base::Result<std::unique_ptr<Node>> opened = Node::open(config, clock, role);
    if (!opened) {
        return failed(opened.error());
    }
    Node& node = *opened.value();
    for (const std::string& note : node.log().recovery_notes()) {
        log_warning("log_recovered", note);
    }
    if (node.kafka() == nullptr) {  // over Kafka when the views know what was declared before
        if (const base::Result<void> declared = node.declare_settings(); !declared) {
            return failed(declared.error());
        }
    }
    Server server(config, node, role);
    if (const base::Result<void> started = server.start(); !started) {
        return {3, "", started.error().context()};
    }
    if (const base::Result<void> started = node.start(); !started) {
        return failed(started.error());
    }
    fmt::print("normwatch: serving on http://{}, metrics on http://{}/metrics, data in {}\n",
               server.address(0), server.address(1), config.data_dir);
    std::fflush(stdout);
    log_info("started", "serving on " + server.address(0) + ", metrics on " + server.address(1));
    log_info("no_tokens", "no tokens are configured: every caller on this machine has every role");
    const std::optional<base::Error> failure = wait_for_end(server);
    end_at_next_signal();
    server.stop();
    node.stop();  // what it asks of the server ends here
    if (node.kafka() != nullptr) {
        last_resort.arm(failure ? 3 : 0);
    }
    if (failure) {
        log_error("stopped", failure->context());
        return {3, "", failure->context()};
    }
    log_info("stopped", "stopped by a signal");
    return {0, "", ""};
}

}  // namespace app
