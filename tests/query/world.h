#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "kpi/directory.h"
#include "kpi/settings.h"
#include "processors/cells.h"
#include "processors/names.h"
#include "query/ports.h"
#include "store/read_view.h"
#include "store/rocks_view_store.h"
#include "store/rows.h"
#include "store/write_back.h"

/// What the tests of this folder share.
namespace query_test {

/// Rows of one company in a store in memory, put by hand; cells and sets are the product's own sums
/// of the entities' contributions.
class World {
public:
    explicit World(std::string_view zone = "Europe/Moscow");
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    kpi::Manager manager(std::string_view id) {
        return intern<kpi::Manager>(store::Table::manager, id);
    }
    kpi::Team team(std::string_view id) { return intern<kpi::Team>(store::Table::team, id); }
    kpi::Client client(std::string_view id) {
        return intern<kpi::Client>(store::Table::client, id);
    }
    kpi::Subject subject(std::string_view text) {
        return intern<kpi::Subject>(store::Table::subject, text);
    }
    kpi::Scope scope(std::string_view name) {
        return intern<kpi::Scope>(store::Table::scope, name);
    }
    kpi::Source source(std::string_view id) {
        return intern<kpi::Source>(store::Table::source, id);
    }

    void add_call(std::string_view scope, const std::string& native_id, store::CallRow row);
    void add_alias(std::string_view scope, const std::string& alias, const std::string& native_id);
    void add_activity(events::Kind kind, std::string_view scope, const std::string& native_id,
                      const store::ActivityRow& row);
    void add_item(std::uint64_t offset, const store::QuarantineRow& row);
    void set_source(std::string_view id, const store::SourceRow& row);
    /// A manager's entry in the directory.
    void declare(std::string_view id, std::string_view team, kpi::Validity validity = {});

    /// A client's entry in the directory; an empty owner or class is none.
    void declare_client(std::string_view id, std::string_view name, std::string_view owner,
                        std::string_view client_class = "", kpi::Validity validity = {});
    /// All payments and refunds of a client.
    void set_payments(std::string_view client_id, std::vector<kpi::ClientPayment> payments);

    /// The state so far.
    store::ReadView view();
    query::Ports& ports() { return ports_; }
    store::PositionRow& position() { return position_; }
    kpi::Directory& directory() { return directory_; }
    kpi::SettingsTimeline& settings() { return settings_; }

private:
    template <class Id>
    Id intern(store::Table table, std::string_view text) {
        return Id(ordinal(table, text));
    }
    std::uint32_t ordinal(store::Table table, std::string_view text);
    void index(store::Index index, std::uint64_t term, base::UtcMillis at,
               const store::EntityKey& key);
    void put_entity(const store::EntityKey& key, std::string_view row);

    kpi::Company company_{1};
    std::shared_ptr<store::ViewStore> store_;
    store::WriteBack rows_;
    processors::Cells cells_;
    processors::Names names_;
    kpi::Directory directory_;
    kpi::SettingsTimeline settings_;
    store::PositionRow position_;
    query::Ports ports_;
};

/// `2026-11-02T07:00:00Z`; a mistake ends the test program.
base::UtcMillis at(std::string_view instant);

/// A leg that a CDR of `source` brought, delivered as `id`.
store::LegRow leg(World& world, std::string_view source, const std::string& id);

/// An answered inbound call of a stranger, `talk` each with these managers of their teams.
struct Spoke {
    std::string manager;  ///< empty: nobody known
    std::string team;
    int talk_seconds = 30;
};
store::CallRow answered(World& world, std::string_view instant, const std::vector<Spoke>& spoke,
                        std::string_view number = "+79161110001");
/// An inbound call missed by this manager, or by nobody in this team.
store::CallRow missed(World& world, std::string_view instant, std::string_view manager,
                      std::string_view team);
/// An outbound call by this manager; talk 0: not answered.
store::CallRow outbound(World& world, std::string_view instant, std::string_view manager,
                        std::string_view team, int talk_seconds);

/// The answer, or `code: context` of the failure.
std::string text_of(const base::Result<std::string>& answer);
/// The member at a path of names and numbers, as JSON text: `rows.0.values.calls_in`.
std::string member_of(const std::string& answer, std::string_view path);
/// The rows of a KPI answer as lines `manager=m-bob day=2026-11-02: 3`, with the values of `kpi`.
std::string rows_of(const std::string& answer, std::string_view kpi);
/// The values of one member in every item of a list, joined by a space.
std::string column_of(const std::string& answer, std::string_view list, std::string_view member);

}  // namespace query_test
