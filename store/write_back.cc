#include "store/write_back.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "base/ensure.h"
#include "store/bytes.h"
#include "store/keys.h"

namespace store {

namespace {

constexpr std::uint8_t digests_version = 1;
/// Clean rows are forgotten above this: engine.md 4.2, budget of the write-back maps.
constexpr std::size_t cached_bytes_max = std::size_t{64} << 20;
/// What a row in memory costs beside its bytes: node, two strings, bucket.
constexpr std::size_t row_overhead_bytes = 160;

/// From so many new index keys on a commit ingests them.
constexpr std::size_t ingested_keys_min = 20'000;

std::string ingesting_key() {
    return meta_key("ingesting");
}

std::size_t index_of(Family family) {
    return static_cast<std::size_t>(family);
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
                 const std::optional<std::string>& before,
                 const std::optional<std::string>& after) {
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
        case StateKind::thread: return static_cast<DigestKind>(key.front());
        case StateKind::meta:
        case StateKind::name:
        case StateKind::text:
        case StateKind::source: return 0;
    }
    return 0;
}

base::Uint128 digest_of_row(Family family, std::string_view key, std::string_view value) {
    const DigestKind kind = digest_kind(family, key);
    if (kind == 0) {
        return 0;
    }
    // The length of the key stands between, so that no other row has the same bytes.
    KeyWriter bytes;
    bytes.u8(kind).u32(static_cast<std::uint32_t>(key.size())).raw(key).raw(value);
    const XXH128_hash_t hash = XXH3_128bits(bytes.bytes().data(), bytes.bytes().size());
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

void WriteBack::note_loaded(std::size_t key_bytes, Row& row, std::optional<std::string> value) {
    row.stored = std::move(value);
    row.is_loaded = true;
    cached_bytes_ += key_bytes + (row.stored ? row.stored->size() : 0) + row_overhead_bytes;
}

base::Result<WriteBack::Row*> WriteBack::load(Family family, std::string_view key) {
    Rows& rows = rows_[index_of(family)];
    const auto found = rows.find(key);
    if (found != rows.end() && (found->second.is_loaded || found->second.is_dirty)) {
        return &found->second;
    }
    BOOST_OUTCOME_TRY(auto value, store_.get(family, key));
    const auto place = rows.try_emplace(std::string(key)).first;
    note_loaded(place->first.size(), place->second, std::move(value));
    return &place->second;
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
    const std::optional<std::string>& seen = row->is_dirty ? row->current : row->stored;
    return seen ? std::optional<std::string_view>(*seen) : std::nullopt;
}

void WriteBack::change(Family family, std::string_view key, std::optional<std::string> value) {
    if (family == Family::index) {
        ENSURE(!value || value->empty());
        if (value) {
            index_changes_.put(key);
        } else {
            index_changes_.erase(key);
        }
        return;
    }
    Rows& rows = rows_[index_of(family)];
    auto place = rows.find(key);
    if (place == rows.end()) {
        place = rows.try_emplace(std::string(key)).first;
    }
    Row& row = place->second;
    row.current = std::move(value);
    if (!row.is_dirty) {
        row.is_dirty = true;
        dirty_.push_back({.family = family, .key = &place->first, .row = &row});
    }
}

void WriteBack::put(Family family, std::string_view key, std::string value) {
    change(family, key, std::move(value));
}

void WriteBack::put_new(Family family, std::string_view key, std::string value) {
    ENSURE(family != Family::index);
    const auto [place, is_first] = rows_[index_of(family)].try_emplace(std::string(key));
    if (is_first) {
        note_loaded(key.size(), place->second, std::nullopt);
    }
    change(family, key, std::move(value));
}

void WriteBack::erase(Family family, std::string_view key) {
    change(family, key, std::nullopt);
}

void WriteBack::put_new_key(std::string_view key) {
    index_changes_.put_new(key);
}

base::Result<void> WriteBack::prefetch(Family family, std::vector<std::string> keys) {
    ENSURE(family != Family::index);
    Rows& rows = rows_[index_of(family)];
    std::erase_if(keys, [&](const std::string& key) {
        const auto found = rows.find(key);
        return found != rows.end() && found->second.is_loaded;
    });
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    const std::vector<std::string_view> wanted(keys.begin(), keys.end());
    BOOST_OUTCOME_TRY(auto values, store_.get_many(family, wanted));
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const auto place = rows.try_emplace(std::move(keys[i])).first;
        note_loaded(place->first.size(), place->second, std::move(values[i]));
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
        std::vector<const Dirty*> unread;
        for (const Dirty& dirty : dirty_) {
            if (dirty.family == family && !dirty.row->is_loaded &&
                digest_kind(family, *dirty.key) != 0) {
                unread.push_back(&dirty);
            }
        }
        if (unread.empty()) {
            continue;
        }
        std::sort(unread.begin(), unread.end(),
                  [](const Dirty* left, const Dirty* right) { return *left->key < *right->key; });
        std::vector<std::string_view> keys;
        keys.reserve(unread.size());
        for (const Dirty* const dirty : unread) {
            keys.push_back(*dirty->key);
        }
        BOOST_OUTCOME_TRY(auto values, store_.get_many(family, keys));
        for (std::size_t i = 0; i < unread.size(); ++i) {
            note_loaded(keys[i].size(), *unread[i]->row, std::move(values[i]));
        }
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
        const Change beforehand[] = {{Family::state, ingesting_key(), std::string()}};
        BOOST_OUTCOME_TRY(store_.write(beforehand));
        BOOST_OUTCOME_TRY(store_.flush_wal());
    }
    BOOST_OUTCOME_TRY(store_.ingest_index(keys));
    return true;
}

/// A memtable takes rows in the order of their keys at half the cost.
void WriteBack::sort_dirty() {
    struct Place {
        std::array<std::uint64_t, 3> head{};
        Dirty dirty;
    };
    std::vector<Place> places;
    places.reserve(dirty_.size());
    for (const Dirty& dirty : dirty_) {
        const std::string_view key = *dirty.key;
        places.push_back({{number_at(key, 0), number_at(key, 8), number_at(key, 16)}, dirty});
    }
    std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
        if (a.dirty.family != b.dirty.family || a.head != b.head) {
            return std::tie(a.dirty.family, a.head) < std::tie(b.dirty.family, b.head);
        }
        return *a.dirty.key < *b.dirty.key;
    });
    std::transform(places.begin(), places.end(), dirty_.begin(),
                   [](const Place& place) { return place.dirty; });
}

