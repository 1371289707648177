// Proves the choice of routes and the coding of URLs, which need no socket.
#include "base/http_message.h"

#include <gtest/gtest.h>

#include "base/http_router.h"

namespace base {
namespace {

HttpHandler nothing() {
    return [](const HttpRequest&, const HttpReply&) {};
}

TEST(HttpRouter, PrefersTextOverParameterOverRest) {
    HttpRouter router;
    router.get("/{path...}", HandlerMode::io, nothing());
    router.get("/v1/{name}", HandlerMode::io, nothing())
        .get("/v1/calls", HandlerMode::io, nothing());
    EXPECT_EQ(router.match("GET", "/v1/calls?x").route->pattern, "/v1/calls");
    EXPECT_EQ(router.match("GET", "/v1/other").route->pattern, "/v1/{name}");
    EXPECT_EQ(router.match("GET", "/v1/a/b").route->pattern, "/{path...}");
    EXPECT_EQ(router.match("GET", "/").route->pattern, "/{path...}");
    EXPECT_EQ(router.match("HEAD", "/").route->pattern, "/{path...}");
    EXPECT_EQ(router.match("POST", "/v1/calls").allow, "GET, HEAD");
}

TEST(UrlCodec, DecodesWhatItEncodes) {
    const std::string text = "a b/+%?&=\xD0\x96~";
    EXPECT_EQ(url_encode(text), "a%20b%2F%2B%25%3F%26%3D%D0%96~");
    EXPECT_EQ(url_decode(url_encode(text)).value(), text);
    for (const char* bad : {"%", "%4", "%4g", "%00", "%C0%AF", "\xFF"}) {
        EXPECT_FALSE(url_decode(bad)) << bad;
    }
}

}  // namespace
}  // namespace base
