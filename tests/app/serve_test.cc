// Proves that a command beside a running server gives what it gives without one: the server runs in
// this process over a data directory of its own, commands find it by its log id, and a signal ends
// it.
#include "app/serve.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/http_client.h"
#include "tests/app/program.h"

namespace app {
namespace {

namespace json = boost::json;
using Words = std::vector<std::string>;

/// A port of the loopback that was free a moment ago.
int free_port() {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener, generic, size), 0);
    EXPECT_EQ(::getsockname(listener, generic, &size), 0);
    ::close(listener);
    return ntohs(address.sin_port);
}

std::string call_events(int count) {
    std::string out;
    for (int number = 0; number < count; ++number) {
        const std::string n = std::to_string(number);
        const std::string at = "2024-11-02T07:" + std::string(number % 60 < 10 ? "0" : "") +
                               std::to_string(number % 60) + ":00Z";
        out += R"({"specversion": "1.0", "id": "e)" + n +
               R"(", "source": "/crm", "type": "normwatch.call.v1", "time": ")" + at +
               R"(", "data": {"call_id": "k)" + n +
               R"(", "direction": "outbound", "from": "101", "to": "+74951234567", )" +
               R"("started_at": ")" + at + R"(", "answered_at": ")" + at + R"(", "ended_at": ")" +
               at + "\"}}\n";
    }
    return out;
}

/// A CloudEvent as a line.
std::string event(const std::string& id, const std::string& type, const std::string& data) {
    return R"({"specversion": "1.0", "source": "/crm", "id": ")" + id +
           R"(", "type": "normwatch.)" + type + R"(.v1", "data": )" +
           json::serialize(json::parse(data)) + "}\n";
}

/// What happened to one client over all channels, some of it without giving a number.
std::string client_events() {
    return event("1", "call",
                 R"({"call_id": "k1", "direction": "outbound", "from": "101", "to": "+74951234567",
                     "started_at": "2024-11-01T07:00:00Z", "answered_at": "2024-11-01T07:00:10Z",
                     "ended_at": "2024-11-01T07:01:10Z"})") +
           event("2", "email",
                 R"({"message_id": "<a@x>", "from": "buyer@romashka.example",
                     "to": ["bob@acme.example"], "sent_at": "2024-11-02T07:00:00Z"})") +
           event("3", "email",
                 R"({"message_id": "<b@x>", "from": "buyer@romashka.example", "class": "auto",
                     "to": ["bob@acme.example"], "sent_at": "2024-11-03T07:00:00Z"})") +
           event("4", "meeting",
                 R"({"uid": "u1", "sequence": 2, "status": "cancelled",
                     "organizer": "bob@acme.example",
                     "attendees": [{"address": "buyer@romashka.example"}],
                     "starts_at": "2024-11-04T07:00:00Z", "ends_at": "2024-11-04T08:00:00Z"})") +
           event("5", "invoice",
                 R"({"invoice_id": "i1", "ledger": "1c", "client": "c-17", "status": "issued",
                     "issued_at": "2024-11-05", "amount": {"minor": 500, "currency": "RUB"}})") +
           event("6", "payment",
                 R"({"payment_id": "p1", "ledger": "1c", "client": "c-17", "invoice_id": "i1",
                     "received_at": "2024-11-06T07:00:00Z", "kind": "payment",
                     "amount": {"minor": 500, "currency": "RUB"}})");
}

