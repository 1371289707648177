#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/view_store.h"

namespace tests {

/// A store that passes everything on to another one. A test overrides what it watches or breaks.
class PassingStore : public store::ViewStore {
public:
    explicit PassingStore(store::ViewStore& inner) : inner_(inner) {}

    base::Result<std::optional<std::string>> get(store::Family family,
                                                 std::string_view key) const override {
        return inner_.get(family, key);
    }
    base::Result<std::vector<std::optional<std::string>>> get_many(
        store::Family family, std::span<const std::string_view> keys) const override {
        return inner_.get_many(family, keys);
    }
    base::Result<void> scan(store::Family family, std::string_view from, std::string_view until,
                            const std::function<bool(std::string_view key, std::string_view value)>&
                                visit) const override {
        return inner_.scan(family, from, until, visit);
    }
    base::Result<std::optional<std::string>> last_key(store::Family family, std::string_view from,
                                                      std::string_view until) const override {
        return inner_.last_key(family, from, until);
    }
    base::Result<void> write(std::span<const store::Change> changes) override {
        return inner_.write(changes);
    }
    base::Result<void> ingest_index(std::span<const std::string_view> keys) override {
        return inner_.ingest_index(keys);
    }
    std::shared_ptr<const store::ViewReader> snapshot() const override { return inner_.snapshot(); }
    base::Result<void> flush_wal() override { return inner_.flush_wal(); }

private:
    store::ViewStore& inner_;
};

}  // namespace tests
