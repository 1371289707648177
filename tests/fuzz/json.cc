// JSON text: any bytes. What is read is written in a form that reads back as the same, and the
// canonical form is one whatever it was made of.
#include <string>

#include "base/ensure.h"
#include "base/json.h"
#include "base/utf8.h"
#include "ingest/cloudevents/canonical_json.h"
#include "tests/fuzz/fuzz.h"

void fuzz::run(std::string_view bytes) {
    const auto value = base::parse_json(bytes);
    if (!value) {
        ENSURE(value.error().code() == base::ErrorCode::invalid);
        ENSURE(value.error().context().starts_with("byte "));
        return;
    }
    ENSURE(base::is_utf8(bytes));
    const std::string text = base::JsonWriter().json(value.value()).take();
    const auto again = base::parse_json(text);
    ENSURE(again && base::JsonWriter().json(again.value()).take() == text);
    const std::string canonical = ingest::cloudevents::canonical_json(value.value());
    ENSURE(ingest::cloudevents::canonical_json(again.value()) == canonical);
    const auto sorted = base::parse_json(canonical);
    ENSURE(sorted && ingest::cloudevents::canonical_json(sorted.value()) == canonical);
}
