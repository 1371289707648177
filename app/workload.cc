#include "app/workload.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iterator>
#include <memory>

#include "base/int128.h"
#include "base/time.h"
#include "kpi/local_time.h"

namespace app {
namespace {

constexpr std::array zones{"Europe/Moscow",       "Europe/Berlin",    "America/New_York",
                           "America/Chicago",     "Europe/London",    "America/Santiago",
                           "America/Los_Angeles", "Asia/Almaty",      "Asia/Yekaterinburg",
                           "Asia/Kolkata",        "Australia/Sydney", "Africa/Cairo"};
/// The last day ends here: with 30 days the clocks of Europe and of America change within them.
constexpr std::chrono::sys_days last_day_end = std::chrono::year(2026) / std::chrono::November / 4;
constexpr std::uint32_t first_extension = 101;
constexpr std::uint32_t managers_per_team = 10;
constexpr std::uint32_t registered_clients_max = 500;
constexpr std::size_t recent_max = 1'000;

/// Source: Steele, Lea, Flood: Fast splittable pseudorandom number generators (OOPSLA 2014).
class SplitMix64 {
public:
    explicit SplitMix64(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() {
        state_ += 0x9E3779B97F4A7C15;
        std::uint64_t mixed = (state_ ^ (state_ >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }
    /// 0 <= number < end
    std::uint64_t below(std::uint64_t end) {
        return static_cast<std::uint64_t>((base::Uint128{next()} * end) >> 64);
    }
    double share() { return static_cast<double>(next() >> 11) * 0x1p-53; }
    bool chance(double probability) { return share() < probability; }

private:
    std::uint64_t state_;
};

/// Ranks by Zipf's law with exponent 1.1.
class Zipf {
public:
    explicit Zipf(std::size_t count) : cumulative_(count) {
        double sum = 0;
        for (std::size_t rank = 0; rank < count; ++rank) {
            sum += std::pow(static_cast<double>(rank + 1), -1.1);
            cumulative_[rank] = sum;
        }
    }
    std::uint64_t pick(SplitMix64& random) const {
        const double wanted = random.share() * cumulative_.back();
        const auto found = std::upper_bound(cumulative_.begin(), cumulative_.end(), wanted);
        return static_cast<std::uint64_t>(std::min<std::ptrdiff_t>(
            found - cumulative_.begin(), static_cast<std::ptrdiff_t>(cumulative_.size()) - 1));
    }

private:
    std::vector<double> cumulative_;
};

/// How much of the work falls into an hour of the company's clock; 60 % from 10:00 to 17:00.
double weight_of_hour(std::chrono::local_time<base::Millis> wall) {
    const auto day = std::chrono::floor<std::chrono::days>(wall);
    const auto hour = std::chrono::duration_cast<std::chrono::hours>(wall - day).count();
    const bool is_weekend = std::chrono::weekday(day).iso_encoding() > 5;
    const double of_day = hour >= 10 && hour < 17  ? 0.60 / 7
                          : hour >= 8 && hour < 20 ? 0.07
                                                   : 0.00417;
    return is_weekend ? of_day / 10 : of_day;
}

/// A line of the file, its SHA-256 on the way.
class Output {
public:
    explicit Output(const std::string& path)
        : file_(path, std::ios::binary | std::ios::trunc), hash_(EVP_MD_CTX_new()) {
        EVP_DigestInit_ex(hash_.get(), EVP_sha256(), nullptr);
    }
    std::string& line() { return text_; }
    /// Ends the line that stands in `line()`.
    void end_line() {
        text_ += '\n';
        if (text_.size() >= flushed_bytes) {
            flush();
        }
    }
    bool finish() {
        flush();
        file_.close();
        return file_.good();
    }
    std::string sha256() {
        std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
        unsigned size = 0;
        EVP_DigestFinal_ex(hash_.get(), bytes.data(), &size);
        std::string text;
        for (unsigned i = 0; i < size; ++i) {
            fmt::format_to(std::back_inserter(text), "{:02x}", bytes[i]);
        }
        return text;
    }

private:
    static constexpr std::size_t flushed_bytes = std::size_t{1} << 20;
    struct Free {
        void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    };
    void flush() {
        file_.write(text_.data(), static_cast<std::streamsize>(text_.size()));
        EVP_DigestUpdate(hash_.get(), text_.data(), text_.size());
        text_.clear();
    }
    std::ofstream file_;
    std::unique_ptr<EVP_MD_CTX, Free> hash_;
    std::string text_;
};

std::string instant_text(base::UtcMillis at) {
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(at - day);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string wall_text(base::UtcMillis at, std::chrono::seconds offset) {
    std::string text = instant_text(at + offset);
    text[10] = ' ';
    text.pop_back();
    return text;
}

std::string phone_of(std::uint64_t client) {
    static constexpr std::array areas{"495", "499", "812", "343"};
    return fmt::format("7{}{:07}", areas[client % areas.size()], 1'000'000 + client / areas.size());
}

/// A call as it happens, before it is written as one form or the other.
struct GeneratedCall {
    std::uint64_t number = 0;
    bool is_outbound = false;
    bool is_answered = false;
    std::uint32_t manager = 0;
    std::uint64_t client = 0;
    base::UtcMillis at{};
    std::chrono::seconds ring{0};
    std::chrono::seconds talk{0};
};

/// The events of one company, in the order of their arrival.
class CompanyWorkload {
public:
    CompanyWorkload(const WorkloadOptions& options, std::uint32_t company, const kpi::Zone& zone)
        : options_(options),
          random_(options.seed * 1'000'003 + company),
          zone_(zone),
          managers_(std::max<std::uint32_t>(1, options.managers / options.companies)),
          events_(share_of(options.events, company, options.companies)),
          clients_(std::max<std::size_t>(100, events_ / 5)) {
        plan_hours();
    }

    std::uint64_t write(Output& out) {
        std::uint64_t written = 0;
        std::size_t hour = 0;
        while (written < events_) {
            const double done = (static_cast<double>(written) + 0.5) / static_cast<double>(events_);
            while (hour + 1 < hours_.size() && hours_[hour].until_share <= done) {
                ++hour;
            }
            written += write_some(out, instant_in(hour, done), events_ - written);
        }
        return written;
    }

private:
    struct Hour {
        base::UtcMillis start{};
        double from_share = 0;
        double until_share = 0;
    };

    static std::uint64_t share_of(std::uint64_t all, std::uint32_t part, std::uint32_t parts) {
        return all / parts + (part < all % parts ? 1 : 0);
    }

    void plan_hours() {
        const base::UtcMillis until = last_day_end;
        double sum = 0;
        for (base::UtcMillis at = until - std::chrono::days(options_.days); at < until;
             at += std::chrono::hours(1)) {
            const double from = sum;
            sum += weight_of_hour(zone_.local(at));
            hours_.push_back({at, from, sum});
        }
        for (Hour& hour : hours_) {
            hour.from_share /= sum;
            hour.until_share /= sum;
        }
    }

    base::UtcMillis instant_in(std::size_t hour, double done) const {
        const Hour& in = hours_[hour];
        const double part = (done - in.from_share) / (in.until_share - in.from_share);
        const auto second = static_cast<std::int64_t>(std::clamp(part, 0.0, 0.9999) * 3600);
        return in.start + std::chrono::seconds(second);
    }

    /// One event, or all rows of one call; at most `left` lines. How many lines.
    std::uint64_t write_some(Output& out, base::UtcMillis at, std::uint64_t left) {
        if (!recent_.empty() && random_.chance(0.01)) {
            out.line() += recent_[random_.below(recent_.size())];
            out.end_line();
            return 1;
        }
        if (random_.chance(0.0001)) {
            out.line() += "{\"specversion\":\"1.0\",\"id\":\"broken";
            out.end_line();
            return 1;
        }
        if (random_.chance(0.005)) {
            at -= std::chrono::hours(24 + random_.below(48));
        }
        std::vector<std::string> lines =
            options_.format == "cloudevents" ? std::vector<std::string>{event(at)} : rows(at);
        lines.resize(std::min<std::uint64_t>(lines.size(), left));
        for (std::string& line : lines) {
            out.line() += line;
            out.end_line();
            remember(std::move(line));
        }
        return lines.size();
    }

    void remember(std::string line) {
        if (recent_.size() < recent_max) {
            recent_.push_back(std::move(line));
        } else {
            recent_[random_.below(recent_max)] = std::move(line);
        }
    }

    GeneratedCall call(base::UtcMillis at) {
        GeneratedCall made;
        made.number = ++number_;
        made.is_outbound = random_.chance(0.6);
        made.is_answered = random_.chance(made.is_outbound ? 0.65 : 0.75);
        made.manager = static_cast<std::uint32_t>(random_.below(managers_));
        made.client = clients_.pick(random_);
        made.at = at;
        made.ring = std::chrono::seconds(2 + random_.below(25));
        if (made.is_answered) {  // many short, few long
            const double talk = std::exp(1.5 + 4.5 * random_.share());
            made.talk = std::chrono::seconds(static_cast<std::int64_t>(talk));
        }
        return made;
    }

    std::string envelope(std::string_view word, base::UtcMillis at, std::string_view data) {
        return fmt::format(
            R"({{"specversion":"1.0","id":"e{}","source":"/crm","type":"normwatch.{}.v1",)"
            R"("time":"{}","data":{{{}}}}})",
            ++event_number_, word, instant_text(at), data);
    }

    std::string event(base::UtcMillis at) {
        const std::uint64_t kind = random_.below(1000);
        if (kind < 880) {
            if (!calls_.empty() && random_.chance(0.0023)) {
                GeneratedCall corrected = calls_[random_.below(calls_.size())];
                corrected.talk += std::chrono::seconds(30);
                return call_event(corrected, 2);
            }
            const GeneratedCall made = call(at);
            if (calls_.size() < recent_max) {
                calls_.push_back(made);
            } else {
                calls_[random_.below(recent_max)] = made;
            }
            return call_event(made, 1);
        }
        return activity(kind, at);
    }

    std::string call_event(const GeneratedCall& made, int revision) {
        const std::string inside = std::to_string(first_extension + made.manager);
        const std::string outside = "+" + phone_of(made.client);
        const base::UtcMillis answered = made.at + made.ring;
        return envelope(
            "call", made.at,
            fmt::format(
                R"("call_id":"k{}","direction":"{}","from":"{}","to":"{}","started_at":"{}",)"
                R"("answered_at":{},"ended_at":"{}","revision":{})",
                made.number, made.is_outbound ? "outbound" : "inbound",
                made.is_outbound ? inside : outside, made.is_outbound ? outside : inside,
                instant_text(made.at),
                made.is_answered ? fmt::format("\"{}\"", instant_text(answered)) : "null",
                instant_text(answered + made.talk), revision));
    }

    std::string activity(std::uint64_t kind, base::UtcMillis at) {
        const std::uint64_t number = ++number_;
        const std::uint64_t manager = random_.below(managers_) + 1;
        const std::uint64_t client =
            clients_.pick(random_) %
            std::min<std::uint64_t>(registered_clients_max, clients_count());
        const std::string when = instant_text(at);
        if (kind < 940) {
            const std::string ours = fmt::format("m-{}@acme.example", manager);
            const std::string theirs = fmt::format("buyer@c-{}.example", client + 1);
            const bool is_sent = random_.chance(0.5);
            return envelope(
                "email", at,
                fmt::format(
                    R"("message_id":"<{}@acme.example>","from":"{}","to":["{}"],"sent_at":"{}",)"
                    R"("class":"human")",
                    number, is_sent ? ours : theirs, is_sent ? theirs : ours, when));
        }
        if (kind < 955) {
            return envelope(
                "meeting", at,
                fmt::format(
                    R"("uid":"u{}","sequence":0,"status":"held","kind":"meeting",)"
                    R"("organizer":"m-{}@acme.example",)"
                    R"("attendees":[{{"address":"buyer@c-{}.example","status":"accepted"}}],)"
                    R"("starts_at":"{}","ends_at":"{}")",
                    number, manager, client + 1, when, instant_text(at + std::chrono::hours(1))));
        }
        const std::uint64_t minor = 100'000 + random_.below(100'000'000);
        if (kind < 970) {
            return envelope(
                "proposal", at,
                fmt::format(
                    R"("proposal_id":"kp{}","sent_at":"{}","manager":"m-{}","client":"c-{}",)"
                    R"("amount":{{"minor":{},"currency":"RUB"}})",
                    number, when, manager, client + 1, minor));
        }
        if (kind < 990) {
            return envelope(
                "invoice", at,
                fmt::format(R"("invoice_id":"i{}","ledger":"1c","manager":"m-{}","client":"c-{}",)"
                            R"("issued_at":"{}","amount":{{"minor":{},"currency":"RUB"}},)"
                            R"("status":"issued","revision":1)",
                            number, manager, client + 1, when, minor));
        }
        return envelope(
            "payment", at,
            fmt::format(R"("payment_id":"p{}","ledger":"1c","client":"c-{}","received_at":"{}",)"
                        R"("amount":{{"minor":{},"currency":"RUB"}},"kind":"payment")",
                        number, client + 1, when, minor));
    }

    /// A call as rows of `Master.csv`: one, or one per telephone that a queue rang.
    std::vector<std::string> rows(base::UtcMillis at) {
        const GeneratedCall made = call(at);
        const std::uint64_t rung =
            !made.is_outbound && managers_ > 3 && random_.chance(0.3) ? 2 + random_.below(2) : 1;
        std::vector<std::string> lines;
        for (std::uint64_t n = 0; n < rung; ++n) {
            GeneratedCall leg = made;
            leg.manager = static_cast<std::uint32_t>((made.manager + n) % managers_);
            leg.is_answered = made.is_answered && n + 1 == rung;
            leg.talk = leg.is_answered ? made.talk : std::chrono::seconds(0);
            lines.push_back(row(leg, rung > 1, n + 1));
        }
        return lines;
    }

    std::string row(const GeneratedCall& leg, bool is_queue, std::uint64_t sequence) const {
        const std::chrono::seconds offset = zone_.offset(leg.at);
        const std::string inside = std::to_string(first_extension + leg.manager);
        const std::string outside = phone_of(leg.client);
        const std::string ours = fmt::format("PJSIP/{}-{:08x}", inside, leg.number);
        const std::string trunk = fmt::format("PJSIP/trunk-{:08x}", leg.number);
        const base::UtcMillis answered = leg.at + leg.ring;
        const base::UtcMillis ended = answered + leg.talk;
        const std::string& caller = leg.is_outbound ? inside : outside;
        const std::string unique = fmt::format("{}.{}", base::to_ms(leg.at) / 1000, leg.number);
        return fmt::format(
            R"("","{}","{}","default","""{}"" <{}>","{}","{}","{}","","{}",{},"{}",{},{},"{}",)"
            R"("DOCUMENTATION","{}","","","{}",{})",
            caller,
            leg.is_outbound ? outside
            : is_queue      ? "600"
                            : inside,
            caller, caller, leg.is_outbound ? ours : trunk, leg.is_outbound ? trunk : ours,
            is_queue ? "Queue" : "Dial", wall_text(leg.at, offset),
            leg.is_answered ? fmt::format("\"{}\"", wall_text(answered, offset)) : "",
            wall_text(ended, offset), (leg.ring + leg.talk).count(), leg.talk.count(),
            leg.is_answered ? "ANSWERED" : "NO ANSWER", unique, unique, sequence);
    }

    std::uint64_t clients_count() const { return std::max<std::uint64_t>(100, events_ / 5); }

    const WorkloadOptions& options_;
    SplitMix64 random_;
    kpi::Zone zone_;
    std::uint32_t managers_;
    std::uint64_t events_;
    Zipf clients_;
    std::vector<Hour> hours_;
    std::vector<std::string> recent_;
    std::vector<GeneratedCall> calls_;
    std::uint64_t number_ = 0;
    std::uint64_t event_number_ = 0;
};

bool write_directory(const std::string& path, std::uint32_t managers, std::uint64_t clients) {
    std::string text = "teams:\n";
    const std::uint32_t teams = (managers + managers_per_team - 1) / managers_per_team;
    const auto add = [&text](const std::string& line) { text += line + "\n"; };
    for (std::uint32_t n = 0; n < teams; ++n) {
        add(fmt::format("  - {{id: t-{0}, name: Team {0}}}", n + 1));
    }
    add("managers:");
    for (std::uint32_t n = 0; n < managers; ++n) {
        add(fmt::format("  - {{id: m-{0}, name: Manager {0}, team: t-{1}, from: 2020-01-01}}",
                        n + 1, n / managers_per_team + 1));
    }
    add("endpoints:");
    for (std::uint32_t n = 0; n < managers; ++n) {
        add(fmt::format("  - {{kind: extension, address: \"{}\", manager: m-{}}}",
                        first_extension + n, n + 1));
        add(fmt::format("  - {{kind: email, address: m-{0}@acme.example, manager: m-{0}}}", n + 1));
    }
    add("  - {kind: trunk, address: trunk}");
    add("  - {kind: queue, address: \"600\", team: t-1}");
    add("clients:");
    for (std::uint64_t n = 0; n < std::min<std::uint64_t>(clients, registered_clients_max); ++n) {
        add(fmt::format(
            "  - {{id: c-{0}, name: Client {0}, owner: m-{1}, phones: [\"+{2}\"], emails: "
            "[buyer@c-{0}.example], from: 2020-01-01}}",
            n + 1, n % managers + 1, phone_of(n)));
    }
    std::ofstream file(path, std::ios::trunc);
    file << text;
    file.close();
    return file.good();
}

base::Error refused(const std::string& path) {
    return base::Error(base::ErrorCode::unavailable, path + ": cannot be written");
}

}  // namespace

base::Result<std::vector<WorkloadFile>> write_workload(const WorkloadOptions& options) {
    if (options.companies == 0 || options.managers < options.companies || options.days == 0 ||
        options.events == 0) {
        return base::Error(base::ErrorCode::invalid,
                           "companies, days and events are at least 1, managers one per company");
    }
    std::vector<WorkloadFile> files;
    for (std::uint32_t company = 0; company < options.companies; ++company) {
        WorkloadFile file;
        file.path =
            options.companies == 1 ? options.out : fmt::format("{}.c-{}", options.out, company + 1);
        file.zone = zones[company % zones.size()];
        BOOST_OUTCOME_TRY(const kpi::Zone zone, kpi::Zone::find(file.zone));
        Output out(file.path);
        file.events = CompanyWorkload(options, company, zone).write(out);
        if (!out.finish()) {
            return refused(file.path);
        }
        file.sha256 = out.sha256();
        files.push_back(std::move(file));
    }
    const std::string directory = options.out + ".directory.yaml";
    if (!write_directory(directory, options.managers / options.companies,
                         std::max<std::uint64_t>(100, options.events / options.companies / 5))) {
        return refused(directory);
    }
    return files;
}

}  // namespace app
