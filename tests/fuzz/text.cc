// Texts of the outside world: instants, dates, numbers, addresses, encodings. The input is one text
// that goes through each of them; what one gives is accepted by it again, and stays as it is.
#include <string>
#include <vector>

#include "base/base64.h"
#include "base/ensure.h"
#include "base/http_message.h"
#include "base/utf8.h"
#include "events/normal_form.h"
#include "events/text.h"
#include "ingest/csv.h"
#include "kpi/local_time.h"
#include "tests/fuzz/fuzz.h"

namespace fuzz {
namespace {

void check_times(std::string_view text) {
    if (const auto at = kpi::parse_instant(text)) {
        ENSURE(kpi::parse_instant(kpi::render(*at)) == at);
        // Before there were zones, offsets had seconds, which RFC 3339 has not.
        const auto zone = kpi::Zone::find("America/New_York");
        ENSURE(*at < base::from_ms(0) || kpi::parse_instant(kpi::render(*at, zone.value())) == at);
    }
    if (const auto date = kpi::parse_date(text)) {
        ENSURE(kpi::to_string(*date) == text);
        ENSURE(kpi::days_after(kpi::days_after(*date, 31), -31) == *date);
    }
}

void check_addresses(std::string_view text) {
    for (const events::NumberPlan& plan :
         {events::NumberPlan{"RU", "810"}, events::NumberPlan{"", ""}}) {
        const auto normal = events::normal_number(text, plan);
        ENSURE(!normal || !normal->empty());
        if (normal && normal->starts_with('+')) {
            ENSURE(events::normal_number(*normal, plan) == normal);
        }
    }
    const std::string masked = events::masked_number(text);
    ENSURE(text.size() <= 7 || masked != text || text.find('*') != std::string_view::npos);
    if (!base::is_utf8(text)) {
        return;  // what stands around white space that is taken out may become some
    }
    const std::string mail = events::normal_mail(text);
    ENSURE(events::lower_case(mail) == mail && events::trimmed(mail) == mail);
    const std::string message = events::normal_message_id(text);
    ENSURE(events::without_white_space(message) == message);
}

void check_encodings(std::string_view text) {
    ENSURE(base::from_base64(base::base64(text)) == text);
    ENSURE(base::from_base64url(base::base64url(text)) == text);
    if (const auto bytes = base::from_base64url(text)) {
        ENSURE(base::base64url(*bytes) == text);
    }
    base::from_base64(text);
    const auto decoded = base::url_decode(text, true);
    if (decoded) {
        ENSURE(base::is_utf8(decoded.value()));
        ENSURE(base::url_decode(base::url_encode(decoded.value())).value() == decoded.value());
    }
    ENSURE(base::is_utf8(ingest::from_cp1251(text)));
    ENSURE(events::code_points(text) <= text.size());
}

/// Fields that are read are read again when they are written in quotes.
void check_separated(std::string_view text) {
    std::vector<std::string> values;
    const auto taken = ingest::split_csv(text, values, ';');
    if (!taken) {
        return;
    }
    ENSURE(*taken <= text.size());
    std::string written;
    for (const std::string& value : values) {
        written += written.empty() ? "\"" : ";\"";
        for (const char c : value) {
            written.append(c == '"' ? 2 : 1, c);
        }
        written += '"';
    }
    std::vector<std::string> again;
    ENSURE(ingest::split_csv(written, again, ';') == written.size());
    ENSURE(again == values);
}

}  // namespace

void run(std::string_view bytes) {
    check_times(bytes);
    check_addresses(bytes);
    check_encodings(bytes);
    check_separated(bytes);
}

}  // namespace fuzz
