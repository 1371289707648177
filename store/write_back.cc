#include "store/write_back.h"

#include <xxhash.h>

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <utility>

#include "base/ensure.h"
#include "store/bytes.h"
#include "store/keys.h"

namespace store {

namespace {

constexpr std::uint8_t digests_version = 1;
/// From so many new index keys on a commit ingests them.
constexpr std::size_t ingested_keys_min = 20'000;

std::string ingesting_key() {
    return meta_key("ingesting");
}

void add_to(Digests& digests, DigestKind kind, base::Uint128 hash) {
    const auto [place, is_new] = digests.try_emplace(kind, 0);
    place->second += hash;
    if (place->second == 0) {
        digests.erase(place);
    }
}

/// A sum of 0 is no entry, so that the same rows are the same bytes.
void note_change(Digests& digests, Family family, std::string_view key,
                 const std::optional<std::string_view>& before,
                 const std::optional<std::string_view>& after) {
    const DigestKind kind = digest_kind(family, key);
    if (kind == 0) {
        return;
    }
    if (before) {
        add_to(digests, kind, base::Uint128{0} - digest_of_row(family, key, *before));
    }
    if (after) {
        add_to(digests, kind, digest_of_row(family, key, *after));
    }
}

}  // namespace

DigestKind digest_kind(Family family, std::string_view key) {
    if (family == Family::entity) {
        return digest_of_entities;
    }
    if (family != Family::state || key.empty()) {
        return 0;
    }
    switch (static_cast<StateKind>(key.front())) {
        case StateKind::cell:
        case StateKind::set:
        case StateKind::directory:
        case StateKind::client:
        case StateKind::quarantine:
        case StateKind::thread:
        case StateKind::cases:
        case StateKind::timer:
        case StateKind::watch:
        case StateKind::episode: return static_cast<DigestKind>(key.front());
        case StateKind::meta:
        case StateKind::name:
        case StateKind::text:
        case StateKind::source:
        case StateKind::outbox: return 0;
    }
    return 0;
}

base::Uint128 digest_of_row(Family family, std::string_view key, std::string_view value) {
    const DigestKind kind = digest_kind(family, key);
    if (kind == 0) {
        return 0;
    }
    // The length of the key stands between, so that no other row has the same bytes.
    constexpr std::size_t usual_bytes = 1024;
    boost::container::small_vector<char, usual_bytes> bytes;
    bytes.push_back(static_cast<char>(kind));
    for (const unsigned shift : {24U, 16U, 8U, 0U}) {
        bytes.push_back(static_cast<char>((key.size() >> shift) & 0xff));
    }
    bytes.insert(bytes.end(), key.begin(), key.end());
    bytes.insert(bytes.end(), value.begin(), value.end());
    const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
    return static_cast<base::Uint128>(hash.high64) << 64 | hash.low64;
}

base::Uint128 total(const Digests& digests) {
    base::Uint128 sum = 0;
    for (const auto& [kind, digest] : digests) {
        sum += digest;
    }
    return sum;
}

std::string encode_digests(const Digests& digests) {
    ValueWriter out;
    out.u(digests_version);
    out.u(digests.size());
    for (const auto& [kind, digest] : digests) {
        out.u(kind);
        out.fixed64(static_cast<std::uint64_t>(digest >> 64));
        out.fixed64(static_cast<std::uint64_t>(digest));
    }
    return out.take();
}

base::Result<Digests> decode_digests(std::string_view bytes) {
    ValueReader in(bytes);
    const std::uint64_t version = in.u();
    Digests digests;
    constexpr std::size_t entry_bytes_min = 17;
    for (std::size_t left = in.count(entry_bytes_min); left != 0 && in.ok(); --left) {
        const std::uint64_t kind = in.u();
        const base::Uint128 high = in.fixed64();
        const base::Uint128 digest = high << 64 | in.fixed64();
        if (kind > 255 || !digests.emplace(static_cast<DigestKind>(kind), digest).second) {
            in.fail();
        }
    }
    if (version != digests_version || !in.ok() || !in.at_end()) {
        return base::Error(base::ErrorCode::corrupt, "the digest row cannot be read");
    }
    return digests;
}

WriteBack::WriteBack(ViewStore& store) : store_(store) {
}

base::Result<void> WriteBack::open() {
    BOOST_OUTCOME_TRY(const auto value, store_.get(Family::state, meta_key("digest")));
    if (value) {
        BOOST_OUTCOME_TRY(digests_, decode_digests(*value));
    }
    BOOST_OUTCOME_TRY(const auto ingesting, store_.get(Family::state, ingesting_key()));
    if (ingesting) {
        note_cut_off();
    }
    return base::success();
}

RowTable& WriteBack::table(Family family) {
    ENSURE(family != Family::index);
    return family == Family::state ? state_ : entities_;
}

base::Result<WriteBack::Row*> WriteBack::load(Family family, std::string_view key) {
    RowTable& rows = table(family);
    Row* const known = rows.find(key);
    if (known != nullptr && (known->is_loaded || known->is_dirty)) {
        return known;
    }
    BOOST_OUTCOME_TRY(const auto value, store_.get(family, key));
    Row& row = rows.at(key);
    rows.set_stored(row, value);
    return &row;
}

base::Result<std::optional<std::string_view>> WriteBack::get(Family family, std::string_view key) {
    if (family == Family::index) {
        const auto pending = index_changes_.between(key, std::string(key) + '\0');
        if (!pending.empty()) {
            return pending.front()->is_put ? std::optional<std::string_view>("") : std::nullopt;
        }
        BOOST_OUTCOME_TRY(const auto value, store_.get(family, key));
        return value ? std::optional<std::string_view>("") : std::nullopt;
    }
    BOOST_OUTCOME_TRY(const Row* const row, load(family, key));
    return row->seen();
}

void WriteBack::change(Family family, Row& row, std::optional<std::string_view> value) {
    if (!row.is_dirty) {
        dirty_.push_back({.family = family, .row = &row});
    }
    table(family).set_current(row, value);
}

void WriteBack::change(Family family, std::string_view key, std::optional<std::string_view> value) {
    if (family != Family::index) {
        change(family, table(family).at(key), value);
        return;
    }
    ENSURE(!value || value->empty());
    if (value) {
        index_changes_.put(key);
    } else {
        index_changes_.erase(key);
    }
}

void WriteBack::put(Family family, std::string_view key, std::string_view value) {
    change(family, key, value);
}

void WriteBack::put_new(Family family, std::string_view key, std::string_view value) {
    Row& row = table(family).at(key);
    row.is_loaded = row.is_loaded || !row.is_dirty;
    change(family, row, value);
}

void WriteBack::erase(Family family, std::string_view key) {
    change(family, key, std::nullopt);
}

void WriteBack::want(Family family, std::string_view key) {
    Row& row = table(family).at(key);
    if (!row.is_loaded && !row.is_wanted) {
        row.is_wanted = true;
        (family == Family::state ? wanted_state_ : wanted_entities_).push_back(&row);
    }
}

/// Reads rows that are not loaded, all at once.
base::Result<void> WriteBack::read(Family family, std::vector<Row*>& rows) {
    std::sort(rows.begin(), rows.end(),
              [](const Row* left, const Row* right) { return left->key < right->key; });
    std::vector<std::string_view> keys;
    keys.reserve(rows.size());
    for (const Row* const row : rows) {
        keys.push_back(row->key);
    }
    BOOST_OUTCOME_TRY(const auto values, store_.get_many(family, keys));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        table(family).set_stored(*rows[i], values[i]);
    }
    return base::success();
}