class Serve : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "normwatch-serve-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        dir_ = pattern;
        port_ = std::to_string(free_port());
        config_ = "data_dir: " + path("data") +
                  "\ncompany: {id: acme, timezone: Europe/Moscow, region: RU}\n"
                  "server: {listen: \"127.0.0.1:" +
                  port_ +
                  "\", metrics_listen: \"127.0.0.1:0\"}\n"
                  "sources: [{id: crm, kind: cloudevents}]\n";
        write("n.yaml", config_);
        write("directory.yaml",
              "managers: [{id: m-bob, name: Bob}]\n"
              "endpoints: [{kind: extension, address: \"101\", manager: m-bob}]\n");
        // The signal is sent to the thread of the server alone.
        sigset_t signals;
        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    }
    void TearDown() override {
        stop();
        std::filesystem::remove_all(dir_);
    }

    std::string path(const std::string& name) const { return dir_ + "/" + name; }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(path(name), std::ios::binary) << text;
    }

    void start() {
        server_ = std::jthread([this] {
            const ParsedLine line = parse_command_line({"serve", "--config", path("n.yaml")});
            result_ = run_command(*line.line, {});
        });
        const base::HttpClient client =
            std::move(base::HttpClient::open("http://127.0.0.1:" + port_)).value();
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        for (;;) {
            const base::Result<base::HttpResponse> ready = client.get("/readyz");
            if (ready && ready.value().status == 200) {
                return;
            }
            ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "not ready: " << result_.err;
            std::this_thread::yield();
        }
    }
    void stop() {
        if (server_.joinable()) {
            // The server's thread takes the signal, not the process: all others stay as they are.
            // NOLINTNEXTLINE(bugprone-bad-signal-to-kill-thread)
            ::pthread_kill(server_.native_handle(), SIGTERM);
            server_.join();
        }
    }

    CommandResult run(const Words& words) const { return run_program(words, path("n.yaml")); }
    json::object ask(const Words& words, int exit_code = 0) const {
        return ask_program(words, path("n.yaml"), exit_code);
    }

    std::string broken_id() const {
        const json::object list = ask({"quarantine", "list", "--reason", "malformed"});
        return std::string(list.at("items").as_array().front().at("id").as_string());
    }

    std::string dir_;
    std::string port_;
    std::string config_;
    CommandResult result_;
    std::jthread server_;
};

/// A call of a client: `ended` at once, or answered by m-bob for a minute.
std::string call_event(const std::string& id, bool inbound, const std::string& hour,
                       bool is_answered) {
    const std::string day = "2024-11-04T";
    const std::string client = "+74951234567";
    return R"({"specversion": "1.0", "id": "e-)" + id +
           R"(", "source": "/crm", "type": "normwatch.call.v1", "data": {"call_id": ")" + id +
           R"(", "direction": ")" + (inbound ? "inbound" : "outbound") + R"(", "from": ")" +
           (inbound ? client : "101") + R"(", "to": ")" + (inbound ? "101" : client) +
           R"(", "manager": "m-bob", "started_at": ")" + day + hour + ":00:00Z\"" +
           (is_answered ? ", \"answered_at\": \"" + day + hour + ":00:10Z\"" : "") +
           R"(, "ended_at": ")" + day + hour + ":01:00Z\"}}\n";
}

