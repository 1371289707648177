#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "tests/scenarios/facts.h"
#include "tests/support/pipeline.h"

namespace scenarios {

/// Every answer that is a function of the facts alone, as text: calls with their details, KPIs of
/// every level and hour, what is behind them. Errors: of the answers.
base::Result<std::vector<std::string>> answers_of(const support::Pipeline& pipeline);

/// The same deliveries in other orders: all of the directory first or last, the rest backwards or
/// shuffled with a seed.
struct Order {
    std::string name;
    std::vector<Delivery> deliveries;
};
std::vector<Order> other_orders(const std::vector<Delivery>& deliveries);

/// What contradicts itself in the answers: hours that do not add up to the whole, numbers that are
/// not the sum of what is behind them.
base::Result<std::vector<std::string>> contradictions(const support::Pipeline& pipeline);

}  // namespace scenarios
