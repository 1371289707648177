#include "app/copies.h"

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "base/crc32c.h"
#include "base/json.h"
#include "query/routes.h"
#include "store/rocks_view_store.h"

namespace app {
namespace {

namespace files = std::filesystem;
namespace json = boost::json;

base::HttpResponse refusal(int status, std::string detail) {
    return base::problem_response({.status = status, .detail = std::move(detail)});
}

std::optional<std::uint64_t> number_of(std::string_view text) {
    std::uint64_t number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_whole = parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
    return is_whole ? std::optional(number) : std::nullopt;
}

/// A name that stands in one folder and leads nowhere else.
bool is_file_name(std::string_view name) {
    constexpr std::string_view letters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return !name.empty() && name.size() <= 128 && name.front() != '.' &&
           name.find_first_not_of(letters) == std::string_view::npos;
}

base::Error refused(const files::path& path, const std::error_code& code) {
    return base::Error(base::ErrorCode::unavailable, path.string() + ": " + code.message());
}

}  // namespace

std::string encode(const CopyManifest& manifest) {
    base::JsonWriter out;
    out.begin_object().member("id", std::string_view(manifest.id));
    out.member("offset", manifest.offset).key("files").begin_array();
    for (const CopiedFile& file : manifest.files) {
        out.begin_object().member("name", std::string_view(file.name));
        out.member("bytes", file.bytes).end_object();
    }
    return out.end_array().end_object().take();
}

base::Result<CopyManifest> decode_copy_manifest(std::string_view text) {
    const base::Error wrong(base::ErrorCode::corrupt, "no manifest of a copy");
    const base::Result<json::value> value = base::parse_json(text);
    const json::object* const object = value ? value.value().if_object() : nullptr;
    const json::value* const id = object == nullptr ? nullptr : object->if_contains("id");
    const json::value* const offset = object == nullptr ? nullptr : object->if_contains("offset");
    const json::value* const list = object == nullptr ? nullptr : object->if_contains("files");
    if (id == nullptr || !id->is_string() || !is_file_name(id->as_string()) || offset == nullptr ||
        !offset->is_number() || list == nullptr || !list->is_array()) {
        return wrong;
    }
    CopyManifest manifest;
    manifest.id = id->as_string();
    manifest.offset = offset->to_number<std::uint64_t>();
    for (const json::value& one : list->as_array()) {
        const json::object* const file = one.if_object();
        const json::value* const name = file == nullptr ? nullptr : file->if_contains("name");
        const json::value* const bytes = file == nullptr ? nullptr : file->if_contains("bytes");
        if (name == nullptr || !name->is_string() || !is_file_name(name->as_string()) ||
            bytes == nullptr || !bytes->is_number()) {
            return wrong;
        }
        manifest.files.push_back(
            {std::string(name->as_string()), bytes->to_number<std::uint64_t>()});
    }
    return manifest;
}

Copies::Copies(Node& node) : node_(node), folder_(node.config().data_dir + "/copies") {
    std::error_code ignored;
    files::remove_all(folder_, ignored);
}

Copies::~Copies() {
    std::error_code ignored;
    files::remove_all(folder_, ignored);
}

void Copies::add_to(base::HttpRouter& router) {
    router.post("/v1/copies/{partition}", base::HandlerMode::worker,
                [this](const base::HttpRequest& request, const base::HttpReply& reply) {
                    reply(made(request));
                });
    router.get("/v1/copies/{partition}/{id}/{file}", base::HandlerMode::worker,
               [this](const base::HttpRequest& request, const base::HttpReply& reply) {
                   reply(piece(request));
               });
}

std::optional<std::uint32_t> Copies::partition_in(const base::HttpRequest& request) const {
    const auto number = number_of(request.param("partition"));
    return number && *number < node_.partitions()
               ? std::optional(static_cast<std::uint32_t>(*number))
               : std::nullopt;
}

base::HttpResponse Copies::made(const base::HttpRequest& request) {
    const std::optional<std::uint32_t> partition = partition_in(request);
    if (!partition) {
        return refusal(404, "no such partition");
    }
    const base::Result<CopyManifest> manifest = make(*partition);
    if (!manifest) {
        return query::failure_response(manifest.error());
    }
    base::HttpResponse response;
    response.body = encode(manifest.value());
    return response;
}

base::Result<CopyManifest> Copies::make(std::uint32_t partition) {
    const std::lock_guard lock(mutex_);
    CopyManifest manifest;
    manifest.offset = node_.runner(partition).view()->position.next_offset;
    manifest.id =
        std::to_string(base::to_ms(node_.clock().now())) + "-" + std::to_string(++number_);
    const files::path folder = files::path(folder_) / std::to_string(partition);
    std::error_code failed;
    files::remove_all(folder, failed);
    files::create_directories(folder, failed);
    if (failed) {
        return refused(folder, failed);
    }
    BOOST_OUTCOME_TRY(store::copy_to(*node_.runner(partition).store(), folder / manifest.id));
    for (files::directory_iterator at(folder / manifest.id, failed), end; !failed && at != end;
         at.increment(failed)) {
        manifest.files.push_back({at->path().filename().string(), at->file_size(failed)});
    }
    if (failed) {
        return refused(folder, failed);
    }
    return manifest;
}

base::HttpResponse Copies::piece(const base::HttpRequest& request) const {
    const std::optional<std::uint32_t> partition = partition_in(request);
    const std::optional<std::uint64_t> from = number_of(request.query.last("from").value_or("0"));
    if (!partition || !from || !is_file_name(request.param("id")) ||
        !is_file_name(request.param("file"))) {
        return refusal(404, "no such file of a copy");
    }
    std::ifstream file(files::path(folder_) / std::to_string(*partition) /
                           std::string(request.param("id")) / std::string(request.param("file")),
                       std::ios::binary);
    base::HttpResponse response;
    response.content_type = "application/octet-stream";
    response.body.resize(copy_piece_bytes_max);
    file.seekg(static_cast<std::streamoff>(*from));
    file.read(response.body.data(), static_cast<std::streamsize>(response.body.size()));
    if (!file.is_open() || file.bad()) {
        return refusal(404, "no such file of a copy");
    }
    response.body.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
    response.headers.add(copy_crc_header, std::to_string(base::crc32c(response.body)));
    return response;
}

}  // namespace app
