#include "app/webhooks.h"

#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "app/log.h"
#include "base/base64.h"
#include "base/ensure.h"
#include "base/files.h"
#include "base/thread_name.h"

namespace app {
namespace {

constexpr std::string_view secret_prefix = "whsec_";
constexpr std::size_t secret_bytes_max = 4096;
constexpr std::size_t cursor_bytes_max = 64;
constexpr std::chrono::milliseconds look_again{500};
constexpr std::chrono::milliseconds pause_min{1'000};
constexpr std::chrono::milliseconds pause_max{300'000};
constexpr long connect_seconds_max = 5;
constexpr long seconds_max = 15;
constexpr std::size_t messages_at_once = 100;

std::size_t throw_away(char*, std::size_t size, std::size_t count, void*) {
    return size * count;
}

int is_stopped(void* stop, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<const std::stop_token*>(stop)->stop_requested() ? 1 : 0;
}

/// One POST; the status, or why there is none.
class Post {
public:
    Post() : curl_(curl_easy_init()) { ENSURE(curl_ != nullptr); }
    ~Post() {
        curl_slist_free_all(headers_);
        curl_easy_cleanup(curl_);
    }
    Post(const Post&) = delete;
    Post& operator=(const Post&) = delete;

    void header(const std::string& line) { headers_ = curl_slist_append(headers_, line.c_str()); }

    base::Result<long> send(const std::string& url, const std::string& body,
                            const std::stop_token& stop) {
        curl_easy_setopt(curl_, CURLOPT_URL, url.c_str());
        curl_easy_setopt(curl_, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl_, CURLOPT_CONNECTTIMEOUT, connect_seconds_max);
        curl_easy_setopt(curl_, CURLOPT_TIMEOUT, seconds_max);
        curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers_);
        curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, body.data());
        curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
        curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, throw_away);
        curl_easy_setopt(curl_, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(curl_, CURLOPT_XFERINFOFUNCTION, is_stopped);
        curl_easy_setopt(curl_, CURLOPT_XFERINFODATA, &stop);
        const CURLcode done = curl_easy_perform(curl_);
        if (done != CURLE_OK) {
            return base::Error(base::ErrorCode::unavailable, curl_easy_strerror(done));
        }
        long status = 0;
        curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
        return status;
    }

private:
    CURL* curl_;
    curl_slist* headers_ = nullptr;
};

}  // namespace

base::Result<std::string> webhook_key(std::string_view secret) {
    constexpr std::size_t bytes_min = 24;
    constexpr std::size_t bytes_max = 64;
    while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) {
        secret.remove_suffix(1);
    }
    const bool is_secret = secret.starts_with(secret_prefix);
    auto key = is_secret ? base::from_base64(secret.substr(secret_prefix.size())) : std::nullopt;
    if (!key || key->size() < bytes_min || key->size() > bytes_max) {
        return base::Error(base::ErrorCode::invalid,
                           "expected whsec_ and the base64 of 24 to 64 random bytes");
    }
    return std::move(*key);
}

WebhookSignature webhook_signature(const std::string& key, std::string id, base::UtcMillis now,
                                   std::string_view body) {
    WebhookSignature signed_with{
        .id = std::move(id), .timestamp = std::to_string(base::to_ms(now) / 1000), .signature = {}};
    const std::string text = signed_with.id + "." + signed_with.timestamp + "." + std::string(body);
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    const unsigned char* const done =
        HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), bytes, &size);
    ENSURE(done != nullptr);
    signed_with.signature = "v1," + base::base64({reinterpret_cast<const char*>(bytes), size});
    return signed_with;
}

std::chrono::milliseconds webhook_pause(unsigned failures) {
    constexpr unsigned doublings_max = 9;
    return std::min(pause_max, pause_min * (1U << std::min(failures, doublings_max)));
}

/// One webhook and how far it was told.
struct Webhooks::Teller {
    WebhookConfig config;
    std::string key;
    std::vector<query::DeviationPlace> told;  ///< by partition
    unsigned failures = 0;                    ///< since the last delivery
    std::atomic<std::uint64_t> delivered = 0;
    std::atomic<std::uint64_t> refused = 0;
    std::jthread thread;

    std::string cursor_path(const std::string& data_dir, std::uint32_t partition) const {
        return data_dir + "/webhooks/" + config.id + "-" + std::to_string(partition);
    }
};

Webhooks::Webhooks(Node& node) : node_(node) {
}

Webhooks::~Webhooks() {
    stop();
}

base::Result<void> Webhooks::start() {
    base::Files& files = node_.files();
    const std::string& data_dir = node_.config().data_dir;
    if (!node_.config().webhooks.empty()) {
        BOOST_OUTCOME_TRY(base::make_dirs(files, data_dir + "/webhooks"));
    }
    for (const WebhookConfig& config : node_.config().webhooks) {
        auto teller = std::make_unique<Teller>();
        teller->config = config;
        BOOST_OUTCOME_TRY(const std::string secret,
                          base::read_small_file(files, config.secret_file, secret_bytes_max));
        auto key = webhook_key(secret);
        if (!key) {
            return key.error().within(config.secret_file + ": ");
        }
        teller->key = std::move(key).value();
        for (std::uint32_t partition = 0; partition < node_.partitions(); ++partition) {
            BOOST_OUTCOME_TRY(const auto told, load_place(*teller, partition));
            teller->told.push_back(told);
        }
        tellers_.push_back(std::move(teller));
    }
    for (const auto& teller : tellers_) {
        teller->thread =
            std::jthread([this, &one = *teller](const std::stop_token& stop) { run(one, stop); });
    }
    return base::success();
}