base::Result<void> WriteBack::read_wanted() {
    for (const Family family : {Family::state, Family::entity}) {
        std::vector<Row*>& wanted = family == Family::state ? wanted_state_ : wanted_entities_;
        std::erase_if(wanted, [](const Row* row) { return row->is_loaded; });
        BOOST_OUTCOME_TRY(read(family, wanted));
        wanted.clear();
    }
    return base::success();
}

base::Result<void> WriteBack::scan_index(std::string_view from, std::string_view until,
                                         const std::function<bool(std::string_view key)>& visit) {
    const std::vector<const IndexChange*> changes = index_changes_.between(from, until);
    auto pending = changes.begin();
    bool goes_on = true;
    // Shows what was put before `key`; steps over a change of `key` itself.
    const auto show_pending_before = [&](std::string_view key) {
        for (; goes_on && pending != changes.end() && (*pending)->key < key; ++pending) {
            goes_on = !(*pending)->is_put || visit((*pending)->key);
        }
    };
    BOOST_OUTCOME_TRY(
        store_.scan(Family::index, from, until, [&](std::string_view key, std::string_view) {
            show_pending_before(key);
            if (goes_on && (pending == changes.end() || (*pending)->key != key)) {
                goes_on = visit(key);
            } else if (goes_on) {
                goes_on = !(*pending)->is_put || visit(key);
                ++pending;
            }
            return goes_on;
        }));
    for (; goes_on && pending != changes.end(); ++pending) {
        goes_on = !(*pending)->is_put || visit((*pending)->key);
    }
    return base::success();
}

