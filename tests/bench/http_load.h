#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace bench {

/// Lines of a JSON lines file that are sent: `count` from number `from` on, `batch` in a request.
struct Lines {
    std::string file;
    std::size_t from = 0;
    std::size_t count = 0;
    std::size_t batch = 100;
};

/// Posts all of `lines` as CloudEvents batches on `connections` keep-alive connections, each
/// sending its next request when the answer to the last one is there. Prints one JSON line: events,
/// seconds, and the offset behind the last event.
///
/// Errors: any answer but 200, 202, 207 ends the process with a text and exit code 1.
void http_load(std::uint16_t port, const Lines& lines, std::size_t connections);

/// Sends `lines` at `rate` events a second, open loop: a request goes out when it is due, whatever
/// became of those before. Meanwhile single events are posted, and after each acknowledgement the
/// first answer that holds it is waited for (`min_offset`). Prints p50, p99 and max of these waits
/// in ms, and the rate that was reached.
void http_visible(std::uint16_t port, const Lines& lines, double rate);

}  // namespace bench
