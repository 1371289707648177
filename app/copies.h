#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "app/node.h"
#include "base/http_router.h"

namespace app {

/// One file of a copy.
struct CopiedFile {
    std::string name;
    std::uint64_t bytes = 0;
};

/// What is fetched to have a copy of a partition's views.
struct CopyManifest {
    std::string id;
    std::uint64_t offset = 0;  ///< at least: the copy says it exactly
    std::vector<CopiedFile> files;
};

std::string encode(const CopyManifest& manifest);
/// Errors: corrupt - it is no manifest, or names what is no file of a copy.
base::Result<CopyManifest> decode_copy_manifest(std::string_view text);

/// A piece of a file, and the CRC-32C of it in a header.
inline constexpr std::size_t copy_piece_bytes_max = std::size_t{4} << 20;
inline constexpr const char* copy_crc_header = "Normwatch-Crc32c";

/// Gives the views of its partitions to nodes that have none: `POST /v1/copies/{partition}` makes a
/// copy, of hard links, and answers with its manifest; `GET
/// /v1/copies/{partition}/{id}/{file}?from=N` gives a piece of a file. Of each partition the newest
/// copy is kept.
///
/// Lifetime: `node` outlives it. Threads: any.
class Copies {
public:
    /// What an earlier process left is removed.
    explicit Copies(Node& node);
    ~Copies();
    Copies(const Copies&) = delete;
    Copies& operator=(const Copies&) = delete;

    void add_to(base::HttpRouter& router);

private:
    base::HttpResponse made(const base::HttpRequest& request);
    base::Result<CopyManifest> make(std::uint32_t partition);
    base::HttpResponse piece(const base::HttpRequest& request) const;
    std::optional<std::uint32_t> partition_in(const base::HttpRequest& request) const;

    Node& node_;
    std::string folder_;  ///< `<data_dir>/copies`
    std::mutex mutex_;
    std::uint64_t number_ = 0;
};

}  // namespace app