std::vector<Change> WriteBack::take_changes(std::vector<Row*>& written, Digests& digests) {
    std::vector<Change> changes;
    changes.reserve(changes_count() + 1);
    sort_dirty();
    for (const Dirty& dirty : dirty_) {
        Row& row = *dirty.row;
        if (!row.is_loaded || row.current != row.stored) {
            note_change(digests, dirty.family, *dirty.key, row.stored, row.current);
            written.push_back(&row);
            changes.push_back({dirty.family, *dirty.key, std::move(row.current)});
        }
    }
    if (digests != digests_) {
        changes.push_back({Family::state, meta_key("digest"), encode_digests(digests)});
    }
    return changes;
}

/// After a write: what was written is what is stored.
void WriteBack::settle(std::vector<Row*>& written, std::vector<Change>& changes) {
    const auto bytes = [](const Row& row) { return row.stored ? row.stored->size() : 0; };
    for (std::size_t i = 0; i < written.size(); ++i) {
        if (!written[i]->is_loaded) {
            note_loaded(changes[i].key.size(), *written[i], std::nullopt);
        }
        cached_bytes_ -= bytes(*written[i]);
        written[i]->stored = std::move(changes[i].value);
        cached_bytes_ += bytes(*written[i]);
    }
    for (const Dirty& dirty : dirty_) {
        dirty.row->current.reset();
        dirty.row->is_dirty = false;
    }
    dirty_.clear();
    index_changes_.clear();
    if (cached_bytes_ > cached_bytes_max) {
        for (Rows& rows : rows_) {
            rows.clear();
        }
        cached_bytes_ = 0;
    }
}

base::Result<void> WriteBack::commit() {
    BOOST_OUTCOME_TRY(load_dirty());
    const std::vector<const IndexChange*> index = index_changes_.all();
    BOOST_OUTCOME_TRY(const bool ingested, ingest_new_keys(index));
    std::vector<Row*> written;
    Digests digests = digests_;
    std::vector<Change> changes = take_changes(written, digests);
    for (const IndexChange* const one : index) {
        if (!ingested || !one->was_absent || !one->is_put) {
            changes.push_back({Family::index, one->key,
                               one->is_put ? std::optional<std::string>("") : std::nullopt});
        }
    }
    if (ingested && !was_cut_off_) {
        changes.push_back({Family::state, ingesting_key(), std::nullopt});
    }
    if (!changes.empty()) {
        const base::Result<void> done = store_.write(changes);
        if (!done) {
            if (ingested) {
                note_cut_off();
            }
            for (std::size_t i = 0; i < written.size(); ++i) {
                written[i]->current = std::move(changes[i].value);
            }
            return done;
        }
    }
    digests_ = std::move(digests);
    settle(written, changes);
    return base::success();
}

}  // namespace store
