// A record of the log: any bytes. What is read as an event is written in bytes that are read as the
// same one, and every look at it is safe whatever its indices say.
#include <vector>

#include "base/ensure.h"
#include "events/event.h"
#include "events/fingerprint.h"
#include "tests/fuzz/fuzz.h"

void fuzz::run(std::string_view bytes) {
    const auto event = events::decode(bytes);
    if (!event) {
        ENSURE(event.error().code() == base::ErrorCode::corrupt);
        return;
    }
    const std::string record = events::encode(event.value());
    const auto again = events::decode(record);
    ENSURE(again && events::encode(again.value()) == record);

    const auto parties = static_cast<std::uint32_t>(event.value().personal.parties_size());
    for (std::uint32_t index = 0; index <= parties + 1; ++index) {
        const bool is_there = index > 0 && index <= parties;
        ENSURE((events::party_at(event.value(), index) != nullptr) == is_there);
    }
    const std::vector<std::uint64_t> subjects(parties, 7);
    const events::Fingerprint print = events::fingerprint(event.value(), subjects);
    ENSURE(events::fingerprint(again.value(), subjects) == print);
    const events::Kind kind = events::kind_of(event.value().head);
    ENSURE(kind == events::Kind::none || events::kind_of_word(events::to_string(kind)) == kind);
}