/// Rows changed without a look at them: their stored value is needed for the digest.
base::Result<void> WriteBack::load_dirty() {
    for (const Family family : {Family::state, Family::entity}) {
        std::vector<Row*> unread;
        for (const Dirty& dirty : dirty_) {
            if (dirty.family == family && !dirty.row->is_loaded &&
                digest_kind(family, dirty.row->key) != 0) {
                unread.push_back(dirty.row);
            }
        }
        BOOST_OUTCOME_TRY(read(family, unread));
    }
    return base::success();
}

/// What an ingest that was cut off brought into the store is folded again, perhaps in other
/// batches: there a key of it may come and go within one. The row that says so stays for good.
void WriteBack::note_cut_off() {
    was_cut_off_ = true;
    index_changes_.keep_erasures();
}

/// Whether they were so many that they are now in the store. A row says beforehand, on disk, that
/// they may be; the commit takes it back.
base::Result<bool> WriteBack::ingest_new_keys(std::span<const IndexChange* const> index) {
    std::vector<std::string_view> keys;
    for (const IndexChange* const one : index) {
        if (one->was_absent && one->is_put) {
            keys.emplace_back(one->key);
        }
    }
    if (keys.size() < ingested_keys_min) {
        return false;
    }
    if (!was_cut_off_) {
        const std::string key = ingesting_key();
        const Change beforehand[] = {{Family::state, key, ""}};
        BOOST_OUTCOME_TRY(store_.write(beforehand));
        BOOST_OUTCOME_TRY(store_.flush_wal());
    }
    BOOST_OUTCOME_TRY(store_.ingest_index(keys));
    return true;
}

/// A memtable takes rows in the order of their keys at half the cost.
void WriteBack::sort_dirty() {
    struct Place {
        KeyHead head;
        Dirty dirty;
    };
    std::vector<Place> places;
    places.reserve(dirty_.size());
    for (const Dirty& dirty : dirty_) {
        places.push_back({KeyHead(dirty.row->key), dirty});
    }
    std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
        if (a.dirty.family != b.dirty.family) {
            return a.dirty.family < b.dirty.family;
        }
        return a.head == b.head ? a.dirty.row->key < b.dirty.row->key : a.head < b.head;
    });
    std::transform(places.begin(), places.end(), dirty_.begin(),
                   [](const Place& place) { return place.dirty; });
}

std::vector<Change> WriteBack::changes_of_rows(Digests& digests) {
    std::vector<Change> changes;
    changes.reserve(changes_count() + 2);
    sort_dirty();
    for (const auto& [family, row] : dirty_) {
        if (!row->is_loaded || row->current != row->stored) {
            note_change(digests, family, row->key, row->stored, row->current);
            changes.push_back({family, row->key, row->current});
        }
    }
    return changes;
}

void WriteBack::forget() {
    dirty_.clear();
    wanted_state_.clear();
    wanted_entities_.clear();
    state_.clear();
    entities_.clear();
    index_changes_.clear();
}

base::Result<void> WriteBack::commit() {
    BOOST_OUTCOME_TRY(load_dirty());
    const std::vector<const IndexChange*> index = index_changes_.all();
    BOOST_OUTCOME_TRY(const bool ingested, ingest_new_keys(index));
    Digests digests = digests_;
    std::vector<Change> changes = changes_of_rows(digests);
    const std::string digest = encode_digests(digests);
    const std::string digest_key = meta_key("digest");
    if (digests != digests_) {
        changes.push_back({Family::state, digest_key, digest});
    }
    for (const IndexChange* const one : index) {
        if (!ingested || !one->was_absent || !one->is_put) {
            changes.push_back({Family::index, one->key,
                               one->is_put ? std::optional<std::string_view>("") : std::nullopt});
        }
    }
    const std::string ingesting = ingesting_key();
    if (ingested && !was_cut_off_) {
        changes.push_back({Family::state, ingesting, std::nullopt});
    }
    if (!changes.empty()) {
        const base::Result<void> done = store_.write(changes);
        if (!done) {
            if (ingested) {
                note_cut_off();
            }
            return done;
        }
    }
    digests_ = std::move(digests);
    forget();
    return base::success();
}

}  // namespace store
