#pragma once

#include "store/rows.h"
#include "store/watch_rows.h"

/// One row of each kind with every field set to something that is not its default.
namespace store_test {

store::CallRow sample_call();
store::AliasRow sample_alias();
store::VoidedLegsRow sample_voided_legs();
store::ActivityRow sample_activity();
store::VoidRow sample_void();
store::KeptRow sample_kept();
store::DirectoryRow sample_directory();
store::ClientRow sample_client();
store::ThreadRow sample_thread();
store::CaseRow sample_case();
store::CasesRow sample_cases();
store::WatchRow sample_watch();
store::EpisodeRow sample_episode();
store::OutboxRow sample_outbox();
store::SilencesRow sample_silences();
store::CellRow sample_cell();
store::SetRow sample_set();
store::QuarantineRow sample_quarantine();
store::SourceRow sample_source();
store::PositionRow sample_position();
store::JobRow sample_job();
/// A call as most calls are.
store::CallRow plain_call();

/// Shows each with the name it has in the golden file.
template <class Show>
void for_each_row(const Show& show) {
    show("call", sample_call());
    show("call_plain", plain_call());
    show("alias", sample_alias());
    show("voided_legs", sample_voided_legs());
    show("activity", sample_activity());
    show("void", sample_void());
    show("kept", sample_kept());
    show("directory", sample_directory());
    show("client", sample_client());
    show("thread", sample_thread());
    show("case", sample_case());
    show("cases", sample_cases());
    show("watch", sample_watch());
    show("episode", sample_episode());
    show("outbox", sample_outbox());
    show("silences", sample_silences());
    show("cell", sample_cell());
    show("set", sample_set());
    show("quarantine", sample_quarantine());
    show("source", sample_source());
    show("position", sample_position());
    show("job", sample_job());
}

}  // namespace store_test
