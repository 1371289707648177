#include "app/audit.h"

#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/json.h"
#include "kpi/local_time.h"

namespace app {
namespace {

base::Error failed(const std::string& path) {
    return base::Error(base::ErrorCode::unavailable, path + ": " + std::strerror(errno));
}

/// A file descriptor that closes itself.
class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) {
            ::close(number_);
        }
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int number() const { return number_; }

private:
    int number_;
};

}  // namespace

base::Result<void> append_audit(const std::string& data_dir, const Disclosure& disclosure) {
    base::JsonWriter line;
    line.begin_object().member("at", std::string_view(kpi::render(disclosure.at)));
    line.member("user", std::string_view(disclosure.user));
    line.member("command", std::string_view(disclosure.command));
    line.member("reason", std::string_view(disclosure.reason)).key("filters").begin_object();
    for (const auto& [name, value] : disclosure.filters) {
        if (name != "number") {
            line.member(name, std::string_view(value));
        }
    }
    const std::string text = line.end_object().end_object().take() + "\n";
    const std::string path = data_dir + "/audit.jsonl";
    const Descriptor file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
    if (file.number() < 0) {
        return failed(path);
    }
    // One write: lines of two processes do not mix.
    if (::write(file.number(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fsync(file.number()) != 0) {
        return failed(path);
    }
    const Descriptor directory(::open(data_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory.number() < 0 || ::fsync(directory.number()) != 0) {
        return failed(data_dir);
    }
    return base::success();
}

std::string current_user() {
    const uid_t id = ::geteuid();
    passwd entry{};
    passwd* found = nullptr;
    char buffer[4096];
    if (::getpwuid_r(id, &entry, buffer, sizeof(buffer), &found) == 0 && found != nullptr) {
        return found->pw_name;
    }
    return std::to_string(id);
}

}  // namespace app
