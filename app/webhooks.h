#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "app/node.h"
#include "base/probe.h"
#include "query/deviation_feed.h"

namespace app {

/// The headers `webhook-id`, `webhook-timestamp`, `webhook-signature` of a message.
struct WebhookSignature {
    std::string id;
    std::string timestamp;  ///< seconds since 1970
    std::string signature;  ///< `v1,` and the base64 of HMAC-SHA256 over id.timestamp.body
};

/// The key of a secret: what follows `whsec_` in base64.
/// Errors: invalid - another prefix, no base64, or not 24 to 64 bytes.
base::Result<std::string> webhook_key(std::string_view secret);

/// Source: https://www.standardwebhooks.com, "Symmetric signatures".
WebhookSignature webhook_signature(const std::string& key, std::string id, base::UtcMillis now,
                                   std::string_view body);

/// How long a failed delivery waits for its next attempt: a second, doubled up to five minutes.
std::chrono::milliseconds webhook_pause(unsigned failures);

/// Tells each configured webhook of every step of every deviation: in its order, one after the
/// other, each until it is taken (any 2xx). So it is told at least once; who gets one twice knows
/// it by `webhook-id`.
///
/// How far one was told stands in `<data_dir>/webhooks/<id>-<partition>`. A new one begins with
/// what comes after its first start. Errors: of `start`: a secret that cannot be read. Lifetime:
/// `node` outlives it. Threads: one a webhook.
class Webhooks : public base::Probe {
public:
    explicit Webhooks(Node& node);
    ~Webhooks() override;

    base::Result<void> start();
    void stop();
    void visit(const std::function<void(const base::Sample&)>& show) const override;

private:
    struct Teller;
    void run(Teller& teller, const std::stop_token& stop);
    base::Result<query::DeviationPlace> load_place(const Teller& teller, std::uint32_t partition);
    base::Result<void> save_place(const Teller& teller, std::uint32_t partition,
                                  const query::DeviationPlace& place);
    /// Tells what waits in one partition; false when there was nothing, or it was refused.
    base::Result<bool> tell(Teller& teller, std::uint32_t partition, const std::stop_token& stop);

    Node& node_;
    std::vector<std::unique_ptr<Teller>> tellers_;
};

}  // namespace app
