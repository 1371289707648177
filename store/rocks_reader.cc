#include "store/rocks_reader.h"

#include <algorithm>
#include <array>

namespace store {

rocksdb::ReadOptions RocksReader::options() const {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot_;
    return options;
}

std::unique_ptr<rocksdb::Iterator> RocksReader::iterator(rocksdb::ColumnFamilyHandle* family,
                                                         const rocksdb::Slice* from,
                                                         const rocksdb::Slice* until) const {
    rocksdb::ReadOptions bounded = options();
    bounded.iterate_lower_bound = from;
    bounded.iterate_upper_bound = until;
    return std::unique_ptr<rocksdb::Iterator>(database_->NewIterator(bounded, family));
}

base::Result<void> RocksReader::checked(const rocksdb::Iterator& at) const {
    const rocksdb::Status status = at.status();
    if (!status.ok()) {
        return database_.failed(status);
    }
    return base::success();
}

base::Result<std::optional<std::string>> RocksReader::get(rocksdb::ColumnFamilyHandle* family,
                                                          std::string_view key) const {
    std::string value;
    const rocksdb::Status status = database_->Get(options(), family, to_slice(key), &value);
    if (status.IsNotFound()) {
        return std::optional<std::string>();
    }
    if (!status.ok()) {
        return database_.failed(status);
    }
    return std::optional<std::string>(std::move(value));
}

base::Result<std::optional<std::string>> RocksReader::get(Family family,
                                                          std::string_view key) const {
    if (family != Family::index) {
        return get(database_.handle(family), key);
    }
    BOOST_OUTCOME_TRY(auto live, get(database_.handle(family), key));
    if (live) {
        return live;
    }
    BOOST_OUTCOME_TRY(const auto erased, get(database_.index_erased(), key));
    if (erased) {
        return std::optional<std::string>();
    }
    return get(database_.index_files(), key);
}

base::Result<std::vector<std::optional<std::string>>> RocksReader::get_many(
    Family family, std::span<const std::string_view> keys) const {
    std::vector<std::optional<std::string>> values(keys.size());
    constexpr std::size_t at_once_max = 256;
    for (std::size_t first = 0; first < keys.size(); first += at_once_max) {
        const std::size_t count = std::min(at_once_max, keys.size() - first);
        std::array<rocksdb::Slice, at_once_max> slices;
        std::array<rocksdb::PinnableSlice, at_once_max> found;
        std::array<rocksdb::Status, at_once_max> statuses;
        for (std::size_t i = 0; i < count; ++i) {
            slices[i] = to_slice(keys[first + i]);
        }
        database_->MultiGet(options(), database_.handle(family), count, slices.data(), found.data(),
                            statuses.data(), true);
        for (std::size_t i = 0; i < count; ++i) {
            if (statuses[i].ok()) {
                values[first + i] = found[i].ToString();
            } else if (!statuses[i].IsNotFound()) {
                return database_.failed(statuses[i]);
            }
        }
    }
    return values;
}

base::Result<void> RocksReader::scan(
    Family family, std::string_view from, std::string_view until,
    const std::function<bool(std::string_view key, std::string_view value)>& visit) const {
    if (family == Family::index) {
        return scan_index(from, until, visit);
    }
    const rocksdb::Slice end = to_slice(until);
    const auto at = iterator(database_.handle(family), nullptr, until.empty() ? nullptr : &end);
    for (at->Seek(to_slice(from)); at->Valid(); at->Next()) {
        if (!visit(to_view(at->key()), to_view(at->value()))) {
            return base::success();
        }
    }
    return checked(*at);
}

base::Result<void> RocksReader::leap(
    Family family, std::string_view from, std::string_view until,
    const std::function<Next(std::string_view key, std::string_view value)>& visit) const {
    const rocksdb::Slice end = to_slice(until);
    const auto at = iterator(database_.handle(family), nullptr, until.empty() ? nullptr : &end);
    at->Seek(to_slice(from));
    while (at->Valid()) {
        const Next next = visit(to_view(at->key()), to_view(at->value()));
        switch (next.kind) {
            case Next::Kind::row: at->Next(); break;
            case Next::Kind::key: at->Seek(to_slice(next.key)); break;
            case Next::Kind::nowhere: return base::success();
        }
    }
    return checked(*at);
}

/// The keys of both families in one order, each once, without the erased.
base::Result<void> RocksReader::scan_index(
    std::string_view from, std::string_view until,
    const std::function<bool(std::string_view key, std::string_view value)>& visit) const {
    const rocksdb::Slice end = to_slice(until);
    const rocksdb::Slice* const bound = until.empty() ? nullptr : &end;
    const auto live = iterator(database_.handle(Family::index), nullptr, bound);
    const auto files = iterator(database_.index_files(), nullptr, bound);
    const auto erased = iterator(database_.index_erased(), nullptr, bound);
    for (const auto* const at : {&live, &files, &erased}) {
        (*at)->Seek(to_slice(from));
    }
    std::string key;
    while (live->Valid() || files->Valid()) {
        const bool from_live =
            live->Valid() && (!files->Valid() || live->key().compare(files->key()) <= 0);
        key = (from_live ? live : files)->key().ToString();
        while (erased->Valid() && to_view(erased->key()) < key) {
            erased->Next();
        }
        const bool is_erased = erased->Valid() && to_view(erased->key()) == key;
        if (!is_erased && !visit(key, std::string_view())) {
            return base::success();
        }
        for (const auto* const at : {&live, &files}) {
            if ((*at)->Valid() && to_view((*at)->key()) == key) {
                (*at)->Next();
            }
        }
    }
    for (const auto* const at : {&live, &files, &erased}) {
        BOOST_OUTCOME_TRY(checked(**at));
    }
    return base::success();
}

base::Result<std::optional<std::string>> RocksReader::last_key(Family family, std::string_view from,
                                                               std::string_view until) const {
    const rocksdb::Slice begin = to_slice(from);
    const rocksdb::Slice end = to_slice(until);
    const rocksdb::Slice* const bound = until.empty() ? nullptr : &end;
    std::optional<std::string> last;
    const auto look_at = [&](rocksdb::ColumnFamilyHandle* handle) -> base::Result<void> {
        const auto at = iterator(handle, &begin, bound);
        for (at->SeekToLast(); at->Valid(); at->Prev()) {
            const std::string_view key = to_view(at->key());
            if (last && key <= *last) {
                return base::success();
            }
            bool is_erased = false;
            if (handle == database_.index_files()) {
                BOOST_OUTCOME_TRY(const auto erased, get(database_.index_erased(), key));
                is_erased = erased.has_value();
            }
            if (!is_erased) {
                last = std::string(key);
                return base::success();
            }
        }
        return checked(*at);
    };
    BOOST_OUTCOME_TRY(look_at(database_.handle(family)));
    if (family == Family::index) {
        BOOST_OUTCOME_TRY(look_at(database_.index_files()));
    }
    return last;
}

}  // namespace store
