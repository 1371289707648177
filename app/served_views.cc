#include "app/served_views.h"

#include "app/audit.h"
#include "events/normal_form.h"

namespace app {

base::Result<std::string> ServedViews::id_of(std::string_view company) const {
    BOOST_OUTCOME_TRY(std::string id,
                      company_of(node_.config(), {{"company", std::string(company)}}));
    const bool is_known =
        node_.config().company(id) != nullptr || node_.view(id)->companies.contains(id);
    if (!is_known) {
        return base::Error(base::ErrorCode::invalid, "company: there is no company " + id);
    }
    return id;
}

base::Result<std::shared_ptr<const store::ReadView>> ServedViews::view(
    std::string_view company) const {
    BOOST_OUTCOME_TRY(const std::string id, id_of(company));
    return node_.view(id);
}

bool ServedViews::wait_applied(std::string_view company, std::string_view collector,
                               std::uint64_t offset, std::chrono::milliseconds timeout) const {
    const base::Result<std::string> id = id_of(company);
    if (!id) {
        return false;
    }
    const processors::Runner& runner = node_.runner(node_.partition(id.value()));
    if (collector.empty()) {
        return runner.wait_applied(offset, timeout);
    }
    const std::optional<eventlog::LogId> log_id = eventlog::log_id_of_hex(collector);
    return log_id && runner.wait_origin_applied(*log_id, offset, timeout);
}

query::Ports ServedViews::ports(std::string_view company) const {
    const base::Result<std::string> id = id_of(company);
    query::Ports ports = query_ports(
        node_.config(), id ? id.value() : "", [this] { return node_.history(); }, node_.clock());
    for (query::SourceInfo& source : ports.sources) {
        source.state = followers_.state_of(source.id).value_or("");
    }
    return ports;
}

query::RoutePorts route_ports(const Node& node, const ServedViews& views) {
    query::RoutePorts ports;
    ports.views = &views;
    ports.normal_number = [&node](std::string_view company, std::string_view text) {
        const base::Result<std::string> id =
            company_of(node.config(), {{"company", std::string(company)}});
        const CompanyConfig* configured = id ? node.config().company(id.value()) : nullptr;
        return events::normal_number(text, {configured == nullptr ? "" : configured->region, ""});
    };
    ports.audit = [&node](const query::Reveal& reveal) {
        return append_audit(node.config().data_dir,
                            {node.clock().now(), std::string(loopback_user),
                             std::string(reveal.what), std::string(reveal.reason), reveal.filters});
    };
    return ports;
}

}  // namespace app
