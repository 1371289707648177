#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "kpi/local_time.h"
#include "tests/scenarios/scenario.h"
#include "tests/support/pipeline.h"

namespace scenarios {

/// What a line of facts brings to the pipeline.
struct Delivery {
    enum class Kind { directory, cdr, event, retention } kind{};
    std::string source;    ///< configured source of a row or an event
    std::string text;      ///< a directory.yaml, a row of cdr_csv, a CloudEvent
    std::size_t line = 0;  ///< where it stands in the file
};

/// Turns lines of facts into deliveries; remembers the day, the directory so far, and what needs a
/// number of its own.
class FactReader {
public:
    explicit FactReader(kpi::Zone zone) : zone_(zone) {}

    /// The deliveries of a stage, in its order; neighbouring lines of the directory are one.
    /// Errors: invalid - `LINE: what`.
    base::Result<std::vector<Delivery>> read(const std::vector<Line>& facts);

    /// `13:11:18`, `2026-11-02T10:00`, with or without offset: the wall clock is the company's.
    std::optional<base::UtcMillis> instant(std::string word) const;

private:
    struct Entry {
        std::string section;
        std::string yaml;
        std::vector<std::string> words;
    };

    void read_directory(const Line& line, Words& words);
    void read_manager(const Line& line, Words& words);
    std::string client_yaml(Words& words) const;
    void put(const std::string& section, const std::string& yaml, const Line& line);
    void forget(const Line& line, Words& words);
    std::string validity(Words& words) const;
    std::string yaml_instant(const std::string& word) const;
    std::string directory_yaml() const;

    void read_fact(const Line& line, Words& words);
    void read_row(Words& words);
    void read_call(Words& words);
    void read_hourly_calls(Words& words);
    void read_mail(Words& words);
    void read_money(Words& words, const std::string& type);
    void read_event(const Line& line, Words& words);
    void add_event(const std::string& source, const std::string& type, const std::string& data);
    base::UtcMillis time(Words& words, const std::string& what);

    kpi::Zone zone_;
    std::optional<std::string> day_;
    std::vector<Entry> entries_;
    std::vector<Delivery> deliveries_;
    std::size_t line_ = 0;
    std::size_t events_ = 0;
};

/// Hands a delivery to the pipeline. Returns: what became of its records; nothing of a directory.
base::Result<store::Ledger> deliver(support::Pipeline& pipeline, const Delivery& delivery);

}  // namespace scenarios
