#include "app/config_webhooks.h"

#include <algorithm>

namespace app {
namespace {

bool is_url(std::string_view text) {
    for (const std::string_view scheme : {"https://", "http://"}) {
        if (text.starts_with(scheme)) {
            const std::string_view rest = text.substr(scheme.size());
            const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
            return !authority.empty() && authority.find('@') == std::string_view::npos;
        }
    }
    return false;
}

}  // namespace

void read_webhook_configs(const ConfigNode& node, ConfigReader& reader, Config& config) {
    if (node.kind != ConfigNode::Kind::list) {
        reader.wrong(node, "webhooks: expected a list");
        return;
    }
    if (config.kafka && !node.items.empty()) {
        reader.wrong(node, "webhooks: not available with log.kind kafka in this version");
    }
    for (std::size_t n = 0; n < node.items.size(); ++n) {
        const ConfigNode& item = node.items[n];
        const std::string where = "webhooks[" + std::to_string(n) + "].";
        reader.is_section(item, where, {{"id", "url", "secret_file"}, {}});
        if (item.kind != ConfigNode::Kind::map) {
            continue;
        }
        WebhookConfig webhook;
        webhook.id = reader.id(item, where);
        webhook.url = reader.text(item, "url", where).value_or("");
        webhook.secret_file = reader.text(item, "secret_file", where).value_or("");
        if (!is_url(webhook.url)) {
            reader.wrong(item, where + "url: expected https://HOST/PATH, without a password");
        }
        if (webhook.secret_file.empty()) {
            reader.wrong(item, where + "secret_file is needed: it holds whsec_...");
        }
        if (std::ranges::count(config.webhooks, webhook.id, &WebhookConfig::id) != 0) {
            reader.wrong(item, where + "id: webhook " + webhook.id + " stands there twice");
        }
        config.webhooks.push_back(std::move(webhook));
    }
}

}  // namespace app
