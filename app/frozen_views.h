#pragma once

#include <memory>
#include <string>

#include "app/config.h"
#include "base/error.h"
#include "store/read_view.h"

namespace app {

/// Views that `replay --into DIR` left: read as they are, without the log and without its lock.
class FrozenViews {
    /// `open` alone constructs.
    class Key {
        friend class FrozenViews;
        Key() = default;
    };

public:
    explicit FrozenViews(Key);
    /// Opens the partition of `company` under `directory`.
    /// Errors: unavailable - there are no views; already_exists, corrupt - of the store.
    static base::Result<std::unique_ptr<FrozenViews>> open(const Config& config,
                                                           const std::string& company,
                                                           const std::string& directory);
    ~FrozenViews();
    FrozenViews(const FrozenViews&) = delete;
    FrozenViews& operator=(const FrozenViews&) = delete;

    std::shared_ptr<const store::ReadView> view() const { return view_; }

private:
    struct Parts;

    std::unique_ptr<Parts> parts_;
    std::shared_ptr<const store::ReadView> view_;
};

}  // namespace app
