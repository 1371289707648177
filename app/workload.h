#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace app {

/// What `generate` writes: the events of one or several companies over some days.
struct WorkloadOptions {
    std::uint64_t seed = 1;
    std::uint32_t companies = 1;
    std::uint32_t managers = 50;  ///< of all companies together
    std::uint32_t days = 30;
    std::uint64_t events = 100'000;  ///< of all companies together
    std::string format = "cloudevents";
    std::string out;  ///< FILE; of several companies FILE.c-1, FILE.c-2 ...
};

/// One file of a workload.
struct WorkloadFile {
    std::string path;
    std::string zone;  ///< the company's, and of the wall clocks in its rows
    std::uint64_t events = 0;
    std::string sha256;
};

/// Writes a seeded workload and `FILE.directory.yaml`, which is the directory of every company of
/// it. The same options give the same bytes.
///
/// 60 % of the events lie between 10:00 and 17:00 of the company's clock, clients are chosen by
/// Zipf's law with exponent 1.1; 1 % of the lines are repeated, 0.5 % are late by one to three
/// days, 0.2 % are corrections (of CloudEvents), 0.01 % cannot be read. Source: engine.md 10.
/// Errors: invalid - an option; unavailable - the disk refuses.
base::Result<std::vector<WorkloadFile>> write_workload(const WorkloadOptions& options);

}  // namespace app
