#pragma once

#include "app/followers.h"
#include "app/node.h"
#include "query/routes.h"

namespace app {

/// The views of a running node as the routes take them.
///
/// Lifetime: `node` and `followers` outlive it. Threads: any.
class ServedViews final : public query::Views {
public:
    ServedViews(Node& node, const Followers& followers) : node_(node), followers_(followers) {}

    base::Result<std::shared_ptr<const store::ReadView>> view(
        std::string_view company) const override;
    bool wait_applied(std::string_view company, std::string_view collector, std::uint64_t offset,
                      std::chrono::milliseconds timeout) const override;
    query::Ports ports(std::string_view company) const override;

private:
    /// Errors: invalid - several companies and none named, or none of that id.
    base::Result<std::string> id_of(std::string_view company) const;

    Node& node_;
    const Followers& followers_;
};

/// What the reading routes need: `views`, the normal form of numbers, and the audit of disclosures.
/// Lifetime: both outlive the router.
query::RoutePorts route_ports(const Node& node, const ServedViews& views);

}  // namespace app
