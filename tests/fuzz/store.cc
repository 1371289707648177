// Rows and keys of the views. The first byte chooses a kind, the others are its bytes: what is read
// is written in these same bytes, everything else is refused as corrupt; two texts sort as their
// keys do.
#include <array>
#include <string>

#include "base/ensure.h"
#include "store/keys.h"
#include "store/rows.h"
#include "store/watch_rows.h"
#include "tests/fuzz/fuzz.h"

namespace fuzz {
namespace {

template <class Row>
void check_row(std::string_view bytes) {
    const base::Result<Row> row = store::decode<Row>(bytes);
    if (row) {
        ENSURE(store::encode(row.value()) == bytes);
    } else {
        ENSURE(row.error().code() == base::ErrorCode::corrupt);
    }
}

template <class Key, bool (*Read)(std::string_view, Key&), store::Key (*Write)(const Key&)>
void check_key(std::string_view bytes) {
    Key key;
    if (Read(bytes, key)) {
        ENSURE(Write(key).bytes() == bytes);
    }
}

void check_call_id(std::string_view bytes) {
    if (const auto parts = store::parse_call_id(bytes)) {
        ENSURE(store::call_id_of(parts->scope_name, parts->native_id) == bytes);
    }
}

/// Two texts of any bytes, the first as long as the first byte says.
void check_order(std::string_view bytes) {
    Input input(bytes);
    const std::string_view one = input.take(input.byte());
    const std::string_view other = input.rest();
    const std::string one_key = store::KeyWriter().text(one).take();
    const std::string other_key = store::KeyWriter().text(other).take();
    ENSURE((one < other) == (one_key < other_key) && (one == other) == (one_key == other_key));
    store::KeyReader reader(one_key);
    ENSURE(reader.text() == one && reader.ok() && reader.rest().empty());
}

constexpr std::array<void (*)(std::string_view), 26> checks = {
    check_row<store::CallRow>,
    check_row<store::AliasRow>,
    check_row<store::VoidedLegsRow>,
    check_row<store::ActivityRow>,
    check_row<store::VoidRow>,
    check_row<store::KeptRow>,
    check_row<store::DirectoryRow>,
    check_row<store::ClientRow>,
    check_row<store::ThreadRow>,
    check_row<store::CellRow>,
    check_row<store::SetRow>,
    check_row<store::QuarantineRow>,
    check_row<store::SourceRow>,
    check_row<store::PositionRow>,
    check_row<store::JobRow>,
    check_key<store::CellKey, store::read_cell_key, store::cell_key>,
    check_key<store::SetKey, store::read_set_key, store::set_key>,
    check_key<store::EntityKey, store::read_entity_key, store::entity_key>,
    check_key<store::IndexKey, store::read_index_key, store::index_key>,
    check_call_id,
    check_order,
    check_row<store::WatchRow>,
    check_row<store::EpisodeRow>,
    check_row<store::OutboxRow>,
    check_row<store::SilencesRow>,
    check_key<store::EpisodeKey, store::read_episode_key, store::episode_key>,
};

}  // namespace

void run(std::string_view bytes) {
    Input input(bytes);
    const std::size_t chosen = input.byte();
    checks[chosen % checks.size()](input.rest());
}

}  // namespace fuzz