TEST_F(Serve, TellsWhatBecameOfMissedCalls) {
    write("directory.yaml",
          "managers: [{id: m-bob, name: Bob}]\n"
          "endpoints: [{kind: extension, address: \"101\", manager: m-bob}]\n"
          "calendars: [{id: std, weekdays: {mon-fri: [\"09:00-18:00\"]}}]\n");
    write("callback.jsonl",
          call_event("k2", false, "07", true) + call_event("k3", true, "08", false));
    write("missed.jsonl", call_event("k1", true, "06", false));
    start();
    ask({"directory", "apply", "--wait", path("directory.yaml")});
    ask({"import", "--source", "crm", "--wait", path("callback.jsonl")});
    ask({"import", "--source", "crm", "--wait", path("missed.jsonl")});
    const base::HttpClient client =
        std::move(base::HttpClient::open("http://127.0.0.1:" + port_)).value();
    const json::object missed = json::parse(client.get("/v1/missed").value().body).as_object();
    const json::array& cases = missed.at("cases").as_array();
    ASSERT_EQ(cases.size(), 2U);
    EXPECT_EQ(cases[0].at("state"), "expired");
    const json::object& returned = cases[1].as_object();
    EXPECT_EQ(returned.at("state"), "returned");
    EXPECT_EQ(returned.at("client").at("number"), "+7 *** ***-45-67");
    EXPECT_EQ(returned.at("missed_owner").at("manager"), "m-bob");
    EXPECT_EQ(returned.at("first_missed_at"), "2024-11-04T06:00:00.000Z");
    EXPECT_EQ(returned.at("attempted_at"), "2024-11-04T07:00:00.000Z");
    EXPECT_EQ(returned.at("attempt_seconds"), 3'540);
    EXPECT_EQ(returned.at("contact_seconds"), 3'550);
    EXPECT_EQ(returned.at("calls").as_array(), json::array({returned.at("id")}));
    const json::object call =
        json::parse(
            client.get("/v1/calls/" + std::string(returned.at("id").as_string())).value().body)
            .as_object();
    EXPECT_EQ(call.at("native_ids"), json::array({"k1"}));
    const std::string csv =
        client.get("/v1/missed?state=returned", {{"Accept", "text/csv"}}).value().body;
    EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 2) << csv;
    const json::object report = ask({"report", "--day", "2024-11-04", "--kpi",
                                     "missed_cases,callbacks_returned,callback_seconds"});
    EXPECT_EQ(report.at("totals").at("missed_cases"), 2);
    EXPECT_EQ(report.at("totals").at("callback_seconds"), 3'550);
    const json::object behind =
        ask({"explain", "--kpi", "callbacks_returned", "--manager", "m-bob"});
    const json::value& item = behind.at("contributions").as_array().front();
    EXPECT_EQ(item.at("entity"), "case");
    EXPECT_EQ(item.at("id"), returned.at("id"));
    EXPECT_EQ(item.at("events").as_array().size(), 2U);
    EXPECT_EQ(ask({"doctor"}).at("result"), "equal");
}

TEST_F(Serve, CommandsGiveTheSameThroughAServer) {
    write("events.jsonl", call_events(1500) + "{broken\n");
    start();
    const json::object applied = ask({"directory", "apply", "--wait", path("directory.yaml")});
    EXPECT_EQ(applied.at("changes").as_array().size(), 2U);
    EXPECT_EQ(ask({"directory", "apply", "--wait", path("directory.yaml")}).at("changes"),
              json::value(json::array()));
    const json::object imported =
        ask({"import", "--source", "crm", "--wait", path("events.jsonl"), path("events.jsonl")});
    EXPECT_EQ(imported.at("read"), json::value(3002));
    EXPECT_EQ(imported.at("accepted"), json::value(1500));
    EXPECT_EQ(imported.at("duplicates"), json::value(1500));
    EXPECT_EQ(imported.at("quarantined"), json::value(2));
    const json::object kept = ask({"quarantine", "list"});
    const std::string refused(kept.at("items").at(0).at("id").as_string());
    const std::vector<Words> questions = {
        {"report", "--month", "2024-11"},
        {"calls"},  // more than one page
        {"calls", "--reveal", "--reason", "complaint", "--limit", "3"},
        {"explain", "--kpi", "calls_out", "--month", "2024-11"},
        {"quarantine", "list"},
        {"quarantine", "show", refused},
        {"directory", "export"},
    };
    // Views made anew while the server answers hold the same.
    const json::object replayed = ask({"replay"});
    EXPECT_EQ(replayed.at("changed"), json::value(false));
    EXPECT_EQ(replayed.at("partitions").at(0).at("generation"), json::value(2));
    std::vector<std::string> through;
    for (Words words : questions) {
        if (words.back() != "export") {
            words.insert(words.end(), {"-o", "json"});
        }
        const CommandResult result = run(words);
        EXPECT_EQ(result.exit_code, 0) << result.err;
        through.push_back(result.out);
    }
    EXPECT_EQ(ask({"doctor"}).at("result"), json::value("equal"));
    // Beside the views of a running server nothing is opened.
    const CommandResult beside = run({"replay", "--into", path("beside")});
    EXPECT_EQ(beside.exit_code, 3);
    EXPECT_NE(beside.err.find(std::to_string(::getpid())), std::string::npos) << beside.err;
    EXPECT_EQ(run({"explain", "--kpi", "smiles"}).exit_code, 2);
    EXPECT_EQ(run({"quarantine", "show", "0-999999"}).exit_code, 2);
    stop();
    EXPECT_EQ(result_.exit_code, 0) << result_.err;
    for (std::size_t n = 0; n < questions.size(); ++n) {
        Words words = questions[n];
        if (words.back() != "export") {
            words.insert(words.end(), {"-o", "json"});
        }
        EXPECT_EQ(run(words).out, through[n]) << words.front() << " " << words.back();
    }
    EXPECT_EQ(json::parse(through[1]).as_object().at("calls").as_array().size(), 1500U);
}

TEST_F(Serve, ShowsItsClientsOverAllChannels) {
    write("directory.yaml",
          "managers: [{id: m-bob, name: Bob}]\n"
          "endpoints: [{kind: extension, address: \"101\", manager: m-bob},"
          " {kind: email, address: bob@acme.example, manager: m-bob}]\n"
          "clients: [{id: c-17, name: Romashka, owner: m-bob, class: A,"
          " phones: [\"+74951234567\"], emails: [buyer@romashka.example]}]\n");
    write("events.jsonl", client_events());
    start();
    ask({"directory", "apply", "--wait", path("directory.yaml")});
    const json::object imported =
        ask({"import", "--source", "crm", "--wait", path("events.jsonl")});
    EXPECT_EQ(imported.at("accepted"), json::value(6));
    EXPECT_EQ(imported.at("quarantined"), json::value(0));
    const base::HttpClient client =
        std::move(base::HttpClient::open("http://127.0.0.1:" + port_)).value();
    const auto get = [&](const std::string& target) {
        const base::HttpResponse response = client.get(target).value();
        EXPECT_EQ(response.status, 200) << target;
        return json::parse(response.body).as_object();
    };
    const auto first = [&](const std::string& at, const std::string& member) {
        const json::object answer = get("/v1/clients?at=" + at);
        return json::serialize(answer.at("clients").as_array().at(0).as_object().at(member));
    };
    EXPECT_EQ(first("2024-11-05", "state"), R"("lead")");
    EXPECT_EQ(first("2024-11-06", "state"), R"("new")");
    EXPECT_EQ(first("2024-11-07", "state"), R"("active")");
    EXPECT_EQ(first("2025-02-04", "state"), R"("sleeping")");
    EXPECT_EQ(first("2025-02-05", "state"), R"("lost")");
    EXPECT_EQ(first("2024-11-07", "class"), R"("A")");
    EXPECT_EQ(first("2024-11-07", "touches"), "1");
    EXPECT_EQ(first("2024-11-07", "days_since_touch"), "5");
    EXPECT_EQ(get("/v1/clients?state=lost&at=2024-11-07").at("clients").as_array().size(), 0U);
    std::string shown;
    const json::object timeline = get("/v1/clients/c-17/timeline");
    for (const json::value& item : timeline.at("items").as_array()) {
        shown += std::string(item.at("entity").as_string()) + "=" +
                 std::string(item.at("what").as_string()) + " ";
    }
    EXPECT_EQ(shown,
              "payment=payment invoice=issued meeting=cancelled email=auto email=human "
              "call=answered ");
    EXPECT_EQ(client.get("/v1/clients/c-18/timeline").value().status, 404);
    EXPECT_EQ(ask({"doctor"}).at("result"), json::value("equal"));
}

TEST_F(Serve, ReadsAFollowedFileAsItGrows) {
    write("n.yaml", "data_dir: " + path("data") +
                        "\ncompany: {id: acme, timezone: Europe/Moscow, region: RU}\n"
                        "server: {listen: \"127.0.0.1:" +
                        port_ +
                        "\", metrics_listen: \"127.0.0.1:0\"}\n"
                        "sources:\n  - {id: crm, kind: cloudevents}\n"
                        "  - {id: pbx, kind: cdr-csv, path: " +
                        path("calls.csv") +
                        ", follow: true, header: true, columns: {call_id: id, from: from, to: to, "
                        "started_at: 4, duration: 5}}\n");
    start();
    const base::HttpClient client =
        std::move(base::HttpClient::open("http://127.0.0.1:" + port_)).value();
    const auto await = [&](std::string_view part) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        for (;;) {
            const base::Result<base::HttpResponse> sources = client.get("/v1/sources");
            if (sources && sources.value().body.find(part) != std::string::npos) {
                return true;
            }
            if (std::chrono::steady_clock::now() > deadline) {
                ADD_FAILURE() << part << " not in " << sources.value().body;
                return false;
            }
            std::this_thread::yield();
        }
    };
    await(R"("kind":"cdr-csv","class":"D","state":"failed")");
    write("calls.csv",
          "id,from,to,start,seconds\n1,101,84951234567,2024-11-02 10:00:00,30\nbroken\n2,10");
    await(R"("state":"behind","last_event_at":"20)");
    await(R"("events":1,"duplicates":0,"quarantined":1)");
    std::ofstream(path("calls.csv"), std::ios::app) << "1,102,2024-11-02 10:00:01,5\n";
    await(R"("state":"ok","last_event_at":"20)");
    await(R"("events":2,"duplicates":0,"quarantined":1)");
    const json::object imported = ask({"import", "--source", "pbx", "--wait", path("calls.csv")});
    EXPECT_EQ(imported.at("duplicates"), json::value(2));
    EXPECT_EQ(run({"import", "--source", "crm", "--format", "cdr-csv", path("calls.csv")}).err,
              "format: the source has no columns");
    EXPECT_EQ(ask({"doctor"}).at("result"), json::value("equal"));
    stop();
    EXPECT_EQ(run({"import", "--source", "crm", "--format", "cdr-csv", path("calls.csv")}).err,
              "--format cdr-csv: source crm has no columns");
    EXPECT_TRUE(std::filesystem::exists(path("data/cursors/pbx")));
}

TEST_F(Serve, ItemsAreRedrivenOnceThroughAServer) {
    std::string refused = config_;
    refused.insert(refused.find("}]"), ", types: [email]");
    write("n.yaml", refused);
    write("events.jsonl", call_events(300) + "{broken\n");
    ask({"directory", "apply", path("directory.yaml")});
    ask({"import", "--source", "crm", path("events.jsonl")});
    write("n.yaml", config_);
    start();
    // Two at once: each item is closed by one of them.
    json::object other;
    std::jthread beside([&] { other = ask({"quarantine", "redrive", "--all"}, 1); });
    const json::object own = ask({"quarantine", "redrive", "--all"}, 1);
    beside.join();
    EXPECT_EQ(own.at("items").as_array().size() + other.at("items").as_array().size(), 302U);
    const json::object ledger =
        ask({"doctor"}).at("partitions").as_array()[0].at("ledger").as_object();
    EXPECT_EQ(ledger.at("duplicate"), json::value(0));
    EXPECT_EQ(ledger.at("quarantined"), json::value(301));
    EXPECT_EQ(ask({"calls"}).at("calls").as_array().size(), 300U);
    EXPECT_EQ(
        ask({"quarantine", "discard", "--all", "--because", "torn"}).at("items"),
        json::parse(R"([{"id": ")" + broken_id() + R"(", "state": "discarded", "reason": null}])"));
}

TEST_F(Serve, AWrongQuarantineRequestChangesNothing) {
    start();
    const base::HttpClient client =
        std::move(base::HttpClient::open("http://127.0.0.1:" + port_)).value();
    const auto status = [&](const std::string& type, const std::string& body) {
        return client.post("/v1/quarantine", type, body).value().status;
    };
    EXPECT_EQ(status("text/plain", "{}"), 415);
    EXPECT_EQ(status("application/json", "{"), 400);
    EXPECT_EQ(status("application/json", R"({"action": "redrive"})"), 400);
    EXPECT_EQ(status("application/json", R"({"action": "discard", "all": true})"), 400);
    EXPECT_EQ(status("application/json", R"({"action": "redrive", "ids": ["0-7"]})"), 404);
    EXPECT_EQ(status("application/json", R"({"action": "redrive", "all": true, "company": "b"})"),
              400);
    EXPECT_EQ(status("application/json", R"({"action": "redrive", "all": true})"), 200);
}

TEST_F(Serve, NobodyWaitsForTheViewsWhenItStops) {
    start();
    const int waiter = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(port_)));
    ASSERT_EQ(::connect(waiter, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    const std::string request = "GET /v1/managers?min_offset=99999999 HTTP/1.1\r\nHost: a\r\n\r\n";
    ASSERT_EQ(::send(waiter, request.data(), request.size(), 0),
              static_cast<ssize_t>(request.size()));
    // Answered after it was accepted and read: by then the first one waits in a worker.
    const base::HttpClient client =
        std::move(base::HttpClient::open("http://127.0.0.1:" + port_)).value();
    EXPECT_EQ(client.get("/v1/managers").value().status, 200);
    const auto asked = std::chrono::steady_clock::now();
    stop();
    EXPECT_LT(std::chrono::steady_clock::now() - asked, std::chrono::seconds(4));
    EXPECT_EQ(result_.exit_code, 0) << result_.err;
    char answer[12] = {};
    EXPECT_EQ(::recv(waiter, answer, sizeof(answer), MSG_WAITALL), 12);
    EXPECT_EQ(std::string_view(answer, 12), "HTTP/1.1 409");
    ::close(waiter);
}

TEST_F(Serve, PortInUseIsExitThree) {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(port_)));
    ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    ASSERT_EQ(::listen(listener, 1), 0);
    const CommandResult result = run({"serve"});
    ::close(listener);
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_NE(result.err.find(port_), std::string::npos) << result.err;
}

}  // namespace
}  // namespace app
