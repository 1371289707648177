#include "tests/scenarios/facts.h"

#include <algorithm>
#include <array>
#include <map>
#include <span>

#include "base/json.h"
#include "tests/scenarios/norm_facts.h"

namespace scenarios {
namespace {

constexpr std::array<std::string_view, 10> endpoint_kinds{
    "extension", "did", "mobile", "email", "calendar", "queue", "ivr", "voicemail", "trunk", "fax"};

constexpr std::array<std::string_view, 7> directory_words{"team",   "manager", "client", "settings",
                                                          "forget", "absence", "norm"};

/// `calendar mon-fri ...` is working time, `calendar bob@acme.example of m-bob` an endpoint.
bool is_working_time(const Line& line) {
    return line.words.front() == "calendar" && line.words.size() > 1 &&
           line.words[1].find('@') == std::string::npos;
}

/// Answer, end and other instants of rows come from the source's clock: `2026-11-02 10:00:00`.
std::string wall_clock(base::UtcMillis at, const kpi::Zone& zone) {
    const std::string text = kpi::render(at, zone);
    return text.substr(0, 10) + " " + text.substr(11, 8);
}

std::string quoted(const std::string& text) {
    return base::JsonWriter().value(std::string_view(text)).take();
}

/// `PJSIP/101` -> `PJSIP/101-<call>`; a full channel name is itself.
std::string channel(const std::string& name, const std::string& call) {
    return name.empty() || name.find('-') != std::string::npos ? name : name + "-0000000" + call;
}

std::string unique_id(const std::string& word) {
    return word.find('.') == std::string::npos ? "1700000000." + word : word;
}

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
    return std::ranges::find(words, word) != words.end();
}

bool is_directory_word(std::string_view word) {
    return is_one_of(word, directory_words) || is_one_of(word, endpoint_kinds);
}

/// `a,b` as a JSON array of texts.
std::string list_json(std::string_view words) {
    base::JsonWriter out;
    out.begin_array();
    while (!words.empty()) {
        const std::size_t end = std::min(words.find(','), words.size());
        out.value(words.substr(0, end));
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return out.end_array().take();
}

/// What a line `row` says; times are instants.
struct RowWords {
    base::UtcMillis start{};
    std::optional<base::UtcMillis> answered;
    base::UtcMillis ended{};
    std::map<std::string, std::string> said;
    std::string disposition;
};

std::string row_text(const RowWords& row, const kpi::Zone& zone) {
    const auto said = [&](const std::string& name, const std::string& otherwise) {
        const auto found = row.said.find(name);
        return found == row.said.end() ? otherwise : found->second;
    };
    const std::string linked = said("linked", "1");
    const auto seconds = [](base::UtcMillis from, base::UtcMillis until) {
        return std::to_string((until - from).count() / 1000);
    };
    const std::string from = said("from", "");
    const std::string billsec = row.answered ? seconds(*row.answered, row.ended) : "0";
    const auto text = [](const std::string& value) { return "\"" + value + "\","; };
    return text("") + text(from) + text(said("dialled", "")) + text("default") + text(from) +
           text(channel(said("by", ""), linked)) + text(channel(said("to", ""), linked)) +
           text(said("app", "Dial")) + text("") + text(wall_clock(row.start, zone)) +
           (row.answered ? text(wall_clock(*row.answered, zone)) : ",") +
           text(wall_clock(row.ended, zone)) + seconds(row.start, row.ended) + "," +
           said("billsec", billsec) + "," + text(row.disposition) + text("DOCUMENTATION") +
           text(unique_id(said("unique", linked))) + text("") + text("") + text(unique_id(linked)) +
           said("seq", "1") + "\n";
}

}  // namespace

std::optional<base::UtcMillis> FactReader::instant(std::string word) const {
    if (word.find('T') == std::string::npos) {
        if (!day_) {
            return std::nullopt;
        }
        word = *day_ + "T" + word;
    }
    constexpr std::size_t minutes_end = 16;  // 2026-11-02T10:00
    if (word.size() < minutes_end) {
        return std::nullopt;
    }
    if (word.size() == minutes_end || word[minutes_end] != ':') {
        word.insert(minutes_end, ":00");
    }
    constexpr std::size_t seconds_end = 19;
    if (word.size() > seconds_end) {
        return kpi::parse_instant(word);
    }
    const auto wall = kpi::parse_instant(word + "Z");
    if (!wall) {
        return std::nullopt;
    }
    return zone_.first_instant(std::chrono::local_time<base::Millis>(wall->time_since_epoch()));
}

base::UtcMillis FactReader::time(Words& words, const std::string& what) {
    const std::string word = words.next(what);
    const auto at = instant(word);
    if (!at) {
        words.wrong(what + ": `" + word + "` is no time (10:00, 10:00:05, 2026-11-02T10:00), or " +
                    "there is no line `day` before it");
    }
    return at.value_or(base::UtcMillis{});
}

base::Result<std::vector<Delivery>> FactReader::read(const std::vector<Line>& facts) {
    deliveries_.clear();
    bool is_directory_open = false;
    const auto close_directory = [&] {
        if (is_directory_open) {
            deliveries_.push_back({Delivery::Kind::directory, "", directory_yaml(), line_});
        }
        is_directory_open = false;
    };
    for (const Line& line : facts) {
        const bool is_directory = is_directory_word(line.words.front());
        if (!is_directory) {
            close_directory();
        }
        is_directory_open = is_directory;
        line_ = line.number;
        Words words(line);
        if (is_directory) {
            read_directory(line, words);
        } else {
            read_fact(line, words);
        }
        if (const auto mistake = words.mistake()) {
            return base::Error(base::ErrorCode::invalid,
                               std::to_string(line.number) + ": " + *mistake);
        }
    }
    close_directory();
    return std::move(deliveries_);
}

// --- the directory -------------------------------------------------------------------------------

std::string FactReader::yaml_instant(const std::string& word) const {
    if (word.find(':') == std::string::npos) {
        return word;  // a local date
    }
    const auto at = instant(word);
    return at ? "\"" + kpi::render(*at) + "\"" : "no-instant";
}

std::string FactReader::validity(Words& words) const {
    std::string yaml;
    for (const std::string border : {"from", "until"}) {
        if (words.take(border)) {
            yaml += ", " + border + ": " + yaml_instant(words.next("a date or an instant"));
        }
    }
    return yaml + "}";
}

void FactReader::put(const std::string& section, const std::string& yaml, const Line& line) {
    entries_.push_back({section, yaml, line.words});
}

void FactReader::forget(const Line& line, Words& words) {
    const std::vector<std::string> wanted(line.words.begin() + 1, line.words.end());
    while (!words.at_end()) {
        words.next("a word");
    }
    const std::size_t before = entries_.size();
    std::erase_if(entries_, [&](const Entry& entry) { return entry.words == wanted; });
    if (entries_.size() == before) {
        words.wrong("no line of the directory reads like this");
    }
}

void FactReader::read_manager(const Line& line, Words& words) {
    const std::string id = words.next("the manager's id");
    const std::string team = words.next("the team");
    std::vector<std::string> addresses;
    const std::string from = words.take("from") ? words.next("a date") : "2010-01-01";
    while (!words.at_end()) {
        addresses.push_back(words.next("an extension or a mail address"));
    }
    put("managers", "{id: " + id + ", team: " + team + ", from: " + from + "}", line);
    for (const std::string& address : addresses) {
        const bool is_mail = address.find('@') != std::string::npos;
        put("endpoints",
            "{kind: " + std::string(is_mail ? "email" : "extension") +
                ", address: " + quoted(address) + ", manager: " + id + "}",
            line);
    }
}

std::string FactReader::client_yaml(Words& words) const {
    const std::string id = words.next("the client's id");
    std::string phones;
    std::string mails;
    std::string rest;
    while (!words.at_end()) {
        const std::string word = words.next("a number, a mail address, owner, class, from, until");
        if (word == "owner" || word == "class") {
            rest += ", " + word + ": " + words.next(word);
        } else if (word == "from" || word == "until") {
            rest += ", " + word + ": " + yaml_instant(words.next("a date or an instant"));
        } else {
            std::string& list = word.find('@') == std::string::npos ? phones : mails;
            list += (list.empty() ? "" : ", ") + quoted(word);
        }
    }
    return "{id: " + id + ", name: " + quoted(id) + ", phones: [" + phones + "], emails: [" +
           mails + "]" + rest + "}";
}

void FactReader::read_directory(const Line& line, Words& words) {
    const std::string word = words.next("a fact");
    if (word == "team") {
        const std::string id = words.next("the team's id");
        put("teams", "{id: " + id + ", name: " + id + "}", line);
    } else if (word == "manager") {
        read_manager(line, words);
    } else if (word == "client") {
        put("clients", client_yaml(words), line);
    } else if (word == "settings") {
        words.take("from");
        const std::string from = yaml_instant(words.next("a date or an instant"));
        const std::string key = words.next("a setting");
        put("settings",
            "{from: " + from + ", kpis: {" + key + ": " + words.next("its value") + "}}", line);
    } else if (word == "forget") {
        forget(line, words);
    } else if (is_working_time(line)) {
        put("calendars", calendar_yaml(words), line);
    } else if (word == "absence") {
        put("absences", absence_yaml(words), line);
    } else if (word == "norm") {
        put("norms", norm_yaml(words), line);
    } else {
        const std::string address = words.next("an address");
        std::string yaml = "{kind: " + word + ", address: " + quoted(address);
        if (words.take("team")) {
            yaml += ", team: " + words.next("the team");
        } else if (words.take("of")) {
            yaml += ", manager: " + words.next("the manager");
        }
        put("endpoints", yaml + validity(words), line);
    }
}

std::string FactReader::directory_yaml() const {
    std::map<std::string, std::string> sections;
    for (const Entry& entry : entries_) {
        sections[entry.section] += "  - " + entry.yaml + "\n";
    }
    std::string yaml;
    for (const auto& [section, entries] : sections) {
        yaml += section + ":\n" + entries;
    }
    return yaml;
}

// --- what happens --------------------------------------------------------------------------------

void FactReader::read_fact(const Line& line, Words& words) {
    const std::string word = words.next("a fact");
    if (word == "day") {
        day_ = words.next("a date");
        if (!kpi::parse_date(*day_)) {
            words.wrong("`" + *day_ + "` is no date");
        }
    } else if (word == "row") {
        read_row(words);
    } else if (word == "crm-call") {
        read_call(words);
    } else if (word == "hourly-calls") {
        read_hourly_calls(words);
    } else if (word == "mail") {
        read_mail(words);
    } else if (word == "payment" || word == "invoice") {
        read_money(words, word);
    } else if (word == "event") {
        read_event(line, words);
    } else if (word == "retention") {
        deliveries_.push_back({Delivery::Kind::retention, "", "", line_});
    } else {
        words.wrong("no fact begins with `" + word + "`");
    }
}

void FactReader::read_row(Words& words) {
    constexpr std::array<std::string_view, 10> keys{"from",   "by",  "to",  "dialled", "linked",
                                                    "unique", "seq", "app", "billsec", "via"};
    constexpr std::array<std::string_view, 5> dispositions{"ANSWERED", "BUSY", "FAILED",
                                                           "CONGESTION", "CANCEL"};
    RowWords row;
    row.start = time(words, "the start");
    while (!words.at_end()) {
        const std::string word = words.next("a word");
        if (word == "answered") {
            row.answered = time(words, word);
        } else if (word == "ended") {
            row.ended = time(words, word);
        } else if (word == "NO" && words.take("ANSWER")) {
            row.disposition = "NO ANSWER";
        } else if (is_one_of(word, dispositions)) {
            row.disposition = word;
        } else if (is_one_of(word, keys)) {
            row.said[word] = words.next(word);
        } else {
            words.wrong("a row has no `" + word + "`");
        }
    }
    if (row.ended == base::UtcMillis{} || row.disposition.empty()) {
        words.wrong("a row needs `ended` and a disposition");
    }
    const auto via = row.said.find("via");
    deliveries_.push_back({Delivery::Kind::cdr, via == row.said.end() ? "pbx-1" : via->second,
                           row_text(row, zone_), line_});
}

void FactReader::add_event(const std::string& source, const std::string& type,
                           const std::string& data) {
    base::JsonWriter out;
    out.begin_object().member("specversion", "1.0");
    out.member("id", std::string_view("e" + std::to_string(++events_)));
    out.member("source", std::string_view("/" + source));
    out.member("type", std::string_view("normwatch." + type + ".v1")).key("data").raw(data);
    deliveries_.push_back({Delivery::Kind::event, source, out.end_object().take() + "\n", line_});
}

void FactReader::read_call(Words& words) {
    constexpr std::array<std::string_view, 6> texts{"from",        "to",     "manager",
                                                    "disposition", "hangup", "endpoint"};
    base::JsonWriter out;
    out.begin_object().member("call_id", std::string_view(words.next("the call's id")));
    out.member("direction", std::string_view(words.next("inbound, outbound or internal")));
    std::string source = "crm";
    while (!words.at_end()) {
        const std::string word = words.next("a word");
        if (word == "at" || word == "answered" || word == "ended") {
            const std::string at = kpi::render(time(words, word));
            out.member(word == "at" ? "started_at" : word + "_at", std::string_view(at));
        } else if (word == "revision") {
            out.member(word, words.number(word));
        } else if (word == "via") {
            source = words.next("a source");
        } else if (is_one_of(word, texts)) {
            out.member(word == "hangup" ? "hangup_by" : word, std::string_view(words.next(word)));
        } else {
            words.wrong("a call has no `" + word + "`");
        }
    }
    add_event(source, "call", out.end_object().take());
}

/// One answered outbound call of a minute at every half past, between two instants.
void FactReader::read_hourly_calls(Words& words) {
    constexpr std::chrono::minutes half_hour{30};
    constexpr std::chrono::minutes talk{1};
    words.take("from");
    const base::UtcMillis from = time(words, "from");
    words.take("until");
    const base::UtcMillis until = time(words, "until");
    words.take("by");
    const std::string manager = words.next("the manager");
    words.take("to");
    const std::string to = words.next("the number");
    for (base::UtcMillis at = from + half_hour; at < until; at += std::chrono::hours(1)) {
        const std::string instant = kpi::render(at);
        base::JsonWriter out;
        out.begin_object().member("call_id", std::string_view("hourly-" + instant));
        out.member("direction", "outbound").member("from", "101").member("to", to);
        out.member("started_at", instant).member("answered_at", instant);
        out.member("ended_at", kpi::render(at + talk)).member("manager", manager);
        add_event("crm", "call", out.end_object().take());
    }
}

void FactReader::read_mail(Words& words) {
    base::JsonWriter out;
    out.begin_object().member("message_id", std::string_view(words.next("the message id")));
    std::string source = "crm";
    std::string mail_class = "human";
    while (!words.at_end()) {
        const std::string word = words.next("a word");
        if (word == "at") {
            out.member("sent_at", std::string_view(kpi::render(time(words, word))));
        } else if (word == "to" || word == "cc") {
            out.key(word).raw(list_json(words.next("addresses")));
        } else if (word == "from" || word == "mailbox" || word == "marker") {
            out.member(word, std::string_view(words.next(word)));
        } else if (word == "answers") {
            out.member("in_reply_to", std::string_view(words.next("a message id")));
        } else if (word == "class") {
            mail_class = words.next("human, auto, bulk, bounce or calendar");
        } else if (word == "via") {
            source = words.next("a source");
        } else {
            words.wrong("a mail has no `" + word + "`");
        }
    }
    out.member("class", std::string_view(mail_class));
    add_event(source, "email", out.end_object().take());
}

void FactReader::read_money(Words& words, const std::string& type) {
    const bool is_payment = type == "payment";
    std::string kind = "payment";
    std::string status = "issued";
    std::string source = "crm";
    base::JsonWriter out;
    out.begin_object().member(type + "_id", std::string_view(words.next("its id")));
    out.member("ledger", "1c");
    while (!words.at_end()) {
        const std::string word = words.next("a word");
        if (word == "at") {
            out.member(is_payment ? "received_at" : "issued_at",
                       std::string_view(kpi::render(time(words, word))));
        } else if (word == "client" || word == "manager") {
            out.member(word, std::string_view(words.next(word)));
        } else if (word == "invoice") {
            out.member("invoice_id", std::string_view(words.next("the invoice's id")));
        } else if (word == "roubles") {
            out.key("amount").begin_object().member("minor", words.number("an amount") * 100);
            out.member("currency", "RUB").end_object();
        } else if (word == "revision") {
            out.member(word, words.number(word));
        } else if (word == "refund") {
            kind = word;
        } else if (word == "voided") {
            status = word;
        } else {
            words.wrong("this has no `" + word + "`");
        }
    }
    out.member(is_payment ? "kind" : "status", std::string_view(is_payment ? kind : status));
    add_event(source, type, out.end_object().take());
}

void FactReader::read_event(const Line& line, Words& words) {
    const std::string type = words.next("the type's word");
    if (!base::parse_json(line.rest)) {
        words.wrong("behind the type stands the JSON of its data");
        return;
    }
    add_event("crm", type, line.rest);
}

base::Result<store::Ledger> deliver(support::Pipeline& pipeline, const Delivery& delivery) {
    switch (delivery.kind) {
        case Delivery::Kind::directory: {
            BOOST_OUTCOME_TRY(pipeline.apply_directory(delivery.text));
            return store::Ledger{};
        }
        case Delivery::Kind::cdr: return pipeline.import_cdr(delivery.source, delivery.text);
        case Delivery::Kind::event: return pipeline.import_events(delivery.source, delivery.text);
        default: {
            BOOST_OUTCOME_TRY(pipeline.drop_old_segments());
            return store::Ledger{};
        }
    }
}

}  // namespace scenarios