base::Result<query::DeviationPlace> Webhooks::load_place(const Teller& teller,
                                                         std::uint32_t partition) {
    const std::string path = teller.cursor_path(node_.config().data_dir, partition);
    const auto text = base::read_small_file(node_.files(), path, cursor_bytes_max);
    if (text) {
        query::DeviationPlace known;
        const char* const end = text.value().data() + text.value().size();
        const auto number = std::from_chars(text.value().data(), end, known.number);
        const bool has_offset =
            number.ptr != end && *number.ptr == ' ' &&
            std::from_chars(number.ptr + 1, end, known.offset).ec == std::errc();
        if (number.ec != std::errc() || !has_offset) {
            return base::Error(base::ErrorCode::corrupt, path + ": expected NUMBER OFFSET");
        }
        return query::deviation_place(*node_.runner(partition).view(), known);
    }
    if (text.error().code() != base::ErrorCode::not_found) {
        return text.error();
    }
    BOOST_OUTCOME_TRY(const auto last,
                      query::last_deviation_message(*node_.runner(partition).view()));
    BOOST_OUTCOME_TRY(save_place(teller, partition, last));
    return last;
}

base::Result<void> Webhooks::save_place(const Teller& teller, std::uint32_t partition,
                                        const query::DeviationPlace& place) {
    return base::write_small_file(
        node_.files(), teller.cursor_path(node_.config().data_dir, partition),
        std::to_string(place.number) + " " + std::to_string(place.offset) + "\n");
}

void Webhooks::stop() {
    for (const auto& teller : tellers_) {
        teller->thread.request_stop();
    }
    for (const auto& teller : tellers_) {
        if (teller->thread.joinable()) {
            teller->thread.join();
        }
    }
}

void Webhooks::run(Teller& teller, const std::stop_token& stop) {
    base::name_this_thread("webhook");
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
        bool has_more = false;
        std::optional<base::Error> failed;
        for (std::uint32_t partition = 0; partition < node_.partitions() && !failed; ++partition) {
            const auto told = tell(teller, partition, stop);
            if (told) {
                has_more = has_more || told.value();
            } else {
                failed = told.error();
            }
        }
        if (failed && !stop.stop_requested()) {
            if (teller.failures == 0) {
                log_warning("webhook", teller.config.id + ": " + failed->context());
            }
            ++teller.refused;
            stopped.wait_for(lock, stop, webhook_pause(teller.failures++), [] { return false; });
        } else if (!has_more) {
            stopped.wait_for(lock, stop, look_again, [] { return false; });
        }
    }
}

base::Result<bool> Webhooks::tell(Teller& teller, std::uint32_t partition,
                                  const std::stop_token& stop) {
    query::DeviationPlace& told = teller.told[partition];
    BOOST_OUTCOME_TRY(
        const auto messages,
        query::deviation_messages(*node_.runner(partition).view(), told.number, messages_at_once));
    for (const query::DeviationMessage& message : messages) {
        const WebhookSignature signature =
            webhook_signature(teller.key, message.id, node_.clock().now(), message.json);
        Post post;
        post.header("Content-Type: application/cloudevents+json");
        post.header("webhook-id: " + signature.id);
        post.header("webhook-timestamp: " + signature.timestamp);
        post.header("webhook-signature: " + signature.signature);
        BOOST_OUTCOME_TRY(const long status, post.send(teller.config.url, message.json, stop));
        if (status < 200 || status >= 300) {
            return base::Error(base::ErrorCode::unavailable,
                               "the receiver answered " + std::to_string(status));
        }
        if (teller.failures != 0) {
            log_info("webhook", teller.config.id + ": deliveries are taken again");
        }
        teller.failures = 0;
        ++teller.delivered;
        told = message.place;
        BOOST_OUTCOME_TRY(save_place(teller, partition, told));
    }
    return messages.size() == messages_at_once;
}

void Webhooks::visit(const std::function<void(const base::Sample&)>& show) const {
    for (const auto& teller : tellers_) {
        const auto counter = [&](std::string name, std::string help, std::uint64_t value) {
            show({.name = std::move(name),
                  .help = std::move(help),
                  .kind = base::Sample::Kind::counter,
                  .labels = {{"webhook", teller->config.id}},
                  .value = static_cast<double>(value),
                  .buckets = {}});
        };
        counter("webhook_deliveries_total", "Messages that the receiver took.", teller->delivered);
        counter("webhook_failures_total", "Attempts that it did not take; each is repeated.",
                teller->refused);
    }
}

}  // namespace app
