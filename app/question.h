#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "app/answer_table.h"
#include "base/error.h"
#include "base/http_client.h"
#include "query/ports.h"
#include "store/read_view.h"

namespace app {

/// A question of the command line, whoever answers it.
struct Question {
    AnswerKind kind{};
    query::Params params;  ///< without `number`
    std::string id;        ///< of an item
    std::string number;    ///< a telephone number as a person wrote it; empty: none
    bool reveal = false;
    std::string reason;
};

/// The JSON answer from a state of the views. Full numbers only when `question.reveal`, whose audit
/// the caller has made durable before. Errors: of query/answers.h.
base::Result<std::string> answer(const store::ReadView& view, const Question& question,
                                 const query::Ports& ports, const std::string& region);

/// The JSON answer of a running server. Without `limit` every page is fetched and joined.
/// Errors: invalid, not_found - as the server says; unavailable - it cannot be reached or cannot
/// answer.
base::Result<std::string> ask_server(const base::HttpClient& server, const Question& question);

/// `/path?a=b&c=d`, encoded.
std::string target_of(const std::string& path, const query::Params& params);

/// The error that an answer of another status than 2xx stands for, from its problem JSON.
base::Error error_of(const base::HttpResponse& response);

}  // namespace app
