// Proves who is given a place for a large body, and when.
#include "base/http_places.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <latch>
#include <string>

namespace base {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

/// A pool of one thread, and bodies with names.
class Places : public testing::Test {
protected:
    explicit Places(milliseconds slow = std::chrono::minutes(10)) : places_(io_, pool_, 1, slow) {}

    /// Asks for a place in the name of `who`: "a+" when he is given it, "a-" when not.
    void ask(char who, milliseconds longest) {
        asio::co_spawn(
            io_,
            [this, who, longest]() -> asio::awaitable<void> {
                taken_ = co_await places_.take(longest);
                said_ += std::string(1, who) + (taken_ ? "+" : "-");
            },
            [](const std::exception_ptr& failed) { EXPECT_FALSE(failed); });
        io_.restart();
        io_.poll();
    }

    void give_back() {
        places_.give_back(*taken_);
        io_.restart();
        io_.poll();
    }

    /// A job that lasts until `release_`.
    void hold() {
        ASSERT_TRUE(pool_.try_run([this] { release_.wait(); }));
    }

    asio::io_context io_;
    std::latch release_{1};
    HttpWorkers pool_{"intake", 1, 8, [this] { places_.job_ended(); }};
    HttpPlaces places_;
    std::optional<HttpPlaces::Taken> taken_;
    std::string said_;
};

TEST_F(Places, AreGivenInTheOrderOfAsking) {
    ask('a', milliseconds(0));
    ask('b', std::chrono::minutes(10));
    ask('c', std::chrono::minutes(10));
    EXPECT_EQ(said_, "a+");
    give_back();
    EXPECT_EQ(said_, "a+b+");
    give_back();
    EXPECT_EQ(said_, "a+b+c+");
}

TEST_F(Places, NobodyWaitsLongerThanHeAsked) {
    hold();
    ask('a', milliseconds(0));
    ask('b', milliseconds(20));
    io_.restart();
    io_.run();
    EXPECT_EQ(said_, "a-b-");
    release_.count_down();
}

TEST_F(Places, AJobThatEndsMakesRoom) {
    hold();
    ask('a', std::chrono::minutes(10));
    EXPECT_EQ(said_, "");
    release_.count_down();
    io_.restart();
    io_.run();
    EXPECT_EQ(said_, "a+");
}

class PlacesOfSlowBodies : public Places {
protected:
    PlacesOfSlowBodies() : Places(milliseconds(0)) {}
};

TEST_F(PlacesOfSlowBodies, KeepNobodyOut) {
    ask('a', milliseconds(0));
    ask('b', milliseconds(0));
    EXPECT_EQ(said_, "a+b+");
}

}  // namespace
}  // namespace base
