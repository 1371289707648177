#include "app/restorer.h"

#include <fstream>
#include <system_error>

#include "app/log.h"
#include "app/peers.h"
#include "base/crc32c.h"
#include "base/thread_name.h"
#include "processors/rebuild.h"
#include "store/generations.h"
#include "store/rocks_view_store.h"

namespace app {
namespace {

namespace files = std::filesystem;
using Milliseconds = std::chrono::milliseconds;

constexpr Milliseconds connect_patience{1'000};
constexpr Milliseconds piece_patience{30'000};
constexpr int tries_max = 5;

base::Error refused(const files::path& path, const std::error_code& code) {
    return base::Error(base::ErrorCode::unavailable, path.string() + ": " + code.message());
}

base::Error stopping() {
    return base::Error(base::ErrorCode::cancelled, "the process is stopping");
}

base::Result<base::HttpClient> client_of(const std::string& url) {
    base::HttpClientOptions options;
    options.connect_timeout = connect_patience;
    options.timeout = piece_patience;
    return base::HttpClient::open(url, options);
}

base::Result<std::string> body_of(base::Result<base::HttpResponse> answer) {
    BOOST_OUTCOME_TRY(base::HttpResponse response, std::move(answer));
    if (response.status != 200) {
        return base::Error(base::ErrorCode::unavailable,
                           "status " + std::to_string(response.status));
    }
    return std::move(response.body);
}

}  // namespace

void Restorer::start() {
    if (node_.config().kafka->peers.empty()) {
        return;
    }
    node_.folding().hold_if([this](std::uint32_t partition) { return wants(partition); });
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Restorer::stop() {
    if (thread_.joinable()) {
        thread_.request_stop();
        thread_.join();
    }
}

bool Restorer::wants(std::uint32_t partition) {
    if (node_.runner(partition).view()->position.next_offset != 0) {
        return false;
    }
    {
        const std::lock_guard lock(mutex_);
        wanted_.push_back(partition);
    }
    wanted_some_.notify_all();
    return true;
}

void Restorer::run(const std::stop_token& stop) {
    base::name_this_thread("restore");
    std::unique_lock lock(mutex_);
    while (wanted_some_.wait(lock, stop, [this] { return !wanted_.empty(); })) {
        const std::uint32_t partition = wanted_.front();
        wanted_.pop_front();
        lock.unlock();
        for (int tried = 1; tried <= tries_max; ++tried) {
            const base::Result<void> restored = restore(partition, stop);
            if (restored) {
                break;
            }
            log_warning("restore", "partition " + std::to_string(partition) + ": " +
                                       restored.error().context() +
                                       (tried == tries_max ? "; the topic is folded" : ""));
        }
        node_.folding().release(partition);
        lock.lock();
        progress_.erase(partition);
    }
}

base::Result<void> Restorer::restore(std::uint32_t partition, const std::stop_token& stop) {
    if (stop.stop_requested()) {
        return stopping();
    }
    const std::optional<std::string> holder = newest_copy_of(node_, partition);
    if (!holder) {
        return base::success();  // nobody has one: the topic is all there is
    }
    BOOST_OUTCOME_TRY(const files::path copy,
                      fetch(node_.config().kafka->peers.at(*holder), partition, stop));
    return install(partition, copy);
}

base::Result<files::path> Restorer::fetch(const std::string& url, std::uint32_t partition,
                                          const std::stop_token& stop) {
    BOOST_OUTCOME_TRY(const base::HttpClient client, client_of(url));
    const std::string source = "/v1/copies/" + std::to_string(partition);
    const files::path folder =
        files::path(node_.config().data_dir) / "restore" / std::to_string(partition);
    // An earlier fetch goes on if its copy is still there.
    CopyManifest manifest;
    const base::Result<std::string> known = [&]() -> base::Result<std::string> {
        base::PosixFiles disk;
        return base::read_small_file(disk, (folder / "manifest").string(), std::size_t{16} << 20);
    }();
    const auto decoded = known ? decode_copy_manifest(known.value()) : known.error();
    const bool goes_on =
        decoded && !decoded.value().files.empty() &&
        body_of(client.get(source + "/" + decoded.value().id + "/CURRENT")).has_value();
    std::error_code failed;
    if (goes_on) {
        manifest = decoded.value();
    } else {
        BOOST_OUTCOME_TRY(const std::string text,
                          body_of(client.post(source, "application/json", "")));
        BOOST_OUTCOME_TRY(manifest, decode_copy_manifest(text));
        files::remove_all(folder, failed);
        files::create_directories(folder / manifest.id, failed);
        if (failed) {
            return refused(folder, failed);
        }
        base::PosixFiles disk;
        BOOST_OUTCOME_TRY(base::write_small_file(disk, (folder / "manifest").string(), text));
    }
    Progress all;
    for (const CopiedFile& file : manifest.files) {
        all.of += file.bytes;
    }
    {
        const std::lock_guard lock(mutex_);
        progress_[partition] = all;
    }
    log_info("restoring", "partition " + std::to_string(partition) + ": " +
                              std::to_string(all.of >> 20) + " MiB from " + url + ", at offset " +
                              std::to_string(manifest.offset) + " or later");
    for (const CopiedFile& file : manifest.files) {
        BOOST_OUTCOME_TRY(fetch_file(client, source + "/" + manifest.id + "/" + file.name,
                                     folder / manifest.id / file.name, file, partition, stop));
    }
    return folder / manifest.id;
}

base::Result<void> Restorer::fetch_file(const base::HttpClient& client, const std::string& source,
                                        const files::path& target, const CopiedFile& file,
                                        std::uint32_t partition, const std::stop_token& stop) {
    std::error_code failed;
    std::uint64_t have = files::exists(target, failed) ? files::file_size(target, failed) : 0;
    std::ofstream out(target, std::ios::binary | std::ios::app);
    while (have < file.bytes) {
        if (stop.stop_requested()) {
            return stopping();
        }
        BOOST_OUTCOME_TRY(const base::HttpResponse piece,
                          client.get(source + "?from=" + std::to_string(have)));
        const auto crc = piece.headers.find(copy_crc_header);
        if (piece.status != 200 || piece.body.empty() ||
            crc != std::string_view(std::to_string(base::crc32c(piece.body)))) {
            return base::Error(base::ErrorCode::unavailable, source + ": no good piece");
        }
        const std::size_t wanted = std::min<std::uint64_t>(piece.body.size(), file.bytes - have);
        out.write(piece.body.data(), static_cast<std::streamsize>(wanted));
        if (!out.flush()) {
            return base::Error(base::ErrorCode::unavailable, target.string() + ": cannot write");
        }
        have += wanted;
        const std::lock_guard lock(mutex_);
        progress_[partition].bytes += wanted;
    }
    return base::success();
}

base::Result<void> Restorer::install(std::uint32_t partition, const files::path& copy) {
    const std::string views = node_.views_dir(partition);
    BOOST_OUTCOME_TRY(const store::Generation next, store::begin_next(views));
    std::error_code failed;
    files::remove_all(next.directory, failed);
    files::rename(copy, next.directory, failed);
    if (failed) {
        return refused(next.directory, failed);
    }
    BOOST_OUTCOME_TRY(std::shared_ptr<store::ViewStore> store, store::open_rocks(next.directory));
    BOOST_OUTCOME_TRY(const auto other_version, processors::first_offset_of_other_version(*store));
    if (other_version) {
        return base::Error(base::ErrorCode::unavailable,
                           "the copy was folded by another version of the program");
    }
    BOOST_OUTCOME_TRY(store::make_current(views, next.number));
    BOOST_OUTCOME_TRY(node_.runner(partition).replace_store(std::move(store), next.number));
    node_.kafka()->group().move(eventlog::Partition(partition),
                                node_.runner(partition).view()->position.next_offset);
    files::remove_all(copy.parent_path(), failed);
    log_info("restored", "partition " + std::to_string(partition) + ": at offset " +
                             std::to_string(node_.runner(partition).view()->applied_offset));
    return store::remove_others(views);
}

std::optional<std::string> Restorer::progress(std::uint32_t partition) const {
    const std::lock_guard lock(mutex_);
    const auto found = progress_.find(partition);
    if (found == progress_.end()) {
        return std::nullopt;
    }
    return "restoring: " + std::to_string(found->second.bytes >> 20) + " of " +
           std::to_string(found->second.of >> 20) + " MiB";
}

}  // namespace app
